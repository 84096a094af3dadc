"""The cells of a trend: fixed scales, the threshold, gaps, and where steps began."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from controlroom.run.samples import series_id
from controlroom.run.trail import COLUMNS, SPAN_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.ui.presenter.series import Row
    from controlroom.ui.presenter.view import View

GAP = "·"
OVER = "█"
STARTED = "┊"
STEADY = "─"
LEVELS = "▁▂▃▄▅▆▇"
_ROOM = 1.25
"""How far the scale of a series with a lower limit reaches beyond it, at the least."""
_FLOOR = {"%": 10.0, "ms": 1000.0, "MiB": 512.0}


class Seen(NamedTuple):
    """What each column of a trend holds: the worst value, None for none; `quiet` where there was nothing to measure."""

    values: list[float | None]
    quiet: list[bool]


def cells_of(values: Sequence[float | None], row: Row, top: float) -> str:
    """One character a column: a seventh of the scale each, `█` only beyond the limit, `·` for a gap.

    The limit is one end of the scale. Where more than it is a breach, it is where `▇` ends; where less is, where `▁`
    begins.
    """
    bottom = row.limit if row.below and row.limit is not None else 0.0
    span = top - bottom
    out = []
    for value in values:
        if value is None:
            out.append(GAP)
        elif row.beyond(value):
            out.append(OVER)
        else:
            level = ceil((value - bottom) / span * len(LEVELS)) - 1 if span > 0 else 0
            out.append(LEVELS[min(len(LEVELS) - 1, max(0, level))])
    return "".join(out)


def health_cells(values: Sequence[float | None]) -> str:
    """A thin line while healthy, `█` where it was not, `·` for a gap: calm as long as all is well."""
    return "".join(GAP if v is None else STEADY if v > 0 else OVER for v in values)


def scale_top(row: Row, highest: float) -> float:
    """The upper end of a row's scale: its upper limit, or the next of 1-2-5 above the floor and all that was seen.

    A lower limit lies at the other end; shares end at 100 %.
    """
    if row.limit is not None and not row.below:
        return row.limit
    if row.limit is not None and row.unit == "%":
        return max(100.0, highest)
    top = _FLOOR.get(row.unit, 1.0)
    least = max(highest, (row.limit or 0.0) * _ROOM)
    steps = (2.0, 2.5, 2.0)
    at = 0
    while top < least:
        top *= steps[at % 3]
        at += 1
    return top


def columns_of(view: View, row: Row, width: int) -> Seen:
    """The newest `width` columns of a series; each spans `spans_per_column` trail columns, and keeps the worst."""
    trail = view.trails.get(series_id(row.service, row.metric))
    group = spans_per_column(width)
    if trail is None:
        return Seen([None] * width, [False] * width)
    last = int(view.elapsed // trail.span_s)
    until = (last // group * group + group - 1) * trail.span_s
    values, quiet = trail.window(until, width * group), trail.quiet(until, width * group)
    worst = min if trail.lowest else max
    out: list[float | None] = []
    for at in range(0, width * group, group):
        seen = [v for v in values[at : at + group] if v is not None]
        out.append(worst(seen) if seen else None)
    return Seen(out, [any(quiet[at : at + group]) for at in range(0, width * group, group)])


def spans_per_column(width: int) -> int:
    """How many trail columns one cell stands for: up to ten minutes, and never more than a trail holds."""
    return max(1, COLUMNS // max(1, width))


def _told_until(view: View, row: Row) -> float:
    """The plan time up to which a column without a value is a gap: silence that may yet be bridged is none."""
    series = series_id(row.service, row.metric)
    sample, trail = view.samples.get(series), view.trails.get(series)
    if sample is None or trail is None or view.elapsed - sample.elapsed > trail.reach_s:
        return view.elapsed
    return sample.elapsed


def marked(view: View, row: Row, cells: str, quiet: Sequence[bool]) -> str:
    """`cells` with the starts of the service's steps drawn in, and blank where there is no value and yet no gap.

    That is before the run began, unless a source remembers it; where there was nothing to measure (S4); and in what
    has only just begun, of which no sample can tell yet.
    """
    width = len(cells)
    span_s = SPAN_S * spans_per_column(width)
    newest = int(view.elapsed // span_s)
    before = max(0, width - 1 - newest)
    told = width - (newest - int(_told_until(view, row) // span_s))
    out = [" " if cell == GAP and (at < before or at >= told or quiet[at]) else cell for at, cell in enumerate(cells)]
    for at in view.marks.get(row.service, ()):
        column = width - 1 - (newest - int(at // span_s))
        if 0 <= column < width:
            out[column] = STARTED
    return "".join(out)
