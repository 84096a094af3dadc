"""How much of the watch was really seen: the share of expected intervals with data, for each indicator (S22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.judge import longest_gap
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState
from controlroom.run.samples import ALERTS, LOGS, series_id, split_series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.run.outline import RunOutline
    from controlroom.run.samples import Sample


class Coverage:
    """Seconds of each series that are vouched for by data; three numbers for a series, however long the watch.

    `intervals` holds the effective period of every series (plan seconds). Time is the plan time of samples; `started`
    is where it stands as this count begins. `watched_s` is how much of the watch had passed by then, with the time in
    which no engine ran, and `covered` the seconds of it that were covered.
    """

    def __init__(
        self,
        intervals: Mapping[str, float],
        started: float,
        *,
        watched_s: float = 0.0,
        covered: Mapping[str, float] | None = None,
    ) -> None:
        self._intervals = dict(intervals)
        self._started = started
        self._watched_s = watched_s
        known = covered or {}
        self._covered = {series: known.get(series, 0.0) for series in intervals}
        self._newest = dict.fromkeys(intervals, started)
        self._seeing = dict.fromkeys(intervals, True)

    def take(self, sample: Sample) -> None:
        """Take a sample: no traffic is data here, no data is not (S5)."""
        series = sample.series
        if series not in self._intervals or sample.elapsed <= self._newest[series]:
            return
        self._seeing[series] = sample.state is not DataState.NO_DATA
        if self._seeing[series]:
            self._covered[series] += self._vouched(series, sample.elapsed)
        self._newest[series] = sample.elapsed

    def shares(self, now: float) -> dict[str, float]:
        """The covered fraction at plan time `now` of each series, and of each indicator: that of its worst service.

        A checkpoint keeps both: series (`auth/error_rate`) to go on from, indicators (`error_rate`) to judge by.
        """
        passed_s = self._watched_s + now - self._started
        found: dict[str, float] = {}
        for series, covered_s in self._covered.items():
            late_s = now - self._newest[series]
            tail_s = late_s if self._seeing[series] and late_s <= longest_gap(self._intervals[series]) else 0.0
            share = min(1.0, (covered_s + tail_s) / passed_s) if passed_s > 0 else 1.0
            indicator = split_series(series)[1]
            found[series] = share
            found[indicator] = min(share, found.get(indicator, 1.0))
        return found

    def _vouched(self, series: str, elapsed: float) -> float:
        """All the time since the sample before, unless it came too late for that: then its own interval."""
        passed_s = elapsed - self._newest[series]
        interval_s = self._intervals[series]
        return passed_s if passed_s <= longest_gap(interval_s) else interval_s


def intervals_of(outline: RunOutline) -> dict[str, float]:
    """The effective period of every series that the watch's indicators stand for."""
    pace, watch = Pace(outline.speed), outline.watch
    if watch is None:
        return {}
    of_metrics = {
        series_id(service.id, metric.id): pace.period(metric.every_s)
        for service in outline.services
        for metric in service.metrics
        if metric.id in watch.indicators
    }
    of_logs = {series_id(rule.id, LOGS): pace.period(rule.every_s) for rule in watch.logs}
    of_alerts = {series_id(rule.id, ALERTS): pace.period(rule.every_s) for rule in watch.alerts}
    return of_metrics | of_logs | of_alerts


def resume(
    outline: RunOutline, now: float, watched_s: float, checkpoint_s: float, shares: Mapping[str, float]
) -> Coverage:
    """The count that an engine goes on with at plan time `now`, `watched_s` into the watch.

    `checkpoint_s` and `shares` are those of the last checkpoint: what passed since then was not covered.
    """
    covered = {series: share * checkpoint_s for series, share in shares.items()}
    return Coverage(intervals_of(outline), now, watched_s=watched_s, covered=covered)
