"""Guards on longer windows: the mean over an hour, judged during the watch only, on a manual clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.engine.kept_samples import DirectLog
from tests.engine.watched_engine import EVERY_S, WATCHED

from controlroom.engine.messages.voice import Voice
from controlroom.run import events as ev
from controlroom.run.phases import Phase, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import LaunchWatched
    from tests.engine.watched_engine import WatchedEngine

MINUTE, HOUR = 60.0, 3600.0
SPEED = 60.0
SLOW_BURN = WATCHED.replace(
    "rollback:\n  stabilize",
    "  - {id: slow-burn, title: Slow burn, metric: error_rate, services: [auth, orders], above: 1%, over: 1h, for: 30m,"
    " during: watch}\nrollback:\n  stabilize",
)


async def gone_live(launch_watched: LaunchWatched, **options: Any) -> WatchedEngine:
    """An engine that has just begun to watch; a minute of the plan in a second of the clock."""
    engine = await launch_watched(SLOW_BURN, speed=SPEED, **options)
    await engine.go_live()
    return engine


async def test_a_slow_burn_fires_during_the_watch(launch_watched: LaunchWatched) -> None:
    """2 % is within the 5 % of every sample, and over the 1 % of an hour: after half an hour of that it fails."""
    engine = await gone_live(launch_watched)
    await engine.wait(HOUR)
    assert engine.guard("orders", "slow-burn").verdict is Verdict.PASS
    engine.dials["orders/error_rate"] = 2.0
    await engine.wait(30 * MINUTE)
    assert engine.state.verdict is None
    await engine.wait(45 * MINUTE)
    (tripped,) = engine.happened(ev.GuardTripped)
    assert isinstance(tripped, ev.GuardTripped)
    assert (tripped.guard, tripped.service) == ("slow-burn", "orders")
    assert "% > 1 % on average over 1 h for 30:" in tripped.why
    assert engine.state.verdict is not None
    assert (engine.state.verdict.phase, engine.state.verdict.why) == (Phase.FAILED, tripped.why)
    assert sorted(engine.holds) == ["guard:slow-burn", "verdict"]


async def test_a_spike_is_no_slow_burn(launch_watched: LaunchWatched) -> None:
    """Three minutes at 8 %: neither lasting enough for the one guard, nor enough of an hour for the other."""
    engine = await gone_live(launch_watched)
    await engine.wait(HOUR)
    await engine.breach("orders", seconds=3 * MINUTE)
    engine.dials["orders/error_rate"] = 0.4
    await engine.wait(2 * HOUR)
    assert engine.trips() == []


async def test_before_the_watch_it_says_nothing(launch_watched: LaunchWatched) -> None:
    """A strict limit holds up no deployment, and what happened before the watch is not in its first hour."""
    engine = await launch_watched(SLOW_BURN, speed=SPEED)
    engine.dials["orders/error_rate"] = 4.0
    await engine.wait(3 * HOUR)
    status = engine.guard("orders", "slow-burn")
    assert (status.verdict, status.why) == (Verdict.INCONCLUSIVE, "begins with the watch")
    engine.dials["orders/error_rate"] = 0.4
    await engine.go_live()
    await engine.wait(2 * HOUR)
    assert engine.trips() == []
    assert engine.guard("orders", "slow-burn").why == "orders 0.4 % ≤ 1 % on average over 1 h"


async def test_it_needs_half_of_its_span(launch_watched: LaunchWatched) -> None:
    """S6: until then it is inconclusive, and says how far it is."""
    engine = await gone_live(launch_watched)
    await engine.wait(20 * MINUTE)
    status = engine.guard("orders", "slow-burn")
    assert status.verdict is Verdict.INCONCLUSIVE
    assert "of 01:00:00 seen so far" in status.why


@pytest.mark.parametrize("kept", [True, False], ids=["samples kept", "samples lost"])
async def test_a_restart_costs_it_nothing_but_what_was_not_kept(
    launch_watched: LaunchWatched, tmp_path: Path, *, kept: bool
) -> None:
    """S7, S24: the timer goes on; with the kept samples at once, without them when half an hour was seen again."""
    path = tmp_path / "samples.bin"
    engine = await gone_live(launch_watched, log=DirectLog(path))
    await engine.wait(HOUR)
    engine.dials["orders/error_rate"] = 3.0
    await engine.wait(35 * MINUTE)
    before = engine.guard("orders", "slow-burn").breach_s
    assert 5 * MINUTE < before < 30 * MINUTE
    await engine.stop()
    if not kept:
        path.unlink()
    again = await launch_watched(SLOW_BURN, after=engine, speed=SPEED, log=DirectLog(path))
    await again.wait(6 * EVERY_S * SPEED / 12)
    now = again.guard("orders", "slow-burn")
    assert now.breach_s >= before - MINUTE
    assert (now.value is not None and "on average" in now.why) or not kept
    assert ("seen so far" in now.why) is not kept
    await again.wait(40 * MINUTE)
    assert again.trips() == ["orders"]


def test_it_is_said_in_spanish() -> None:
    """The sentence of the guard, as people read it in Slack."""
    told = Voice("es").engine("orders 1.4 % > 1 % on average over 1 h for 12:00 of 30:00")
    assert told == "orders 1,4 % > 1 % de media en 1 h durante 12:00 de 30:00"
