"""A watch whose engine is killed again and again, taken up as a service manager would: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import small_plan
from tests.rehearsal.room import until

from controlroom.adapters.samples.reading import sample_blocks
from controlroom.control.client import Connection
from controlroom.control.protocol import Hello
from controlroom.run import events as ev
from controlroom.run.fold import fold_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

    from controlroom.run.columns import HistoryPart

pytestmark = pytest.mark.stage
SERIES = "auth/error_rate"


def kept(room: Room) -> list[tuple[int, float]]:
    """Span and wall clock of every roll-up of the series that is on disk."""
    (run,) = room.home.runs()
    return [
        (block.number, block.at)
        for names, block in sample_blocks(run.samples)
        if SERIES in names and block.entry(names[SERIES]) is not None
    ]


def shown(room: Room) -> HistoryPart:
    """What a screen that has just come is told of the last 48 h of the series."""

    async def ask() -> HistoryPart:
        (run,) = room.home.runs()
        async with await Connection.open(run.socket, Hello(role="watch"), listen=False) as client:
            return await client.read_history(SERIES, 720.0, 240)

    return asyncio.run(ask())


@pytest.mark.timeout(240)
def test_killed_engines_cost_a_watch_seconds(room: Room, tmp_path: Path) -> None:
    """S22, S24: samples, coverage, hours and report reach over two kills; `recover --follow` ends as systemd needs."""
    room.rehearse(plan=small_plan(tmp_path), speed=600)
    room.go("auth")
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    until(lambda: len(kept(room)) > 20)
    before = kept(room)
    room.kill_engine()

    follower = room.start("recover", "--follow")
    room.has_begun(follower)
    assert kept(room)[: len(before)] == before
    until(lambda: len(kept(room)) > len(before) + 20)
    room.kill_engine()
    assert "controlroom recover" in follower.ended(4)

    follower = room.start("recover", "--follow")
    room.has_begun(follower)
    again = kept(room)
    until(lambda: len(kept(room)) > len(again) + 10)
    spans = [number for number, _ in kept(room)]
    assert spans == sorted(set(spans))
    assert [at for _, at in kept(room)] == sorted(at for _, at in kept(room))

    seen = [place for place, value in enumerate(shown(room).high, shown(room).first) if value is not None]
    assert seen[0] * 720.0 <= before[0][0] * 10.0
    assert seen[-1] * 720.0 >= again[-1][0] * 10.0 - 720.0

    status = room.status()
    assert status["watch"]["incidents"] == 0
    assert 0.2 < status["watch"]["coverage"]["error_rate"] < 1.0
    assert "of 48:00:00; covered error_rate " in room.ctl("status").out
    assert [engine.recovered for engine in room.events(ev.EngineStarted)] == [False, True, True]
    assert len(room.events(ev.WatchStarted)) == 1
    assert fold_all(room.records) is not None
    told = room.ctl("report").out
    assert "| Error rate | Auth | 0 % | 0 % | 0 % | 5 % | " in told

    room.ctl("abort", "--confirm", "rehearsal")
    assert "aborted" in follower.ended(3)
    assert "is over" in room.refused("recover", "--follow")
