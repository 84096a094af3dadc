"""Sign-in tokens: handed out by auth, checked by orders, kept in the database as digests."""

import hashlib
import secrets

import asyncpg
from starlette.requests import Request

from controlroom.rehearsal.shop.app import pool_of


async def issue(pool: "asyncpg.Pool[asyncpg.Record]", user: int) -> str:
    """A new token for `user`."""
    token = secrets.token_urlsafe(24)
    await pool.execute("INSERT INTO sessions (digest, user_id) VALUES ($1, $2)", _digest(token), user)
    return token


async def bearer(request: Request) -> asyncpg.Record | None:
    """The user (`id`, `email`) whose token the request carries, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    return await pool_of(request).fetchrow(
        "SELECT users.id, users.email FROM sessions JOIN users ON users.id = sessions.user_id WHERE digest = $1",
        _digest(token.strip()),
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
