"""The watch after go-live and the verdicts it comes to, on a manual clock (S22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.engine.watched_engine import WATCHED

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, SmokeState

if TYPE_CHECKING:
    from tests.engine.conftest import LaunchWatched
    from tests.engine.watched_engine import WatchedEngine

HOUR = 3600.0
SPEED = 3600.0
"""An hour of the plan in a second of the clock: what is read, judged and counted is the same."""
NOTIFY_ONLY = WATCHED.replace("above: 5%, for: 5m}", "above: 5%, for: 5m, on_breach: [notify]}")
FOUR_HOURS = WATCHED.replace("{for: 48h, at_least: 24h,", "{for: 4h,")
UNWATCHED_GUARD = WATCHED.replace("coverage: 95%,", "coverage: 95%, guards: [],")


@pytest.fixture
async def watching(launch_watched: LaunchWatched) -> WatchedEngine:
    """Everything went live and traffic is open; the watch runs for 48 h."""
    return await gone_live(launch_watched)


async def gone_live(launch_watched: LaunchWatched, plan: str = WATCHED, **options: Any) -> WatchedEngine:
    """An engine that has just begun to watch."""
    engine = await launch_watched(plan, speed=SPEED, **options)
    await engine.go_live()
    return engine


def verdict(engine: WatchedEngine) -> tuple[Phase, str] | None:
    """Phase and reason, once there is a verdict."""
    found = engine.state.verdict
    return None if found is None else (found.phase, found.why)


async def test_48_quiet_hours_are_a_success(watching: WatchedEngine) -> None:
    """S22: not a minute before; then the run ends by itself as succeeded."""
    await watching.wait(47.9 * HOUR)
    assert (verdict(watching), watching.state.phase) == (None, Phase.WATCHING)
    await watching.wait(0.7 * HOUR)
    assert verdict(watching) == (Phase.SUCCEEDED, "no major incident in 48 h")
    assert watching.over
    assert watching.state.watch is not None
    assert watching.state.watch.coverage["error_rate"] > 0.99


async def test_a_guard_that_fires_ends_it_as_failed(watching: WatchedEngine) -> None:
    """S22: verdict, evidence and hold at once; the run stays open to a rollback until it is closed."""
    await watching.wait(10 * HOUR)
    await watching.breach("orders", seconds=6 * HOUR)
    found = verdict(watching)
    assert found is not None
    assert found[0] is Phase.FAILED
    assert "orders 8 % > 5 % for" in found[1]
    assert [incident.kind for incident in watching.state.incidents] == ["guard"]
    assert sorted(watching.holds) == ["guard:error-rate", "verdict"]
    await watching.wait(48 * HOUR)
    assert (watching.state.phase, watching.over) == (Phase.WATCHING, False)
    await watching.roll_back("orders")
    await watching.agreed(cmd.Close())
    assert watching.state.phase is Phase.FAILED


async def test_a_guard_that_only_notifies_still_fails_the_watch(launch_watched: LaunchWatched) -> None:
    """S22/DESIGN 6: a breach is an incident, whatever else the guard does; FAIL holds."""
    engine = await gone_live(launch_watched, NOTIFY_ONLY)
    await engine.breach("orders", seconds=2 * HOUR)
    assert verdict(engine) is not None
    assert engine.holds == ["verdict"]


async def test_a_breach_from_before_the_watch_fails_it(launch_watched: LaunchWatched) -> None:
    """S22: a guard that had fired already and still does is no clean start."""
    engine = await launch_watched(NOTIFY_ONLY, speed=SPEED)
    await engine.breach("orders", seconds=HOUR)
    await engine.go_live()
    await engine.wait(60)
    found = verdict(engine)
    assert found is not None
    assert found[0] is Phase.FAILED


async def test_the_plan_may_leave_guards_out(launch_watched: LaunchWatched) -> None:
    """S22: `watch.guards: []`: a breach holds and alarms, and is no verdict."""
    engine = await gone_live(launch_watched, UNWATCHED_GUARD)
    await engine.breach("orders", seconds=2 * HOUR)
    assert engine.holds == ["guard:error-rate"]
    assert verdict(engine) is None


async def test_thin_data_is_inconclusive(watching: WatchedEngine) -> None:
    """S22: data for less than 95 % of the time: no success, held, until the operator closes it."""
    await watching.wait(20 * HOUR)
    watching.dials["auth/error_rate"] = "connection refused"
    await watching.wait(4 * HOUR)
    watching.dials["auth/error_rate"] = 0.4
    await watching.wait(25 * HOUR)
    found = verdict(watching)
    assert found is not None
    assert found[0] is Phase.INCONCLUSIVE
    assert found[1].startswith("error_rate: data for 91.")
    assert "verdict" in watching.holds
    assert not watching.over
    await watching.agreed(cmd.Close())
    assert watching.state.phase is Phase.INCONCLUSIVE


async def test_no_traffic_is_covered(watching: WatchedEngine) -> None:
    """S4/S5: nobody came at night: that is data."""
    watching.dials["auth/error_rate"] = watching.dials["orders/error_rate"] = "idle"
    await watching.wait(49 * HOUR)
    assert verdict(watching) == (Phase.SUCCEEDED, "no major incident in 48 h")


async def test_closing_early_from_at_least_on(watching: WatchedEngine) -> None:
    """S22: an operator's act, refused before 24 h, and it says how much was watched."""
    await watching.wait(10 * HOUR)
    assert await watching.refused(cmd.Close()) == "the watch has run 10 h of at least 24 h"
    await watching.wait(14.5 * HOUR)
    await watching.agreed(cmd.Close())
    assert verdict(watching) == (Phase.SUCCEEDED, "no major incident; closed after 24.5 h of 48 h")
    assert watching.over


