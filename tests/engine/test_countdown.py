"""Guards that roll back by themselves: the countdown, who calls it off, and what a restart or silence does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.watched_engine import WATCHED

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, ServiceState

if TYPE_CHECKING:
    from tests.engine.conftest import LaunchWatched
    from tests.engine.watched_engine import WatchedEngine

ACTING = WATCHED.replace("above: 5%, for: 5m}", "above: 5%, for: 5m, on_breach: [hold, rollback], countdown: 30s}")


async def fires(engine: WatchedEngine, service: str = "auth") -> None:
    """Let the error rate of `service` rise until its guard has just fired."""
    engine.dials[f"{service}/error_rate"] = 8.0
    for _ in range(400):
        await engine.wait(1.0)
        if engine.trips():
            return
    raise AssertionError("the guard does not fire")


async def breached(launch: LaunchWatched, *, live: tuple[str, ...] = ("database", "auth")) -> WatchedEngine:
    """A run whose acting guard has just fired on auth."""
    engine = await launch(ACTING)
    await engine.advance(*live)
    await fires(engine)
    return engine


def rolled(engine: WatchedEngine) -> list[ev.RollbackRequested]:
    """The rollbacks that were asked for."""
    return [event for event in engine.happened(ev.RollbackRequested) if isinstance(event, ev.RollbackRequested)]


async def test_it_rolls_back_after_the_countdown_and_says_who_did_it(launch_watched: LaunchWatched) -> None:
    """S15: 30 plan seconds after the guard fired, not before; the actor is the guard, and the run is held."""
    engine = await breached(launch_watched)
    assert engine.state.alarms["guard:error-rate/auth"].suggest == (
        "rolls back auth in 30 s: hold or acknowledge to call it off"
    )
    await engine.wait(25.0)
    assert not rolled(engine)
    await engine.wait(10.0)
    assert [event.services for event in rolled(engine)] == [("auth",)]
    asked = next(r for r in engine.journal.records if isinstance(r.event, ev.RollbackRequested))
    assert asked.actor == "guard:error-rate"
    assert "8 % > 5 %" in rolled(engine)[0].why
    await engine.wait(5.0)
    assert engine.service("auth").state is ServiceState.ROLLED_BACK
    assert engine.world.versions["auth"] == "v1"
    assert {"guard:error-rate", "rollback"} <= set(engine.holds)
    assert not engine.state.countdowns


async def test_it_takes_dependents_along(launch_watched: LaunchWatched) -> None:
    """S14: cascade, as when an operator asks."""
    engine = await breached(launch_watched, live=("database", "auth", "orders"))
    await engine.wait(40.0)
    assert [event.services for event in rolled(engine)] == [("orders", "auth")]


async def test_a_hold_calls_it_off(launch_watched: LaunchWatched) -> None:
    """The one key that acts at once also stops what acts by itself, and says so."""
    engine = await breached(launch_watched)
    assert await engine.agreed(cmd.Hold()) == "held; the rollback of auth is called off"
    await engine.wait(120.0)
    assert not rolled(engine)
    assert engine.happened(ev.CountdownCancelled) == [
        ev.CountdownCancelled(guard="error-rate", service="auth", why="called off by ana")
    ]


async def test_a_hold_that_stood_before_is_no_word_on_it(launch_watched: LaunchWatched) -> None:
    """Only a hold given after the guard fired calls off; given again, it does."""
    engine = await launch_watched(ACTING)
    await engine.advance("database", "auth")
    await engine.agreed(cmd.Hold())
    await fires(engine)
    assert engine.state.countdowns
    assert await engine.agreed(cmd.Hold()) == "held already; the rollback of auth is called off"
    await engine.wait(60.0)
    assert not rolled(engine)


async def test_acknowledging_that_alarm_calls_it_off(launch_watched: LaunchWatched) -> None:
    """Another alarm's acknowledgement does not."""
    engine = await breached(launch_watched)
    engine.dials["database/health"] = "no answer"
    await engine.wait(10.0)
    assert await engine.agreed(cmd.Acknowledge(alarm="guard:error-rate/auth")) == (
        "acknowledged; its rollback is called off"
    )
    await engine.wait(60.0)
    assert not rolled(engine)


async def test_another_alarm_acknowledged_changes_nothing(launch_watched: LaunchWatched) -> None:
    """The word is on that alarm."""
    engine = await launch_watched(ACTING)
    await engine.advance("database", "auth")
    engine.dials["database/health"] = "no answer"
    await fires(engine)
    assert await engine.agreed(cmd.Acknowledge(alarm="blind:database")) == "acknowledged"
    await engine.wait(40.0)
    assert len(rolled(engine)) == 1


