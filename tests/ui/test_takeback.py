"""What the screen says a rollback would do is what the engine does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench.plans import s5
from msgspec.structs import replace
from tests.ui.moments import EVERY, held, look, rolling_back, text
from tests.ui.story import Story

from controlroom.engine.answers import View
from controlroom.engine.decisions import decide
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Step
from controlroom.run.rollback import plan_everything, plan_service
from controlroom.ui import prompts_back, reasons
from controlroom.ui.keymap import by_id
from controlroom.ui.presenter import takeback
from controlroom.ui.presenter.prompt import Filled
from controlroom.ui.situation import Situation

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.outline import RunOutline
    from controlroom.ui.presenter.prompt import Row


def order(command: cmd.Command) -> cmd.Order:
    """`command` as ana gives it."""
    return cmd.Order(id="1", command=command, operator="ana", host="bastion-1", uid=1000)


def named(rows: list[Row]) -> list[str]:
    """The names of the services that a preview lists, in its order."""
    words = [row.words[0].text.strip() for row in rows if row.words]
    return [one.partition(" ")[2] for one in words if one[:1].isdigit() and one[1:2] == " "]


def irreversible_database() -> RunOutline:
    """The S5 plan with a migration that cannot be taken back."""
    plan = s5()
    services = (replace(plan.services[0], irreversible="data is dropped"), *plan.services[1:])
    return replace(plan, services=services)


@pytest.mark.parametrize("moment", EVERY, ids=lambda m: m.__name__)
def test_the_preview_names_what_the_engine_takes_back(moment: Callable[[], Story]) -> None:
    """S14, S15: the rows of the prompt are the queue that the engine makes of the very command the prompt gives."""
    story = moment()
    view = look(story)
    for service in story.state.services:
        at = Situation(view=view, service=service)
        if by_id("rollback").disabled_reason(at):
            continue
        prompt = prompts_back.roll_back(at)
        for choice in range(2 if prompt.choice else 1):
            command = prompt.words[0].command(Filled("so", choice))
            events = decide(story.state, order(command), View()).events
            (asked,) = [event for event in events if isinstance(event, ev.RollbackRequested)]
            assert named(prompt.body(view, choice)) == [story.state.services[s].name for s in asked.services]


@pytest.mark.parametrize("choice", [0, 1])
def test_everything_is_previewed_as_the_engine_takes_it_back(choice: int) -> None:
    """S14: in reverse order, the database last and on request."""
    story = Story().go_live("database", "auth", "catalog")
    view = look(story)
    prompt = prompts_back.roll_back_all(Situation(view=view))
    events = decide(story.state, order(prompt.words[0].command(Filled("so", choice))), View()).events
    (asked,) = [event for event in events if isinstance(event, ev.RollbackRequested)]
    assert asked.services == (("catalog", "auth", "database") if choice else ("catalog", "auth"))
    assert named(prompt.body(view, choice)) == [story.state.services[s].name for s in asked.services]


def test_the_key_says_what_the_engine_would_say() -> None:
    """What goes back already, or cannot, is refused at the key with the engine's own words."""
    at = Situation(view=look(rolling_back()), service="auth")
    assert reasons.rollback(at) == "auth is being rolled back already"
    fixed = Story(irreversible_database()).go_live("database", "auth")
    at = Situation(view=look(fixed), service="database")
    assert reasons.rollback(at) == "database cannot be rolled back: data is dropped"
    prompt = prompts_back.roll_back_all(at)
    assert reasons.rollback_all(at) == ""
    assert "database cannot be rolled back: data is dropped" in text([row.words for row in prompt.body(at.view, 1)])


def test_what_stays_is_said_beforehand() -> None:
    """S14, S15: a service without a way back, and what it needs, are named with the reason before anybody confirms."""
    plan = s5()
    services = tuple(replace(s, irreversible="it is sold") if s.id == "orders" else s for s in plan.services)
    story = Story(replace(plan, services=services)).go_live("database", "auth", "catalog", "orders", "frontend")
    prompt = prompts_back.roll_back_all(Situation(view=look(story)))
    rows = prompt.body(look(story), 0)
    assert named(rows) == ["Frontend App"]
    words = text([row.words for row in rows])
    assert "orders cannot be rolled back: it is sold" in words
    assert "auth stays: catalog needs it" in words
    assert "catalog stays: orders needs it" in words


def test_half_done_steps_are_part_of_it() -> None:
    """S14: what was cut off half-way goes back too, and is marked."""
    story = Story().go_live("database", "auth")
    story.start_step("catalog")
    story.end_step("catalog", status=OutcomeStatus.CANCELLED)
    rows = takeback.preview(look(story), plan_service(story.state, "auth", cascade=True))
    words = text([row.words for row in rows])
    assert "1 API de Catálogo" in words
    assert "cut off half-way" in words


def test_what_went_back_is_not_taken_back_again() -> None:
    """S17: a rolled-back service is no part of the next rollback."""
    story = Story().go_live("database", "auth")
    for step in (Step.ROLLBACK, Step.VERIFY_ROLLBACK):
        story.start_step("auth", step)
        story.end_step("auth", step)
    assert plan_everything(story.state, with_database=True).services == ("database",)


def test_what_went_back_one_by_one_can_be_ended_as_rolled_back() -> None:
    """S17: `R` has nothing left to take back and says so; before anything was deployed it is disabled."""
    story = Story().go_live("database", "auth")
    for service in ("auth", "database"):
        for step in (Step.ROLLBACK, Step.VERIFY_ROLLBACK):
            story.start_step(service, step)
            story.end_step(service, step)
    at = Situation(view=look(story))
    assert reasons.rollback_all(at) == ""
    rows = takeback.preview(at.view, plan_everything(story.state, with_database=False))
    assert [(row.label, text([row.words])) for row in rows] == [("Back", "nothing more: all of it is back already")]
    assert "nothing was deployed" in reasons.rollback_all(Situation(view=look(Story())))


def test_a_version_that_came_back_can_be_taken_back_again() -> None:
    """S13: after a relapse the key is not disabled, and the preview names the service."""
    story = Story().go_live("database", "auth")
    for step in (Step.ROLLBACK, Step.VERIFY_ROLLBACK):
        story.start_step("auth", step)
        story.end_step("auth", step)
    at = Situation(view=look(story), service="auth")
    assert reasons.rollback(at) == "auth is rolled back already: v2.0.0 is live"
    story.tell(ev.VersionObserved(service="auth", version="v2.1.0"))
    at = Situation(view=look(story), service="auth")
    assert reasons.rollback(at) == ""
    assert plan_service(story.state, "auth", cascade=True).services == ("auth",)


def test_the_numbers_that_caused_it_are_shown() -> None:
    """S15: the guard's own sentence, with both numbers."""
    view = look(held())
    rows = takeback.preview(view, plan_service(view.state, "auth", cascade=False))
    assert ("Why", "▲ auth 6.2 % > 5 % for 05:01") in [(r.label, text([r.words])) for r in rows]
