"""One connection from hello to goodbye: requests in, at a rate the engine can bear; mail out, at the client's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlroom.control.outbox import Outbox
from controlroom.control.peer import Authority, Peer, operator_name
from controlroom.control.protocol import (
    MAX_REQUEST,
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
    Welcome,
    encode,
)
from controlroom.control.requests import BadRequest, understand
from controlroom.control.session import Desk, Limits, Meter, Session
from controlroom.errors import ControlroomError
from controlroom.run.commands import Order
from controlroom.run.state import Answer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from controlroom.control.protocol import Request

_HIGH_WATER = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What all conversations of a server share; `entered` is called when a client has said who it is."""

    desk: Desk
    run: str
    host: str
    limits: Limits
    monotonic: Callable[[], float]
    snapshot: Callable[[], tuple[int, bytes]]
    entered: Callable[[Session], None]
    orders: set[asyncio.Task[None]]


class Conversation:
    """One client that was let in. `session` is None until it said Hello, `orderly` true once it took its leave."""

    def __init__(self, house: House, number: int, peer: Peer, authority: Authority) -> None:
        self.session: Session | None = None
        self.orderly = False
        self.peer = peer
        self.outbox = Outbox(house.snapshot)
        self._house = house
        self._number = number
        self._authority = authority
        self._meter = Meter(house.limits, house.monotonic)
        self._slots = asyncio.Semaphore(house.limits.orders)
        self._looks: set[asyncio.Task[None]] = set()

    async def run(self, sock: socket.socket) -> None:
        """Talk until the client leaves, vanishes, misbehaves or is sent away; takes `sock` over."""
        reader, writer = await asyncio.open_unix_connection(sock=sock, limit=MAX_REQUEST)
        writer.transport.set_write_buffer_limits(high=_HIGH_WATER)
        sending = asyncio.create_task(self._send(writer))
        listening = asyncio.create_task(self._listen(reader))
        try:
            await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
            self.outbox.finish()
            await asyncio.wait((sending,), timeout=self._house.limits.farewell_s)
        finally:
            for task in (sending, listening, *self._looks):
                task.cancel()
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        try:
            while lines := await self.outbox.take():
                writer.writelines(lines)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            return

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            async with asyncio.timeout(self._house.limits.hello_s):
                hello = await self._request(reader)
            if hello is None:
                return
            if not isinstance(hello, Hello):
                raise BadRequest("say Hello first")  # noqa: TRY301 - one place tells the client
            self._enter(hello)
            while (request := await self._request(reader)) and not isinstance(request, Detach):
                await self._deal_with(request)
            self.orderly = isinstance(request, Detach)
        except BadRequest as exc:
            self.outbox.finish(encode(Goodbye(why=str(exc))))
        except TimeoutError:
            self.outbox.finish(encode(Goodbye(why="no Hello came in time")))
        except ConnectionError:
            return

    async def _request(self, reader: asyncio.StreamReader) -> Request | None:
        """The next request that can be followed, None at the end; what can be answered by its id is."""
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return None
            except asyncio.LimitOverrunError as exc:
                raise BadRequest(f"a request is one line of at most {MAX_REQUEST} bytes") from exc
            await self.outbox.room()
            await asyncio.sleep(self._meter.delay())
            try:
                return understand(line)
            except BadRequest as exc:
                if not exc.id or self.session is None:
                    raise
                self.outbox.answer(encode(Answered(id=exc.id, ok=False, message=str(exc))))

    def _enter(self, hello: Hello) -> None:
        uid = self.peer.uid
        self.session = Session(
            number=self._number,
            operator=operator_name(uid, hello.label),
            uid=uid,
            pid=self.peer.pid,
            host=self._house.host,
            role=hello.role,
            may_drive=self._authority is Authority.DRIVE and hello.role != "watch",
        )
        welcome = Welcome(run=self._house.run, operator=self.session.operator, may_drive=self.session.may_drive)
        self.outbox.greet(encode(welcome))
        self._house.entered(self.session)

    async def _deal_with(self, request: Request) -> None:
        match request:
            case Give():
                await self._give(request)
            case ReadLog():
                self._read_log(request)
            case ReadHistory():
                self._read_history(request)
            case Ping():
                self.outbox.answer(encode(Pong(at=request.at)))
            case Hello():
                raise BadRequest("Hello was said already")

    async def _give(self, request: Give) -> None:
        session = self.session
        if session is None or not session.may_drive:
            refusal = "this connection only watches: it gives no commands"
            self.outbox.answer(encode(Answered(id=request.id, ok=False, message=refusal)))
            return
        order = Order(
            id=request.id,
            command=request.command,
            operator=session.operator,
            host=session.host,
            uid=session.uid,
            client=session.role,
        )
        await self._slots.acquire()
        # A task of its own: a hold must not wait behind another command, nor end when the client does.
        task = asyncio.create_task(self._carry_out(order))
        self._house.orders.add(task)
        task.add_done_callback(self._house.orders.discard)

    async def _carry_out(self, order: Order) -> None:
        answer = Answer(ok=False, message="the engine failed at this command: see its log")
        try:
            answer = await self._house.desk.give(order)
        except ControlroomError as exc:
            answer = Answer(ok=False, message=str(exc))
        finally:
            self._slots.release()
            self.outbox.answer(encode(Answered(id=order.id, ok=answer.ok, message=answer.message)))

    def _read_history(self, request: ReadHistory) -> None:
        if len(self._looks) >= self._house.limits.histories:
            refusal = "too many looks at the past at once: wait for their answers"
            self.outbox.answer(encode(Answered(id=request.id, ok=False, message=refusal)))
            return
        # A task of its own: nothing else that this client asks waits for its turn at the disk.
        task = asyncio.create_task(self._look_back(request))
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _look_back(self, request: ReadHistory) -> None:
        reply: History | Answered
        try:
            part = await self._house.desk.read_history(request.series, request.span_s, request.columns)
            reply = History(id=request.id, part=part)
        except ControlroomError as exc:
            reply = Answered(id=request.id, ok=False, message=str(exc))
        self.outbox.answer(encode(reply))

    def _read_log(self, request: ReadLog) -> None:
        try:
            part = self._house.desk.read_log(request.job, request.offset, request.limit)
        except ControlroomError as exc:
            self.outbox.answer(encode(Answered(id=request.id, ok=False, message=str(exc))))
            return
        reply = LogPart(id=request.id, job=request.job, offset=part.offset, size=part.size, text=part.text)
        self.outbox.answer(encode(reply))
