"""What the run does when its driver's screen vanishes (S23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine.fake_engine import PLAN

from controlroom.engine.departures import screen_vanished
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import ServiceState

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

CONTINUE = PLAN.replace("services:\n", "on_disconnect: continue\nservices:\n", 1)


async def vanishes(engine: FakeEngine, operator: str) -> None:
    """The last screen of `operator` is gone without a word."""
    await engine.ledger.commit(lambda state: screen_vanished(state, operator))
    await engine.clock.settle()


async def test_the_service_under_way_completes_and_then_the_run_holds(engine: FakeEngine) -> None:
    """S23: deploy and verify come to their end; the next gate is held until somebody is back."""
    engine.world.script["auth", "deploy"] = ["hang"]
    await engine.advance("database", "auth")
    await vanishes(engine, "ana")
    engine.world.running("auth").succeed()
    await engine.clock.advance(5)
    assert (engine.states()["auth"], engine.holds) == (ServiceState.LIVE, ["disconnected"])
    assert "held (disconnected)" in await engine.refused(cmd.Advance(to="orders"))
    await engine.agreed(cmd.Resume())
    await engine.advance("orders")


async def test_only_the_driver_matters(engine: FakeEngine) -> None:
    """S23: an observer may come and go, and so may anybody before somebody drives."""
    await vanishes(engine, "ana")
    assert engine.holds == []
    await engine.agreed(cmd.TakeLease())
    await vanishes(engine, "ben")
    assert engine.holds == []
    assert engine.happened(ev.OperatorLost) == []


async def test_not_while_watching(engine: FakeEngine) -> None:
    """S23: a 48 h watch outlives any screen."""
    await engine.go_live()
    await vanishes(engine, "ana")
    assert engine.holds == []


async def test_the_plan_may_say_continue(launch: Launch) -> None:
    """S23: `on_disconnect: continue` only writes down that the screen is gone."""
    engine = await launch(CONTINUE)
    await engine.agreed(cmd.TakeLease())
    await vanishes(engine, "ana")
    assert engine.holds == []
    assert engine.happened(ev.OperatorLost) == [ev.OperatorLost(operator="ana")]


async def test_twice_is_once_and_a_rollback_goes_on(engine: FakeEngine) -> None:
    """S23: a second loss adds no second hold; a rollback under way is carried to its end."""
    await engine.advance("database", "auth")
    engine.world.script["auth", "rollback"] = ["hang"]
    await engine.roll_back("auth")
    await vanishes(engine, "ana")
    await vanishes(engine, "ana")
    engine.world.running("auth").succeed()
    await engine.clock.advance(5)
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK
    assert engine.holds == ["rollback", "disconnected"]
    await engine.agreed(cmd.Resume())
    assert engine.holds == []
