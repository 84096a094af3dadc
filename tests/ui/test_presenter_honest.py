"""What the screen must not say: what is over, what is old, what is no limit."""

from __future__ import annotations

from tests.ui.moments import held, look, smoking, text, watching
from tests.ui.story import RUN, Story

from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, SmokeState, Step, Verdict
from controlroom.ui import keymap
from controlroom.ui.presenter.journal import journal
from controlroom.ui.presenter.layout import CHECKLIST, SEQUENCE
from controlroom.ui.presenter.sequence import sequence
from controlroom.ui.presenter.strip import strip
from controlroom.ui.presenter.trends import trends
from controlroom.ui.presenter.view import Freshness, LinkView
from controlroom.ui.situation import Situation


def taken_back() -> Story:
    """Auth went back alone and counts as stable."""
    story = Story().go_live("database", "auth")
    story.tell(ev.RollbackRequested(services=("auth",), everything=False, why="errors"), actor="ana")
    for step in (Step.ROLLBACK, Step.VERIFY_ROLLBACK):
        story.start_step("auth", step)
        passed = OutcomeStatus.PASSED
        story.tell(ev.StepFinished(service="auth", step=step, status=passed, detail="done", observed="v2.0.0"))
    story.tell(ev.RollbackFinished(ok=True, detail="rolled back: auth"))
    story.tell(ev.StabilizeFinished(services=("auth",), verdict=Verdict.PASS, why="quiet"))
    return story


def test_a_rolled_back_service_at_its_gate_says_so() -> None:
    """S13: the row says what is live again and that it is stable, although its gate waits."""
    (row,) = [line for line in text(sequence(look(taken_back()), 90, 20)).splitlines() if "API de Auth" in line]
    assert "BACK, STABLE" in row
    assert "v2.1.0 → v2.0.0" in row


def test_what_recovered_suggests_nothing() -> None:
    """S7: a cleared alarm stands until it is acknowledged, without the advice that is out of date."""
    story = held()
    (alarm,) = story.state.alarms.values()
    assert f"→ {alarm.suggest}" in text(strip(look(story), 160, 6))
    story.tell(ev.AlarmCleared(alarm=alarm.id))
    shown = text(strip(look(story), 160, 6))
    assert "RECOVERED" in shown
    assert f"→ {alarm.suggest}" not in shown


def test_lost_names_the_way_out() -> None:
    """S24: without an engine the strip names the command that brings one."""
    lost = LinkView(freshness=Freshness.LOST, age_s=12.0)
    assert f"controlroom recover {RUN}" in text(strip(look(held(), link=lost), 160, 6))


def test_a_failed_smoke_test_shows_in_the_sequence() -> None:
    """S21: a mandatory item that failed is no grey to do."""
    story = smoking()
    story.tell(ev.SmokeMarked(item="login", state=SmokeState.FAIL, note="401"), actor="ana")
    (row,) = [line for line in text(sequence(look(story), 90, 20)).splitlines() if "Smoke tests" in line]
    assert "FAILED" in row


def test_a_scale_is_no_limit() -> None:
    """The upper end of a chart without a guard stands under `top`, and is never called a limit."""
    shown = text(trends(look(watching()), 100, 20))
    assert "top" in shown
    assert "limit" not in shown


def test_checkpoints_do_not_drown_the_journal() -> None:
    """Of many checkpoints of the watch the journal shows the newest."""
    story = watching()
    for hour in range(4, 10):
        story.tell(ev.WatchCheckpoint(elapsed_s=hour * 3600.0, coverage={"error_rate": 1.0}))
    shown = text(journal(look(story, records=tuple(story.records)), 120, 30))
    assert shown.count("WATCH") <= 2
    assert "09:00:00 done" in shown


def test_the_hint_line_speaks_of_the_focused_pane() -> None:
    """UX rule 13: in the checklist `n` is called fail and `b` blocked, not what they mean elsewhere; hold is first."""
    view = look(smoking())
    (item, *_) = view.state.smoke
    shown = {hint.key: hint.label for hint in keymap.hints(Situation(view=view, item=item, pane=CHECKLIST))}
    assert next(iter(shown)) == "p"
    assert (shown["n"], shown["b"], shown["y"], shown["enter"]) == ("fail", "blocked", "pass", "run")
    elsewhere = {hint.key: hint.label for hint in keymap.hints(Situation(view=view, item=item, pane=SEQUENCE))}
    assert (elsewhere["n"], elsewhere["b"]) == ("note", "broadcast")
