"""Why a session with PostgreSQL failed, in a sentence for the operator; never with the password."""

from __future__ import annotations

import os
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from controlroom.errors import ActionError

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError, OverflowError)
"""Everything that a session can raise; a timeout is an OSError."""

_SENTENCES: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    (
        (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError),
        "{place} does not let the user in: {exc}",
    ),
    (asyncpg.QueryCanceledError, "{place} ended the statement: {exc}"),
    (
        (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, ConnectionResetError),
        "{place} closed the connection",
    ),
    (asyncpg.PostgresError, "{place} refuses: {exc}"),
    (TimeoutError, "no answer from {place} within {timeout_s:g} s"),
    (socket.gaierror, "the name of {place} does not resolve"),
    (ConnectionRefusedError, "connection refused: nothing listens at {place}"),
    (ssl.SSLError, "TLS: no handshake with {place}: {exc}"),
    (OSError, "{place} cannot be reached: {reason}"),
    (
        (ValueError, OverflowError),
        "the DSN cannot be used; it begins with postgresql:// and names user, host, port and database",
    ),
    (asyncpg.InterfaceError, "the session with {place} broke: {exc}"),
)
"""The first that fits; a DSN's error text is left out, since it may repeat the password."""


def sentence(exc: Exception, dsn: str, timeout_s: float) -> str:
    """What went wrong with a session at `dsn`."""
    if isinstance(exc, ActionError):
        return str(exc)
    if isinstance(exc, asyncpg.InterfaceError) and isinstance(exc.__context__, asyncpg.PostgresError):
        exc = exc.__context__  # leaving a transaction complains about the connection that the server has closed
    reason = os.strerror(exc.errno) if isinstance(exc, OSError) and exc.errno else str(exc)
    pattern = next(words for kinds, words in _SENTENCES if isinstance(exc, kinds))
    return pattern.format(place=place_of(dsn), exc=exc, reason=reason, timeout_s=timeout_s)


def is_silence(exc: Exception) -> bool:
    """True when the server said nothing, so that what it did last is not known."""
    return not isinstance(exc, asyncpg.PostgresError) or isinstance(exc, asyncpg.PostgresConnectionError)


def place_of(dsn: str) -> str:
    """Host, port and database of `dsn`, for the operator."""
    try:
        parts = urlsplit(dsn)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the database"
    return f"{host or 'the local socket'}{port}{parts.path}"
