"""Draws a chart with plotext, as lines of our own tones; slow, so call it in a thread."""

from __future__ import annotations

from math import ceil
from threading import Lock
from typing import TYPE_CHECKING

import plotext

from controlroom.ui.presenter.figures import measure
from controlroom.ui.presenter.text import Line, Span, Tone, fit

if TYPE_CHECKING:
    from controlroom.ui.presenter.charting import Plot

_FIGURE = Lock()
"""plotext has one figure for the whole process."""

_MARGIN = 1.15
_TONES = {"█": Tone.BREACH, "┄": Tone.WARN}


def drawn(plot: Plot, width: int, height: int) -> list[Line]:
    """The chart in exactly `width` by `height` cells: what is beyond the limit in `█`, the limit as a line across."""
    if not plot.minutes or height < 6:  # noqa: PLR2004 - axes and three rows
        return [fit((Span("  no samples in this span yet", Tone.QUIET),), width)]
    with _FIGURE:
        text = _canvas(plot, width, height - 1)
    lines = [fit(_tones(row), width) for row in text.splitlines()]
    return [*lines, fit(_legend(plot), width)]


def _canvas(plot: Plot, width: int, height: int) -> str:
    seen = [v for v in plot.values if v is not None]
    top = max([*seen, plot.limit or 0.0, 0.001]) * _MARGIN
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(width, height)
    plotext.theme("clear")
    plotext.frame(False)
    plotext.ylim(0, top)
    plotext.xlim(plot.minutes[0], 0)
    for start in plot.starts:
        if start > plot.minutes[0]:
            plotext.vline(start)
    if plot.limit is not None:
        plotext.plot([plot.minutes[0], 0], [plot.limit, plot.limit], marker="┄")
    for minutes, values in _unbroken(plot):
        plotext.plot(minutes, values, marker="braille")
    shaded = _breach(plot, top / height, -plot.minutes[0] / width)
    if shaded:
        plotext.scatter([m for m, _ in shaded], [v for _, v in shaded], marker="█")
    marks = [0, top / _MARGIN / 2, top / _MARGIN]
    plotext.yticks(marks, [measure(m, plot.unit) for m in marks])
    first = plot.minutes[0]
    plotext.xticks([first, first / 2, 0], [_ago(first), _ago(first / 2), "now"])
    return str(plotext.uncolorize(plotext.build()))


def _unbroken(plot: Plot) -> list[tuple[list[float], list[float]]]:
    """The stretches without a gap: a line across missing data would be a lie."""
    stretches: list[tuple[list[float], list[float]]] = [([], [])]
    for minute, value in zip(plot.minutes, plot.values, strict=True):
        if value is None:
            if stretches[-1][0]:
                stretches.append(([], []))
            continue
        stretches[-1][0].append(minute)
        stretches[-1][1].append(value)
    return [stretch for stretch in stretches if stretch[0]]


def _breach(plot: Plot, row: float, cell: float) -> list[tuple[float, float]]:
    """Points that shade what lies between the limit and a value beyond it; `row` and `cell` are a cell's two sides."""
    points: list[tuple[float, float]] = []
    limit, later = plot.limit, [*plot.minutes[1:], 0.0]
    for minute, value, until in zip(plot.minutes, plot.values, later, strict=True):
        if value is None or limit is None or not plot.beyond(value):
            continue
        towards = row if value > limit else -row
        heights = [limit + step * towards for step in range(1, int((value - limit) / towards) + 1)]
        # A value stands for its whole column, which may be wider than a cell.
        across = [minute + step * cell for step in range(max(1, ceil((until - minute) / cell)))]
        points += [(at, height) for at in across for height in (*heights, value)]
    return points


def _ago(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes > -120 else f"{minutes / 60:.0f} h"  # noqa: PLR2004 - two hours


def _tones(row: str) -> Line:
    """Breach cells and the limit's line stand out; everything else is quiet."""
    spans: list[Span] = []
    for character in row:
        tone = _TONES.get(character, Tone.ACTIVE if "\u2800" <= character <= "\u28ff" else Tone.QUIET)
        if spans and spans[-1].tone is tone:
            spans[-1] = spans[-1]._replace(text=spans[-1].text + character)
        else:
            spans.append(Span(character, tone))
    return tuple(spans)


def _legend(plot: Plot) -> Line:
    worst = "lowest" if plot.below else "highest"
    spans = [Span("  ⠒⠒ ", Tone.ACTIVE), Span(f"{worst} in each column   ", Tone.QUIET)]
    if plot.limit is not None:
        limit = measure(plot.limit, plot.unit)
        spans += [Span("┄ ", Tone.WARN), Span(f"limit {limit}   ", Tone.QUIET)]
        spans += [Span("█ ", Tone.BREACH), Span("below it   " if plot.below else "above it   ", Tone.QUIET)]
    spans.append(Span("│ a step began", Tone.QUIET))
    return tuple(spans)
