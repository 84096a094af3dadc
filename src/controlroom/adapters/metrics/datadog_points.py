"""What Datadog's timeseries query answers, and the numbers that it makes at any moment within it (S3-S5); pure.

Datadog sums up into intervals and stamps each with its beginning. The newest is still being counted, so that errors and
requests of the newest whole ones are compared, and an interval is as old as its end.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from controlroom.adapters.metrics.recipes import Figure
from controlroom.plan.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

_MS: Final = 1000.0
_LATE_S: Final = 120.0
"""The age at which a point begins to say nothing: agents send every 10 to 15 s, and Datadog takes its time too."""
_LATE_INTERVALS: Final = 3


class DatadogSeries(Struct, frozen=True, kw_only=True):
    """One series: points of (epoch milliseconds, value or null), and which of the queries it answers."""

    pointlist: tuple[tuple[float, float | None], ...] = ()
    query_index: int = 0


class DatadogAnswer(Struct, frozen=True, kw_only=True):
    """The whole answer; `error` with any status but ok."""

    status: str = "ok"
    error: str = ""
    series: tuple[DatadogSeries, ...] = ()


class Line:
    """The points of one query's series added up, by the beginning of their interval (epoch seconds)."""

    def __init__(self, several: Sequence[DatadogSeries]) -> None:
        self.series = len(several)
        sums: defaultdict[float, float] = defaultdict(float)
        begins = {at / _MS for one in several for at, _ in one.pointlist}
        for one in several:
            for at, value in one.pointlist:
                if value is not None:
                    sums[at / _MS] += value
        self.points = dict(sorted(sums.items()))
        self.interval_s = min((b - a for a, b in pairwise(sorted(begins))), default=0.0)

    def newest(self, now: float) -> float | None:
        """The beginning of the newest interval that was over by `now` and has a value."""
        return max((at for at in self.points if at + self.interval_s <= now), default=None)

    def stale(self, now: float) -> str:
        """Why there is nothing to say at `now`; empty when there is."""
        begin = self.newest(now)
        if begin is None:
            return "no points yet"
        age_s = now - begin - self.interval_s
        if age_s <= max(_LATE_S, _LATE_INTERVALS * self.interval_s):
            return ""
        return f"the newest point is {format_duration(round(age_s))} old"

    def over(self, begin: float, end: float) -> float:
        """The sum of the values of intervals that begin after `begin` and no later than `end`."""
        return sum(value for at, value in self.points.items() if begin < at <= end)


@dataclass(frozen=True, slots=True)
class OneValue:
    """The newest value of one query."""

    query: str
    factor: float

    @property
    def queries(self) -> tuple[str, ...]:
        """What is asked."""
        return (self.query,)

    def figure(self, lines: Sequence[Line], now: float) -> Figure:
        """The value at `now`, or why there is none."""
        (line,) = lines
        if not line.series:
            return Figure(None, None, "no series answers the query")
        if line.series > 1:
            return Figure(None, None, f"the query gives {line.series} series: leave out `by {{…}}`")
        if cause := line.stale(now):
            return Figure(None, None, cause)
        return Figure(line.points[line.newest(now) or 0.0] * self.factor)


@dataclass(frozen=True, slots=True)
class TwoCounts:
    """Errors among requests, each counted over the last `window_s` seconds of whole intervals."""

    errors: str
    requests: str
    factor: float
    window_s: float

    @property
    def queries(self) -> tuple[str, ...]:
        """What is asked."""
        return (self.errors, self.requests)

    def figure(self, lines: Sequence[Line], now: float) -> Figure:
        """The rate at `now`, or why there is none."""
        errors, requests = lines
        if not requests.series:
            return Figure(None, None, "no series answers the requests query")
        end = requests.newest(now)
        if end is None or requests.stale(now):
            return Figure(None, None, requests.stale(now))
        wrong, asked = errors.over(end - self.window_s, end), requests.over(end - self.window_s, end)
        if asked <= 0:
            return Figure(None, None, "errors were counted, but no requests") if wrong else Figure(None, 0.0)
        per_interval = requests.interval_s if "as_rate()" in self.requests else 1.0
        return Figure(wrong * self.factor / asked, float(max(1, round(asked * per_interval))))

    def doubtful(self, lines: Sequence[Line]) -> bool:
        """Whether there are requests, and no series of errors: none happened, or none can be seen."""
        errors, requests = lines
        return not errors.points and any(requests.points.values())


DatadogQuestion = OneValue | TwoCounts
