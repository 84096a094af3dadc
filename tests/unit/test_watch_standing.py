"""What a watch comes to next, and its coverage with the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.adapters.scripted_desk import ScriptedDesk

from controlroom.run import events as ev
from controlroom.run.outline import WatchOutline
from controlroom.run.phases import Phase
from controlroom.run.watch_standing import by_coverage, next_milestone

if TYPE_CHECKING:
    from controlroom.run.state import RunState

HOUR = 3600.0


def watching(for_h: float = 72.0, at_least_h: float = 30.0) -> RunState:
    """A watch of so many hours, just begun."""
    state = ScriptedDesk(ev.PhaseChanged(phase=Phase.WATCHING), ev.WatchStarted()).state
    watch = WatchOutline(for_s=for_h * HOUR, at_least_s=at_least_h * HOUR, coverage=0.95, indicators=("cpu", "p95"))
    return replace(state, outline=replace(state.outline, watch=watch))


@pytest.mark.parametrize(
    ("hours", "what", "in_h"),
    [
        (0, "summary", 24),
        (23.5, "summary", 0.5),
        (24, "closable", 6),
        (30, "summary", 18),
        (48, "verdict", 24),
        (71, "verdict", 1),
        (72, "verdict", 0),
        (90, "verdict", 0),
    ],
)
def test_the_nearest_comes_next(hours: float, what: str, in_h: float) -> None:
    """S22: a summary every 24 h, from `at_least` on it may be closed, and the verdict at the end."""
    found = next_milestone(watching(), hours * HOUR)
    assert found is not None
    assert (found.what, found.in_s) == (what, in_h * HOUR)


def test_of_two_at_once_the_one_that_decides_is_said() -> None:
    """At 24 h of at least 24 h, and at 48 h of 48 h, there is a summary too."""
    state = watching(48.0, 24.0)
    both = [next_milestone(state, hours * HOUR) for hours in (12, 36)]
    assert [one.what for one in both if one is not None] == ["closable", "verdict"]


def test_nothing_comes_after_a_verdict_or_before_a_watch() -> None:
    """Then it is people who decide what comes."""
    assert next_milestone(ScriptedDesk().state, 0.0) is None
    desk = ScriptedDesk(ev.PhaseChanged(phase=Phase.WATCHING), ev.WatchStarted())
    desk.happen(ev.VerdictReached(phase=Phase.FAILED, why="auth 8 % > 5 %"))
    assert next_milestone(desk.state, HOUR) is None


def test_coverage_has_the_worst_first() -> None:
    """Indicators alone; one that was never seen is at 0; nothing before anything was counted."""
    outline = watching().outline.watch
    assert outline is not None
    assert by_coverage(outline, {"cpu": 0.99, "auth/cpu": 0.2, "p95": 0.9}) == [("p95", 0.9), ("cpu", 0.99)]
    assert by_coverage(outline, {"cpu": 0.99}) == [("p95", 0.0), ("cpu", 0.99)]
    assert by_coverage(outline, {}) == []
