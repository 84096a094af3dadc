"""A connection that comes back: what a screen holds on to while engines and sockets come and go."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from controlroom.control.client import Connection, new_id
from controlroom.errors import ControlroomError, EngineUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from controlroom.control.protocol import Answered, Hello, LogPart, Reply
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Command

STALE_AFTER_S = 3.0
"""Without a word for this long (the engine beats once a second) what is on screen may no longer be so."""
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class LinkStatus(StrEnum):
    """How far the screen can be trusted."""

    LIVE = "LIVE"
    STALE = "STALE"
    LOST = "LOST"


class Link:
    """A connection to the engine at `path` that is made again whenever it breaks.

    Iterate over `replies()` for as long as the screen lives: after each (re)connection a Welcome and a Snapshot come
    first, and replace whatever was known. Read `status`, `age_s` and `trouble` once a second. Not for several loops.
    """

    def __init__(self, path: Path, hello: Hello, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.trouble = ""
        """Why there is no connection, while there is none."""
        self._path = path
        self._hello = hello
        self._monotonic = monotonic
        self._heard = monotonic()
        self._calling: asyncio.Task[Connection] | None = None
        self._connection: Connection | None = None
        self._connected = asyncio.Event()
        self._closed = asyncio.Event()

    @property
    def status(self) -> LinkStatus:
        """LIVE, STALE when the engine is silent, LOST when there is no connection."""
        if self._connection is None:
            return LinkStatus.LOST
        return LinkStatus.LIVE if self.age_s <= STALE_AFTER_S else LinkStatus.STALE

    @property
    def age_s(self) -> float:
        """Seconds since the engine last said anything; since the link was made when it never did."""
        return self._monotonic() - self._heard

    async def call(self, patience_s: float) -> None:
        """Connect ahead of `replies`, which goes on from there; waits at most so long for the engine's welcome.

        What the engine says lies in the socket until then: it speaks while the caller is busy with something else.
        """
        self._calling = asyncio.create_task(Connection.open(self._path, self._hello))
        await asyncio.wait({self._calling}, timeout=patience_s)

    async def replies(self) -> AsyncGenerator[Reply, None]:
        """Everything the engine says, over all connections, until `close`."""
        pause = _FIRST_PAUSE_S
        while not self._closed.is_set():
            try:
                connection = await self._open()
            except ControlroomError as exc:
                self.trouble = str(exc)
                await self._pause(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            pause = _FIRST_PAUSE_S
            if self._closed.is_set():  # while the connection was made
                await connection.detach()
                return
            try:
                self._attach(connection)
                yield connection.welcome
                async for reply in connection:
                    self._heard = self._monotonic()
                    yield reply
            finally:
                self._detach(connection)
                await connection.close()
            await self._pause(pause)

    async def give(self, command: Command, *, timeout_s: float = 30.0) -> Answered:
        """Give a command, over a new connection if this one breaks meanwhile; it is carried out once (S18).

        Raises EngineUnreachable when there is no answer within `timeout_s`: then nobody knows what became of it.
        """
        command_id = new_id()
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    connection = await self._wait()
                    with suppress(EngineUnreachable):
                        return await connection.give(command, command_id=command_id, timeout_s=timeout_s)
                    self._detach(connection)
        except TimeoutError as exc:
            raise EngineUnreachable(
                f"no answer within {timeout_s:.0f} s: {self.trouble or 'the engine is busy'}"
            ) from exc

    async def read_log(self, job: str, offset: int = 0, limit: int = 32768) -> LogPart:
        """Part of a job's output. Raises Refused when there is none, EngineUnreachable without a connection."""
        return await self._now().read_log(job, offset, limit)

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        """What was kept of a series. Raises Refused when it cannot be read, EngineUnreachable without a connection."""
        return await self._now().read_history(series, span_s, columns)

    async def ping(self) -> float:
        """Seconds to the engine and back. Raises EngineUnreachable without a connection."""
        return await self._now().ping()

    async def close(self) -> None:
        """Take leave and stop; `replies` ends."""
        self._closed.set()
        if self._calling is not None:
            with suppress(ControlroomError):
                await (await self._open()).detach()
        if self._connection is not None:
            await self._connection.detach()

    async def _open(self) -> Connection:
        calling, self._calling = self._calling, None
        return await (calling or Connection.open(self._path, self._hello))

    def _attach(self, connection: Connection) -> None:
        self._connection, self._heard, self.trouble = connection, self._monotonic(), ""
        self._connected.set()

    def _detach(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._connected.clear()
            self.trouble = connection.farewell or "the engine is gone"

    def _now(self) -> Connection:
        if self._connection is None:
            raise EngineUnreachable(self.trouble or "there is no connection to the engine")
        return self._connection

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)

    async def _wait(self) -> Connection:
        await self._connected.wait()
        return self._now()
