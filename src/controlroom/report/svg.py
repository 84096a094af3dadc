"""Charts as inline SVG without a script, in the page's own colours, so that they follow light, dark and paper."""

from __future__ import annotations

import math
from datetime import timedelta
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from controlroom.report.mark_labels import ADVANCE, placed_marks
from controlroom.report.printable import one_line
from controlroom.report.voice import clock, number
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controlroom.report.blocks import LineChart, Stretch, Timeline
    from controlroom.report.mark_labels import PlacedMark

    Scale = Callable[[float], float]

WIDTH = 960.0
_RIGHT = 16.0
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_MOST_TICKS = 9
_LABEL_ROW = 15.0
_CHART, _ROW, _BAR = 190.0, 30.0, 16.0
_MINUTE = 60


def line_chart(chart: LineChart) -> str:
    """The value over time against its limit, if it has one; without any value the limit alone."""
    left, first = 56.0, min([0.0, *(x for x, _ in chart.points)])
    last = max([first + 1.0, *(x for x, _ in chart.points), *(mark.x for mark in chart.marks)])
    values = [value for _, value in chart.points] + [high for _, _, high in chart.band]
    top = _nice_top(max([*values, (chart.limit or 0.0) * 1.25, 1e-9]))
    marks, rows = placed_marks(chart.marks, x := _scale(first, last, left, WIDTH - _RIGHT), WIDTH - _RIGHT)
    head = 10.0 + (rows + (chart.limit is not None)) * _LABEL_ROW
    foot = head + _CHART

    def y(value: float) -> float:
        return foot - max(0.0, value) / top * _CHART

    parts = [_shade(stretch, x, head, foot) for stretch in chart.stretches]
    for part in range(5):
        value = top * part / 4
        parts.append(f'<line class="grid" x1="{left}" x2="{WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(_text(left - 8, y(value) + 4, number(value, chart.unit), "axis end"))
    parts += _ticks(_plan_ticks(first, last), x, foot)
    parts += [f'<path class="band" d="{_area(piece, x, y)}"/>' for piece in _unbroken(chart)]
    if chart.limit is not None:
        limit = y(chart.limit)
        parts.append(f'<line class="limit" x1="{left}" x2="{WIDTH - _RIGHT}" y1="{limit:.1f}" y2="{limit:.1f}"/>')
    parts += _lines(chart, x, y)
    parts += _marks(marks, head, foot)
    if chart.limit is not None:
        parts += _limit_key(chart.limit_label, head - 6 - rows * _LABEL_ROW)
    return _svg(chart.title, foot + 28, parts)


def timeline(chart: Timeline) -> str:
    """Rows of bars, one below another, with what held the run behind them."""
    left = 24 + ADVANCE * max(len(one_line(row.label)) for row in chart.rows)
    marks, rows = placed_marks(chart.marks, x := _scale(0.0, chart.length_s, left, WIDTH - _RIGHT), WIDTH - _RIGHT)
    head = 10.0 + rows * _LABEL_ROW
    foot = head + _ROW * len(chart.rows)
    parts = [_shade(band, x, head, foot) for band in chart.bands]
    for place, row in enumerate(chart.rows):
        middle = head + _ROW * (place + 0.5)
        parts.append(f'<line class="grid" x1="{left:.1f}" x2="{WIDTH - _RIGHT}" y1="{middle:.1f}" y2="{middle:.1f}"/>')
        parts.append(_text(left - 10, middle + 4, row.label, "row end"))
        parts += [_bar(bar, x, middle) for bar in row.bars]
    parts += _ticks(_clock_ticks(chart.begins, chart.length_s), x, foot)
    parts += _marks(marks, head, foot)
    return _svg(chart.title, foot + 28, parts)


def _lines(chart: LineChart, x: Scale, y: Scale) -> list[str]:
    """From value to value; dashed over what nobody measured, and with dots where each value is one measurement."""
    parts = []
    for (at, value), (later, then) in pairwise(chart.points):
        role = "line gap" if later - at > chart.gap_s else "line"
        parts.append(
            f'<line class="{role}" x1="{x(at):.1f}" y1="{y(value):.1f}" x2="{x(later):.1f}" y2="{y(then):.1f}"/>'
        )
    if not chart.band:
        parts += [f'<circle class="dot" cx="{x(at):.1f}" cy="{y(value):.1f}" r="2.5"/>' for at, value in chart.points]
    return parts


def _svg(title: str, height: float, parts: Iterable[str]) -> str:
    named = escape(one_line(title))
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{named}"><title>{named}</title>'
        f"{''.join(parts)}</svg>"
    )