async def test_closing_early_needs_data(watching: WatchedEngine) -> None:
    """S22: too thin for a verdict is said before it is one."""
    watching.dials["auth/error_rate"] = "connection refused"
    await watching.wait(25 * HOUR)
    assert "too early for a verdict: error_rate: data for 0." in await watching.refused(cmd.Close())


async def test_before_the_watch_there_is_nothing_to_close(watched: WatchedEngine) -> None:
    """S22: close is no abort."""
    assert "there is no verdict yet (abort ends the run as it stands)" in await watched.refused(cmd.Close())


async def test_traffic_kept_out_is_no_success(watching: WatchedEngine) -> None:
    """S21/S22: closed by a failed test and never opened again: the end is inconclusive and says why."""
    await watching.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL, reason="orders get lost"))
    await watching.wait(49 * HOUR)
    assert verdict(watching) == (Phase.INCONCLUSIVE, "smoke test failed: Order; traffic is closed")


async def test_inconclusive_can_still_fail(watching: WatchedEngine) -> None:
    """S22: an incident after an inconclusive end, while it is not closed, is the worse verdict."""
    await watching.agreed(cmd.CloseTraffic())
    await watching.wait(49 * HOUR)
    await watching.breach("orders", seconds=2 * HOUR)
    found = verdict(watching)
    assert found is not None
    assert found[0] is Phase.FAILED


async def test_hours_count_on_the_wall_clock_through_a_restart(launch_watched: LaunchWatched) -> None:
    """S22: a restart takes nothing away: the end comes four hours after go-live, on data that reaches over it."""
    engine = await launch_watched(FOUR_HOURS, speed=60.0)
    await engine.go_live()
    await engine.wait(2 * HOUR)
    await engine.stop()
    await engine.clock.advance(2)
    again = await launch_watched(FOUR_HOURS, after=engine, speed=60.0)
    await again.wait(1.9 * HOUR)
    assert verdict(again) is None
    await again.wait(0.2 * HOUR)
    assert verdict(again) == (Phase.SUCCEEDED, "no major incident in 4 h")


async def test_a_long_absence_counts_as_time_and_not_as_data(launch_watched: LaunchWatched) -> None:
    """S22: an hour without an engine passes on the wall clock, and nobody saw it."""
    engine = await launch_watched(FOUR_HOURS, speed=60.0)
    await engine.go_live()
    await engine.wait(2 * HOUR)
    await engine.stop()
    await engine.clock.advance(60)
    again = await launch_watched(FOUR_HOURS, after=engine, speed=60.0)
    await again.wait(1.1 * HOUR)
    found = verdict(again)
    assert found is not None
    assert found[0] is Phase.INCONCLUSIVE
    assert found[1].startswith("error_rate: data for 7")


async def test_a_step_of_the_wall_clock_ends_no_watch(watching: WatchedEngine) -> None:
    """S9: between two restarts the monotonic clock carries the watch."""
    await watching.wait(HOUR)
    watching.clock.step_wall(100.0)
    await watching.wait(HOUR)
    assert verdict(watching) is None


async def test_headless_rehearsals_close_by_themselves(launch_watched: LaunchWatched) -> None:
    """DESIGN 6: with `auto_close` a failed or inconclusive watch ends without an operator."""
    failed = await gone_live(launch_watched, auto_close=True)
    await failed.breach("orders", seconds=2 * HOUR)
    assert (failed.state.phase, failed.over) == (Phase.FAILED, True)
    thin = await gone_live(launch_watched, auto_close=True)
    thin.dials["auth/error_rate"] = "connection refused"
    await thin.wait(49 * HOUR)
    assert (thin.state.phase, thin.over) == (Phase.INCONCLUSIVE, True)


async def test_checkpoints_are_few(watching: WatchedEngine) -> None:
    """PERF: a watch of 48 h does not write more than it must: at most one checkpoint in five seconds of real time."""
    await watching.wait(49 * HOUR)
    assert len(watching.happened(ev.WatchCheckpoint)) <= 12
