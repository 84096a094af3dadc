"""A spare HTTP/1.1 client on asyncio streams: a full one would cost the load generator half a core."""

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

from controlroom.errors import StageError

_MAX_HEAD: Final = 65536


class WireError(StageError):
    """The peer went away, or spoke something else than plain HTTP/1.1 with a Content-Length."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def prepare(method: str, path: str, body: object = None, token: str | None = None, cookie: str | None = None) -> bytes:
    """The bytes of a request that keeps its connection; `body` is sent as JSON."""
    payload = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: stage"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if cookie is not None:
        lines.append(f"Cookie: {cookie}")
    return "\r\n".join([*lines, "", ""]).encode() + payload


class Connection:
    """One kept connection; requests go through it one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to the host and port of `url`; OSError when nothing listens."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port, limit=_MAX_HEAD))

    async def exchange(self, request: bytes) -> Answer:
        """Send `request` and read its answer; WireError when the peer goes away meanwhile."""
        try:
            self._writer.write(request)
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
            }
            body = await self._reader.readexactly(int(headers.get("content-length", 0)))
            return Answer(int(head[0].split(" ", 2)[1]), headers, body)
        except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError) as exc:
            self.close()
            raise WireError(f"no answer: {type(exc).__name__}") from exc

    @property
    def usable(self) -> bool:
        """Whether the peer has not closed its side, as far as is known."""
        return not (self._writer.is_closing() or self._reader.at_eof())

    def close(self) -> None:
        """Drop the connection."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()


class Lines:
    """Connections to the server at `url` that are kept and used again: as many as there are requests at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: deque[Connection] = deque()

    async def exchange(self, request: bytes) -> Answer:
        """Send `request` and read its answer; OSError when nothing listens, WireError when the peer goes away."""
        connection = await self._connection()
        try:
            answer = await connection.exchange(request)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.close()
        return await Connection.open(self._url)


async def fetch(url: str, method: str = "GET", body: object = None, timeout_s: float = 2.0) -> Answer:
    """One request on a connection of its own; WireError when there is no answer within `timeout_s`."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        async with asyncio.timeout(timeout_s):
            connection = await Connection.open(url)
            try:
                return await connection.exchange(prepare(method, path, body))
            finally:
                connection.close()
    except (OSError, TimeoutError) as exc:
        raise WireError(f"{url} does not answer: {type(exc).__name__}") from exc
