"""The recent past of a series in columns: highest values, gaps, bounded memory (UX 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.run.outline import MetricOutline, RunOutline, ServiceOutline
from controlroom.run.trail import COLUMNS, Trail, TrailPart, trail_of


def test_a_column_holds_the_highest_value_of_its_span() -> None:
    """A peak between two columns is not averaged away; a value too late for its column still counts there."""
    trail = Trail(span_s=5, columns=4)
    for elapsed, value in ((0.0, 1.0), (4.9, 7.0), (2.0, 3.0), (5.0, 2.0)):
        trail.add(elapsed, value)
    assert trail.part("x").values == (7.0, 2.0)


def test_gaps_are_none_and_never_zero() -> None:
    """S5: no data and skipped spans are gaps; a later value in the same span fills it."""
    trail = Trail(span_s=5, columns=6)
    trail.add(0, 1.0)
    trail.add(5, None)
    trail.add(15, 4.0)
    assert trail.part("x").values == (1.0, None, None, 4.0)
    trail.add(6, 2.0)
    assert trail.part("x").values == (1.0, 2.0, None, 4.0)


def test_a_trail_may_keep_the_lowest() -> None:
    """What is worse when it is less, such as health, would lose every short dip otherwise."""
    trail = Trail(span_s=5, columns=4, lowest=True)
    for elapsed, value in ((0.0, 1.0), (1.0, 0.0), (2.0, 1.0), (5.0, 1.0)):
        trail.add(elapsed, value)
    assert trail.part("x").values == (0.0, 1.0)


def test_silence_between_two_samples_that_come_in_time_is_no_gap() -> None:
    """S5: the earlier value goes on over columns that no sample fell into, but not for longer than it reaches."""
    trail = Trail(span_s=5, columns=20, reach_s=20)
    for elapsed, value in ((0.0, 1.0), (20.0, 2.0), (45.0, 3.0)):
        trail.add(elapsed, value)
    assert trail.part("x").values == (1.0, 1.0, 1.0, 1.0, 2.0, None, None, None, None, 3.0)


def test_a_sample_without_a_value_is_never_bridged() -> None:
    """What was said to be missing is missing."""
    trail = Trail(span_s=5, columns=20, reach_s=20)
    for elapsed, value in ((0.0, 1.0), (10.0, None), (15.0, 2.0)):
        trail.add(elapsed, value)
    assert trail.part("x").values == (1.0, 1.0, None, 2.0)


def test_nothing_to_measure_is_no_gap() -> None:
    """S4: asked, and no traffic; it survives the wire, and a value in the same span speaks for it."""
    trail, copy = Trail(span_s=5, columns=4), Trail(span_s=5, columns=4)
    for elapsed, value in ((0.0, None), (5.0, None), (6.0, 1.0), (10.0, 2.0), (15.0, None), (20.0, None)):
        trail.add(elapsed, value, quiet=elapsed in {5.0, 15.0})
    copy.load(trail.part("x"))
    assert trail.quiet(20, 4) == copy.quiet(20, 4) == [False, False, True, False]
    trail.add(25.0, 1.0)
    assert trail.quiet(25, 4) == [False, True, False, False]


def test_a_loaded_trail_goes_on_where_it_ended() -> None:
    """The seam between what was recorded and what comes is bridged like any other silence."""
    trail, copy = Trail(span_s=5, columns=20, reach_s=20), Trail(span_s=5, columns=20, reach_s=20)
    trail.add(0.0, 1.0)
    copy.load(trail.part("x"))
    copy.add(16.0, 2.0)
    assert copy.part("x").values == (1.0, 1.0, 1.0, 2.0)


@pytest.mark.parametrize(
    ("series", "lowest", "reach_s"),
    [("a/health", True, 25.0), ("a/errors", False, 250.0), ("a/share", True, 12.5), ("a/else", False, 0.0)],
)
def test_a_plan_says_how_its_trails_are_kept(series: str, lowest: bool, reach_s: float) -> None:
    """The lowest for health and for guards from below; two and a half intervals, or as seen by a client."""
    metrics = (
        MetricOutline(id="errors", unit="%", limit=5.0, every_s=100.0),
        MetricOutline(id="share", unit="%", limit=99.0, every_s=1.0, below=True),
    )
    service = ServiceOutline(id="a", name="A", target="2", health_every_s=10.0, metrics=metrics)
    outline = RunOutline(plan="p", title="P", environment="e", rehearsal=True, speed=5.0, services=(service,))
    trail = trail_of(outline, series)
    assert (trail.lowest, trail.reach_s) == (lowest, reach_s)


def test_add_says_when_a_column_begins() -> None:
    """A screen draws anew only then."""
    trail = Trail(span_s=5, columns=3)
    assert [trail.add(elapsed, 1.0) for elapsed in (0, 1, 5, 4, 9.9, 20)] == [True, False, True, False, False, True]


def test_what_is_older_than_the_ring_is_gone() -> None:
    """Memory is bounded; a value from before the ring changes nothing."""
    trail = Trail(span_s=1, columns=3)
    for second in range(10):
        trail.add(second, float(second))
    trail.add(2, 99.0)
    assert trail.part("x") == TrailPart(series="x", span_s=1, first=7, values=(7.0, 8.0, 9.0))


def test_a_window_ends_where_it_is_asked_to() -> None:
    """Trends share one time axis: before the start, after the newest and in gaps there is nothing."""
    trail = Trail(span_s=5, columns=10)
    trail.add(0, 1.0)
    trail.add(10, 3.0)
    assert trail.window(12, 4) == [None, 1.0, None, 3.0]
    assert trail.window(21, 3) == [3.0, None, None]
    assert trail.window(0, 2) == [None, 1.0]


def test_an_empty_trail() -> None:
    """Nothing was seen yet."""
    assert Trail().part("x").values == ()
    assert Trail().window(100, 3) == [None, None, None]


SEEN = st.tuples(st.floats(-700, 2000), st.one_of(st.none(), st.floats(0, 100)), st.booleans())


@given(seen=st.lists(SEEN, min_size=1, max_size=200))
def test_a_trail_survives_the_wire(seen: list[tuple[float, float | None, bool]]) -> None:
    """What a client loads from a part is what the engine has, however it came, before the run's beginning too."""
    trail, copy = Trail(), Trail()
    for elapsed, value, quiet in seen:
        trail.add(elapsed, value, quiet=quiet and value is None)
    copy.load(trail.part("x"))
    newest = max(elapsed for elapsed, _, _ in seen)
    assert copy.window(newest, COLUMNS) == trail.window(newest, COLUMNS)
    assert copy.quiet(newest, COLUMNS) == trail.quiet(newest, COLUMNS)
    assert len(trail.part("x").values) <= COLUMNS


@pytest.mark.parametrize("columns", [1, 2])
def test_small_rings(columns: int) -> None:
    """The smallest ring keeps the newest."""
    trail = Trail(span_s=1, columns=columns)
    for second in (0, 1, 2, 50):
        trail.add(second, float(second))
    assert trail.part("x").values[-1] == 50.0
