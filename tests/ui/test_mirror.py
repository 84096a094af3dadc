"""The screen's copy of the run: folds, clocks, trails, and nothing twice."""

from __future__ import annotations

from bench.plans import s5
from msgspec.structs import replace
from tests.ui.story import RUN, Story

from controlroom.control import protocol as wire
from controlroom.run import events as ev
from controlroom.run.columns import Columns
from controlroom.run.phases import DataState, Phase, Verdict
from controlroom.ui.presenter.mirror import Mirror
from controlroom.ui.presenter.strip import breach_seconds
from controlroom.ui.presenter.view import Freshness, View


def attached(story: Story) -> Mirror:
    """A mirror that has just heard where the run stands."""
    mirror = Mirror()
    mirror.take(wire.Welcome(run=RUN, operator="ana", may_drive=True), 100.0)
    mirror.take(story.snapshot(), 100.0)
    mirror.take(wire.Beat(at=story.now.timestamp(), elapsed_s=story.elapsed), 100.0)
    mirror.hears("LIVE", 0.0, None)
    return mirror


def at(mirror: Mirror, mono: float) -> View:
    view = mirror.view(mono)
    assert view is not None
    return view


def test_there_is_nothing_before_the_first_snapshot() -> None:
    """A Welcome alone shows nothing."""
    mirror = Mirror()
    mirror.take(wire.Welcome(run=RUN, operator="ana", may_drive=True), 1.0)
    assert mirror.view(1.0) is None


def test_events_are_folded_once() -> None:
    """The same record again, or one from before the snapshot, changes nothing."""
    story = Story()
    mirror = attached(story)
    record = story.tell(ev.NoteAdded(text="once"), actor="ana")
    for _ in range(3):
        mirror.take(wire.Happened(record=record), 101.0)
    mirror.take(wire.Happened(record=story.records[0]), 101.0)
    assert [n.text for n in at(mirror, 101.0).state.notes] == ["once"]
    assert len(mirror.records) == 1


def test_clocks_go_on_between_beats_at_the_speed_of_the_plan() -> None:
    """Wall clock in real seconds, plan time multiplied."""
    story = Story(s5(rehearsal=True, speed=60.0))
    story.wait(600)
    mirror = attached(story)
    view = at(mirror, 103.0)
    assert view.elapsed == 600 + 3 * 60
    assert view.wall == story.now.timestamp() + 3


def test_plan_time_stands_still_without_an_engine() -> None:
    """Downtime of the engine is not time of the plan."""
    mirror = attached(Story().wait(50))
    mirror.hears("LOST", 9.0, None)
    view = at(mirror, 130.0)
    assert view.elapsed == 50
    assert view.link.freshness is Freshness.LOST


def test_late_comers_see_the_last_events() -> None:
    """A snapshot brings recent records; after a reconnection only the new ones are added."""
    story = Story().go_live("database")
    mirror = Mirror()
    snapshot = story.snapshot()
    recent = tuple(story.records[-5:])
    for _ in range(2):
        mirror.take(
            wire.Snapshot(state=snapshot.state, samples=(), trails=(), elapsed_s=snapshot.elapsed_s, recent=recent), 1.0
        )
    assert [r.seq for r in mirror.records] == [r.seq for r in recent]


def test_samples_go_on_in_the_trails_that_the_engine_sent() -> None:
    """Trails of the snapshot and what comes after it are one line."""
    story = Story().wait(60).chart(12)
    mirror = attached(story)
    story.wait(5)
    sample = story.measure("auth", "error_rate", 4.2)
    mirror.take(wire.Sampled(samples=(sample,)), 105.0)
    values = at(mirror, 105.0).trails["auth/error_rate"].window(story.elapsed, 3)
    assert values[-1] == 4.2
    assert None not in values


def test_longer_trails_are_kept_for_the_chart() -> None:
    """An hour and 48 hours, bounded in columns; what the engine knew and what came since are one line."""
    story = Story().wait(60).chart(12)
    mirror = attached(story)
    story.wait(30)
    mirror.take(wire.Sampled(samples=(story.measure("auth", "error_rate", 4.2),)), 130.0)
    histories = at(mirror, 130.0).histories
    hour, days = (histories.trail("auth/error_rate", covers) for covers in (3600.0, 172800.0))
    assert (hour.columns, days.columns) == (120, 240)
    values = hour.window(story.elapsed, 4)
    assert values[-1] == 4.2
    assert None not in values


