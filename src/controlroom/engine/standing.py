"""What every series says before the run begins: whether it can be seen at all, and whether it is in breach (S5, S8)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine.figures import compact
from controlroom.engine.fixes import fix_of
from controlroom.engine.guard_rules import rules_of
from controlroom.engine.guards import GuardTimer, observe
from controlroom.engine.history import samples_of
from controlroom.engine.judge import Bounds, bounds_of, judge
from controlroom.engine.scenes import TimeIsOut, race
from controlroom.run.events import PreflightResult
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState
from controlroom.run.samples import HEALTH, Reading, series_id, split_series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controlroom.engine.guard_rules import GuardRule
    from controlroom.engine.history import Past
    from controlroom.ports import Clock, Source
    from controlroom.run.outline import RunOutline
    from controlroom.run.samples import Sample

MOST_READS = 4
BETWEEN_READS_S = 0.5
"""Real seconds between two reads of a source: a scrape gives a rate from its second answer on."""
READ_LIMIT_S = 15.0

_WORDS = {DataState.NO_TRAFFIC: "no traffic", DataState.TOO_FEW: "too few requests to judge"}


async def read(sources: Sequence[Source], clock: Clock) -> dict[str, Reading]:
    """The newest reading of each series; a source is asked again while it has no data, but not after it hung."""
    newest: dict[str, Reading] = {}
    waiting = list(sources)
    for turn in range(MOST_READS):
        if turn:
            await clock.sleep(BETWEEN_READS_S)
        answers = await asyncio.gather(*(_read(source, clock) for source in waiting))
        newest.update({reading.series: reading for readings in answers for reading in readings})
        waiting = [source for source, readings in zip(waiting, answers, strict=True) if not all(map(_seen, readings))]
        if not waiting:
            break
    return newest


def results(
    outline: RunOutline, newest: Mapping[str, Reading], past: Past, accept_breach: str
) -> list[PreflightResult]:
    """A line for each reason why series are dark, each that is not, and each guard; a breach passes with a reason only.

    Where a source remembers, a guard is judged over its whole time, and else as things stand now (S8).
    """
    rules, pace = rules_of(outline), Pace(outline.speed)
    found: list[PreflightResult] = []
    dark: dict[str, list[str]] = {}
    units = {series_id(one.id, metric.id): metric.unit for one in outline.services for metric in one.metrics}
    for series, bounds in bounds_of(outline).items():
        reading = newest.get(series) or Reading(series=series, value=None, at=0.0, cause="no answer")
        sample = judge(reading, 0.0, bounds, None)
        if sample.state is DataState.NO_DATA:
            dark.setdefault(sample.cause, []).append(series)
        elif split_series(series)[1] == HEALTH:
            healthy = "healthy" if sample.value else f"NOT healthy: {sample.cause}"
            found.append(PreflightResult(subject=series, ok=True, detail=healthy, warn=not sample.value))
        else:
            before = samples_of(past.readings[series], bounds, pace, 0.0) if series in past.readings else []
            plain = [rule for rule in rules.get(series, ()) if rule.plain]
            guarded = [_guarded(rule, sample, before, accept_breach) for rule in plain]
            found += guarded or [_measured(sample, units[series])]
    return [*found, *(_dark(series, cause) for cause, series in dark.items())]


def _dark(series: list[str], cause: str) -> PreflightResult:
    """One line for all that is dark for one reason: a source that is away takes all its series along."""
    subject, *others = series
    also = f"; so are {', '.join(others)}" if others else ""
    return PreflightResult(subject=subject, ok=False, detail=f"no data: {cause}{also}", fix=fix_of(cause))


def _measured(sample: Sample, unit: str) -> PreflightResult:
    """A metric that no guard rests on: that it can be seen."""
    said = sample.state.value.lower() if sample.value is None else compact(sample.value, unit)
    return PreflightResult(subject=sample.series, ok=True, detail=said, warn=sample.value is None)


def _guarded(rule: GuardRule, sample: Sample, before: list[Sample], accept_breach: str) -> PreflightResult:
    """S8: a breach that is there before the run is not blamed on the release."""
    breach = _lasting(rule, before) or rule.standing(sample)
    if breach and not accept_breach:
        fix = "mend it first; for a hotfix: --accept-breach REASON"
        return PreflightResult(subject=sample.series, ok=False, detail=breach, fix=fix)
    if breach:
        accepted = f"{breach}, accepted: {accept_breach}"
        return PreflightResult(subject=sample.series, ok=True, detail=accepted, warn=True)
    state = rule.state_of(sample)
    calm = _WORDS[state] if sample.value is None or state in _WORDS else rule.keeps(sample.value)
    return PreflightResult(subject=sample.series, ok=True, detail=calm, warn=state in _WORDS)


def _lasting(rule: GuardRule, before: list[Sample]) -> str:
    """The sentence about a breach that stands at the end of the past, with how long it has; empty when none does."""
    timer = GuardTimer()
    for sample in before:
        timer, _ = observe(timer, sample, rule)
    return f"{timer.why}, before the run began" if timer.breaching else ""


async def _read(source: Source, clock: Clock) -> list[Reading]:
    try:
        return list(await race(clock, source.read(), cut=asyncio.Event(), limit_s=READ_LIMIT_S))
    except TimeIsOut:
        return []


def _seen(reading: Reading) -> bool:
    return judge(reading, 0.0, Bounds(), None).state is not DataState.NO_DATA
