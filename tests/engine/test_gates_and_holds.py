"""Gates in their order, automatic advance, and holds (S10, S11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import OLD, PLAN

from controlroom.adapters.fakes import FakeWorld
from controlroom.run import commands as cmd
from controlroom.run.phases import Phase, ServiceState, Step

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

AUTO = PLAN.replace("environment: production\n", "environment: production\nadvance: auto\n")
MIXED = PLAN.replace("  - id: auth\n", "  - id: auth\n    advance: auto\n")
SHUFFLED = """
plan: shuffled
title: Needs before the file's order
environment: production
services:
  - {id: site, name: Site, needs: [api], version: {to: v2, from: v1}, deploy: [{run: deploy}], verify: [{run: check}], \
rollback: [{run: deploy}]}
  - {id: other, name: Other, version: {to: v2, from: v1}, deploy: [{run: deploy}], verify: [{run: check}], \
rollback: [{run: deploy}]}
  - {id: api, name: API, version: {to: v2, from: v1}, deploy: [{run: deploy}], verify: [{run: check}], \
rollback: [{run: deploy}]}
"""


# -- sequence


async def test_what_is_live_and_verified_is_not_run_again(launch: Launch) -> None:
    """S10: a service whose target is live and verified is already satisfied, and a rollback has nothing to do there."""
    engine = await launch(world=FakeWorld(versions={**OLD, "auth": "v2"}))
    await engine.advance("database", "auth")
    auth = engine.service("auth")
    assert (auth.state, auth.satisfied, auth.touched) == (ServiceState.LIVE, True, False)
    assert engine.world.begun["auth", "deploy"] == 0
    assert "not deployed in this run" in await engine.roll_back("auth")
    assert engine.states()["auth"] is ServiceState.LIVE


async def test_the_right_version_that_is_not_well_is_deployed(launch: Launch) -> None:
    """S10: the target alone does not satisfy; what verifies it must say yes too."""
    world = FakeWorld(versions={**OLD, "auth": "v2"}, unhealthy={"auth"})
    engine = await launch(world=world)
    await engine.advance("database", "auth", seconds=0.5)
    assert world.begun["auth", "deploy"] == 1


async def test_the_version_is_looked_at_until_it_is_there(engine: FakeEngine) -> None:
    """S10: the first look may still meet an old instance; within the time of `version.observe` another one counts."""
    engine.world.script["auth", "deploy"] = ["idle"]
    await engine.advance("database", "auth", seconds=8)
    assert engine.states()["auth"] is ServiceState.VERIFYING
    engine.world.versions["auth"] = "v2"
    await engine.clock.advance(2)
    assert engine.states()["auth"] is ServiceState.LIVE


async def test_a_rollback_does_not_wait_for_a_version(engine: FakeEngine) -> None:
    """S13: also while the version is looked at again and again, a rollback begins at once."""
    engine.world.script["auth", "deploy"] = ["idle"]
    await engine.advance("database", "auth", seconds=3)
    await engine.roll_back("auth", seconds=1)
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK


async def test_verification_decides_not_the_exit_code(engine: FakeEngine) -> None:
    """S10: exit 0 with the old version still live is a failure, and says which version is live."""
    engine.world.script["auth", "deploy"] = ["idle"]
    await engine.advance("database", "auth", seconds=12)
    auth = engine.service("auth")
    assert (auth.state, auth.failed_step) == (ServiceState.FAILED, Step.VERIFY)
    assert auth.why == "live version is v1, not v2"
    assert engine.gate is None
    assert "Auth API: verify failed: live version is v1, not v2" in engine.state.alarms["step:auth"].text


async def test_exit_code_1_ends_in_the_menu_and_verify_can_overrule_it(engine: FakeEngine) -> None:
    """S10/S12: a deploy that failed and yet took effect is a failure until the operator has it verified again."""
    engine.world.script["auth", "deploy"] = ["half"]
    await engine.advance("database", "auth")
    assert engine.service("auth").failed_step is Step.DEPLOY
    await engine.agreed(cmd.VerifyAgain(service="auth"))
    await engine.clock.advance(5)
    assert engine.states()["auth"] is ServiceState.LIVE
    assert engine.world.begun["auth", "deploy"] == 1
    assert engine.state.alarms["step:auth"].cleared


async def test_needs_before_the_order_of_the_file(launch: Launch) -> None:
    """S10: what a service needs goes first, and ties go in file order."""
    engine = await launch(SHUFFLED, world=FakeWorld(versions={"site": "v1", "other": "v1", "api": "v1"}))
    for gate in ("other", "api", "site"):
        assert engine.gate == gate
        assert f"the gate that waits is {gate}" in await engine.refused(
            cmd.Advance(to="site" if gate != "site" else "api")
        )
        await engine.advance(gate)
    assert engine.state.phase is Phase.SMOKE


async def test_auto_advance_goes_on_by_itself(launch: Launch) -> None:
    """S10: with `advance: auto` no gate waits for the operator, but traffic always does."""
    engine = await launch(AUTO)
    await engine.clock.advance(10)
    assert set(engine.states().values()) == {ServiceState.LIVE}
    assert engine.state.phase is Phase.SMOKE
    assert engine.world.traffic == "closed"


async def test_auto_advance_of_one_service_and_not_after_a_rollback(launch: Launch) -> None:
    """S10: a service may go on by itself alone; once it was rolled back, a human lets it go again."""
    engine = await launch(MIXED)
    await engine.advance("database", seconds=10)
    assert engine.states()["auth"] is ServiceState.LIVE
    assert engine.gate == "orders"
    await engine.roll_back("auth")
    await engine.agreed(cmd.Resume())
    await engine.clock.advance(10)
    assert (engine.gate, engine.states()["auth"]) == ("auth", ServiceState.ROLLED_BACK)


async def test_auto_advance_waits_for_data_and_holds(launch: Launch) -> None:
    """S5/S11: nothing goes on by itself while held, or while the gate of the service is shut for want of data."""
    engine = await launch(AUTO, world=FakeWorld(versions=dict(OLD), script={("database", "deploy"): ["hang"]}))
    await engine.give(cmd.Hold())
    engine.world.running("database").succeed()
    await engine.clock.advance(10)
    assert engine.states()["auth"] is ServiceState.WAITING
    engine.lookout.shut = {"auth": "no data"}
    await engine.agreed(cmd.Resume())
    await engine.clock.advance(10)
    assert (engine.gate, engine.states()["auth"]) == ("auth", ServiceState.WAITING)
    engine.lookout.shut = {}
    await engine.clock.advance(10)
    assert engine.states()["auth"] is ServiceState.LIVE


# -- holds


async def test_hold_lets_the_service_under_way_complete(engine: FakeEngine) -> None:
    """S11: deploy and verify of the service under way come to their end; the next gate does not open."""
    engine.world.script["auth", "deploy"] = ["hang"]
    await engine.advance("database", "auth")
    assert await engine.agreed(cmd.Hold()) == "holding: the service under way completes first"
    engine.world.running("auth").succeed()
    await engine.clock.advance(5)
    assert engine.states()["auth"] is ServiceState.LIVE
    assert engine.gate == "orders"
    assert "held (operator): resume first" in await engine.refused(cmd.Advance(to="orders"))
    await engine.agreed(cmd.Resume())
    await engine.advance("orders")


async def test_hold_is_idempotent_and_leaves_one_reason(engine: FakeEngine) -> None:
    """S11: held twice is held once."""
    await engine.agreed(cmd.Hold())
    assert await engine.agreed(cmd.Hold()) == "held already"
    assert engine.holds == ["operator"]
    await engine.agreed(cmd.Resume())
    assert engine.holds == []
    assert "nothing is held" in await engine.refused(cmd.Resume())


async def test_a_gate_passed_before_a_hold_starts_nothing(engine: FakeEngine) -> None:
    """S11: the hold that comes between the gate and its service wins; resume lets it begin."""
    await engine.advance("database")
    answers = await engine.give_at_once(cmd.Advance(to="auth"), cmd.Hold())
    assert [answer.ok for answer in answers] == [True, True]
    await engine.clock.advance(5)
    assert engine.states()["auth"] is ServiceState.WAITING
    await engine.agreed(cmd.Resume())
    await engine.clock.advance(5)
    assert engine.states()["auth"] is ServiceState.LIVE
    assert engine.world.begun["auth", "deploy"] == 1


@pytest.mark.parametrize("trouble", ["fail", "idle", "hang", "refuse"])
async def test_rollback_abort_and_hold_work_whatever_the_state(launch: Launch, trouble: str) -> None:
    """S11/S13: hold, rollback and abort are accepted while a step hangs, after it failed, and while held."""
    for last in (cmd.RollBack(service="auth", confirm="auth"), cmd.Abort(confirm="production")):
        engine = await launch()
        engine.world.script["auth", "deploy"] = [trouble]
        await engine.advance("database", "auth")
        await engine.agreed(cmd.Hold())
        await engine.agreed(last)
        await engine.clock.advance(15)
        ended = engine.state.phase if isinstance(last, cmd.Abort) else engine.states()["auth"]
        assert ended in {Phase.ABORTED, ServiceState.ROLLED_BACK}
