"""The health pane: a row for each series of each service, on fixed scales and one shared time axis."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from controlroom.run.phases import DataState
from controlroom.run.samples import HEALTH, series_id
from controlroom.run.state import guard_key
from controlroom.run.trail import SPAN_S
from controlroom.ui.presenter.figures import age, clock, measure
from controlroom.ui.presenter.frames import framed, window
from controlroom.ui.presenter.series import Row, data_state, old, rows_of
from controlroom.ui.presenter.strip import breach_seconds
from controlroom.ui.presenter.text import Line, Span, Tone, clean, fit, lit, pad, pad_left
from controlroom.ui.presenter.trend_cells import (
    GAP,
    OVER,
    cells_of,
    columns_of,
    health_cells,
    marked,
    scale_top,
    spans_per_column,
)
from controlroom.ui.presenter.words import DATA, metric_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.ui.presenter.frames import Scroll
    from controlroom.ui.presenter.view import View

ABNORMAL = {DataState.BREACH, DataState.NO_DATA}
"""States whose rows stay in sight when not all rows have room."""

_STATE = 16
"""Cells of `NO TRAFFIC 01:15`."""
_CLEAR = 70
"""Columns from which on a state has room for that, and the chart still for itself."""


class _Columns(NamedTuple):
    """Widths of the pane's columns."""

    name: int
    metric: int
    chart: int
    top: int
    last: int
    state: int


def _columns(view: View, inner: int) -> _Columns:
    longest = max((len(s.id) for s in view.state.outline.services), default=4)
    wide = inner >= 84  # noqa: PLR2004 - the designed sizes
    name = min(longest, 10 if wide else 8)
    state = 22 if wide else _STATE if inner >= _CLEAR else 14
    metric = 7
    fixed = 1 + name + 1 + 2 + metric + 1 + 2 + 8 + 8 + 2 + state
    return _Columns(name, metric, max(8, inner - fixed), 8, 8, state)


