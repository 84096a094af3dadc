"""The times that guarded metrics spent beyond their limits, with what is known of each metric around them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.report.model import Breach, Point
from controlroom.run import events as ev
from controlroom.run.phases import Verdict
from controlroom.run.rollup import KEPT_SPAN_S
from controlroom.run.samples import series_id
from controlroom.run.times import parse, seconds_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from controlroom.run.events import Record
    from controlroom.run.outline import GuardOutline, RunOutline
    from controlroom.run.rollup import RollUp

    GuardEvent = ev.GuardChanged | ev.GuardTripped | ev.GuardRecovered


def breaches_of(
    outline: RunOutline, records: Iterable[Record], rollups: Mapping[str, Sequence[RollUp]]
) -> tuple[Breach, ...]:
    """Every breach, by when it began; `rollups` are those of any series, by its name."""
    guards = {guard.id: guard for guard in outline.guards}
    episodes: dict[tuple[str, str], _Episodes] = {}
    for record in records:
        event = record.event
        if isinstance(event, ev.GuardChanged | ev.GuardTripped | ev.GuardRecovered):
            guard = guards[event.guard]
            key = (event.guard, event.service)
            if key not in episodes:
                episodes[key] = _Episodes(guard, event.service, outline.service(event.service).name, outline.speed)
            episodes[key].take(record.at, event)
    found = [breach for of_one in episodes.values() for breach in of_one.breaches]
    return tuple(sorted((_with_rollups(b, outline, rollups) for b in found), key=lambda breach: breach.began))


def windows_of(outline: RunOutline, records: Iterable[Record]) -> dict[str, list[tuple[float, float]]]:
    """The times around all breaches (epoch seconds), by series: those whose samples are worth reading."""
    found: dict[str, list[tuple[float, float]]] = {}
    for breach in breaches_of(outline, records, {}):
        found.setdefault(series_id(breach.service, breach.guard.metric), []).append(_window(breach, outline.speed))
    return found


class _Episodes:
    """The breaches of one guard on one service, while its events go by."""

    def __init__(self, guard: GuardOutline, service: str, name: str, speed: float) -> None:
        self.breaches: list[Breach] = []
        self._guard, self._service, self._name, self._speed = guard, service, name, speed
        self._last: Point | None = None
        self._open = False

    def take(self, at: str, event: GuardEvent) -> None:
        beyond = _is_beyond(event.value, self._guard)
        point = None
        # What is told in silence repeats the last value.
        if event.value is not None and (beyond or _is_over(event)) and not _is_frozen(event):
            point = Point(at=at, value=event.value)
        if not self._open and beyond:
            lead = () if self._last is None else (self._last,)
            self.breaches.append(
                Breach(guard=self._guard, service=self._service, name=self._name, began=at, points=lead)
            )
            self._open = True
        if self._open:
            self.breaches[-1] = self._grown(self.breaches[-1], at, event, point)
            self._open = not self.breaches[-1].recovered
        self._last = point or self._last

    def _grown(self, breach: Breach, at: str, event: GuardEvent, point: Point | None) -> Breach:
        if point is not None:
            worst = point.value if breach.worst is None else _worse(self._guard, breach.worst, point.value)
            breach = replace(breach, points=(*breach.points, point), worst=worst)
        if isinstance(event, ev.GuardTripped):
            return replace(breach, tripped=at, longest_s=event.breach_s)
        if isinstance(event, ev.GuardChanged):
            breach = replace(breach, longest_s=max(breach.longest_s, event.breach_s))
        if not _is_over(event):
            return breach
        beyond_s = seconds_between(breach.tripped, at) * self._speed if breach.tripped else 0.0
        return replace(breach, recovered=at, longest_s=breach.longest_s + beyond_s)


def _worse(guard: GuardOutline, one: float, other: float) -> float:
    """The one of two values that is farther beyond the guard's limit."""
    return min(one, other) if guard.below else max(one, other)


def _is_beyond(value: float | None, guard: GuardOutline) -> bool:
    if value is None:
        return False
    return value < guard.limit if guard.below else value > guard.limit


def _is_over(event: GuardEvent) -> bool:
    return isinstance(event, ev.GuardRecovered) or (
        isinstance(event, ev.GuardChanged) and event.verdict is Verdict.PASS
    )


def _is_frozen(event: GuardEvent) -> bool:
    return isinstance(event, ev.GuardChanged) and event.frozen


def _with_rollups(breach: Breach, outline: RunOutline, rollups: Mapping[str, Sequence[RollUp]]) -> Breach:
    """Those of its metric from one span of the guard before the breach to one after it, where the units agree.

    The journal holds what a guard said, which is not every value: the worst may be among the samples.
    """
    metrics = {metric.id: metric.unit for metric in outline.service(breach.service).metrics}
    if metrics.get(breach.guard.metric) != breach.guard.unit:
        return breach
    first, last = _window(breach, outline.speed)
    series = rollups.get(series_id(breach.service, breach.guard.metric), ())
    around = tuple(one for one in series if first <= one.at <= last)
    return replace(breach, rollups=around, worst=_worst_of(breach, around, outline.speed))


def _worst_of(breach: Breach, rollups: Sequence[RollUp], speed: float) -> float | None:
    """The worst of what journal and samples know; a mean over a long span is not compared with single samples."""
    guard, worst = breach.guard, breach.worst
    if guard.over_s or worst is None:
        return worst
    begins = parse(breach.began).timestamp() - KEPT_SPAN_S / speed
    ends = parse(breach.recovered).timestamp() if breach.recovered else inf
    for one in rollups:
        if begins < one.at <= ends:
            worst = _worse(guard, worst, one.low if guard.below else one.high)
    return worst


def _window(breach: Breach, speed: float) -> tuple[float, float]:
    margin = breach.guard.for_s / speed
    last = breach.recovered or max(breach.tripped, breach.points[-1].at)
    return parse(breach.began).timestamp() - margin, parse(last).timestamp() + margin
