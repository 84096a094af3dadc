"""The control server with well-behaved clients: welcome, snapshot, events, answers, roles, presence, farewell."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import stat
from typing import TYPE_CHECKING

import pytest
from tests.adapters.control_room import Room, heard, room, until
from tests.adapters.scripted_desk import RUN

from controlroom.control import protocol as wire
from controlroom.control.client import Connection
from controlroom.errors import EngineUnreachable, Refused
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.fold import fold
from controlroom.run.phases import DataState, SmokeState, Verdict
from controlroom.run.samples import Sample
from controlroom.run.state import GuardStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path / "ctl.sock") as found:
        yield found


async def test_a_client_is_welcomed_and_given_the_state(here: Room) -> None:
    """The first two replies are Welcome and one Snapshot of the state as it is."""
    client = await here.wire()
    client.say(wire.Hello(role="ctl"))
    welcome, snapshot = await client.hear(), await client.hear()
    assert isinstance(welcome, wire.Welcome)
    account = pwd.getpwuid(os.geteuid()).pw_name
    assert (welcome.run, welcome.operator, welcome.may_drive) == (RUN, account, True)
    assert isinstance(snapshot, wire.Snapshot)
    assert snapshot.state == here.desk.state
    client.close()


async def test_events_follow_the_snapshot_in_order(here: Room) -> None:
    """Folding what comes after the snapshot gives the engine's own state."""
    async with await here.client() as client:
        replies = aiter(client)
        snapshot = await anext(replies)
        assert isinstance(snapshot, wire.Snapshot)
        state = snapshot.state
        for number in range(50):
            here.desk.happen(ev.NoteAdded(text=f"note {number}"))
        async for reply in replies:
            if isinstance(reply, wire.Happened):
                state = fold(state, reply.record)
            if state.seq == here.desk.state.seq:
                break
        assert state == here.desk.state


async def test_a_command_is_given_with_who_and_from_where(here: Room) -> None:
    """The desk gets the command with the kernel's uid, the label in front of the account, and this host."""
    async with await here.client("ctl", "Ana María\x1b[31m", listen=False) as client:
        answer = await client.give(cmd.Hold(reason="look\nat\x1b[2J this"), command_id="one")
    assert answer == wire.Answered(id="one", ok=True, message="Hold accepted")
    (order,) = here.desk.orders
    assert order.uid == os.geteuid()
    assert order.operator.startswith("Ana María31m (")
    assert (order.host, order.client) == (socket.gethostname(), "ctl")
    assert order.command == cmd.Hold(reason="look at[2J this")


async def test_enums_and_revisions_arrive_unchanged(here: Room) -> None:
    """S18: what the operator saw, and the state of a mark, reach the desk as they were sent."""
    mark = cmd.MarkSmoke(item="signup", state=SmokeState.PASS, seen=7)
    async with await here.client(listen=False) as client:
        await client.give(mark)
    assert here.desk.orders[0].command == mark
    assert isinstance(here.desk.orders[0].command.state, SmokeState)


async def test_a_refusal_is_an_answer(here: Room) -> None:
    """A desk that raises Refused answers with its sentence."""
    async with await here.client(listen=False) as client:
        answer = await client.give(cmd.Resume())
    assert (answer.ok, answer.message) == (False, "nothing holds the run")


async def test_a_repeated_id_is_carried_out_once(here: Room) -> None:
    """S18: the same id, also over another connection, gets the first answer again."""
    async with await here.client(listen=False) as client:
        first = await client.give(cmd.Hold(), command_id="same")
    async with await here.client(listen=False) as client:
        again = await client.give(cmd.Hold(), command_id="same")
    assert first == again
    assert len(here.desk.orders) == 1


async def test_a_hold_overtakes_a_command_under_way(here: Room) -> None:
    """S11: a hold does not wait behind a command of the same client that the engine still thinks about."""
    here.desk.thinking = asyncio.Event()
    async with await here.client(listen=False) as client:
        slow = asyncio.create_task(client.give(cmd.Advance(to="auth")))
        await until(lambda: len(here.desk.orders) == 1)
        thinking, here.desk.thinking = here.desk.thinking, None
        assert (await client.give(cmd.Hold())).ok
        assert not slow.done()
        thinking.set()
        assert (await slow).ok


