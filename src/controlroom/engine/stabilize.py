"""Whether the services stay quiet after a rollback, for as long as the plan wants to see it (S16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from controlroom.engine.figures import clock
from controlroom.engine.guard_rules import GuardRule
from controlroom.engine.guards import GuardTimer, observe
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controlroom.run.outline import RunOutline
    from controlroom.run.samples import Sample

_PATIENCE = 3
"""So many times the wanted quiet is waited for,"""
_LEAST_INTERVALS = 30
"""and never for fewer samples than this, which matters at speed only."""
_WINDOW_S = 60.0
"""The rate window of a metric that does not say otherwise, in plan seconds."""


class Judgement(Struct, frozen=True, kw_only=True):
    """What stabilize came to, in a sentence."""

    verdict: Verdict
    why: str


class Calm(Struct, frozen=True, kw_only=True):
    """One guard on one service: for how long it has been within its limit, without a break."""

    rule: GuardRule
    timer: GuardTimer = GuardTimer()
    calm_s: float = 0.0
    seen: float | None = None
    """Plan time of the newest valid sample, if that was within the limit."""
    relapsed: bool = False
    """Whether the old version itself was in breach at any time."""


class Stabilize(Struct, frozen=True, kw_only=True):
    """A wait for quiet that began at plan time `started`.

    Until `settled`, rates still hold requests that the rolled-back version answered: a breach then is no fault of the
    old version and only puts the quiet off.
    """

    started: float
    for_s: float
    settled: float
    deadline: float
    """The plan time at which patience ends."""
    calms: tuple[Calm, ...]


def begin(rules: Iterable[GuardRule], outline: RunOutline, services: Iterable[str], now: float) -> Stabilize:
    """A wait for the quiet of the guards that the plan names for it, on `services`, from plan time `now`."""
    named, concerned = set(outline.stabilize_guards), set(services)
    calms = tuple(Calm(rule=rule) for rule in rules if rule.guard in named and rule.service in concerned)
    interval_s = max((calm.rule.interval_s for calm in calms), default=0.0)
    settled = now + Pace(outline.speed).window(_WINDOW_S, interval_s)
    deadline = settled + max(_PATIENCE * outline.stabilize_s, _LEAST_INTERVALS * interval_s)
    return Stabilize(started=now, for_s=outline.stabilize_s, settled=settled, deadline=deadline, calms=calms)


def take(stabilize: Stabilize, sample: Sample) -> Stabilize:
    """The wait after `sample`."""
    calms = tuple(
        _taken(calm, sample, stabilize.settled) if calm.rule.series == sample.series else calm
        for calm in stabilize.calms
    )
    return replace(stabilize, calms=calms)


def judgement(stabilize: Stabilize, now: float) -> Judgement | None:
    """What the wait has come to at plan time `now`; None while it goes on."""
    failed = [calm.timer.why for calm in stabilize.calms if calm.timer.fired]
    if failed:
        return Judgement(verdict=Verdict.FAIL, why=f"still in breach after the rollback: {'; '.join(failed)}")
    restless = [calm for calm in stabilize.calms if calm.calm_s < stabilize.for_s]
    if not restless:
        return _quiet(stabilize)
    if now < stabilize.deadline:
        return None
    listed = "; ".join(_lacking(calm, stabilize.for_s) for calm in restless)
    if any(calm.relapsed for calm in restless):
        return Judgement(verdict=Verdict.FAIL, why=f"not quiet within {clock(now - stabilize.started)}: {listed}")
    return Judgement(verdict=Verdict.INCONCLUSIVE, why=f"too little data in {clock(now - stabilize.started)}: {listed}")


def _taken(calm: Calm, sample: Sample, settled: float) -> Calm:
    rule = calm.rule
    state = rule.state_of(sample)
    if state is DataState.BREACH and sample.elapsed < settled:
        return replace(calm, calm_s=0.0, seen=None)
    timer, _ = observe(calm.timer, sample, rule)
    if state is DataState.BREACH:
        return replace(calm, timer=timer, calm_s=0.0, seen=None, relapsed=True)
    if state is not DataState.OK:
        return replace(calm, timer=timer)
    passed = 0.0 if calm.seen is None else sample.elapsed - calm.seen
    unbroken = calm.seen is not None and 0 <= passed <= rule.gap_s
    return replace(calm, timer=timer, calm_s=calm.calm_s + passed if unbroken else 0.0, seen=sample.elapsed)


def _quiet(stabilize: Stabilize) -> Judgement:
    if not stabilize.calms:
        return Judgement(verdict=Verdict.INCONCLUSIVE, why="no guard watches what was rolled back")
    listed = "; ".join(calm.timer.why for calm in stabilize.calms)
    return Judgement(verdict=Verdict.PASS, why=f"quiet for {clock(stabilize.for_s)}: {listed}")


def _lacking(calm: Calm, for_s: float) -> str:
    return f"{calm.timer.why}, quiet for {clock(calm.calm_s)} of {clock(for_s)}"
