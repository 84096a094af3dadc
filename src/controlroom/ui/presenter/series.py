"""The series that the health pane shows, and how far each can be trusted at a moment."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from controlroom.run.pace import WINDOW_PERIODS
from controlroom.run.phases import DataState
from controlroom.run.samples import HEALTH, series_id
from controlroom.ui.presenter.view import Freshness

if TYPE_CHECKING:
    from controlroom.run.outline import MetricOutline, RunOutline, ServiceOutline
    from controlroom.ui.presenter.view import View

SHOWN = ("error_rate", "latency_p95")
"""Series that have a row of their own beside health, as has what a guard watches; the detail shows all of them."""

_STALE_PERIODS = 2


class Row(NamedTuple):
    """One series with what it needs to be drawn; a value beyond `limit` (`below` it, or above) is a breach."""

    service: str
    metric: str
    unit: str
    limit: float | None
    every_s: float
    below: bool = False

    def beyond(self, value: float) -> bool:
        """Whether `value` is strictly past the limit (S1)."""
        return self.limit is not None and (value < self.limit if self.below else value > self.limit)

    @property
    def sign(self) -> str:
        """What a breach is: more or less than the limit."""
        return "<" if self.below else ">"


def rows_of(outline: ServiceOutline) -> list[Row]:
    """The rows that a service has in the pane: health first, then its error rate and latency."""
    rows = []
    if outline.health_every_s is not None:
        rows.append(Row(outline.id, HEALTH, "", None, outline.health_every_s))
    shown = [m for m in outline.metrics if _is_shown(m)]
    return rows + [Row(outline.id, m.id, m.unit, m.limit, m.every_s, m.below) for m in shown]


def row_count(outline: RunOutline) -> int:
    """How many rows all services have."""
    return sum(
        (service.health_every_s is not None) + sum(_is_shown(metric) for metric in service.metrics)
        for service in outline.services
    )


def _is_shown(metric: MetricOutline) -> bool:
    return metric.id in SHOWN or metric.limit is not None


def old(view: View, row: Row) -> bool:
    """Whether the newest sample is older than two intervals: its age is shown then, and it greys.

    Of a run that is over, the numbers are those that it ended with, whoever is still there.
    """
    unheard = view.link.freshness is not Freshness.LIVE and not view.state.phase.terminal
    return unheard or _periods(view, row) > _STALE_PERIODS


def data_state(view: View, row: Row) -> DataState:
    """What the series says now; one that is silent, or never spoke, has no data: silence never reads as healthy."""
    sample = view.samples.get(series_id(row.service, row.metric))
    return DataState.NO_DATA if sample is None or _periods(view, row) > WINDOW_PERIODS else sample.state


def _periods(view: View, row: Row) -> float:
    """How many of its intervals old the newest sample is."""
    sample = view.samples.get(series_id(row.service, row.metric))
    if sample is None:
        return inf
    return (view.elapsed - sample.elapsed) / view.pace.period(row.every_s)
