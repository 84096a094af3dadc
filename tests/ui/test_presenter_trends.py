"""Trends: fixed scales, thresholds, gaps, marks, and what makes a row shift."""

from __future__ import annotations

import pytest
from bench.plans import s5
from msgspec.structs import replace
from tests.ui.moments import blind, breaching, deploying, look, text
from tests.ui.story import Story

from controlroom.run.outline import GuardOutline, MetricOutline, RunOutline
from controlroom.run.phases import DataState
from controlroom.run.trail import Trail
from controlroom.ui.plotting import drawn
from controlroom.ui.presenter.charting import plot_of
from controlroom.ui.presenter.detail import detail_rows
from controlroom.ui.presenter.frames import Scroll
from controlroom.ui.presenter.series import Row, data_state, old, rows_of
from controlroom.ui.presenter.text import Span, Tone, plain
from controlroom.ui.presenter.trend_cells import cells_of, columns_of, health_cells, scale_top, spans_per_column
from controlroom.ui.presenter.trends import trends

ERROR = Row("auth", "error_rate", "%", 5.0, 1.0)
LEAST = Row("auth", "success", "%", 99.0, 1.0, below=True)


def least_success() -> RunOutline:
    """The S5 plan with one guard that fires below its limit."""
    plan = s5()
    success = MetricOutline(id="success", unit="%", limit=99.0, every_s=1.0, below=True)
    return replace(
        plan,
        services=tuple(replace(s, metrics=(*s.metrics, success)) if s.id == "auth" else s for s in plan.services),
        guards=(
            *plan.guards,
            GuardOutline(
                id="success",
                title="too few succeed",
                metric="success",
                services=("auth",),
                limit=99.0,
                unit="%",
                for_s=60.0,
                below=True,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("value", "cell"),
    [(0.0, "▁"), (0.2, "▁"), (2.5, "▄"), (4.99, "▇"), (5.0, "▇"), (5.01, "█"), (80.0, "█"), (None, "·")],
)
def test_the_threshold_is_where_the_full_block_begins(value: float | None, cell: str) -> None:
    """S1: the limit is strict: 5.00 % is the highest that is no breach, and looks like it."""
    assert cells_of([value], ERROR, 5.0) == cell


@pytest.mark.parametrize(
    ("value", "cell"), [(100.0, "▇"), (99.6, "▅"), (99.01, "▁"), (99.0, "▁"), (98.9, "█"), (0.0, "█"), (None, "·")]
)
def test_a_lower_limit_is_where_the_lowest_block_begins(value: float | None, cell: str) -> None:
    """S1 upside down: 99.0 % is the lowest that is no breach; what lies under it is the breach, not what lies over."""
    assert cells_of([value], LEAST, scale_top(LEAST, 100.0)) == cell


@pytest.mark.parametrize(
    ("unit", "limit", "highest", "top"), [("%", 99.0, 99.9, 100.0), ("ms", 1500.0, 1600.0, 2000.0)]
)
def test_a_lower_limit_is_the_other_end_of_the_scale(unit: str, limit: float, highest: float, top: float) -> None:
    """Shares end at 100 %, other units at the next step above the limit and all that was seen."""
    assert scale_top(Row("auth", "x", unit, limit, 1.0, below=True), highest) == top


def test_a_guard_from_below_shows_its_direction_everywhere() -> None:
    """The limit's sign, the breach's cells and the dip that lasted one sample follow the guard."""
    story = Story(least_success()).wait(600)
    for at in range(120):
        story.elapsed = at * 5.0
        story.measure("auth", "success", 99.8)
        if at == 100:
            story.measure("auth", "success", 97.0, DataState.BREACH)
            story.measure("auth", "success", 99.9)
    view = look(story)
    row = next(line for line in text(trends(view, 110, 18)).splitlines() if "success" in line)
    assert row.count("█") == 1
    assert "<99 %" in row
    assert "> 99 %" not in text(detail_rows(view, "auth", 110))
    assert "breach < 99 %" in text(detail_rows(view, "auth", 110))
    plot = plot_of(view, "auth", "success", 0)
    assert [value for value in plot.values if value is not None and plot.beyond(value)] == [97.0]
    words = text(drawn(plot, 80, 16))
    assert "below it" in words
    assert words.count("█") > 1, "the legend has one of its own"


def test_a_short_dip_of_health_is_seen() -> None:
    """A trail keeps the worst of each span: for health the lowest."""
    story = Story().wait(600).chart()
    story.measure("auth", "health", 0.0, DataState.BREACH)
    story.measure("auth", "health", 1.0)
    row = next(line for line in text(trends(look(story), 110, 16)).splitlines() if "health" in line)
    assert row.count("█") == 1


@pytest.mark.parametrize("speed", [60.0, 600.0])
def test_a_quick_rehearsal_has_no_gaps_between_its_samples(speed: float) -> None:
    """Samples that come once a real second lie many columns apart; that is no missing data (S5)."""
    story = Story(s5(speed=speed)).wait(1800)
    for at in range(31):
        story.elapsed = 1800.0 + at * speed
        story.measure("auth", "error_rate", 0.4)
    story.wait(speed * 0.9)
    row = next(line for line in text(trends(look(story), 110, 16)).splitlines() if "error" in line)
    assert "·" not in row
    story.wait(speed * 2)
    row = next(line for line in text(trends(look(story), 110, 16)).splitlines() if "error" in line)
    assert "·" in row


def test_missing_data_is_a_gap_at_any_speed() -> None:
    """A sample that says NO DATA is never bridged."""
    story = Story(s5(speed=60.0)).wait(600)
    for at in range(10):
        story.elapsed = 600.0 + at * 60.0
        lost = at in {5, 6}
        story.measure("auth", "error_rate", None if lost else 0.4, DataState.NO_DATA if lost else DataState.OK)
    row = next(line for line in text(trends(look(story), 110, 16)).splitlines() if "error" in line)
    assert "···" in row


def test_no_traffic_is_blank_and_no_gap() -> None:
    """S4: nothing to measure is not missing data."""
    story = Story().wait(600).chart()
    for at in range(20):
        story.elapsed = 600.0 + at * 5.0
        story.measure("auth", "error_rate", None, DataState.NO_TRAFFIC)
        story.measure("catalog", "error_rate", None, DataState.NO_DATA, "HTTP 502")
    auth, catalog, _ = (line for line in text(trends(look(story), 110, 16)).splitlines() if "error" in line)
    assert "·" not in auth
    assert "····" in catalog


def test_small_values_do_not_look_like_a_cliff() -> None:
    """The scale is fixed: 0.2 % stays at the bottom whatever else was seen."""
    assert set(cells_of([0.1, 0.2, 0.15], ERROR, 5.0)) == {"▁"}


@pytest.mark.parametrize(
    ("limit", "unit", "highest", "top"),
    [(5.0, "%", 90.0, 5.0), (None, "ms", 300.0, 1000.0), (None, "ms", 1800.0, 2000.0), (None, "%", 12.0, 20.0)],
)
def test_scales(limit: float | None, unit: str, highest: float, top: float) -> None:
    """With a limit the scale ends there; without one it takes steps of 1-2-5 and a floor."""
    assert scale_top(Row("auth", "x", unit, limit, 1.0), highest) == top


def test_health_is_a_thin_line_while_all_is_well() -> None:
    """Calm when healthy, a block when not, a dot when unknown."""
    assert health_cells([1.0, 1.0, 0.0, None]) == "──█·"


def test_a_column_is_a_fixed_span_of_time() -> None:
    """The row moves once a span, not with every sample."""
    assert [spans_per_column(w) for w in (30, 40, 60, 120, 200)] == [4, 3, 2, 1, 1]
    story = Story().wait(600).chart()
    trail = story.trails["auth/error_rate"]
    before = columns_of(look(story), ERROR, 40)
    story.wait(4)
    assert columns_of(look(story), ERROR, 40) == before
    story.wait(11)
    after = columns_of(look(story), ERROR, 40)
    assert after.values[:-1] == before.values[1:]
    assert after.values[-1] is None
    assert isinstance(trail, Trail)


def test_gaps_are_dots_and_never_zero() -> None:
    """S5: what was not measured is not drawn."""
    story = Story().wait(600).chart()
    story.wait(60)
    pane = text(trends(look(story), 110, 16))
    row = next(line for line in pane.splitlines() if "error" in line)
    assert "····" in row


def test_before_the_run_there_is_nothing_rather_than_a_gap() -> None:
    """A run that is a minute old has no ten minutes of missing data."""
    pane = text(trends(look(Story().wait(30).chart(6)), 110, 16))
    row = next(line for line in pane.splitlines() if "error" in line)
    assert "┤                " in row


def test_what_a_source_remembers_is_drawn_before_the_run() -> None:
    """The ten minutes before, where a source keeps history; nothing for the series that has none."""
    story = Story().wait(30)
    story.trails["auth/error_rate"] = trail = Trail()
    for column in range(-120, 0):
        trail.add(column * trail.span_s, 9.0 if column < -60 else 0.2)
    pane = text(trends(look(story.chart(6)), 110, 16)).splitlines()
    remembered, other, _ = (line for line in pane if "error" in line)
    assert "┤████████" in remembered
    assert "█▁▁▁▁▁▁▁▁" in remembered, "auth's is the first row of errors"
    assert "┤        " in other


def test_step_starts_are_marked_in_the_rows_of_their_service() -> None:
    """UX rule 6: where a step of the service began."""
    pane = text(trends(look(deploying()), 110, 16)).splitlines()
    auth = [line for line in pane if " auth " in line]
    orders = [line for line in pane if " orders " in line]
    assert all("┊" in line for line in auth)
    assert not any("┊" in line for line in orders)


def test_a_breach_shows_value_limit_word_and_time() -> None:
    """Word, shape and tone, and both numbers."""
    lines = trends(look(breaching()), 110, 16)
    row = next(line for line in lines if any("BREACH" in span.text for span in line[1:-1]) and "error" in text([line]))
    words = text([row])
    assert "▲ error" in words
    assert ">5 %" in words
    assert "6.2 %" in words
    assert "BREACH 03:41" in words
    assert Tone.BREACH in {span.tone for span in row}


def test_the_first_row_in_sight_says_whose_it_is() -> None:
    """Scrolled into the middle of a service, its name is not left out of sight."""
    story = deploying()
    scroll = Scroll()
    for selected in ("auth", "catalog", "orders", "frontend"):
        rows = text(trends(look(story), 80, 8, selected=selected, focused=True, scroll=scroll)).splitlines()[2:-1]
        shown = [row for row in rows if "┤" in row]
        assert not shown[0][2:10].isspace(), "\n".join(rows)
        names = [row[2:10].strip() for row in shown]
        assert len([name for name in names if name]) == len({name for name in names if name})


@pytest.mark.parametrize("width", [80, 160, 200])
def test_a_breach_is_shaded_without_holes(width: int) -> None:
    """However many cells a column of samples is wide."""
    story = Story().wait(600)
    for at in range(120):
        story.elapsed = at * 5.0
        story.measure("auth", "error_rate", 8.0, DataState.BREACH)
    lines = [plain(line) for line in drawn(plot_of(look(story), "auth", "error_rate", 0), width, 20)]
    shaded = [line.strip("⠀ ") for line in lines if line.count("█") > 2]
    assert len(shaded) > 2
    assert all(set(line.partition("█")[1] + line.partition("█")[2]) == {"█"} for line in shaded[1:]), lines


@pytest.mark.parametrize("over", [False, True])
def test_only_what_is_or_was_beyond_the_limit_stands_out(over: bool) -> None:
    """A row in breach is not red all along, and a breach that is over still shows."""
    story = breaching()
    if over:
        story.wait(5).measure("auth", "error_rate", 0.1)
    line = next(line for line in trends(look(story), 110, 16) if "error" in text([line]) and ">5 %" in text([line]))
    chart = line[line.index(Span("┤", Tone.FAINT)) + 1 : line.index(Span("├ ", Tone.FAINT))]
    assert {span.tone for span in chart if "█" in span.text} == {Tone.BREACH}
    assert {span.tone for span in chart if "█" not in span.text} == {Tone.QUIET}


def test_the_summary_counts_states() -> None:
    """How many rows are well is in the title, so that a hidden row is not missed."""
    assert "9 OK  1 BREACH" in text(trends(look(breaching()), 110, 16)[:1])


def test_an_old_number_greys_and_shows_its_age() -> None:
    """UX rule 4: older than two intervals."""
    story = deploying()
    story.wait(10)
    view = look(story)
    assert old(view, ERROR)
    assert "10 s" in text(trends(view, 110, 16))
    assert not old(look(deploying()), ERROR)


def test_abnormal_rows_stay_in_sight_when_there_is_no_room() -> None:
    """With less room than rows, breaches and silences are pinned on top."""
    story = deploying()
    story.measure("orders", "error_rate", 9.0, DataState.BREACH)
    pane = text(trends(look(story), 110, 7))
    assert "▲ error" in pane


def test_a_series_that_never_spoke_has_no_data() -> None:
    """Silence is NO DATA, never OK."""
    assert data_state(look(Story()), ERROR) is DataState.NO_DATA
    assert data_state(look(blind()), Row("orders", "error_rate", "%", 5.0, 1.0)) is DataState.NO_DATA


def test_rows_of_a_service() -> None:
    """Health, error rate and latency have rows; the rest is in the detail."""
    story = Story()
    assert [row.metric for row in rows_of(story.outline.service("auth"))] == ["health", "error_rate", "latency_p95"]
    assert rows_of(story.outline.service("database")) == []
