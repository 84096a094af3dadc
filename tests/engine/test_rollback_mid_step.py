"""Rolling back a service in the middle of something (S13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import PLAN

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, ServiceState

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

DEPLOY_AUTH = 'deploy: [{run: "deploy auth ${version.target}"}]'
CANCEL = PLAN.replace(DEPLOY_AUTH, 'deploy: [{run: "deploy auth", cancel: {run: cancel the rollout}}, {run: announce}]')
STUBBORN = PLAN.replace(DEPLOY_AUTH, "deploy: [{run: deploy auth, killable: false}, {run: announce}]")


async def test_mid_deploy_the_action_is_cancelled_with_its_cancel_action(launch: Launch) -> None:
    """S13: cancelled, called off elsewhere, partial; the deploy's next action never begins; then back and verified."""
    engine = await launch(CANCEL)
    engine.world.script["auth", "deploy"] = ["hang"]
    await engine.advance("database", "auth")
    await engine.agreed(cmd.RollBack(service="auth", confirm="auth"))
    await engine.clock.advance(5)
    finished = [e for e in engine.happened(ev.StepFinished) if isinstance(e, ev.StepFinished) and e.service == "auth"]
    assert finished[0].status is OutcomeStatus.CANCELLED
    assert finished[0].detail == "cancelled, group gone; cancel: done"
    assert engine.world.commands["cancel the rollout"] == 1
    assert engine.world.commands["announce"] == 0
    assert (engine.service("auth").state, engine.service("auth").live) == (ServiceState.ROLLED_BACK, "v1")
    assert "step:auth" not in engine.state.alarms


async def test_mid_deploy_an_end_that_cannot_be_confirmed_is_called_off_too(launch: Launch) -> None:
    """S13: nobody can tell whether the job ended, so its `cancel:` runs all the same, and the rollback follows."""
    engine = await launch(CANCEL)
    engine.world.script["auth", "deploy"] = ["stuck"]
    await engine.advance("database", "auth")
    await engine.roll_back("auth")
    assert engine.world.commands["cancel the rollout"] == 1
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK


async def test_a_time_limit_calls_off_what_it_could_not_end(launch: Launch) -> None:
    """S13: after its time limit too, what may go on elsewhere is called off, whether or not its end is certain."""
    for trouble, state in (("hang", ServiceState.FAILED), ("stuck", ServiceState.UNKNOWN)):
        engine = await launch(CANCEL.replace("cancel:", "timeout: 30s, cancel:"))
        engine.world.script["auth", "deploy"] = [trouble]
        await engine.advance("database", "auth", seconds=60)
        assert engine.world.commands["cancel the rollout"] == 1
        assert engine.states()["auth"] is state


async def test_what_ends_well_while_it_is_cut_off_is_not_called_off(launch: Launch) -> None:
    """S13: its `cancel:` is for what may go on; this has ended, and is rolled back."""
    engine = await launch(CANCEL)
    engine.world.script["auth", "deploy"] = ["late"]
    await engine.advance("database", "auth")
    await engine.roll_back("auth")
    assert engine.world.commands["cancel the rollout"] == 0
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK


async def test_late_success_flips_nothing(engine: FakeEngine) -> None:
    """S13: a deploy that gets through while it is being cancelled is rolled back all the same."""
    engine.world.script["auth", "deploy"] = ["late"]
    await engine.advance("database", "auth")
    await engine.roll_back("auth")
    assert "auth deploy v2" in engine.world.log
    assert engine.world.versions["auth"] == "v1"
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK
    assert engine.happened(ev.GatePassed)[-1] == ev.GatePassed(gate="auth")


async def test_mid_verify(engine: FakeEngine) -> None:
    """S13: a verification that goes on asking is cut off at once."""
    engine.world.unhealthy.add("auth")
    await engine.advance("database", "auth", seconds=3)
    assert engine.states()["auth"] is ServiceState.VERIFYING
    await engine.agreed(cmd.RollBack(service="auth", confirm="auth"))
    engine.world.unhealthy.clear()
    await engine.clock.advance(3)
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK


async def test_a_migration_is_not_killed(engine: FakeEngine) -> None:
    """S13: the rollback queues behind the migration, and then takes it back."""
    engine.world.script["database", "deploy"] = ["hang"]
    await engine.advance("database")
    await engine.agreed(cmd.RollBack(service="database", confirm="database"))
    await engine.clock.advance(300)
    assert engine.states()["database"] is ServiceState.DEPLOYING
    engine.world.running("database").succeed()
    await engine.clock.advance(5)
    assert engine.world.log == ["database deploy 42", "database rollback 41"]
    assert engine.states()["database"] is ServiceState.ROLLED_BACK


async def test_what_the_plan_calls_unkillable_is_not_killed(launch: Launch) -> None:
    """S13: `killable: false` lets that action end; no other of its step begins."""
    engine = await launch(STUBBORN)
    engine.world.script["auth", "deploy"] = ["hang"]
    await engine.advance("database", "auth")
    await engine.roll_back("auth", seconds=60)
    assert engine.states()["auth"] is ServiceState.DEPLOYING
    engine.world.running("auth").succeed()
    await engine.clock.advance(5)
    assert engine.world.commands["announce"] == 0
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK


@pytest.mark.parametrize("trouble", ["fail", "idle", "half", "refuse", "lose"])
async def test_after_any_failure(engine: FakeEngine, trouble: str) -> None:
    """S13: a failed deploy is taken back, whatever it left behind."""
    engine.world.script["auth", "deploy"] = [trouble]
    await engine.advance("database", "auth")
    await engine.roll_back("auth")
    assert (engine.states()["auth"], engine.world.versions["auth"]) == (ServiceState.ROLLED_BACK, "v1")


async def test_while_another_service_deploys(engine: FakeEngine) -> None:
    """S13: rolling back `auth` alone lets `orders` finish; nothing of it is lost, and the run is held after both."""
    engine.world.script["orders", "deploy"] = ["hang"]
    await engine.advance("database", "auth", "orders")
    await engine.roll_back("auth", cascade=False, reason="orders works with both")
    assert engine.states()["orders"] is ServiceState.DEPLOYING
    engine.world.running("orders").succeed()
    await engine.clock.advance(5)
    assert engine.states() == {
        "database": ServiceState.LIVE,
        "auth": ServiceState.ROLLED_BACK,
        "orders": ServiceState.LIVE,
    }
    assert engine.holds == ["rollback"]
