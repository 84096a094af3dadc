"""A breach as a chart: the metric in the time around it, the limit, and what was done about it."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from controlroom.report.blocks import LineChart, Mark, Stretch, Tone
from controlroom.report.voice import clock, number, span
from controlroom.run.rollup import KEPT_SPAN_S
from controlroom.run.times import parse, seconds_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.report.model import Breach, Report
    from controlroom.report.voice import Voice
    from controlroom.run.outline import GuardOutline

P = TypeVar("P")

_MOST_POINTS = 400
"""More than a printed page can tell apart."""
_LEAD = 0.2
"""The share of the guard's time that is shown of what was before."""


def breach_chart(breach: Breach, report: Report, say: Voice) -> LineChart:
    """The chart; its axis counts plan seconds from when the breach began."""
    guard = breach.guard
    began = parse(breach.began).timestamp()

    def at(moment: str) -> float:
        return seconds_between(breach.began, moment) * report.speed

    first = -guard.for_s * _LEAD
    kept = [(x, one) for one in breach.rollups if (x := (one.at - began) * report.speed) >= first]
    band = tuple((x, one.low, one.high) for x, one in kept)
    # Without samples, the last value from before the breach stands at the edge of the picture.
    told = [(max(first, at(point.at)), point.value) for point in breach.points]
    points = tuple(_filled([(x, one.mean) for x, one in kept], told, mixed=not guard.over_s))
    points, band = _thinned(points, below=guard.below), _widened(band)
    end = max([x for x, _ in points] + [guard.for_s])
    over = at(breach.recovered) if breach.recovered else end
    marks = [Mark(at(breach.tripped), say("guard fired"), Tone.BAD)] if breach.tripped else []
    marks += [
        Mark(at(rollback.requested), say("rollback asked for"), Tone.WARN)
        for rollback in report.rollbacks
        if breach.service in rollback.services and 0 <= at(rollback.requested) <= max(end, over)
    ]
    if breach.recovered:
        marks.append(Mark(over, say("recovered"), Tone.GOOD))
    limit = limit_of(guard, say)
    title = say("{metric} of {name} from {at}", metric=say(guard.metric), name=breach.name, at=say.time(breach.began))
    return LineChart(
        title=title,
        unit=guard.unit,
        limit=guard.limit,
        limit_label=say("limit {limit}, for {time}", limit=limit, time=clock(guard.for_s)),
        points=points,
        gap_s=_usual_gap(points) * 2,
        band=band,
        stretches=(Stretch(0.0, over, "", Tone.BAD),),
        marks=tuple(marks),
    )


def limit_of(guard: GuardOutline, say: Voice) -> str:
    """`5 %`, `1 % on average over 1 h`."""
    return compared(guard.limit, guard, say)


def compared(value: float, guard: GuardOutline, say: Voice) -> str:
    """A value as its guard compares it: of one over a long span, the mean."""
    shown = number(value, guard.unit)
    return say("{limit} on average over {span}", limit=shown, span=span(guard.over_s)) if guard.over_s else shown


def _filled(
    kept: list[tuple[float, float]], told: list[tuple[float, float]], *, mixed: bool
) -> list[tuple[float, float]]:
    """The kept samples and, where they are of one kind (`mixed`), what the journal tells of times without any."""
    if kept and not mixed:
        return kept
    starts = [x for x, _ in kept]

    def is_covered(x: float) -> bool:
        place = bisect_right(starts, x + KEPT_SPAN_S)
        return place > 0 and x - starts[place - 1] <= KEPT_SPAN_S

    return sorted([*kept, *(point for point in told if not is_covered(point[0]))])


def _usual_gap(points: Sequence[tuple[float, float]]) -> float:
    """The seconds that mostly lie between two points."""
    gaps = [later - at for (at, _), (later, _) in pairwise(points)]
    return median(gaps) if gaps else 0.0


def _thinned(points: tuple[tuple[float, float], ...], *, below: bool) -> tuple[tuple[float, float], ...]:
    """At most so many points as can be seen: of each stretch the one that is worst."""
    worst = min if below else max
    return tuple(worst(stretch, key=lambda point: point[1]) for stretch in _stretches(points))


def _widened(band: tuple[tuple[float, float, float], ...]) -> tuple[tuple[float, float, float], ...]:
    """The same of a band, which is as wide as any part of a stretch."""
    return tuple(
        (stretch[0][0], min(low for _, low, _ in stretch), max(high for _, _, high in stretch))
        for stretch in _stretches(band)
    )


def _stretches(parts: tuple[P, ...]) -> list[tuple[P, ...]]:
    size = max(1, -(-len(parts) // _MOST_POINTS))
    return [parts[at : at + size] for at in range(0, len(parts), size)]
