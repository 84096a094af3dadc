"""The control server with clients that lie, flood, stall or fall asleep: the engine and all others never notice."""

from __future__ import annotations

import asyncio
import resource
import socket
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pytest
from tests.adapters.control_room import Room, Wire, heard, room, until
from tests.adapters.scripted_desk import ScriptedDesk

from controlroom.control import protocol as wire
from controlroom.control.outbox import MOST_ANSWERS, MOST_EVENT_BYTES, MOST_EVENTS, MOST_OUTPUT_BYTES
from controlroom.control.session import Limits
from controlroom.errors import Refused
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.columns import MOST_COLUMNS
from controlroom.run.fold import fold
from controlroom.run.phases import DataState
from controlroom.run.samples import Sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HELLO = wire.Hello(role="screen")
QUICK = Limits(hello_s=0.2, farewell_s=0.2)
MIB = 1 << 20


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path / "ctl.sock", limits=QUICK) as found:
        yield found


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"GET / HTTP/1.1\r\n\n", "no request that version 1 knows"),
        (b"\x00\xff\xfe\n", "no request that version 1 knows"),
        (b'{"type":"Hello","role":"\xff"}\n', "no request that version 1 knows"),
        (b"[" * 60_000 + b"\n", "no request that version 1 knows"),
        (b'{"type":"Hello","role":' + b"[" * 60_000 + b"\n", "no request that version 1 knows"),
        (b'{"type":"Goodbye","why":"x"}\n', "Invalid value 'Goodbye'"),
        (b'{"type":"Hello","role":"king"}\n', "the role is one of ctl, screen, watch"),
        (b'{"type":"Hello","role":"ctl","version":99}\n', "speaks version 1 and the client version 99"),
        (b'{"type":"Give","id":"a","command":{"type":"Hold"}}\n', "say Hello first"),
        (b"x" * (wire.MAX_REQUEST + 2) + b"\n", "one line of at most 65536 bytes"),
    ],
)
async def test_nonsense_gets_a_sentence_and_the_door(here: Room, line: bytes, sentence: str) -> None:
    """Before Hello anything unfit ends the connection with Goodbye; the engine's state was never asked for."""
    client = await here.wire()
    client.say(line)
    replies = await client.all()
    assert len(replies) == 1
    assert isinstance(replies[0], wire.Goodbye)
    assert sentence in replies[0].why
    assert here.desk.snapshots == 0
    assert here.desk.attached == []


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (b'{"type":"Nuke"}', "Invalid value 'Nuke'"),
        (b'{"type":"Advance"}', "missing required field `to`"),
        (b'{"type":"Hold","reason":7}', "Expected `str`, got `int`"),
        (b'{"type":"MarkSmoke","item":"x","state":"great"}', "Invalid enum value 'great'"),
        (msgspec.json.encode(cmd.Note(reason="n" * 2001)), "reason is longer than 2000 characters"),
        (msgspec.json.encode(cmd.RunSmoke(items=("i",) * 501)), "more than 500 items"),
    ],
)
async def test_an_unfit_command_is_answered_by_its_id(here: Room, command: bytes, sentence: str) -> None:
    """A command that cannot be is refused without the engine, and the connection goes on."""
    client = await here.wire()
    client.say(HELLO, b'{"type":"Give","id":"bad-1","command":' + command + b"}\n", wire.Ping(at=1.0))
    answers = [reply for _ in range(5) if isinstance(reply := await client.hear(), wire.Answered | wire.Pong)]
    assert answers[-1] == wire.Pong(at=1.0)
    assert isinstance(answers[0], wire.Answered)
    assert (answers[0].id, answers[0].ok) == ("bad-1", False)
    assert sentence in answers[0].message
    assert here.desk.orders == []
    client.close()


async def test_an_id_is_no_place_for_a_novel(here: Room) -> None:
    """A command whose id is unfit cannot be answered by it: the connection ends."""
    client = await here.wire()
    client.say(HELLO, wire.Give(id="x" * 129, command=cmd.Hold()))
    last = (await client.all())[-1]
    assert isinstance(last, wire.Goodbye)
    assert "1 to 128" in last.why
    assert here.desk.orders == []


async def test_hello_is_said_once(here: Room) -> None:
    """Nobody changes who it is on the way."""
    client = await here.wire()
    client.say(wire.Hello(role="watch"), wire.Hello(role="screen"))
    assert (await client.all())[-1] == wire.Goodbye(why="Hello was said already")


