"""What the watch measured: each indicator of each service over its whole time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.model import Watched
from controlroom.run.pace import Pace
from controlroom.run.rollup import KEPT_SPAN_S
from controlroom.run.samples import series_id
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controlroom.run.outline import RunOutline
    from controlroom.run.rollup import RollUp
    from controlroom.run.state import RunState


MOST_COLUMNS = 240
"""Columns of a chart: twelve minutes each, of 48 hours."""
_PERIODS = 3


def watched_series(outline: RunOutline) -> list[str]:
    """The series that stand for the indicators of the watch, in the order of the plan."""
    watch = outline.watch
    if watch is None:
        return []
    return [
        series_id(service.id, metric.id)
        for indicator in watch.indicators
        for service in outline.services
        for metric in service.metrics
        if metric.id == indicator
    ]


def watched_window(state: RunState) -> tuple[float, float] | None:
    """From when to when the watch went on, in epoch seconds; None before it began."""
    if state.watch is None:
        return None
    began = parse(state.watch.started).timestamp()
    ended = parse(state.verdict.at if state.verdict else state.at).timestamp()
    return began, max(ended, began + state.watch.elapsed_s / state.outline.speed)


def column_count(state: RunState) -> int:
    """Into how many columns the watch is cut: each wide enough for several samples, so that none is empty by chance."""
    window, pace = watched_window(state), Pace(state.outline.speed)
    if window is None:
        return MOST_COLUMNS
    metrics = [metric for service in state.outline.services for metric in service.metrics]
    period_s = max([KEPT_SPAN_S, *(pace.period(metric.every_s) for metric in metrics)])
    return max(1, min(MOST_COLUMNS, int(pace.plan(window[1] - window[0]) / (_PERIODS * period_s))))


def watched_of(state: RunState, columns: Mapping[str, Sequence[RollUp]]) -> tuple[Watched, ...]:
    """Each series with what was kept of it over the watch; none of those of which nothing was."""
    outline = state.outline
    coverage = state.watch.coverage if state.watch else {}
    found = []
    for indicator in outline.watch.indicators if outline.watch else ():
        for service in outline.services:
            for metric in service.metrics:
                series = series_id(service.id, metric.id)
                if metric.id == indicator and columns.get(series):
                    found.append(
                        Watched(
                            service=service.id,
                            name=service.name,
                            indicator=indicator,
                            unit=metric.unit,
                            limit=metric.limit,
                            below=metric.below,
                            coverage=coverage.get(series),
                            columns=tuple(columns[series]),
                        )
                    )
    return tuple(found)
