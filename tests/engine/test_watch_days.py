"""The days of a watch: what people are told of each, what a killed engine costs, and the verdicts that they end in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.told_engine import refused
from tests.engine.watch_room import HOUR, WatchRoom
from tests.engine.watched_engine import WATCHED

from controlroom.adapters.samples.summing import over
from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.markdown import markdown
from controlroom.report.watched import watched_series, watched_window
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.fold import fold_all
from controlroom.run.phases import Phase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SPANISH = WATCHED.replace("title: Shop go-live", "title: Go-Live — Tienda\nlanguage: es")
LONGER = WATCHED.replace("{for: 48h, at_least: 24h,", "{for: 72h, at_least: 24h,")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[WatchRoom]:
    found = WatchRoom(tmp_path)
    yield found
    await found.end()


def verdict(room: WatchRoom) -> tuple[Phase, str]:
    found = room.engine.state.verdict
    assert found is not None
    return found.phase, found.why


def report(room: WatchRoom) -> str:
    """What `controlroom report` says now."""
    engine = room.engine
    window = watched_window(engine.state)
    assert window is not None
    columns = over(room.path, watched_series(engine.state.outline), window, 240)
    return markdown(document(close_out(engine.journal.records, version="1", columns=columns)))


# -- what people are told


async def test_every_day_and_the_end_are_summed_up(room: WatchRoom) -> None:
    """S22: after 24 h and at the end, each once: how far, incidents, coverage, who drives, until when."""
    await room.begin()
    await room.watch(23.9)
    assert room.summaries() == []
    await room.watch(0.3)
    assert room.summaries() == ["[REHEARSAL] Shop go-live: day 1 of the watch, 24 h of 48 h, no major incident"]
    first, drives, until = room.summary()
    assert first.startswith("Time with data: error_rate 9")
    assert first.endswith(" (wanted: 95 %)")
    assert drives == "ana drives"
    assert until.startswith("The watch goes on until 2026-12-01 03:")
    await room.watch(24.5)
    assert room.engine.over
    assert room.summaries()[1:] == ["[REHEARSAL] Shop go-live: the watch is over, 48 h of 48 h, no major incident"]
    assert room.summary()[0] == "Verdict: SUCCEEDED: no major incident in 48 h"


async def test_it_is_said_in_the_language_of_the_plan(tmp_path: Path) -> None:
    """A Spanish plan: Spanish words and a decimal comma; incidents one by one with their time."""
    room = WatchRoom(tmp_path, SPANISH)
    await room.begin()
    await room.watch(10)
    await room.engine.breach("orders", seconds=2 * HOUR)
    await room.watch(13)
    (headline,) = room.summaries()
    assert headline == "[ENSAYO] Go-Live — Tienda: día 1 de monitoreo, 24 h de 48 h, incidentes mayores: 1"
    said, covered, incident, held, *_ = room.summary()
    assert said.startswith("Veredicto: FALLIDO: orders 8 % > 5 % durante ")
    assert covered.startswith("Tiempo con datos: error_rate 9")
    assert incident.startswith("Incidente 2026-12-01 03:00 UTC: orders 8 % > 5 % durante ")
    assert held.startswith("En pausa: ")
    await room.end()


async def test_closing_early_is_summed_up_too(room: WatchRoom) -> None:
    """An operator's end of the watch, with how much was watched."""
    await room.begin()
    await room.watch(25)
    await room.engine.agreed(cmd.Close())
    await room.clock.advance(5)
    assert [headline.partition(": ")[2] for headline in room.summaries()] == [
        "day 1 of the watch, 24 h of 48 h, no major incident",
        "the watch is over, 25 h of 48 h, no major incident",
    ]


async def test_an_inconclusive_end_is_told_when_the_time_is_over_and_when_it_is_closed(room: WatchRoom) -> None:
    """The run stays open to people, but the hours of the watch are over: no third day is told."""
    await room.begin()
    await room.engine.agreed(cmd.CloseTraffic())
    await room.watch(100)
    assert room.engine.state.phase is Phase.WATCHING
    assert len(room.summaries()) == 2
    assert room.summary()[0].startswith("Verdict: INCONCLUSIVE: ")
    await room.engine.agreed(cmd.Close())
    await room.clock.advance(5)
    assert len(room.summaries()) == 3


# -- what a killed engine costs


