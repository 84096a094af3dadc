"""Which services the run cannot see any more, and whose gate is shut because of it (S5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.engine.figures import clock
from controlroom.engine.judge import longest_gap
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState
from controlroom.run.samples import HEALTH, series_id, split_series

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controlroom.run.outline import RunOutline
    from controlroom.run.samples import Sample

_HICCUP_S = 1.0
"""Real seconds that a busy machine may be late by; at speed, two intervals are less than that."""


class Watched(Struct, frozen=True, kw_only=True):
    """A series that must not go dark: its gate is shut and its service blind after so many plan seconds."""

    series: str
    shut_after_s: float
    blind_after_s: float


class Blind(Struct, frozen=True, kw_only=True):
    """A service that has been dark for too long: in `metric`, since plan time `since`, for the reason `why`."""

    service: str
    metric: str
    since: float
    why: str


class Sight:
    """When each watched series last said anything.

    It begins with the engine at plan time `started`, so that the time without an engine never counts as blind.
    """

    def __init__(self, watched: Iterable[Watched], started: float) -> None:
        self._watched = {one.series: one for one in watched}
        self._seen = dict.fromkeys(self._watched, started)
        self._causes = dict.fromkeys(self._watched, "nothing yet")
        self._never = set(self._watched)

    def see(self, sample: Sample) -> None:
        """Take a sample; no traffic is something seen, no data is not."""
        if sample.series not in self._watched:
            return
        if sample.state is DataState.NO_DATA:
            self._causes[sample.series] = sample.cause
        else:
            self._never.discard(sample.series)
            self._seen[sample.series] = max(self._seen[sample.series], sample.elapsed)

    def excuse(self, service: str, elapsed: float) -> None:
        """Count from `elapsed` on: until then the service was away because the run itself was replacing it."""
        for series in self._watched:
            if split_series(series)[0] == service:
                self._seen[series] = max(self._seen[series], elapsed)

    @property
    def unseen(self) -> set[str]:
        """The services of which some series has said nothing since this engine began."""
        return {split_series(series)[0] for series in self._never}

    def blind(self, now: float) -> list[Blind]:
        """The services that are blind at plan time `now`, each with the series that has been dark longest."""
        found: dict[str, Blind] = {}
        for series in sorted(self._watched, key=lambda name: self._seen[name]):
            dark_s = now - self._seen[series]
            if dark_s > self._watched[series].blind_after_s:
                service, metric = split_series(series)
                blind = Blind(service=service, metric=metric, since=self._seen[series], why=self._why(series, dark_s))
                found.setdefault(service, blind)
        return list(found.values())

    def gate_shut(self, service: str, now: float) -> str | None:
        """Why the gate of `service` is shut at plan time `now`, or None."""
        for series, watched in self._watched.items():
            dark_s = now - self._seen[series]
            if split_series(series)[0] == service and dark_s > watched.shut_after_s:
                return self._why(series, dark_s)
        return None

    def _why(self, series: str, dark_s: float) -> str:
        service, metric = split_series(series)
        return f"{service} no data of {metric} for {clock(dark_s)}: {self._causes[series]}"


def watched_of(outline: RunOutline) -> list[Watched]:
    """What a run must be able to see: the health of every service, and the metrics that guards of the run rest on."""
    pace = Pace(outline.speed)
    guards = [guard for guard in outline.guards if guard.during == "run"]
    guarded = {series_id(service, guard.metric) for guard in guards for service in guard.services}
    watched: list[Watched] = []
    for service in outline.services:
        periods = {series_id(service.id, metric.id): metric.every_s for metric in service.metrics}
        periods = {series: every_s for series, every_s in periods.items() if series in guarded}
        if service.health_every_s is not None:
            periods[series_id(service.id, HEALTH)] = service.health_every_s
        watched += [_watched(series, every_s, outline.blind_after_s, pace) for series, every_s in periods.items()]
    return watched


def _watched(series: str, every_s: float, blind_after_s: float, pace: Pace) -> Watched:
    return Watched(
        series=series,
        shut_after_s=max(longest_gap(pace.period(every_s)), pace.plan(_HICCUP_S)),
        blind_after_s=pace.patience(blind_after_s, every_s),
    )
