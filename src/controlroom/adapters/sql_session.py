"""One short session with PostgreSQL."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from controlroom.adapters.http_client import LOOPBACK
from controlroom.adapters.sql_failures import FAILURES, place_of
from controlroom.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONNECT_S: Final = 10.0
"""Real seconds that the connection may take, however long the statements may."""
GOODBYE_S: Final = 2.0


@asynccontextmanager
async def session(dsn: str, timeout_s: float, *, loopback_only: bool) -> AsyncIterator[asyncpg.Connection]:
    """A connection for the time of the block, closed however the block ends. Raises FAILURES and ActionError."""
    if urlsplit(dsn).scheme not in ("postgresql", "postgres"):
        raise ValueError("no DSN of PostgreSQL")
    if loopback_only and not _is_here(dsn):
        raise ActionError(f"a rehearsal reaches this machine only, not {place_of(dsn)}")
    connection = await asyncpg.connect(
        dsn,
        timeout=min(CONNECT_S, timeout_s),
        statement_cache_size=0,  # a pooler in between hands each transaction another server
        server_settings={"application_name": "controlroom"},
    )
    try:
        yield connection
    finally:
        try:
            await connection.close(timeout=GOODBYE_S)
        except FAILURES:
            connection.terminate()


def _is_here(dsn: str) -> bool:
    parts = urlsplit(dsn)
    hosts = [parts.hostname or "", *parse_qs(parts.query).get("host", ())]
    return all(host in LOOPBACK or host.startswith("/") for host in hosts if host) and any(hosts)


async def limit(connection: asyncpg.Connection, timeout_s: float) -> None:
    """Let the server itself end what runs longer than `timeout_s`; inside a transaction only."""
    await connection.execute(f"SET LOCAL statement_timeout = {max(1, round(timeout_s * 1000))}")
