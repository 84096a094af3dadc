"""A control server on a real socket with a scripted desk behind it, and the plainest of clients."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.adapters.scripted_desk import RUN, ScriptedDesk

from controlroom.control import address
from controlroom.control.client import Connection
from controlroom.control.peer import Access
from controlroom.control.protocol import Hello, Reply, encode, reply_decoder
from controlroom.control.server import ControlServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from controlroom.control.protocol import Request
    from controlroom.control.session import Limits

PATIENCE_S = 20.0


class Room:
    """A desk, its server and the socket."""

    def __init__(self, desk: ScriptedDesk, server: ControlServer, path: Path) -> None:
        self.desk, self.server, self.path = desk, server, path

    async def client(self, role: str = "screen", label: str = "", *, listen: bool = True) -> Connection:
        return await Connection.open(self.path, Hello(role=role, label=label, pid=os.getpid()), listen=listen)

    async def wire(self) -> Wire:
        sock = await address.connect(self.path)
        return Wire(*await asyncio.open_unix_connection(sock=sock, limit=1 << 24))


class Wire:
    """Bytes out, lines in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, *messages: Request | bytes) -> None:
        for message in messages:
            self.writer.write(message if isinstance(message, bytes) else encode(message))

    async def hear(self) -> Reply | None:
        """The next reply, None at the end."""
        try:
            line = await asyncio.wait_for(self.reader.readline(), PATIENCE_S)
        except ConnectionError:
            return None
        return reply_decoder.decode(line) if line else None

    async def all(self) -> list[Reply]:
        """Everything until the end."""
        found: list[Reply] = []
        while (reply := await self.hear()) is not None:
            found.append(reply)
        return found

    def close(self) -> None:
        self.writer.transport.abort()


@asynccontextmanager
async def room(
    path: Path, *, access: Access | None = None, limits: Limits | None = None, desk: ScriptedDesk | None = None
) -> AsyncIterator[Room]:
    desk = desk or ScriptedDesk()
    server = ControlServer(desk, run=RUN, access=access or Access(owner=os.geteuid()), limits=limits)
    desk.server = server
    await server.start(path)
    try:
        yield Room(desk, server, path)
    finally:
        await server.close("the test is over")


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until `condition` holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - any condition, not one that somebody announces
            await asyncio.sleep(0)


async def heard(connection: Connection, kind: type[Reply], count: int = 1) -> list[Reply]:
    """The next `count` replies of a kind."""
    found: list[Reply] = []
    async with asyncio.timeout(PATIENCE_S):
        async for reply in connection:
            if isinstance(reply, kind):
                found.append(reply)
            if len(found) == count:
                break
    return found
