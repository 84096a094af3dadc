"""A small HTTP server for fakes of vendors: it answers what a handler says, or as badly as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Asked:
    """One request: `params` from the query or a form body, `json` from a JSON body; header names in lower case.

    `lists` holds every value of a parameter, `params` the first.
    """

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    json: Any = None
    lists: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """One answer: a JSON value, or text as it is."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"


@dataclass
class VendorServer:
    """A server on loopback. `trouble` is said instead of the handler's answer, `cut` bytes of an answer are left out.

    `then`, after an answer: keep, close (before its end when it is cut), or hang (without any answer). `now` gives the
    time in its Date header (epoch seconds).
    """

    handler: Callable[[Asked], Said]
    now: Callable[[], float]
    trouble: Said | None = None
    then: str = "keep"
    cut: int = 0
    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    _talks: set[asyncio.Task[Any]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def end(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self._talks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, target, _ = first.split(" ")
        parts = urlsplit(target)
        form = body.decode() if "form" in headers.get("content-type", "") else ""
        lists = parse_qs(parts.query or form, keep_blank_values=True)
        params = {name: values[0] for name, values in lists.items()}
        sent = json.loads(body) if body and "json" in headers.get("content-type", "") else None
        asked = Asked(method, parts.path, params, headers, sent, lists)
        self.requests.append(asked)
        if self.then == "hang":
            await reader.read()
            return False
        said = self.trouble or self.handler(asked)
        content = said.body if isinstance(said.body, str) else json.dumps(said.body)
        raw = content.encode()
        also = {
            "Date": formatdate(self.now(), usegmt=True),
            "Content-Type": said.kind,
            "Content-Length": str(len(raw)),
            **said.headers,
        }
        written = "".join(f"{name}: {value}\r\n" for name, value in also.items())
        writer.write(f"HTTP/1.1 {said.status} Said\r\n{written}\r\n".encode() + raw[: len(raw) - self.cut])
        await writer.drain()
        return self.then == "keep" and not self.cut