async def test_silence_is_shown_the_door(here: Room) -> None:
    """A connection on which no Hello comes in time is closed: whole, half a line, or half closed."""
    silent, halting = await here.wire(), await here.wire()
    halting.say(b'{"type":"Hel')
    half_closed = await here.wire()
    half_closed.writer.write_eof()
    for client in (silent, halting):
        assert await client.all() == [wire.Goodbye(why="no Hello came in time")]
    assert await half_closed.all() == []
    assert here.server.sessions == []


async def test_a_line_without_end_costs_no_memory(here: Room) -> None:
    """A client that sends a gigabyte in one line is cut off after some hundred kilobytes of it."""
    sent, why = 0, b""

    def flood() -> None:
        nonlocal sent, why
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(here.path))
            sock.sendall(wire.encode(HELLO))
            block = b"x" * 65536
            try:
                while sent < 1 << 30:
                    sent += sock.send(block)
            except OSError:
                pass
            try:
                while part := sock.recv(65536):
                    why += part
            except OSError:
                pass

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await asyncio.to_thread(flood)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert sent < 4 * MIB
    assert b"one line of at most" in why
    assert grown_kib < 16 * 1024


async def test_a_client_that_never_reads_delays_nobody(here: Room) -> None:
    """20,000 events pass a stalled client by: others get each of them, and what waits for it stays bounded."""
    stalled = await here.wire()
    stalled.writer.transport.pause_reading()  # type: ignore[attr-defined]
    stalled.say(HELLO)
    await until(lambda: len(here.server.sessions) == 1)
    (conversation,) = here.server._conversations
    outbox = conversation.outbox
    async with await here.client() as client:
        await heard(client, wire.Snapshot)
        text = "e" * 200
        counted = 0

        async def count() -> None:
            nonlocal counted
            async for reply in client:
                counted += isinstance(reply, wire.Happened)
                if counted == 20_000:
                    return

        counting = asyncio.create_task(count())
        worst = 0
        record = here.desk.happen(ev.NoteAdded(text=text))
        for number in range(1, 20_000):
            # Chained events only: the state would cost more than the sending that is tested.
            record = msgspec.structs.replace(record, seq=record.seq + 1)
            here.server.happened(record)
            here.server.output(wire.Output(service="auth", job="j", lines=("o" * 1000,)))
            worst = max(worst, outbox._event_bytes + outbox._output_bytes)
            if number % 50 == 0:
                await asyncio.sleep(0)
        await asyncio.wait_for(counting, 60)
        assert counted == 20_000
        assert worst <= MOST_EVENT_BYTES + MOST_OUTPUT_BYTES + 2000
        assert outbox._events <= MOST_EVENTS
    stalled.close()


