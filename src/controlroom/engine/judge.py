"""From what a source says to what the run makes of it: OK, BREACH, NO DATA, NO TRAFFIC or TOO FEW (S3-S5)."""

from __future__ import annotations

from math import isclose, isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.engine.figures import exact
from controlroom.plan import units
from controlroom.run.phases import DataState
from controlroom.run.samples import HEALTH, Sample, series_id

if TYPE_CHECKING:
    from controlroom.run.outline import GuardOutline, RunOutline
    from controlroom.run.samples import Reading

_GAP_INTERVALS = 2.5
"""Two intervals, and half of one for samples that do not come on the dot."""


class Bounds(Struct, frozen=True, kw_only=True):
    """Beyond which values a series is in breach, and under how many requests its values say nothing."""

    above: float | None = None
    below: float | None = None
    min_requests: float = 0


def longest_gap(interval_s: float) -> float:
    """Seconds between two valid samples over which nothing is assumed to have changed (S5: two intervals)."""
    return _GAP_INTERVALS * interval_s


def beyond(value: float, limit: float, *, below: bool = False) -> bool:
    """Strictly past `limit` (S1); what differs in the tenth digit only is binary rounding, and equal."""
    if isclose(value, limit, rel_tol=1e-9, abs_tol=1e-12):
        return False
    return value < limit if below else value > limit


def judge(reading: Reading, elapsed: float, bounds: Bounds, last_at: float | None) -> Sample:
    """The sample that `reading` makes at plan time `elapsed`.

    `last_at` is the source's own time in the newest earlier reading of the series that held anything; None before that.
    """
    state, cause = _state(reading, bounds, last_at)
    return Sample(
        series=reading.series,
        at=reading.at,
        elapsed=elapsed,
        value=reading.value if state in {DataState.OK, DataState.BREACH} else None,
        state=state,
        cause=cause,
        requests=None if state is DataState.NO_DATA else reading.requests,
    )


def says_something(reading: Reading) -> bool:
    """True when the source answered at all, be it that there was no traffic."""
    return reading.value is not None or reading.requests is not None


def bounds_of(outline: RunOutline) -> dict[str, Bounds]:
    """The bounds of every series: the strictest limit that any guard sets on its samples, and a health under 1."""
    found: dict[str, Bounds] = {}
    for service in outline.services:
        if service.health_every_s is not None:
            found[series_id(service.id, HEALTH)] = Bounds(below=1.0)
        for metric in service.metrics:
            guards = [g for g in outline.guards if g.plain and g.metric == metric.id and service.id in g.services]
            found[series_id(service.id, metric.id)] = Bounds(
                above=min((limit_in(metric.unit, g) for g in guards if not g.below), default=None),
                below=max((limit_in(metric.unit, g) for g in guards if g.below), default=None),
                min_requests=min((g.min_requests for g in guards), default=0),
            )
    return found


def limit_in(unit: str, guard: GuardOutline) -> float:
    """The limit of `guard` in the unit in which the metric counts."""
    return guard.limit * units.factor(guard.unit, unit)


def _state(reading: Reading, bounds: Bounds, last_at: float | None) -> tuple[DataState, str]:
    if not says_something(reading):
        return DataState.NO_DATA, reading.cause or "no value"
    if last_at is not None and reading.at <= last_at:
        return DataState.NO_DATA, "the source's own time stands still"
    value, requests = reading.value, reading.requests
    if requests is not None and not (isfinite(requests) and requests >= 0):
        return DataState.NO_DATA, f"the count of requests is {requests}"
    if requests == 0:
        return DataState.NO_TRAFFIC, reading.cause or "no requests"
    if value is None or not isfinite(value):
        return DataState.NO_DATA, reading.cause or ("no value" if value is None else f"the value is {value}")
    if requests is not None and requests < bounds.min_requests:
        return DataState.TOO_FEW, f"{exact(requests)} of {exact(bounds.min_requests)} requests"
    if bounds.above is not None and beyond(value, bounds.above):
        return DataState.BREACH, reading.cause
    if bounds.below is not None and beyond(value, bounds.below, below=True):
        return DataState.BREACH, reading.cause
    return DataState.OK, reading.cause
