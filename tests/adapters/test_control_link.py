"""The link that a screen holds on to: it says how far it can be trusted, and comes back by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.adapters.control_room import Room, room, until
from tests.adapters.scripted_desk import ScriptedDesk

from controlroom.control import protocol as wire
from controlroom.control.link import STALE_AFTER_S, Link, LinkStatus
from controlroom.errors import EngineUnreachable
from controlroom.run import commands as cmd
from controlroom.run import events as ev

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HELLO = wire.Hello(role="screen", label="ana")


class Screen:
    """Takes whatever the link yields, on a clock that the test moves."""

    def __init__(self, path: Path) -> None:
        self.now = 100.0
        self.link = Link(path, HELLO, monotonic=lambda: self.now)
        self.heard: list[wire.Reply] = []
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for reply in self.link.replies():
            self.heard.append(reply)

    def status(self) -> LinkStatus:
        return self.link.status

    def count(self, kind: type[wire.Reply]) -> int:
        return sum(isinstance(reply, kind) for reply in self.heard)

    async def close(self) -> None:
        await self.link.close()
        await asyncio.wait_for(self.task, 5)


@pytest.fixture
async def screen(tmp_path: Path) -> AsyncIterator[Screen]:
    found = Screen(tmp_path / "ctl.sock")
    yield found
    if not found.task.done():
        await found.close()


async def beat(here: Room, screen: Screen) -> None:
    """One beat of the engine, heard by the screen."""
    known = screen.count(wire.Beat)
    here.server.beat(at=0.0, elapsed_s=0.0)
    await until(lambda: screen.count(wire.Beat) > known)


async def test_a_link_says_how_old_its_knowledge_is(tmp_path: Path, screen: Screen) -> None:
    """LIVE while the engine beats, STALE when it is silent, LOST with the reason when it is gone."""
    assert screen.status() is LinkStatus.LOST
    async with room(tmp_path / "ctl.sock") as here:
        await until(lambda: screen.status() is LinkStatus.LIVE)
        await beat(here, screen)
        screen.now += STALE_AFTER_S
        assert (screen.status(), screen.link.age_s) == (LinkStatus.LIVE, STALE_AFTER_S)
        screen.now += 0.1
        assert screen.status() is LinkStatus.STALE
        await beat(here, screen)
        assert (screen.status(), screen.link.age_s) == (LinkStatus.LIVE, 0.0)
        assert screen.link.trouble == ""
    await until(lambda: screen.status() is LinkStatus.LOST)
    assert screen.link.trouble != ""


async def test_a_link_comes_back_to_the_next_engine(tmp_path: Path, screen: Screen) -> None:
    """S23: after an engine's end the next one on the same path is attached to, with a Welcome and a new Snapshot."""
    desk = ScriptedDesk()
    async with room(tmp_path / "ctl.sock", desk=desk):
        await until(lambda: screen.count(wire.Snapshot) == 1)
    desk.server = None
    desk.happen(ev.NoteAdded(text="meanwhile"))
    async with room(tmp_path / "ctl.sock", desk=desk):
        await until(lambda: screen.count(wire.Snapshot) == 2)
        newest = [reply for reply in screen.heard if isinstance(reply, wire.Snapshot)][-1]
        assert newest.state == desk.state
        assert screen.count(wire.Welcome) == 2
        assert [type(reply) for reply in screen.heard if not isinstance(reply, wire.Presence)] == [
            wire.Welcome,
            wire.Snapshot,
            wire.Goodbye,
            wire.Welcome,
            wire.Snapshot,
        ]


async def test_a_command_survives_the_change_of_engines(tmp_path: Path, screen: Screen) -> None:
    """S18: given to an engine that dies before it answers, it goes to the next by the same id, and is done once."""
    desk = ScriptedDesk()
    desk.thinking = asyncio.Event()
    async with room(tmp_path / "ctl.sock", desk=desk):
        await until(lambda: screen.status() is LinkStatus.LIVE)
        giving = asyncio.create_task(screen.link.give(cmd.Hold()))
        await until(lambda: len(desk.orders) == 1)
    assert not giving.done()
    (lost,) = desk.orders
    desk.thinking = None
    async with room(tmp_path / "ctl.sock", desk=desk):
        assert await giving == wire.Answered(id=lost.id, ok=True, message="Hold accepted")
    assert [order.id for order in desk.orders] == [lost.id] * 2


async def test_without_an_engine_a_command_is_given_up_in_time(screen: Screen) -> None:
    """Nobody waits for ever: EngineUnreachable, and at once for what only a living engine can answer."""
    with pytest.raises(EngineUnreachable, match="no answer within 0 s"):
        await screen.link.give(cmd.Hold(), timeout_s=0.05)
    with pytest.raises(EngineUnreachable):
        await screen.link.ping()
    with pytest.raises(EngineUnreachable):
        await screen.link.read_log("j")


async def test_closing_a_link_takes_leave(tmp_path: Path, screen: Screen) -> None:
    """S23: `close` is orderly, and `replies` ends; a link closed while there is no engine ends as well."""
    async with room(tmp_path / "ctl.sock") as here:
        await until(lambda: len(here.desk.attached) == 1)
        await screen.close()
        await until(lambda: len(here.desk.lost) == 1)
        assert here.desk.lost[0][1] is True
    other = Screen(tmp_path / "nobody.sock")
    await until(lambda: other.link.trouble != "")
    await other.close()


async def test_a_link_that_called_ahead_goes_on_from_there(tmp_path: Path) -> None:
    """The engine is greeted once; what it said before anybody listened is not lost."""
    async with room(tmp_path / "ctl.sock") as here:
        link = Link(tmp_path / "ctl.sock", HELLO)
        await link.call(5)
        here.server.beat(at=1.0, elapsed_s=1.0)
        heard = []
        async for reply in link.replies():
            heard.append(type(reply))
            if isinstance(reply, wire.Beat):
                await link.close()
        assert [kind for kind in heard if kind is not wire.Presence] == [wire.Welcome, wire.Snapshot, wire.Beat]


async def test_a_call_that_nobody_answers_is_told_to_whoever_listens(tmp_path: Path) -> None:
    """Calling ahead never fails by itself; the link says what is wrong, and goes on trying."""
    link = Link(tmp_path / "ctl.sock", HELLO)
    await link.call(5)
    listening = asyncio.create_task(anext(link.replies()))
    await until(lambda: link.trouble != "")
    async with room(tmp_path / "ctl.sock"):
        assert isinstance(await asyncio.wait_for(listening, 5), wire.Welcome)
        await link.close()


async def test_a_link_that_only_called_takes_leave(tmp_path: Path) -> None:
    """S23: a screen that ends before it listened is no accident."""
    desk = ScriptedDesk()
    async with room(tmp_path / "ctl.sock", desk=desk):
        link = Link(tmp_path / "ctl.sock", HELLO)
        await link.call(5)
        await until(lambda: len(desk.attached) == 1)
        await link.close()
        await until(lambda: len(desk.lost) == 1)
        assert [orderly for _, orderly in desk.lost] == [True]