async def test_a_client_that_wakes_up_is_told_the_state_anew(here: Room) -> None:
    """Having fallen too far behind it gets a fresh snapshot, and from there every event: no gap, no repetition."""
    sleeper = await here.wire()
    sleeper.say(HELLO)
    assert isinstance(await sleeper.hear(), wire.Welcome)
    first = await sleeper.hear()
    assert isinstance(first, wire.Snapshot)
    sleeper.writer.transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(40):
        for _ in range(MOST_EVENTS // 8):
            here.desk.happen(ev.NoteAdded(text="n" * 300))
        await asyncio.sleep(0)
    sleeper.writer.transport.resume_reading()  # type: ignore[attr-defined]
    state, fresh = first.state, 0
    while state.seq < here.desk.state.seq:
        reply = await sleeper.hear()
        if isinstance(reply, wire.Snapshot):
            assert reply.state.seq > state.seq
            state, fresh = reply.state, fresh + 1
        elif isinstance(reply, wire.Happened):
            state = fold(state, reply.record)
    assert fresh == 1
    assert state == here.desk.state
    sleeper.close()


async def test_a_slow_client_gets_the_newest_sample_of_each_series(here: Room) -> None:
    """Samples are coalesced by series; none of another series is lost for it."""
    slow = await here.wire()
    slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
    slow.say(HELLO)
    await until(lambda: len(here.server.sessions) == 1)

    def sample(series: str, value: float) -> Sample:
        return Sample(series=series, at=0.0, elapsed=0.0, value=value, state=DataState.OK, cause="c" * 2000)

    here.server.sampled([sample("database/once", 1.0)], {})
    for number in range(2000):
        here.server.sampled([sample("auth/error_rate", float(number)), sample("auth/p95", float(number))], {})
        if number % 20 == 0:
            await asyncio.sleep(0)
    slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
    newest: dict[str, float | None] = {}
    messages = 0
    while newest.get("auth/p95") != 1999.0:
        reply = await slow.hear()
        if isinstance(reply, wire.Sampled):
            messages += 1
            newest.update({s.series: s.value for s in reply.samples})
    assert newest == {"database/once": 1.0, "auth/error_rate": 1999.0, "auth/p95": 1999.0}
    assert messages < 1000
    slow.close()


async def test_answers_survive_falling_behind(here: Room) -> None:
    """A client that lost events for a snapshot still gets every answer to what it asked."""
    slow = await here.wire()
    slow.say(HELLO)
    await until(lambda: here.desk.snapshots == 1)
    slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
    slow.say(*(wire.Give(id=f"g{number}", command=cmd.Hold()) for number in range(20)))
    await until(lambda: len(here.desk.orders) == 20)
    for _ in range(MOST_EVENTS * 4):
        here.desk.happen(ev.NoteAdded(text="n" * 300))
    slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
    answered: list[str] = []
    while len(answered) < 20:
        reply = await slow.hear()
        if isinstance(reply, wire.Answered):
            answered.append(reply.id)
    assert answered == [f"g{number}" for number in range(20)]
    assert here.desk.snapshots == 2
    slow.close()


async def test_who_asks_without_reading_is_no_longer_read(tmp_path: Path) -> None:
    """Requests whose answers pile up unread stay in the client's own socket, at whatever rate they may come."""
    async with room(tmp_path / "ctl.sock", limits=Limits(rate=1e6, burst=1e6)) as here:
        here.desk.logs["j"] = "l" * 70_000
        greedy = await here.wire()
        greedy.writer.transport.pause_reading()  # type: ignore[attr-defined]
        greedy.say(HELLO, *(wire.ReadLog(id=f"r{number}", job="j", limit=65536) for number in range(1000)))
        await until(lambda: len(here.server._conversations) == 1)
        (conversation,) = here.server._conversations
        await until(lambda: len(conversation.outbox._queue) == MOST_ANSWERS)
        async with await here.client() as client:
            for _ in range(200):
                await client.ping()
        assert len(conversation.outbox._queue) == MOST_ANSWERS
        greedy.close()


async def test_a_client_has_only_so_many_commands_under_way(tmp_path: Path) -> None:
    """Further commands of the same client wait in its socket; those of another do not wait for them."""
    async with room(tmp_path / "ctl.sock", limits=Limits(orders=2)) as here:
        here.desk.thinking = asyncio.Event()
        hasty = await here.wire()
        hasty.say(HELLO, *(wire.Give(id=f"g{number}", command=cmd.Hold()) for number in range(5)))
        await until(lambda: len(here.desk.orders) == 2)
        async with await here.client() as client:
            giving = asyncio.create_task(client.give(cmd.Hold(), command_id="other"))
            await until(lambda: len(here.desk.orders) == 3)
            assert [order.id for order in here.desk.orders] == ["g0", "g1", "other"]
            here.desk.thinking.set()
            await giving
        await until(lambda: len(here.desk.orders) == 6)
        hasty.close()


async def test_a_look_at_the_past_is_bounded(here: Room) -> None:
    """However much is asked for: so many columns, none finer than what is kept, and a name of a sane length."""
    client = await here.wire()
    client.say(HELLO, wire.ReadHistory(id="a", series="auth/cpu", span_s=1e-9, columns=10**9))
    assert len((await _answer(client, wire.History)).part.high) == MOST_COLUMNS
    client.say(wire.ReadHistory(id="b", series="auth/cpu", span_s=1e300, columns=-5))
    assert len((await _answer(client, wire.History)).part.high) == 1
    assert here.desk.looks == [("auth/cpu", 10.0, MOST_COLUMNS), ("auth/cpu", 86_400.0, 1)]
    client.say(wire.ReadHistory(id="c", series="s" * 301, span_s=30, columns=5))
    assert (await _answer(client, wire.Answered)).message == "a series has at most 300 characters"
    assert len(here.desk.looks) == 2
    client.close()


async def test_looks_at_the_past_delay_nothing_else(here: Room) -> None:
    """Four may wait for the disk, more are refused; a hold of the same client goes past them, and leaving ends them."""
    here.desk.looking = asyncio.Event()
    client = await here.wire()
    client.say(HELLO, *(wire.ReadHistory(id=f"h{n}", series="auth/cpu", span_s=30, columns=5) for n in range(6)))
    refusals = [await _answer(client, wire.Answered) for _ in range(2)]
    assert [refusal.id for refusal in refusals] == ["h4", "h5"]
    client.say(wire.Give(id="hold", command=cmd.Hold()))
    assert (await _answer(client, wire.Answered)).message == "Hold accepted"
    client.close()
    await until(lambda: not here.server.sessions)
    here.desk.looking.set()
    other = await here.client(listen=False)
    assert (await other.read_history("auth/cpu", 30.0, 1)).high == (8.0,)
    await other.close()


R = TypeVar("R", bound=wire.Reply)


async def _answer(client: Wire, kind: type[R]) -> R:
    """The next reply of a kind."""
    while not isinstance(reply := await client.hear(), kind):
        assert reply is not None
    return reply


async def test_requests_come_at_a_rate_the_engine_can_bear(tmp_path: Path) -> None:
    """Beyond the burst a client waits its turn; nothing is lost, and others are not slowed."""
    limits = Limits(rate=200.0, burst=10.0)
    async with room(tmp_path / "ctl.sock", limits=limits) as here:
        hasty = await here.wire()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        hasty.say(HELLO, *(wire.Ping(at=float(number)) for number in range(59)))
        pongs = 0
        async with await here.client() as client:
            assert await client.ping() < 0.1
        while pongs < 59:
            pongs += isinstance(await hasty.hear(), wire.Pong)
        assert loop.time() - begun >= 50 / 200
        hasty.close()


async def test_two_hundred_connections_are_too_many(tmp_path: Path) -> None:
    """Beyond the limit a connection is told so and closed; those that are in go on; leaving makes room."""
    async with room(tmp_path / "ctl.sock", limits=Limits(clients_of_account=50)) as here:
        first = await here.client()
        crowd = [await here.wire() for _ in range(200)]
        for client in crowd:
            client.say(HELLO)
        replies = [await client.hear() for client in crowd]
        assert sum(isinstance(reply, wire.Welcome) for reply in replies) == 49
        # Whoever writes to what is closed already may find the end before the reason.
        turned_away = (None, wire.Goodbye(why="too many connections are open already"))
        assert sum(reply in turned_away for reply in replies) == 151
        with pytest.raises(Refused, match="too many connections are open"):
            await here.client()
        assert await first.ping() < 1
        for client in crowd:
            client.close()
        await until(lambda: len(here.server.sessions) == 1)
        async with await here.client() as late:
            assert await late.ping() < 1
        await first.close()


async def test_clients_that_come_and_go_leave_nothing_behind(here: Room) -> None:
    """2,000 connections, closed at every stage of a conversation, leave no session, task or screen."""
    for number in range(500):
        clients = [await here.wire() for _ in range(4)]
        clients[1].say(HELLO)
        clients[2].say(HELLO, wire.Give(id=f"n{number}", command=cmd.Hold()))
        clients[3].say(HELLO, b"{")
        for client in clients:
            client.close()
    await until(lambda: not here.server._conversations)
    assert len(here.desk.attached) == len(here.desk.lost)
    await until(lambda: len(asyncio.all_tasks()) <= 2)


async def test_the_end_does_not_wait_for_a_stalled_client(tmp_path: Path) -> None:
    """Closing takes no longer than the farewell time, whoever does not read."""
    async with room(tmp_path / "ctl.sock", limits=QUICK) as here:
        stalled = await here.wire()
        stalled.writer.transport.pause_reading()  # type: ignore[attr-defined]
        stalled.say(HELLO)
        await until(lambda: len(here.server.sessions) == 1)
        for _ in range(3000):
            here.desk.happen(ev.NoteAdded(text="n" * 300))
        await asyncio.wait_for(here.server.close("over"), 5)
        assert here.server._conversations == {}
        stalled.close()


async def test_events_and_snapshot_leave_no_gap(tmp_path: Path) -> None:
    """Clients that attach at any moment while the engine publishes from every side see each event exactly once."""
    desk = ScriptedDesk()
    async with room(tmp_path / "ctl.sock", desk=desk) as here:
        going = True

        async def publish() -> None:
            while going:
                desk.happen(ev.NoteAdded(text="p"))
                await asyncio.sleep(0)

        async def attach() -> None:
            async with await here.client() as client:
                state, seen = None, 0
                async for reply in client:
                    if isinstance(reply, wire.Snapshot):
                        assert state is None
                        state = reply.state
                    elif isinstance(reply, wire.Happened):
                        assert state is not None
                        state = fold(state, reply.record)  # raises for a gap and for a repetition
                        seen += 1
                    if seen == 20:
                        return

        publishing = [asyncio.create_task(publish()) for _ in range(3)]
        for _ in range(10):
            await asyncio.wait_for(asyncio.gather(*(attach() for _ in range(20))), 30)
        going = False
        await asyncio.gather(*publishing)
