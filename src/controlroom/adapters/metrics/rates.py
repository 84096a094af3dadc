"""What counters grew by, over a window of scrapes: summed per series, through resets and restarts (S3); pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controlroom.adapters.metrics.exposition import Labels, Page

STARTED: Final = "process_start_time_seconds"
WITNESS: Final = "process_cpu_seconds_total"
"""A counter of every process, which falls when the process is replaced."""
_LATE: Final = 1.1
"""A scrape that is a tenth of the window too old still begins it: scrapes do not come on the dot."""

Growth = dict[str, dict["Labels", float]]
"""By name and labels: what a counter grew by since the scrape before. A series seen for the first time is not there."""


class Counters:
    """Remembers the counters called `names` of one page from scrape to scrape.

    A value below the one before is a reset: it grew by what it shows now. When a process was replaced (another start
    time, and any of its counters fell) so were all its counters, those included that have overtaken their old value. A
    series that is new where its metric was on the page before began at zero since then; of a page or an instance that
    is new, nothing is known of how long ago its counters began. Series that vanish are remembered for `keep_s`, unless
    they went with their process.
    """

    def __init__(self, names: Iterable[str], keep_s: float) -> None:
        self._keep_s = keep_s
        self._last: dict[str, dict[Labels, tuple[float, float]]] = {name: {} for name in names}
        self._known: dict[str, set[str]] = {}
        self._started: dict[str, float] = {}

    def take(self, page: Page, now: float) -> Growth:
        """What each series of `page`, scraped at `now` (real seconds), grew by."""
        counters = {name: _counts(page.series.get(name, {})) for name in self._last if name in page.declared}
        self._forget_replaced(page, counters)
        growth = {name: self._grown(name, values, now) for name, values in counters.items()}
        # A page of one process may name a metric of which it has no series yet.
        self._known = {name: {*map(instance_of, values)} or {""} for name, values in counters.items()}
        return growth

    def _forget_replaced(self, page: Page, counters: Mapping[str, Mapping[Labels, float]]) -> None:
        """Forget what a process counted that is no longer there; what its successor counted is then all new."""
        started = {instance_of(labels): value for labels, value in page.series.get(STARTED, {}).items()}
        moved = {instance for instance, at in started.items() if self._started.get(instance, at) != at}
        self._started = started
        fell = {
            instance_of(labels)
            for name, values in counters.items()
            for labels, value in values.items()
            if labels in self._last[name] and value < self._last[name][labels][0]
        }
        for name, last in self._last.items():
            there = counters.get(name, {})
            for labels in [labels for labels in last if instance_of(labels) in fell]:
                if instance_of(labels) in moved or labels not in there:
                    del last[labels]

    def _grown(self, name: str, values: Mapping[Labels, float], now: float) -> dict[Labels, float]:
        last, known = self._last[name], self._known.get(name, ())
        grown: dict[Labels, float] = {}
        for labels, value in values.items():
            if labels in last:
                before = last[labels][0]
                grown[labels] = value - before if value >= before else value
            elif instance_of(labels) in known:
                grown[labels] = value
            last[labels] = (value, now)
        for labels in [labels for labels, (_, at) in last.items() if now - at > self._keep_s]:
            del last[labels]
        return grown


def _counts(values: Mapping[Labels, float]) -> dict[Labels, float]:
    """Those that can be counts: a counter that is NaN, infinite or negative says nothing."""
    return {labels: value for labels, value in values.items() if isfinite(value) and value >= 0}


def instance_of(labels: Labels) -> str:
    """Which process a series comes from, on a page that stands for several; empty on a process's own page."""
    return next((value for key, value in labels if key == "instance"), "")


@dataclass(frozen=True, slots=True)
class Delta:
    """What several counts grew by over `span_s` real seconds."""

    span_s: float
    grown: Mapping[str, float]


class Window:
    """Running totals of a few counts, kept for as long as the window is (real seconds)."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._totals: deque[tuple[float, dict[str, float]]] = deque()

    def push(self, now: float, grown: Mapping[str, float]) -> None:
        """Add what the counts grew by until `now`. After a pause longer than the window it begins anew."""
        totals = dict(self._totals[-1][1]) if self._totals else {}
        for key, amount in grown.items():
            totals[key] = totals.get(key, 0.0) + amount
        while self._totals and now - self._totals[0][0] > self._span_s * _LATE:
            self._totals.popleft()
        self._totals.append((now, totals))

    def delta(self) -> Delta | None:
        """From the oldest scrape in the window to the newest; None while there is only one."""
        (begin, first), (end, newest) = self._totals[0], self._totals[-1]
        if end <= begin:
            return None
        return Delta(end - begin, {key: total - first.get(key, 0.0) for key, total in newest.items()})


def quantile(q: float, buckets: Mapping[str, float]) -> float:
    """The `q` quantile of observations in cumulative `buckets` (upper bound → count), as Prometheus computes it.

    Linear within a bucket; the lowest begins at zero; beyond the highest finite bound it is that bound. NaN without
    observations, or without a +Inf bucket and one more. (promql/quantile.go, bucketQuantile)
    """
    bounds = sorted((float(le), count) for le, count in buckets.items())
    if len(bounds) < 2 or bounds[-1][0] != inf:  # noqa: PLR2004 - +Inf and one more
        return nan
    counts: list[float] = []
    for _, count in bounds:
        counts.append(max(count, counts[-1] if counts else 0.0))
    if counts[-1] <= 0:
        return nan
    rank = q * counts[-1]
    place = next(index for index, count in enumerate(counts) if count >= rank)
    if place == len(bounds) - 1:
        return bounds[-2][0]
    end = bounds[place][0]
    if place == 0 and end <= 0:
        return end
    begin, below = (bounds[place - 1][0], counts[place - 1]) if place else (0.0, 0.0)
    inside = counts[place] - below
    return begin + (end - begin) * (rank - below) / inside if inside > 0 else end
