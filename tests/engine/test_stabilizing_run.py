"""After a rollback: quiet metrics, versions that come back by themselves, and redeploys (S16, S13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, ServiceState, Verdict

if TYPE_CHECKING:
    from tests.engine.conftest import LaunchWatched
    from tests.engine.watched_engine import WatchedEngine

SETTLE_S = 60.0


@pytest.fixture
async def back(watched: WatchedEngine) -> WatchedEngine:
    """Orders was deployed and rolled back; five quiet minutes are wanted."""
    await watched.advance("database", "auth", "orders")
    await watched.roll_back("orders")
    assert watched.service("orders").stable is None
    assert watched.state.stabilize is not None
    return watched


def verdicts(engine: WatchedEngine) -> list[tuple[tuple[str, ...], Verdict]]:
    """What every stabilize came to."""
    found = engine.happened(ev.StabilizeFinished)
    return [(event.services, event.verdict) for event in found if isinstance(event, ev.StabilizeFinished)]


async def test_quiet_is_stable(back: WatchedEngine) -> None:
    """S16: five minutes within the limit: rolled back, stable; the run stays held for the operator."""
    await back.wait(290)
    assert back.service("orders").stable is None
    await back.wait(30)
    assert (back.service("orders").stable, back.holds) == (True, ["rollback"])
    assert verdicts(back) == [(("orders",), Verdict.PASS)]


async def test_everything_back_is_watched_to_the_end(back: WatchedEngine) -> None:
    """S17: asked for when all is back, it ends the run once all is stable; asked for twice, it begins nothing anew."""
    await back.roll_back("auth")
    await back.roll_back_all(with_database=True)
    await back.wait(200)
    assert "watched until it is stable" in await back.roll_back_all()
    assert not back.state.phase.terminal
    await back.wait(130)
    assert back.state.phase is Phase.ROLLED_BACK
    assert back.service("orders").stable is True


async def test_still_bad_is_a_new_hold(back: WatchedEngine) -> None:
    """S16: the old version errs too: a hold and an alarm, with both numbers; never another rollback by itself."""
    await back.breach("orders", seconds=420)
    assert verdicts(back) == [(("orders",), Verdict.FAIL)]
    assert back.service("orders").stable is False
    assert "stabilize" in back.holds
    assert "still in breach after the rollback: orders 8 % > 5 %" in back.state.alarms["stabilize"].text
    assert len(back.happened(ev.RollbackRequested)) == 1


async def test_no_data_is_not_stable(back: WatchedEngine) -> None:
    """S16/S6: without data the verdict is inconclusive, never PASS."""
    back.dials["orders/error_rate"] = "HTTP 503"
    await back.wait(1100)
    assert verdicts(back) == [(("orders",), Verdict.INCONCLUSIVE)]
    assert "too little data" in back.state.alarms["stabilize"].text


async def test_a_version_that_comes_back_can_be_rolled_back_again(back: WatchedEngine) -> None:
    """S13: a late deploy re-promotes the new version: it is noticed, alarmed, and another rollback really runs."""
    back.world.versions["orders"] = "v2"
    await back.wait(15)
    assert verdicts(back) == [(("orders",), Verdict.FAIL)]
    assert "orders: v2 is live again after the rollback to v1" in back.state.alarms["stabilize"].text
    assert back.service("orders").live == "v2"
    await back.roll_back("orders")
    assert (back.world.versions["orders"], back.service("orders").live) == ("v1", "v1")
    assert back.world.begun["orders", "rollback"] == 2
    assert back.state.alarms["stabilize"].cleared
    await back.wait(330)
    assert back.service("orders").stable is True


async def test_deploying_again_ends_the_wait(back: WatchedEngine) -> None:
    """S17: the new version after a redeploy is no relapse; nothing is watched for the old one to stay."""
    await back.agreed(cmd.Resume())
    await back.advance("orders")
    assert back.state.stabilize is None
    await back.wait(600)
    assert verdicts(back) == []
    assert (back.states()["orders"], back.holds) == (ServiceState.LIVE, [])


async def test_a_second_rollback_does_not_forget_the_first(back: WatchedEngine) -> None:
    """S16: rolling auth back while orders is being watched: both are watched, and both get stable."""
    await back.wait(100)
    await back.roll_back("auth")
    assert back.state.stabilize is not None
    assert back.state.stabilize.services == ("auth", "orders")
    await back.wait(330)
    assert (back.service("auth").stable, back.service("orders").stable) == (True, True)


async def test_everything_back_ends_once_it_is_stable(watched: WatchedEngine) -> None:
    """S16: a rollback of everything ends the run when its services are quiet."""
    await watched.advance("database", "auth", "orders")
    await watched.roll_back_all()
    assert watched.state.phase is Phase.SMOKE or watched.state.phase is Phase.DEPLOYING
    await watched.wait(330)
    assert watched.over
    assert watched.state.verdict is not None
    assert watched.state.verdict.why == "everything is rolled back and stable: auth, orders; traffic is closed"


async def test_everything_back_and_not_stable_waits_for_the_operator(watched: WatchedEngine) -> None:
    """S16: not stable: held, alarmed, verdict known; `close` ends it as rolled back."""
    await watched.advance("database", "auth", "orders")
    await watched.roll_back_all()
    assert "watched until it is stable" in await watched.refused(cmd.Close())
    await watched.breach("auth", seconds=420)
    assert "stabilize" in watched.holds
    assert not watched.over
    await watched.agreed(cmd.Close())
    assert watched.state.phase is Phase.ROLLED_BACK


async def test_a_redeploy_during_everything_keeps_the_run_going(watched: WatchedEngine) -> None:
    """S17: who deploys again after rolling everything back goes on: the run does not end under his deploy."""
    await watched.advance("database", "auth", "orders")
    await watched.roll_back_all()
    await watched.agreed(cmd.Resume())
    watched.world.script["auth", "deploy"] = ["hang"]
    await watched.advance("auth")
    await watched.wait(400)
    assert watched.states()["auth"] is ServiceState.DEPLOYING
    watched.world.running("auth").succeed()
    await watched.wait(10)
    await watched.advance("orders")
    assert watched.state.phase is Phase.SMOKE


async def test_a_restart_waits_for_quiet_anew(back: WatchedEngine, launch_watched: LaunchWatched) -> None:
    """S16/S24: the new engine takes the wait up and gives its own verdict."""
    await back.wait(200)
    again = await launch_watched(after=back)
    await again.wait(200)
    assert verdicts(again) == []
    await again.wait(120)
    assert verdicts(again) == [(("orders",), Verdict.PASS)]


async def test_a_headless_rehearsal_that_rolls_everything_back_ends(launch_watched: LaunchWatched) -> None:
    """DESIGN 6: headless rehearsals close by themselves, but not before stabilize has spoken."""
    engine = await launch_watched(speed=60.0, auto_close=True)
    await engine.go_live()
    await engine.roll_back_all()
    assert not engine.over
    await engine.wait(1200)
    assert engine.over
    assert engine.state.phase is Phase.ROLLED_BACK