def trends(
    view: View,
    width: int,
    height: int,
    *,
    selected: str = "",
    focused: bool = False,
    title: Line | None = None,
    kept: dict[object, Any] | None = None,
    scroll: Scroll | None = None,
) -> list[Line]:
    """The pane, exactly `width` by `height` cells; `kept` is what an earlier call worked out for this very view."""
    kept = {} if kept is None else kept
    inner, room = width - 2, height - 3
    columns = _columns(view, inner)
    table = kept.get("table")
    if table is None:
        table = [(row, data_state(view, row)) for outline in view.state.outline.services for row in rows_of(outline)]
        kept["table"] = table
    pinned: list[tuple[Row, DataState]] = []
    rest = table
    if len(table) > room:
        pinned = [entry for entry in table if entry[1] in ABNORMAL][: max(0, room // 2)]
        rest = [entry for entry in table if entry not in pinned]

    above: Row | None = None

    def draw(entries: list[tuple[Row, DataState]], at: int) -> Line:
        """A row; whose it is stands where the one shown above it is not of the same service."""
        nonlocal above
        row, state = entries[at]
        named = above is None or above.service != row.service or entries[at - 1][0] is not above
        above = row
        key = (row, columns, named)
        line: Line | None = kept.get(key)
        if line is None:
            line = kept[key] = _line(view, row, columns, state, first=named)
        return lit(line) if focused and row.service == selected else line

    own = [at for at, (row, _) in enumerate(rest) if row.service == selected]
    anchor = own[0] if own else 0
    if own and scroll is not None and len(rest) > room - len(pinned):
        scroll.follow(len(rest), room - len(pinned), own[-1])
    rows = [draw(pinned, at) for at in range(len(pinned))]
    rows += window(partial(draw, rest), len(rest), room - len(pinned), anchor, scroll)
    body = [_axis(columns, inner), *rows]
    head = title or (Span("Health", Tone.STRONG),)
    if view.state.phase.terminal:
        head = (*head, Span("  when the run ended", Tone.QUIET))
    counts = Counter(state for _, state in table)
    return framed(body, width, height, title=head, right=_summary(counts), focused=focused)


def _summary(counts: Counter[DataState]) -> Line:
    spans: list[Span] = []
    for state in DataState:
        count = counts[state]
        if count:
            tone = Tone.QUIET if state is DataState.OK else DATA[state].tone
            spans.append(Span(f"{'  ' if spans else ''}{count} {state.value}", tone))
    return tuple(spans)


def _axis(columns: _Columns, inner: int) -> Line:
    """`-10m … -5m … now` above the charts, and the heads of the number columns."""
    span_s = SPAN_S * spans_per_column(columns.chart) * columns.chart
    marks = [" "] * columns.chart
    for share in (0.0, 0.5):
        label = f"-{span_s * (1 - share) / 60:.0f}m"
        at = int(share * columns.chart)
        if at + len(label) < columns.chart - 4:
            marks[at : at + len(label)] = label
    marks[-3:] = "now"
    left = " " * (1 + columns.name + 1 + 2 + columns.metric + 1)
    heads = "".join(marks) + "   " + pad("top", columns.top) + pad_left("now", columns.last) + "  "
    return fit((Span(left + heads, Tone.FAINT), Span(_legend(columns.state), Tone.FAINT)), inner)


def _legend(room: int) -> str:
    words = f"{OVER} breach  {GAP} no data"
    return words if len(words) <= room else ""


def _line(view: View, row: Row, columns: _Columns, state: DataState, *, first: bool) -> Line:
    sign = DATA[state]
    sample = view.samples.get(series_id(row.service, row.metric))
    seen = columns_of(view, row, columns.chart)
    if row.metric == HEALTH:
        cells, top = health_cells(seen.values), ""
    else:
        upper = scale_top(row, max((v for v in seen.values if v is not None), default=0.0))
        cells = cells_of(seen.values, row, upper)
        top = measure(upper, row.unit) if row.limit is None else f"{row.sign}{measure(row.limit, row.unit)}"
    number = ""
    if sample is not None and sample.value is not None:
        number = measure(sample.value, row.unit) if row.metric != HEALTH else "up" if sample.value > 0 else "DOWN"
    loud = state is DataState.BREACH
    number_tone = Tone.BREACH if loud else Tone.FAINT if old(view, row) else Tone.TEXT
    name = clean(row.service) if first else ""
    return (
        Span(" " + pad(name, columns.name) + " ", Tone.TEXT),
        Span(f"{sign.shape} ", sign.tone),
        Span(pad(metric_word(row.metric), columns.metric), Tone.QUIET),
        Span("┤", Tone.FAINT),
        *_toned(marked(view, row, cells, seen.quiet), Tone.FAINT if state is DataState.NO_DATA else Tone.QUIET),
        Span("├ ", Tone.FAINT),
        Span(pad(top, columns.top), Tone.QUIET),
        Span(pad_left(number, columns.last) + "  ", number_tone),
        Span(pad(_state_words(view, row, state, columns.state), columns.state), sign.tone),
    )


def _toned(cells: str, calm: Tone) -> Iterator[Span]:
    """Only what is beyond the limit, or was, stands out."""
    for loud, run in groupby(cells, OVER.__eq__):
        yield Span("".join(run), Tone.BREACH if loud else calm)


def _state_words(view: View, row: Row, state: DataState, room: int) -> str:
    """`BREACH 01:15`, `NO DATA 31 s HTTP 502`; a time that has no room in `room` cells is rounded, or left out."""
    words = state.value
    for guard in view.state.outline.guards:
        status = view.state.guards.get(guard_key(guard.id, row.service))
        if guard.plain and guard.metric == row.metric and status is not None and status.breach_s > 0:
            seconds = breach_seconds(view, guard, status)
            timed = (f"{words} {told}" for told in (clock(seconds), age(seconds)))
            return next((told for told in timed if len(told) <= room), words)
    sample = view.samples.get(series_id(row.service, row.metric))
    if sample is None:
        return words
    if old(view, row) or state is DataState.NO_DATA:
        words += f" {age(view.elapsed - sample.elapsed)}"
    if state is DataState.NO_DATA and sample.cause:
        words += f" {clean(sample.cause)}"
    return words