async def test_a_command_outlives_its_client(here: Room) -> None:
    """A client that leaves right after giving a command does not take it back."""
    here.desk.thinking = asyncio.Event()
    client = await here.client(listen=False)
    giving = asyncio.create_task(client.give(cmd.Hold()))
    await until(lambda: len(here.desk.orders) == 1)
    await client.close()
    with pytest.raises(EngineUnreachable):
        await giving
    await until(lambda: not here.server.sessions)
    here.desk.thinking.set()
    await until(lambda: here.desk.state.answers != {})
    assert next(iter(here.desk.state.answers.values())).ok


async def test_a_watcher_gives_no_commands(here: Room) -> None:
    """S25: the role `watch` never commands, whoever it is."""
    async with await here.client("watch") as client:
        assert not client.welcome.may_drive
        answer = await client.give(cmd.Hold())
    assert not answer.ok
    assert "only watches" in answer.message
    assert here.desk.orders == []


async def test_logs_are_read_in_pieces(here: Room) -> None:
    """A negative offset reads from the end; an unknown job is refused with a sentence."""
    here.desk.logs["auth-deploy-1"] = "one\ntwo\nthree\n"
    async with await here.client() as client:
        part = await client.read_log("auth-deploy-1", -6)
        assert (part.text, part.offset, part.size) == ("three\n", 8, 14)
        with pytest.raises(Refused, match="no job nope"):
            await client.read_log("nope")
        with pytest.raises(Refused, match="no name of a job"):
            await client.read_log("../journal.db")


async def test_the_past_of_a_series_is_told(here: Room) -> None:
    """The columns asked for, with the lowest and the highest of each; what cannot be read is said."""
    async with await here.client("watch", listen=False) as client:
        part = await client.read_history("auth/error_rate", 30.0, 4)
        assert (part.series, part.span_s, part.first) == ("auth/error_rate", 30.0, -3)
        assert (part.low[-1], part.mean[-1], part.high) == (1.0, 2.0, (None, None, None, 8.0))
        with pytest.raises(Refused, match="samples cannot be read: no such file or directory"):
            await client.read_history("no/samples", 30.0, 4)


async def test_ping_measures_the_way(here: Room) -> None:
    """Ping is answered, and takes less than a second here."""
    async with await here.client() as client:
        assert 0 <= await client.ping() < 1


async def test_samples_and_output_reach_everybody(here: Room) -> None:
    """What is published is decoded to the same values at the other end."""
    sample = Sample(series="auth/error_rate", at=1.5, elapsed=2.0, value=6.2, state=DataState.BREACH, requests=120)
    guard = GuardStatus(guard="errors", service="auth", verdict=Verdict.INCONCLUSIVE, value=6.2, why="6.2 % > 5 %")
    output = wire.Output(service="auth", job="j", lines=("a", "b"))
    async with await here.client() as first, await here.client("watch") as second:
        for client in (first, second):
            await heard(client, wire.Snapshot)
        here.server.sampled([sample], {"errors/auth": guard})
        here.server.output(output)
        here.server.beat(at=10.0, elapsed_s=20.0)
        for client in (first, second):
            assert await heard(client, wire.Output) == [output]
            assert await heard(client, wire.Sampled) == [wire.Sampled(samples=(sample,), guards=(guard,))]
            assert await heard(client, wire.Beat) == [wire.Beat(at=10.0, elapsed_s=20.0)]


async def test_everybody_sees_who_is_attached(here: Room) -> None:
    """Presence names the driving screens and counts the watchers; ctl is neither."""
    async with await here.client("screen", "ana") as screen, await here.client("ctl"):
        async with await here.client("watch"):
            assert await _screens_with_observers(screen, 1) == ["ana"]
        assert await _screens_with_observers(screen, 0) == ["ana"]


async def _screens_with_observers(client: Connection, count: int) -> list[str]:
    """The labels of the screens once so many observers are there."""
    while True:
        (seen,) = await heard(client, wire.Presence)
        if isinstance(seen, wire.Presence) and seen.observers == count:
            return [name.partition(" ")[0] for name in seen.screens]


