"""One connection to an engine, as the screen and the commands of the operator use it."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from controlroom.control import address
from controlroom.control.protocol import (
    MAX_REPLY,
    Answered,
    Detach,
    Give,
    Goodbye,
    Hello,
    History,
    LogPart,
    Ping,
    Pong,
    ReadHistory,
    ReadLog,
    Reply,
    Request,
    Welcome,
    encode,
    reply_decoder,
)
from controlroom.errors import EngineUnreachable, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from types import TracebackType

    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Command

_MOST_WAITING = 1024
"""Replies that wait to be iterated over; then the socket fills, and the engine sends only what is newest."""
_Answer = Answered | LogPart | History | Pong
"""What answers a single request."""
_TURNED_AWAY = (
    "the engine closed the connection at once: this account is neither operator nor observer of the run,"
    " too many connections are open, or the engine is ending"
)


def new_id() -> str:
    """A command id that nobody used before."""
    return os.urandom(16).hex()


class Connection:
    """A connection that was welcomed.

    Iterate over it for Snapshot, Happened, Sampled, Output, Presence, Beat and Goodbye; that ends with the connection.
    Whoever does not iterate opens it with `listen=False`, and those are dropped.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, welcome: Welcome, *, listen: bool
    ) -> None:
        self.welcome = welcome
        self.farewell = ""
        """Why the engine ended the connection, if it said so."""
        self._writer = writer
        self._asked: dict[str, asyncio.Future[_Answer]] = {}
        self._replies: asyncio.Queue[Reply | None] | None = asyncio.Queue(_MOST_WAITING) if listen else None
        self._reading = asyncio.create_task(self._read(reader))
        self._reading.add_done_callback(self._end)  # also of a task that was cancelled before it began

    @classmethod
    async def open(cls, path: Path, hello: Hello, *, timeout_s: float = 5.0, listen: bool = True) -> Self:
        """Connect and be welcomed. Raises EngineUnreachable when nobody answers, Refused when not let in."""
        sock = await address.connect(path, timeout_s=timeout_s)
        reader, writer = await asyncio.open_unix_connection(sock=sock, limit=MAX_REPLY)
        try:
            async with asyncio.timeout(timeout_s):
                writer.write(encode(hello))
                first = reply_decoder.decode(await reader.readuntil(b"\n"))
        except TimeoutError as exc:
            writer.transport.abort()
            raise EngineUnreachable(f"the engine at {path} does not answer") from exc
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as exc:
            writer.transport.abort()
            raise Refused(_TURNED_AWAY) from exc
        if isinstance(first, Welcome):
            return cls(reader, writer, first, listen=listen)
        writer.transport.abort()
        raise Refused(first.why if isinstance(first, Goodbye) else _TURNED_AWAY)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[Reply]:
        if self._replies is None:
            raise RuntimeError("opened with listen=False")
        while (reply := await self._replies.get()) is not None:
            yield reply

    async def give(self, command: Command, *, command_id: str = "", timeout_s: float = 30.0) -> Answered:
        """Give a command and wait for its answer; what is given again by the same id is done once (S18)."""
        give = Give(id=command_id or new_id(), command=command)
        reply = await self._ask(give.id, give, timeout_s)
        if not isinstance(reply, Answered):
            raise EngineUnreachable("the engine answered something else")
        return reply

    async def read_log(self, job: str, offset: int = 0, limit: int = 32768, *, timeout_s: float = 10.0) -> LogPart:
        """Part of a job's output. Raises Refused when there is none."""
        read = ReadLog(id=new_id(), job=job, offset=offset, limit=limit)
        reply = await self._ask(read.id, read, timeout_s)
        if isinstance(reply, LogPart):
            return reply
        raise Refused(reply.message if isinstance(reply, Answered) else "the engine answered something else")

    async def read_history(self, series: str, span_s: float, columns: int, *, timeout_s: float = 30.0) -> HistoryPart:
        """The last `columns` columns of what was kept of `series`. Raises Refused when nothing can be read."""
        read = ReadHistory(id=new_id(), series=series, span_s=span_s, columns=columns)
        reply = await self._ask(read.id, read, timeout_s)
        if isinstance(reply, History):
            return reply.part
        raise Refused(reply.message if isinstance(reply, Answered) else "the engine answered something else")

    async def ping(self, *, timeout_s: float = 5.0) -> float:
        """Seconds to the engine and back."""
        at = time.monotonic()
        await self._ask(repr(at), Ping(at=at), timeout_s)
        return time.monotonic() - at

    async def detach(self) -> None:
        """Take leave, so that the engine knows that nothing went wrong (S23), and close."""
        with suppress(EngineUnreachable):
            await self._send(Detach())
        await self.close()

    async def close(self) -> None:
        """Close; whoever still waits for an answer gets EngineUnreachable."""
        self._reading.cancel()
        await asyncio.wait((self._reading,))
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _ask(self, key: str, request: Request, timeout_s: float) -> _Answer:
        reply: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._asked[key] = reply
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(request)
                return await reply
        except TimeoutError as exc:
            raise EngineUnreachable(f"the engine did not answer within {timeout_s:.0f} s") from exc
        finally:
            del self._asked[key]

    async def _send(self, request: Request) -> None:
        if self._reading.done():
            raise self._gone()
        try:
            self._writer.write(encode(request))
            await self._writer.drain()
        except ConnectionError as exc:
            raise self._gone() from exc

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                await self._take(reply_decoder.decode(line))
        except ConnectionError:
            pass
        except ValueError as exc:
            self.farewell = f"what the engine says makes no sense to this version of controlroom: {exc}"

    async def _take(self, reply: Reply) -> None:
        match reply:
            case Answered(id=key) | LogPart(id=key) | History(id=key):
                self._settle(key, reply)
            case Pong(at=at):
                self._settle(repr(at), reply)
            case _:
                if isinstance(reply, Goodbye):
                    self.farewell = reply.why
                if self._replies is not None:
                    await self._replies.put(reply)

    def _settle(self, key: str, reply: _Answer) -> None:
        asked = self._asked.get(key)
        if asked is not None and not asked.done():
            asked.set_result(reply)

    def _end(self, _reading: asyncio.Task[None]) -> None:
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(self._gone())
        if self._replies is not None:
            if self._replies.full():
                self._replies.get_nowait()  # nobody iterates any more, or the end matters more than the oldest
            self._replies.put_nowait(None)

    def _gone(self) -> EngineUnreachable:
        return EngineUnreachable(self.farewell or "the engine is gone")
