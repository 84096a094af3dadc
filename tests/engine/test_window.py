"""The deployment window: closing in the middle, overriding, zones (S19)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import PLAN

from controlroom.plan.loader import parse_plan
from controlroom.plan.model import Window
from controlroom.run import commands as cmd
from controlroom.run.phases import Phase, ServiceState

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine


def until(closes: str) -> str:
    """The plan with a window from 02:00 to `closes`; the clock starts at 03:00."""
    window = f"window: {{opens: 2026-12-01T02:00, closes: 2026-12-01T{closes}, zone: UTC}}\n"
    return PLAN.replace("services:\n", window + "services:\n", 1)


@pytest.fixture
async def tight(launch: Launch) -> FakeEngine:
    """A window that closes ten minutes from now."""
    return await launch(until("03:10"))


async def test_closing_in_mid_step_finishes_it_and_then_holds(tight: FakeEngine) -> None:
    """S19: the service under way completes with its verify; nothing else begins."""
    tight.world.script["auth", "deploy"] = ["hang"]
    await tight.clock.advance(500)
    await tight.advance("database", "auth")
    await tight.clock.advance(200)
    assert tight.holds == ["window"]
    tight.world.running("auth").succeed()
    await tight.clock.advance(5)
    assert tight.states()["auth"] is ServiceState.LIVE
    assert tight.gate == "orders"
    assert "held (window): resume first" in await tight.refused(cmd.Advance(to="orders"))


async def test_resume_needs_a_reason_once_it_is_closed(tight: FakeEngine) -> None:
    """S19: the refusal says how to override; the reason is kept and the window holds no more."""
    await tight.clock.advance(601)
    assert tight.holds == ["window"]
    assert "the window is closed (resume with a reason overrides it)" in await tight.refused(cmd.Resume())
    await tight.agreed(cmd.Resume(reason="business agreed by phone"))
    assert (tight.holds, tight.state.window_override) == ([], "business agreed by phone")
    await tight.clock.advance(60)
    await tight.advance("database")
    assert tight.states()["database"] is ServiceState.LIVE


async def test_the_last_second_still_counts(tight: FakeEngine) -> None:
    """S19: the window's end is not part of it."""
    await tight.clock.advance(599)
    assert tight.holds == []
    await tight.clock.advance(1)
    assert tight.holds == ["window"]


async def test_a_gate_passed_in_time_starts_nothing_after_the_end(tight: FakeEngine) -> None:
    """S19: the window is looked at again before each step, whatever was allowed before."""
    await tight.clock.advance(599)
    tight.clock.step_wall(2)
    await tight.runner.give(tight.order(cmd.Advance(to="database")))
    await tight.clock.settle()
    assert tight.world.begun["database", "deploy"] == 0
    assert tight.holds == ["window"]


async def test_rollback_is_exempt(tight: FakeEngine) -> None:
    """S17: a closed window stops no rollback."""
    await tight.advance("database", "auth")
    await tight.clock.advance(700)
    assert tight.holds == ["window"]
    await tight.roll_back("auth")
    assert tight.states()["auth"] is ServiceState.ROLLED_BACK


async def test_a_window_that_closes_while_watching_is_nothing(tight: FakeEngine) -> None:
    """S19: the watch is no deployment."""
    await tight.go_live()
    await tight.clock.advance(1200)
    assert (tight.state.phase, tight.holds) == (Phase.WATCHING, [])


async def test_a_clock_that_steps_back_does_not_reopen_it(tight: FakeEngine) -> None:
    """S9: once the window held the run, only a human lifts that, even if the wall clock is set back."""
    await tight.clock.advance(601)
    tight.clock.step_wall(-3600)
    await tight.clock.advance(5)
    assert tight.holds == ["window"]
    await tight.agreed(cmd.Resume())
    assert tight.holds == []


async def test_an_engine_that_comes_back_after_the_end_holds(tight: FakeEngine, launch: Launch) -> None:
    """S19/S24: a recovery in the morning does not go on deploying."""
    await tight.advance("database")
    await tight.stop()
    await tight.clock.advance(6 * 3600)
    again = await launch(until("03:10"), after=tight)
    assert again.holds == ["window"]


@pytest.mark.parametrize(
    ("opens", "closes", "zone", "span"),
    [
        ("2026-12-01T23:30", "2026-12-02T01:00", "UTC", ("2026-12-01T23:30", "2026-12-02T01:00")),
        ("2026-07-01T03:00", "2026-07-01T05:00", "Europe/Madrid", ("2026-07-01T01:00", "2026-07-01T03:00")),
        ("2026-12-01T03:00", "2026-12-01T05:00", "Europe/Madrid", ("2026-12-01T02:00", "2026-12-01T04:00")),
        # Clocks go forward at 02:00 on 29 March and back at 03:00 on 25 October 2026.
        ("2026-03-29T01:00", "2026-03-29T04:00", "Europe/Madrid", ("2026-03-29T00:00", "2026-03-29T02:00")),
        ("2026-10-25T01:00", "2026-10-25T04:00", "Europe/Madrid", ("2026-10-24T23:00", "2026-10-25T03:00")),
        ("2026-10-25T02:30", "2026-10-25T03:30", "Europe/Madrid", ("2026-10-25T00:30", "2026-10-25T02:30")),
        ("2026-12-01T22:00", "2026-12-02T02:00", "America/Bogota", ("2026-12-02T03:00", "2026-12-02T07:00")),
    ],
)
def test_span_in_utc(opens: str, closes: str, zone: str, span: tuple[str, str]) -> None:
    """S19: IANA zones, midnight and both changes of the clocks; of a time that comes twice, the first."""
    found = Window.model_validate({"opens": opens, "closes": closes, "zone": zone}).span
    assert found == tuple(datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in span)


def test_a_time_that_does_not_exist_is_refused() -> None:
    """S19: 02:30 in the night in which the clocks go forward."""
    with pytest.raises(ValueError, match="does not exist in Europe/Madrid"):
        Window.model_validate({"opens": "2026-03-29T02:30", "closes": "2026-03-29T04:00", "zone": "Europe/Madrid"})


async def test_a_window_over_midnight_holds_at_its_end(launch: Launch) -> None:
    """S19: it opened yesterday and closes today."""
    window = "window: {opens: 2026-11-30T23:00, closes: 2026-12-01T04:05, zone: Europe/Madrid}\n"
    engine = await launch(PLAN.replace("services:\n", window + "services:\n", 1))
    await engine.advance("database")
    assert engine.holds == []
    await engine.clock.advance(300)
    assert engine.holds == ["window"]


def test_plans_say_tbd_or_nothing() -> None:
    """S19: `tbd` is a window still to be defined, and no window at all is one that never closes."""
    assert parse_plan(PLAN, "plan.yaml").plan.window is None
    tbd = PLAN.replace("services:\n", "window: tbd\nservices:\n", 1)
    assert parse_plan(tbd, "plan.yaml").plan.window == "tbd"