async def test_a_screen_that_takes_leave_is_not_lost(here: Room) -> None:
    """S23: Detach is orderly; closing without it is not; ctl and watchers are no matter for the desk."""
    leaving, vanishing = await here.client(), await here.client()
    for role in ("ctl", "watch"):
        await (await here.client(role)).close()
    await until(lambda: len(here.desk.attached) == 2)
    await leaving.detach()
    await until(lambda: len(here.desk.lost) == 1)
    await vanishing.close()
    await until(lambda: len(here.desk.lost) == 2)
    assert [orderly for _, orderly in here.desk.lost] == [True, False]
    assert [session for session, _ in here.desk.lost] == here.desk.attached


async def test_the_engine_says_goodbye(tmp_path: Path) -> None:
    """All that happened before the end arrives, then Goodbye with the reason; the socket is gone."""
    async with room(tmp_path / "ctl.sock") as here:
        client = await here.client()
        await heard(client, wire.Snapshot)
        for number in range(200):
            here.desk.happen(ev.NoteAdded(text=f"{number}"))
        await here.server.close("the run has ended: succeeded")
        replies = [reply async for reply in client]
        assert sum(isinstance(reply, wire.Happened) for reply in replies) == 200
        assert replies[-1] == wire.Goodbye(why="the run has ended: succeeded")
        assert client.farewell == "the run has ended: succeeded"
        with pytest.raises(EngineUnreachable, match="the run has ended"):
            await client.give(cmd.Hold())
        assert not here.path.exists()
        assert here.desk.lost == []
        await client.close()


async def test_the_socket_is_for_the_owner_alone(here: Room) -> None:
    """Without operators in the configuration the file's mode is 0600 already."""
    assert stat.S_IMODE(here.path.stat().st_mode) == 0o600


async def test_a_dead_engines_socket_is_replaced(tmp_path: Path) -> None:
    """A socket file that nobody listens on any more does not keep the next engine from listening."""
    path = tmp_path / "ctl.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(EngineUnreachable, match="no engine answers"):
        await Connection.open(path, wire.Hello(role="ctl"))
    async with room(path) as here, await here.client() as client:
        assert client.welcome.run == RUN


async def test_a_living_engines_socket_is_not_taken_over(here: Room) -> None:
    """A second server on the same path is refused, and the first goes on."""
    with pytest.raises(Refused, match="another engine answers"):
        async with room(here.path):
            pass
    async with await here.client() as client:
        assert await client.ping() >= 0


async def test_a_path_of_any_length_will_do(tmp_path: Path) -> None:
    """The kernel's 108 bytes for a socket's path limit nobody."""
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    async with room(deep / "ctl.sock") as here, await here.client() as client:
        assert client.welcome.run == RUN
    assert not (deep / "ctl.sock").exists()


async def test_a_silent_engine_is_not_waited_for(tmp_path: Path) -> None:
    """One that listens and never accepts, or whose backlog is full, keeps no client longer than it asked."""
    path = tmp_path / "ctl.sock"
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(path))
        busy.listen(0)
        with pytest.raises(EngineUnreachable, match="does not answer"):
            await Connection.open(path, wire.Hello(role="ctl"), timeout_s=0.05)
        with pytest.raises(EngineUnreachable, match="too busy"):
            await Connection.open(path, wire.Hello(role="ctl"), timeout_s=0.05)


async def test_a_client_that_only_asks_hears_nothing_else(here: Room) -> None:
    """`listen=False` drops events, so that thousands of them never stand in the way of an answer."""
    async with await here.client(listen=False) as client:
        for number in range(3000):
            here.desk.happen(ev.NoteAdded(text=f"{number}"))
        assert (await client.give(cmd.Hold())).ok
        with pytest.raises(RuntimeError, match="listen=False"):
            await anext(aiter(client))


async def test_the_server_can_be_closed_twice(tmp_path: Path) -> None:
    """Closing again, and without clients, is no error."""
    async with room(tmp_path / "ctl.sock") as here:
        await here.server.close("once")
        await here.server.close("twice")
        assert not here.path.exists()