def _scale(first: float, last: float, left: float, right: float) -> Scale:
    return lambda value: left + (value - first) / (last - first) * (right - left)


def _nice_top(value: float) -> float:
    """A round number that is not smaller, of which a quarter is round as well."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10, 20) if power * step >= value)


def _text(x: float, y: float, words: str, role: str) -> str:
    return f'<text class="{role}" x="{x:.1f}" y="{y:.1f}">{escape(one_line(words))}</text>'


def _shade(stretch: Stretch, x: Scale, head: float, foot: float) -> str:
    left, width = x(stretch.x), max(2.0, x(stretch.end) - x(stretch.x))
    title = f"<title>{escape(one_line(stretch.label))}</title>" if stretch.label else ""
    return (
        f'<rect class="shade {stretch.tone.value}" x="{left:.1f}" y="{head:.1f}" width="{width:.1f}" '
        f'height="{foot - head:.1f}">{title}</rect>'
    )


def _bar(bar: Stretch, x: Scale, middle: float) -> str:
    width = max(3.0, x(bar.end) - x(bar.x))
    return (
        f'<rect class="bar {bar.tone.value}" x="{x(bar.x):.1f}" y="{middle - _BAR / 2:.1f}" width="{width:.1f}" '
        f'height="{_BAR}" rx="2"/>'
    )


def _marks(marks: Iterable[PlacedMark], head: float, foot: float) -> list[str]:
    """A line from each label down through the chart; the labels last, above all lines."""
    lines, labels = [], []
    for one in marks:
        tone, y = one.mark.tone.value, head - 6 - one.row * _LABEL_ROW
        lines.append(f'<line class="mark {tone}" x1="{one.x:.1f}" x2="{one.x:.1f}" y1="{y - 9:.1f}" y2="{foot:.1f}"/>')
        labels.append(_text(one.label_x, y, one.mark.label, f"mark {tone}{' end' if one.left else ''}"))
    return lines + labels


def _limit_key(label: str, y: float) -> list[str]:
    """What the line of the limit is, in a row of its own above all marks: beside the line, others would cross it."""
    right = WIDTH - _RIGHT
    swatch = right - ADVANCE * len(one_line(label)) - 8
    return [
        f'<line class="limit-key" x1="{swatch - 26:.1f}" x2="{swatch:.1f}" y1="{y - 4:.1f}" y2="{y - 4:.1f}"/>',
        _text(right, y, label, "limit-label end"),
    ]


def _ticks(ticks: Iterable[tuple[float, str]], x: Scale, foot: float) -> list[str]:
    parts = []
    for at, label in ticks:
        parts.append(f'<line class="tick" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{foot:.1f}" y2="{foot + 4:.1f}"/>')
        parts.append(_text(x(at), foot + 18, label, "axis middle"))
    return parts


def _step(length_s: float) -> float:
    return float(next((step for step in _STEPS_S if length_s / step <= _MOST_TICKS), math.ceil(length_s / 5)))


def _plan_ticks(first: float, last: float) -> list[tuple[float, str]]:
    """Time since the beginning, also of what was before it."""
    step = _step(last - first)
    places = range(math.ceil(first / step), math.floor(last / step) + 1)
    return [(place * step, f"{'-' if place < 0 else ''}{clock(abs(place) * step)}") for place in places]


def _clock_ticks(begins: str, length_s: float) -> list[tuple[float, str]]:
    """The time of day at round times."""
    step, start = _step(length_s), parse(begins)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (start - midnight).total_seconds()
    form = "%H:%M" if step >= _MINUTE else "%H:%M:%S"
    places = range(math.ceil(since / step), math.floor((since + length_s) / step) + 1)
    return [(place * step - since, (midnight + timedelta(seconds=place * step)).strftime(form)) for place in places]


def _unbroken(chart: LineChart) -> list[list[tuple[float, float, float]]]:
    """The band in pieces that know of no gap: an area over what nobody measured would be a lie."""
    pieces: list[list[tuple[float, float, float]]] = []
    for part in chart.band:
        if not pieces or part[0] - pieces[-1][-1][0] > chart.gap_s:
            pieces.append([])
        pieces[-1].append(part)
    return pieces


def _area(band: Sequence[tuple[float, float, float]], x: Scale, y: Scale) -> str:
    """The outline of a band: along its top, and back along its bottom."""
    above = " L".join(f"{x(at):.1f} {y(high):.1f}" for at, _, high in band)
    below = " L".join(f"{x(at):.1f} {y(low):.1f}" for at, low, _ in reversed(band))
    return f"M{above} L{below} Z"
