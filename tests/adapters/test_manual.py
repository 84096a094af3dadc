"""Manual actions and checks, waiting actions, and checks on metrics: what needs no machine outside the engine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.manual import ManualAction, ManualCheck, ManualDesk
from controlroom.adapters.metric_check import MetricCheck
from controlroom.adapters.wait import WaitAction
from controlroom.plan.model import Plan
from controlroom.plan.steps import Action, Check
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState, OutcomeStatus
from controlroom.run.samples import Sample

if TYPE_CHECKING:
    from tests.adapters.conftest import MakeScene

    from controlroom.adapters.secrets import Vault

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def desk() -> ManualDesk:
    """A desk with nothing on it."""
    return ManualDesk()


async def test_an_action_waits_for_the_operator(desk: ManualDesk, vault: Vault, scene: MakeScene) -> None:
    """A manual action ends when the operator confirms it, with the note in its outcome."""
    spec = Action.model_validate({"manual": "Purge the CDN for ${version.target}"})
    job = await ManualAction(spec, desk, vault).start(scene(version_target="v2.1.0"))
    assert desk.questions == {"auth": "Purge the CDN for v2.1.0"}
    waiting = asyncio.ensure_future(job.wait())
    assert not desk.answer("catalog", ok=True)
    assert desk.answer("auth", ok=True, note="done by hand")
    outcome = await waiting
    assert (outcome.status, outcome.detail) == (OutcomeStatus.PASSED, "confirmed by the operator: done by hand")
    assert desk.questions == {}
    assert not desk.answer("auth", ok=True)


async def test_the_operator_may_say_no(desk: ManualDesk, vault: Vault, scene: MakeScene) -> None:
    """What is not confirmed has failed."""
    job = await ManualAction(Action.model_validate({"manual": "Look"}), desk, vault).start(scene())
    desk.answer("auth", ok=False)
    outcome = await job.wait()
    assert (outcome.status, outcome.detail) == (OutcomeStatus.FAILED, "not confirmed by the operator")


async def test_a_cancelled_question_is_taken_back(desk: ManualDesk, vault: Vault, scene: MakeScene) -> None:
    """S13: a rollback in the middle of a manual step leaves no question behind."""
    job = await ManualAction(Action.model_validate({"manual": "Look"}), desk, vault).start(scene())
    assert (await job.cancel()).status is OutcomeStatus.CANCELLED
    assert desk.questions == {}


async def test_a_question_is_put_again_after_a_crash(desk: ManualDesk, vault: Vault, scene: MakeScene) -> None:
    """S24: an engine that takes over asks again, since an answer would be in the journal."""
    job = await ManualAction(Action.model_validate({"manual": "Look"}), desk, vault).adopt(scene())
    assert job is not None
    desk.answer("auth", ok=True)
    assert (await job.wait()).status is OutcomeStatus.PASSED


async def test_a_check_waits_and_can_be_given_up(desk: ManualDesk, vault: Vault, scene: MakeScene) -> None:
    """A manual check is one long look; when the engine gives it up, the question goes."""
    check = ManualCheck(Check.model_validate({"manual": "Footer shows ${version.target}?"}), desk, vault)
    looking = asyncio.ensure_future(check.look(scene(version_target="v2")))
    await asyncio.sleep(0)
    assert desk.questions == {"auth": "Footer shows v2?"}
    desk.answer("auth", ok=False, note="it says v1")
    finding = await looking
    assert (finding.ok, finding.detail) == (False, "not confirmed by the operator: it says v1")
    given_up = asyncio.ensure_future(check.look(scene(version_target="v2")))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    await asyncio.sleep(0)
    assert desk.questions == {}
    assert not (await check.look(scene())).ok


async def test_asking_twice(desk: ManualDesk) -> None:
    """The same question is one question; another one takes its place."""
    first = desk.ask("auth", "A?")
    assert desk.ask("auth", "A?") is first
    second = desk.ask("auth", "B?")
    await asyncio.sleep(0)
    assert first.cancelled()
    assert desk.questions == {"auth": "B?"}
    desk.answer("auth", ok=True)
    assert (await second).ok


async def test_waiting_is_plan_time(scene: MakeScene) -> None:
    """`wait: 5m` at speed 60 takes five seconds, and can be cut short."""
    clock = ManualClock(NOON)
    action = WaitAction(Action.model_validate({"wait": "5m"}), clock, Pace(60))
    assert (action.kind, action.label) == ("wait", "wait 5m")
    job = await action.start(scene())
    waiting = asyncio.ensure_future(job.wait())
    await clock.advance(4.9)
    assert not waiting.done()
    await clock.advance(0.1)
    assert (await waiting).detail == "waited 5m"
    again = await action.adopt(scene())
    assert again is not None
    await clock.advance(1)
    outcome = await again.cancel()
    assert (outcome.status, outcome.detail) == (OutcomeStatus.CANCELLED, "cut short, of 5m")
    assert clock.sleepers == 0


def plan(metric: dict[str, Any]) -> Plan:
    """A plan whose one service has one metric."""
    auth = {
        "id": "auth",
        "name": "Auth",
        "version": {"to": "v2"},
        "deploy": [{"run": "true"}],
        "verify": [{"run": "true"}],
        "rollback": [{"run": "true"}],
        "metrics": {"error_rate": {"source": "m"} | metric},
    }
    source = {"openmetrics": {"url": "http://127.0.0.1/metrics"}}
    return Plan.model_validate(
        {"plan": "p", "title": "P", "environment": "e", "sources": {"m": source}, "services": [auth]}
    )


def sample(
    value: float | None, state: DataState = DataState.OK, cause: str = "", age_s: float = 0.0
) -> tuple[Sample, float]:
    """The newest sample of auth/error_rate and its age; its wall clock is of another century, and means nothing."""
    return Sample(series="auth/error_rate", at=0.0, elapsed=0, value=value, state=state, cause=cause), age_s


@pytest.mark.parametrize(
    ("bound", "newest", "ok", "detail"),
    [
        ({"below": "5%"}, sample(4.96), True, "error_rate 4.96% < 5%"),
        ({"below": "5%"}, sample(5.0), False, "error_rate 5% ≥ 5%"),
        ({"below": "0.05"}, sample(5.0), False, "error_rate: a bare number cannot be compared with %"),
        ({"above": "1%"}, sample(1.5, DataState.BREACH), True, "error_rate 1.5% > 1%"),
        ({"above": "1%"}, sample(1.0), False, "error_rate 1% ≤ 1%"),
        ({"below": "5%"}, None, False, "error_rate: NO DATA yet"),
        ({"below": "5%"}, sample(None, DataState.NO_DATA, "HTML body"), False, "error_rate: NO DATA (HTML body)"),
        ({"below": "5%"}, sample(None, DataState.NO_TRAFFIC), False, "error_rate: NO TRAFFIC"),
        ({"below": "5%"}, sample(0.0, DataState.TOO_FEW), False, "error_rate: TOO FEW"),
        ({"below": "5%"}, sample(0.1, age_s=60), True, "error_rate 0.1% < 5%"),
        ({"below": "5%"}, sample(0.1, age_s=61), False, "error_rate: NO DATA for 61 s"),
    ],
)
async def test_metric_checks(
    scene: MakeScene, bound: dict[str, str], newest: tuple[Sample, float] | None, ok: bool, detail: str
) -> None:
    """S1, S4, S5, S6: strict on both sides, both numbers in the sentence, and silence is never a yes."""
    errors = {"errors": {"name": "e"}, "requests": {"name": "r"}, "unit": "%"}
    spec = Check.model_validate({"metric": {"name": "error_rate"} | bound})
    finding = await MetricCheck(spec, plan(errors), lambda _: newest, 60).look(scene())
    assert (finding.ok, finding.detail) == (ok, detail)