async def test_days_go_on_over_engines_that_are_killed(tmp_path: Path) -> None:
    """S22, S24: killed twice, once over a day's end: hours, coverage, incidents, samples and summaries go on, once."""
    room = WatchRoom(tmp_path, LONGER)
    await room.begin()
    await room.watch(10)
    await room.engine.breach("orders", seconds=2 * HOUR)
    room.dials["orders/error_rate"] = 0.4
    await room.watch(11)
    await room.kill(away_h=2)
    await room.recover()
    await room.watch(0.5)
    assert room.summaries() == ["[REHEARSAL] Shop go-live: day 1 of the watch, 25.5 h of 72 h, major incidents: 1"]
    await room.watch(10)
    await room.kill()
    await room.recover()
    await room.watch(13)
    assert [headline.partition(": ")[2] for headline in room.summaries()] == [
        "day 1 of the watch, 25.5 h of 72 h, major incidents: 1",
        "day 2 of the watch, 48 h of 72 h, major incidents: 1",
    ]
    state = room.engine.state
    assert state == fold_all(room.engine.journal.records)
    assert [incident.kind for incident in state.incidents] == ["guard"]
    assert state.watch is not None
    # Two hours without an engine, and what a checkpoint of five real seconds (five hours here) may lose, twice.
    assert 1 - (2 + 2 * 5.5) / 48 <= state.watch.coverage["error_rate"] < 1 - 2 / 48
    window = watched_window(state)
    assert window is not None
    kept = over(room.path, ["auth/error_rate"], window, 48)["auth/error_rate"]
    assert 48 - 2 - 2 * 7 <= len(kept) <= 48
    assert "| Orders API | 0.4 % | " in report(room)
    await room.end()


@pytest.mark.parametrize("at", ["WatchSummarized", "MessagePosted", "WatchCheckpoint", "HoldPlaced"])
async def test_killed_at_any_moment_a_summary_is_neither_lost_nor_doubled(tmp_path: Path, at: str) -> None:
    """S24: the engine dies with a record of that kind, the newest of it, on disk, and nothing after it."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    told = WatchRoom(tmp_path / "one")
    await told.begin()
    await told.engine.agreed(cmd.Hold())
    await told.watch(25)
    kinds = [(type(record.event).__name__, record.seq) for record in told.engine.journal.records]
    seq = [seq for kind, seq in kinds if kind == at][-1]
    await told.end()

    room = WatchRoom(tmp_path / "other")
    await room.begin(die_after=seq)
    await room.engine.agreed(cmd.Hold()) if at != "HoldPlaced" else None
    await room.watch(25)
    if at != "HoldPlaced":
        assert room.engine.over
    await room.kill()
    await room.recover()
    await room.watch(2)
    assert len(room.summaries()) == 1
    await room.end()


async def test_a_day_that_nobody_could_be_told_of_is_not_told_a_day_late(tmp_path: Path) -> None:
    """S26: no flood later: six real hours after a summary was due it is old news, for a new engine too."""
    room = WatchRoom(tmp_path, LONGER)
    await room.begin()
    room.box.failure = refused("HTTP 503")
    await room.watch(25)
    await room.kill()
    room.box.failure = None
    room.clock.step_wall(7 * HOUR)
    await room.recover()
    await room.clock.advance(1)
    assert [headline for headline in room.summaries() if "day 1" in headline] == []
    await room.end()


# -- the verdicts


async def test_a_fault_in_hour_20_is_a_failure_with_its_evidence(room: WatchRoom) -> None:
    """S22: calm for twenty hours, then orders fails: verdict, incident, message and report say the same numbers."""
    await room.begin()
    await room.watch(20)
    await room.engine.breach("orders", seconds=600)
    await room.watch(1)
    phase, why = verdict(room)
    assert phase is Phase.FAILED
    assert why.startswith("orders 8 % > 5 % for ")
    (incident,) = room.engine.state.incidents
    assert (incident.kind, incident.text, incident.service) == ("guard", why, "orders")
    (tripped,) = room.engine.happened(ev.GuardTripped)
    assert isinstance(tripped, ev.GuardTripped)
    assert (tripped.value, tripped.limit) == (8.0, 5.0)
    assert sorted(room.engine.holds) == ["guard:error-rate", "verdict"]
    room.dials["orders/error_rate"] = 0.4
    await room.watch(30)
    assert (room.engine.state.phase, verdict(room)) == (Phase.WATCHING, (phase, why))
    await room.engine.agreed(cmd.Close())
    assert room.engine.state.phase is Phase.FAILED
    told = report(room)
    assert "**FAILED**" in told
    assert why.partition(" for ")[0] in told
    assert "| Orders API | 0.4 % | " in told


async def test_blind_for_half_of_it_is_inconclusive(room: WatchRoom) -> None:
    """S22: no incident was seen, and half of the time nothing was: no success, and the report says how much."""
    await room.begin()
    await room.watch(12)
    room.dials["auth/error_rate"] = room.dials["orders/error_rate"] = "HTTP 503"
    await room.watch(24)
    room.dials["auth/error_rate"] = room.dials["orders/error_rate"] = 0.4
    await room.watch(12.5)
    phase, why = verdict(room)
    assert phase is Phase.INCONCLUSIVE
    assert 48 < float(why.removeprefix("error_rate: data for ").partition("%")[0]) < 53
    assert why.endswith("% of the time, 95% needed")
    assert room.engine.state.incidents == ()
    assert not room.engine.over
    await room.engine.agreed(cmd.Close())
    assert room.engine.state.phase is Phase.INCONCLUSIVE
    assert "**INCONCLUSIVE**" in report(room)
    window = watched_window(room.engine.state)
    assert window is not None
    kept = over(room.path, ["auth/error_rate"], window, 48)["auth/error_rate"]
    # What was measured in the last five real seconds, five hours here, is not on disk yet.
    assert 24 - 7 <= len(kept) <= 25
