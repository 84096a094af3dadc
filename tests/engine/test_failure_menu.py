"""What an operator may do when a step went wrong (S12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import PLAN

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Phase, ServiceState, Step

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

RETRIES = PLAN.replace(
    '[{run: "deploy auth ${version.target}"}]', '[{run: "deploy auth", retries: 2, retry_every: 5s}]', 1
)


@pytest.fixture
async def failed(engine: FakeEngine) -> FakeEngine:
    """Auth has failed to deploy."""
    engine.world.script["auth", "deploy"] = ["fail"]
    await engine.advance("database", "auth")
    assert engine.states()["auth"] is ServiceState.FAILED
    return engine


async def test_retry_deploys_again(failed: FakeEngine) -> None:
    """S12: a retry is a new attempt, and clears the alarm."""
    assert "auth: deploy again" in await failed.agreed(cmd.Retry(service="auth"))
    await failed.clock.advance(5)
    assert (failed.service("auth").state, failed.service("auth").attempt) == (ServiceState.LIVE, 2)
    assert failed.state.alarms["step:auth"].cleared
    await failed.agreed(cmd.Acknowledge(alarm="step:auth"))
    assert failed.state.alarms == {}


async def test_a_failed_step_starts_nothing_else(failed: FakeEngine) -> None:
    """S12: no gate waits while a service is in trouble, and time heals nothing."""
    await failed.clock.advance(600)
    assert failed.gate is None
    assert "no gate waits now" in await failed.refused(cmd.Advance(to="orders"))
    assert failed.world.begun["auth", "deploy"] == 1


async def test_retries_of_the_operator_are_capped_and_end_in_the_menu(failed: FakeEngine) -> None:
    """S12: after three attempts no other is made; the rest of the menu stays open."""
    failed.world.script["auth", "deploy"] = ["fail", "fail"]
    for _ in range(2):
        await failed.agreed(cmd.Retry(service="auth"))
        await failed.clock.advance(5)
    assert "3 attempts of 3 are spent" in await failed.refused(cmd.Retry(service="auth"))
    assert failed.states()["auth"] is ServiceState.FAILED
    await failed.roll_back("auth")
    assert failed.states()["auth"] is ServiceState.ROLLED_BACK


async def test_retries_of_the_plan_are_capped_and_end_in_the_menu(launch: Launch) -> None:
    """S12: an action with `retries: 2` runs three times, spaced, and then the step has failed."""
    engine = await launch(RETRIES)
    engine.world.script["auth", "deploy"] = ["fail"] * 5
    await engine.advance("database", "auth", seconds=4)
    assert engine.world.begun["auth", "deploy"] == 1
    await engine.clock.advance(30)
    assert engine.world.begun["auth", "deploy"] == 3
    assert engine.states()["auth"] is ServiceState.FAILED


@pytest.mark.parametrize("trouble", ["hang", "stuck"])
async def test_what_did_not_plainly_fail_is_not_retried(launch: Launch, trouble: str) -> None:
    """S12/S24: after a time-out nobody knows what goes on elsewhere: `retries` are for failures alone."""
    engine = await launch(RETRIES.replace("retries: 2,", "retries: 2, timeout: 30s,"))
    engine.world.script["auth", "deploy"] = [trouble, trouble, trouble]
    await engine.advance("database", "auth", seconds=120)
    assert engine.world.begun["auth", "deploy"] == 1


async def test_done_needs_a_reason_and_names_who_vouches(failed: FakeEngine) -> None:
    """S12: mark done."""
    assert "needs a reason" in await failed.refused(cmd.MarkDone(service="auth"))
    await failed.agreed(cmd.MarkDone(service="auth", reason="deployed by hand"))
    assert (failed.service("auth").state, failed.service("auth").why) == (ServiceState.LIVE, "deployed by hand (ana)")
    assert failed.gate == "orders"


async def test_skip_is_for_optional_services_with_a_reason(engine: FakeEngine) -> None:
    """S12: a required service cannot be skipped; an optional one that failed can, and still goes back with the rest."""
    engine.world.script["orders", "deploy"] = ["fail"]
    assert "required" in await engine.refused(cmd.Skip(service="auth", reason="no time"))
    await engine.advance("database", "auth", "orders")
    assert "needs a reason" in await engine.refused(cmd.Skip(service="orders"))
    await engine.agreed(cmd.Skip(service="orders", reason="goes tomorrow"))
    assert engine.states()["orders"] is ServiceState.SKIPPED
    assert engine.state.phase is Phase.SMOKE
    await engine.roll_back_all()
    assert engine.world.begun["orders", "rollback"] == 1


async def test_an_optional_service_can_be_skipped_once_rolled_back(engine: FakeEngine) -> None:
    """S12: after its rollback the go-live goes on without it; it does not wait for a redeploy for ever."""
    await engine.advance("database", "auth", "orders")
    await engine.roll_back("orders")
    await engine.agreed(cmd.Resume())
    assert engine.gate == "orders"
    await engine.agreed(cmd.Skip(service="orders", reason="goes tomorrow"))
    assert engine.state.phase is Phase.SMOKE


async def test_the_menu_is_for_services_in_trouble_only(engine: FakeEngine) -> None:
    """S12: nothing has failed in a service that waits or is live."""
    await engine.advance("database")
    for command in (
        cmd.Retry(service="database"),
        cmd.VerifyAgain(service="auth"),
        cmd.MarkDone(service="database", reason="x"),
    ):
        assert "nothing has failed there" in await engine.refused(command)


async def test_a_retry_waits_for_the_hold_to_be_lifted(failed: FakeEngine) -> None:
    """S11/S12: a new deploy is new work."""
    await failed.agreed(cmd.Hold())
    assert "held (operator): resume first" in await failed.refused(cmd.Retry(service="auth"))
    await failed.agreed(cmd.VerifyAgain(service="auth"))
    await failed.clock.advance(15)
    assert failed.service("auth").failed_step is Step.VERIFY


async def test_timed_out_is_cancelled_and_offered_again(launch: Launch) -> None:
    """S12: an action that does not end in time is cancelled, and its step is partial."""
    engine = await launch(
        PLAN.replace('[{run: "deploy auth ${version.target}"}]', "[{run: deploy auth, timeout: 30s}]", 1)
    )
    engine.world.script["auth", "deploy"] = ["hang"]
    await engine.advance("database", "auth", seconds=31)
    auth = engine.service("auth")
    assert (auth.state, auth.partial) == (ServiceState.FAILED, True)
    assert auth.why == "no end after 30 s; cancelled, group gone"
    finished = [e for e in engine.happened(ev.StepFinished) if isinstance(e, ev.StepFinished)]
    assert finished[-1].status is OutcomeStatus.TIMED_OUT
    await engine.agreed(cmd.Retry(service="auth"))
    await engine.clock.advance(5)
    assert (engine.service("auth").state, engine.service("auth").partial) == (ServiceState.LIVE, False)


async def test_a_manual_step_waits_for_done_and_a_repeated_word_confirms_nothing_else(launch: Launch) -> None:
    """S12/S18: `done` confirms what the operator was asked; the same id again confirms no later question."""
    plan = PLAN.replace('deploy: [{run: "deploy auth ${version.target}"}]', "deploy: [{manual: deploy auth by hand}]")
    engine = await launch(plan)
    engine.world.script["auth", "deploy"] = ["hang"]
    await engine.advance("database", "auth")
    assert (await engine.give(cmd.MarkDone(service="auth"), id="word-1")).ok
    assert (await engine.give(cmd.MarkDone(service="auth"), id="word-1")).ok
    assert engine.replies == [("auth", True, "")]


async def test_a_manual_step_may_also_be_refused(launch: Launch) -> None:
    """S12: who sees that it is not so says no, with a reason; where nobody is asked there is nothing to say no to."""
    plan = PLAN.replace('deploy: [{run: "deploy auth ${version.target}"}]', "deploy: [{manual: deploy auth by hand}]")
    engine = await launch(plan)
    engine.world.script["auth", "deploy"] = ["hang"]
    assert "auth waits for nothing" in await engine.refused(cmd.MarkFailed(service="auth", reason="x"))
    await engine.advance("database", "auth")
    assert "needs a reason" in await engine.refused(cmd.MarkFailed(service="auth"))
    assert engine.replies == []
    assert await engine.agreed(cmd.MarkFailed(service="auth", reason="it is red")) == "deploy auth by hand: failed"
    assert engine.replies == [("auth", False, "it is red")]


async def test_a_service_is_not_deployed_again_before_what_it_needs(engine: FakeEngine) -> None:
    """S10/S12: after a cascade, retrying the dependent first is refused and says what is missing."""
    await engine.advance("database", "auth", "orders")
    await engine.roll_back("auth")
    await engine.agreed(cmd.Resume())
    assert "orders needs auth, which is rolled_back" in await engine.refused(cmd.Retry(service="orders"))
    await engine.advance("auth")
    await engine.agreed(cmd.Retry(service="orders"))
    await engine.clock.advance(5)
    assert engine.states()["orders"] is ServiceState.LIVE
