"""The auth API: sign-up, login, and who a token belongs to."""

import hashlib
import hmac
import secrets
from typing import Final

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controlroom.rehearsal.shop.app import fields_of, pool_of, refuse
from controlroom.rehearsal.shop.sessions import bearer, issue

_SHORTEST_PASSWORD: Final = 8
_LONGEST: Final = 200
_COST: Final = 1024  # a rehearsal's accounts guard nothing, and two cores are shared with everything else


async def signup(request: Request) -> Response:
    """POST {"email", "password"}: 201 {"id", "email"}, 409 for a known e-mail, 422 for bad input."""
    fields = await fields_of(request)
    email, password = fields.get("email"), fields.get("password")
    if not isinstance(email, str) or not 0 < email.find("@") < len(email) - 1 or not _storable(email):
        return refuse(422, "email: an address is needed")
    if not isinstance(password, str) or not _SHORTEST_PASSWORD <= len(password) <= _LONGEST:
        return refuse(422, f"password: {_SHORTEST_PASSWORD} to {_LONGEST} characters are needed")
    try:
        user = await pool_of(request).fetchval(
            "INSERT INTO users (email, password_hash) VALUES ($1, $2) RETURNING id", email, hash_password(password)
        )
    except asyncpg.UniqueViolationError:
        return refuse(409, "email: already registered")
    return JSONResponse({"id": user, "email": email}, status_code=201)


async def login(request: Request) -> Response:
    """POST {"email", "password"}: 200 {"token"}, 401 when they do not match."""
    fields = await fields_of(request)
    email, password = str(fields.get("email")), str(fields.get("password"))
    user = await pool_of(request).fetchrow("SELECT id, password_hash FROM users WHERE email = $1", email)
    if user is None or not matches(password, user["password_hash"]):
        return refuse(401, "e-mail or password is wrong")
    return JSONResponse({"token": await issue(pool_of(request), user["id"])})


async def session(request: Request) -> Response:
    """GET with a bearer token: 200 {"email"} of its owner, else 401."""
    user = await bearer(request)
    return refuse(401, "no such session") if user is None else JSONResponse({"email": user["email"]})


def _storable(text: str) -> bool:
    return len(text) <= _LONGEST and text.isprintable()


def hash_password(password: str) -> str:
    """`salt$digest`, both hexadecimal, by scrypt."""
    salt = secrets.token_bytes(8)
    return f"{salt.hex()}${_scrypt(password, salt).hex()}"


def matches(password: str, stored: str) -> bool:
    """Whether `stored` was made from `password`."""
    salt, _, digest = stored.partition("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=8, p=1, dklen=32)


ROUTES: Final = (
    Route("/signup", signup, methods=["POST"]),
    Route("/login", login, methods=["POST"]),
    Route("/session", session),
)