def test_what_the_engine_kept_goes_under_what_came_since() -> None:
    """The long past of a screen that came late: kept columns with their gaps, then what it saw itself."""
    story = Story().wait(7200)
    mirror = attached(story)
    mirror.take(wire.Sampled(samples=(story.measure("auth", "error_rate", 4.2),)), 100.0)
    histories = at(mirror, 100.0).histories
    assert histories.asks("auth/error_rate", 3600.0)
    assert not histories.asks("auth/error_rate", 3600.0)
    kept = Columns(30.0, 120, story.elapsed)
    for number in range(400, 500):
        kept.add(number, 0.1, 0.2, 8.0 if number == 450 else 0.3, 2)
    histories.take(kept.part("auth/error_rate"), 3600.0)
    values = histories.trail("auth/error_rate", 3600.0).window(story.elapsed, 120)
    assert (values[-1], max(value for value in values if value is not None)) == (4.2, 8.0)
    begins = 120 - 1 - (int(story.elapsed // 30) - 400 * 10 // 30)
    assert [value is not None for value in values] == [begins <= n < begins + 34 or n == 119 for n in range(120)]
    mirror.take(story.snapshot(), 101.0)
    assert histories.asks("auth/error_rate", 3600.0)  # there may be a gap since


def test_output_is_bounded_and_begins_anew_with_a_step() -> None:
    """The last lines of a step, and none of the one before it."""
    story = Story()
    mirror = attached(story)
    mirror.take(wire.Output(service="auth", job="j", lines=tuple(str(n) for n in range(5000))), 101.0)
    assert len(at(mirror, 101.0).output["auth"]) == 400
    before = len(story.records)
    story.start_step("auth")
    for record in story.records[before:]:
        mirror.take(wire.Happened(record=record), 102.0)
    assert "auth" not in at(mirror, 102.0).output


def test_step_starts_are_placed_in_plan_time() -> None:
    """Also those from before this screen came."""
    story = Story().go_live("database")
    story.start_step("auth")
    began = story.elapsed
    story.wait(42)
    assert at(attached(story), 100.0).marks["auth"] == [began]


def test_who_drives() -> None:
    """Admitted, not read-only, and nobody else holds the lease."""
    story = Story()
    mirror = attached(story)
    assert at(mirror, 100.0).drives
    record = story.tell(ev.LeaseTaken(operator="ben", host="b", uid=1, previous="ana", reason="shift"))
    mirror.take(wire.Happened(record=record), 101.0)
    assert not at(mirror, 101.0).drives
    assert not at(attached_read_only(story), 100.0).drives


def attached_read_only(story: Story) -> Mirror:
    mirror = Mirror(read_only=True)
    mirror.take(wire.Welcome(run=RUN, operator="ben", may_drive=True), 100.0)
    mirror.take(story.snapshot(), 100.0)
    return mirror


def test_guards_are_shown_as_they_stand_between_two_records() -> None:
    """What the engine makes of the newest sample counts, until the journal or the next sample says more."""
    story = Story().wait(60).chart(12).breach("auth", seconds=100.0)
    mirror = attached(story)
    known = story.state.guards["error-rate/auth"]
    story.wait(20)
    sample = story.measure("auth", "error_rate", 7.7, DataState.BREACH)
    status = replace(known, breach_s=120.0, value=7.7, why="auth 7.7 % > 5 % for 02:00 of 05:00")
    mirror.take(wire.Sampled(samples=(sample,), guards=(status,)), 120.0)
    view = at(mirror, 120.0)
    assert view.state.guards["error-rate/auth"] == status
    guard = next(guard for guard in view.state.outline.guards if guard.id == "error-rate")
    assert breach_seconds(view, guard, status) == 120.0, "and grows from there, not from the last record"
    record = story.tell(
        ev.GuardChanged(guard="error-rate", service="auth", verdict=Verdict.PASS, breach_s=0.0, value=0.4, why="fine")
    )
    mirror.take(wire.Happened(record=record), 121.0)
    assert at(mirror, 121.0).state.guards["error-rate/auth"].why == "fine"


def test_a_run_that_is_over_stands_still() -> None:
    """Neither clocks nor numbers go on, whatever is still heard; nor for a screen that comes after the end."""
    story = Story().wait(60).chart(12)
    mirror = attached(story)
    story.wait(5)
    mirror.take(wire.Happened(record=story.tell(ev.PhaseChanged(phase=Phase.ABORTED))), 105.0)
    ended = at(mirror, 105.0)
    assert (ended.elapsed, ended.wall) == (65.0, story.now.timestamp())
    number = ended.samples["auth/error_rate"].value
    late = attached(story)
    story.wait(100)
    for seen in (mirror, late):
        seen.take(wire.Sampled(samples=(story.measure("auth", "error_rate", 44.0),)), 205.0)
        seen.take(wire.Beat(at=story.now.timestamp(), elapsed_s=story.elapsed), 205.0)
        seen.hears("LOST", 30.0, None)
        after = at(seen, 400.0)
        assert (after.elapsed, after.wall) == (ended.elapsed, ended.wall)
        assert after.samples["auth/error_rate"].value == number
