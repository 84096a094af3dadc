"""What each guard asks of each of its services, in the terms in which samples come: plan seconds and intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.engine.figures import clock, clock_over, compared, exact, measure
from controlroom.engine.judge import beyond, limit_in, longest_gap
from controlroom.run.closing import span
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState
from controlroom.run.samples import series_id

if TYPE_CHECKING:
    from controlroom.run.outline import GuardOutline, RunOutline, ServiceOutline
    from controlroom.run.samples import Sample

_CHECKPOINT_S = 5.0
"""Real seconds of a growing breach that a crash of the engine may lose."""
_CHECKPOINTS = 20
"""Into as many parts a breach is cut where that is less: at speed the countdown still moves."""
_RENEW_S = 60.0
"""Real seconds between two notes once a guard has fired: nothing hangs on its seconds any more."""
_MICROSECOND = 1e-6
"""Sums of binary fractions err by less; a breach of exactly `for_s` must not fire."""
_JUDGED = frozenset({DataState.OK, DataState.BREACH})


class GuardRule(Struct, frozen=True, kw_only=True):
    """One guard on one service. `interval_s` is the effective period of the series; all durations in plan seconds."""

    guard: str
    service: str
    series: str
    limit: float
    unit: str
    for_s: float
    interval_s: float
    below: bool = False
    min_requests: float = 0
    checkpoint_s: float = _CHECKPOINT_S
    renew_s: float = _RENEW_S
    over_s: float = 0.0
    watch_only: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is about each sample by itself, from the beginning of the run on."""
        return self.over_s == 0 and not self.watch_only

    @property
    def gap_s(self) -> float:
        """The longest time between two valid samples that a breach is taken to have lasted through."""
        return longest_gap(self.interval_s)

    def state_of(self, sample: Sample) -> DataState:
        """What the sample says to this guard, whose limit need not be the only one on the series."""
        if sample.state not in _JUDGED or sample.value is None:
            return sample.state
        if sample.requests is not None and sample.requests < self.min_requests:
            return DataState.TOO_FEW
        return DataState.BREACH if beyond(sample.value, self.limit, below=self.below) else DataState.OK

    def is_over(self, breach_s: float) -> bool:
        """S1: the breach has lasted, strictly longer than `for_s`; with a `for_s` of zero at once."""
        return self.for_s == 0 or breach_s > self.for_s + _MICROSECOND

    def is_due(self, since_last_s: float, *, fired: bool) -> bool:
        """Whether a growing breach is to be written down again."""
        return since_last_s >= (self.renew_s if fired else self.checkpoint_s)

    def breaks(self, value: float) -> str:
        """`6.2 % > 5 %`, `1.4 % > 1 % on average over 1 h`."""
        return compared(value, self.limit, self.unit, "<" if self.below else ">") + self._averaged

    def keeps(self, value: float) -> str:
        """`0.4 % ≤ 5 %`."""
        return compared(value, self.limit, self.unit, "≥" if self.below else "≤") + self._averaged

    @property
    def _averaged(self) -> str:
        return f" on average over {span(self.over_s)}" if self.over_s else ""

    def pending(self, value: float, breach_s: float) -> str:
        """`6.2 % > 5 % for 03:41 of 05:00`."""
        return f"{self.breaks(value)} for {clock(breach_s)} of {clock(self.for_s)}"

    def over(self, value: float, breach_s: float) -> str:
        """`6.2 % > 5 % for 05:01`."""
        return f"{self.breaks(value)} for {clock_over(breach_s)}"

    def silence(self, sample: Sample, state: DataState, gap_s: float) -> str:
        """`no data for 00:45: HTTP 503`."""
        if state is DataState.TOO_FEW:
            return f"{exact(sample.requests or 0)} of {exact(self.min_requests)} requests for {clock(gap_s)}"
        if state is DataState.NO_TRAFFIC:
            return f"no traffic for {clock(gap_s)}"
        return f"no data for {clock(gap_s)}" + (f": {sample.cause}" if sample.cause else "")

    def standing(self, sample: Sample) -> str:
        """S8: the sentence about a breach that stands as of `sample`, empty when none does."""
        if self.state_of(sample) is not DataState.BREACH or sample.value is None:
            return ""
        return f"{self.service} {self.breaks(sample.value)}"

    @property
    def bound(self) -> str:
        """`limit 5 %`."""
        return f"limit {measure(exact(self.limit), self.unit)}"


def rules_of(outline: RunOutline) -> dict[str, tuple[GuardRule, ...]]:
    """The rules by the series that they watch."""
    pace = Pace(outline.speed)
    rules: dict[str, tuple[GuardRule, ...]] = {}
    for guard in outline.guards:
        for service_id in guard.services:
            rule = _rule(guard, outline.service(service_id), pace)
            rules[rule.series] = (*rules.get(rule.series, ()), rule)
    return rules


def _rule(guard: GuardOutline, service: ServiceOutline, pace: Pace) -> GuardRule:
    metric = next(metric for metric in service.metrics if metric.id == guard.metric)
    return GuardRule(
        guard=guard.id,
        service=service.id,
        series=series_id(service.id, guard.metric),
        limit=limit_in(metric.unit, guard),
        unit=metric.unit,
        for_s=guard.for_s,
        interval_s=pace.period(metric.every_s),
        below=guard.below,
        min_requests=guard.min_requests,
        checkpoint_s=min(pace.plan(_CHECKPOINT_S), guard.for_s / _CHECKPOINTS),
        renew_s=pace.plan(_RENEW_S),
        over_s=pace.window(guard.over_s, metric.every_s) if guard.over_s else 0.0,
        watch_only=guard.during == "watch",
    )