async def test_a_metric_that_comes_back_calls_it_off(launch_watched: LaunchWatched) -> None:
    """S7: what healed by itself is not rolled back; the hold stays."""
    engine = await breached(launch_watched)
    await engine.breach("auth", seconds=60.0, value=0.4)
    assert not rolled(engine)
    assert not engine.state.countdowns
    assert engine.holds == ["guard:error-rate"]


async def test_without_data_it_waits(launch_watched: LaunchWatched) -> None:
    """S5: blind, nothing is rolled back; with the breach seen again, it is."""
    engine = await breached(launch_watched)
    engine.dials["auth/error_rate"] = "HTTP 503"
    await engine.wait(300.0)
    assert not rolled(engine)
    await engine.breach("auth", seconds=10.0)
    assert len(rolled(engine)) == 1


async def test_a_new_engine_gives_the_whole_time_again(launch_watched: LaunchWatched) -> None:
    """The countdown survives a restart; the time without an engine does not count, and nobody is surprised."""
    engine = await breached(launch_watched)
    await engine.wait(20.0)
    await engine.stop()
    await engine.clock.advance(600.0)
    recovered = await launch_watched(ACTING, after=engine)
    await recovered.wait(25.0)
    assert not rolled(recovered)
    assert len(recovered.happened(ev.CountdownStarted)) == 2
    await recovered.wait(15.0)
    assert [event.services for event in rolled(recovered)] == [("auth",)]


@pytest.mark.parametrize("step_s", [-3600.0, 3600.0])
async def test_a_step_of_the_wall_clock_changes_nothing(launch_watched: LaunchWatched, step_s: float) -> None:
    """S9: begun once, and at its end after its own 30 s, whatever the time of day says meanwhile."""
    engine = await launch_watched(ACTING)
    await engine.advance("database", "auth")
    engine.clock.step_wall(step_s)
    await fires(engine)
    await engine.wait(25.0)
    assert not rolled(engine)
    await engine.wait(15.0)
    assert [event.services for event in rolled(engine)] == [("auth",)]
    assert len(engine.happened(ev.CountdownStarted)) == 1


async def test_a_new_engine_rolls_nothing_back_that_it_has_not_seen(launch_watched: LaunchWatched) -> None:
    """S5: the new engine waits for samples of its own, be the countdown over long ago."""
    plan = ACTING.replace("countdown: 30s", "countdown: 2s")
    engine = await launch_watched(plan)
    await engine.advance("database", "auth")
    await fires(engine)
    engine.dials["auth/error_rate"] = "HTTP 503"
    recovered = await launch_watched(plan, after=engine)
    await recovered.wait(30.0)
    assert recovered.state.countdowns
    assert not rolled(recovered)


async def test_what_was_not_deployed_is_not_counted_down(launch_watched: LaunchWatched) -> None:
    """S17: nothing to roll back, so nothing is announced."""
    engine = await breached(launch_watched, live=("database",))
    assert not engine.state.countdowns
    assert engine.state.alarms["guard:error-rate/auth"].suggest == "roll back auth"


async def test_an_accepted_breach_is_for_people(launch_watched: LaunchWatched) -> None:
    """S8: what was in breach before is not blamed on the release, so the release is not taken back for it."""
    engine = await launch_watched(ACTING, accepted_breach="hotfix for it")
    await engine.advance("database", "auth")
    await fires(engine)
    assert engine.trips() == ["auth"]
    assert not engine.state.countdowns


async def test_the_operators_own_rollback_replaces_it(launch_watched: LaunchWatched) -> None:
    """S17: one rollback, not two."""
    engine = await breached(launch_watched)
    await engine.roll_back("auth")
    await engine.wait(60.0)
    assert len(rolled(engine)) == 1
    assert not engine.state.countdowns


async def test_an_abort_stops_it(launch_watched: LaunchWatched) -> None:
    """The run ends as it stands."""
    engine = await breached(launch_watched)
    await engine.agreed(cmd.Abort(confirm="production"))
    await engine.wait(60.0)
    assert engine.state.phase is Phase.ABORTED
    assert not rolled(engine)


async def test_while_watching_it_is_a_major_incident(launch_watched: LaunchWatched) -> None:
    """S22: the breach and the rollback both speak against the go-live."""
    engine = await launch_watched(ACTING)
    await engine.go_live()
    await fires(engine)
    await engine.wait(40.0)
    assert [one.kind for one in engine.state.incidents] == ["guard", "rollback"]
    assert engine.state.verdict is not None
    assert engine.state.verdict.phase is Phase.FAILED
