"""The answer to `status --json`, made of a run's state and its newest samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.gates import waiting_gate
from controlroom.run.phases import DataState
from controlroom.run.samples import HEALTH, Sample, series_id
from controlroom.run.status_outside import alerts_of, countdowns_of, sources_of
from controlroom.run.status_shape import (
    AlarmLine,
    CoverageLine,
    EngineLine,
    GuardLine,
    HandOverLine,
    HealthLine,
    HoldLine,
    IncidentLine,
    LeaseLine,
    MetricLine,
    RollbackLine,
    ServiceLine,
    SmokeLine,
    Status,
    StepLine,
    VerdictLine,
    VersionLine,
    WatchLine,
)
from controlroom.run.times import parse
from controlroom.run.watch_standing import by_coverage, next_milestone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.run.outline import GuardOutline, MetricOutline, ServiceOutline
    from controlroom.run.state import AlarmStatus, GuardStatus, RunState, ServiceStatus, SmokeStatus


def status_of(state: RunState, samples: Mapping[str, Sample], *, now: float, alive: bool) -> Status:
    """The status of a run: `samples` by series, `now` in epoch seconds for their ages, `alive` whether an engine is."""
    outline = state.outline
    limits = {guard.id: guard for guard in outline.guards}
    engine, lease = state.engine, state.lease
    return Status(
        run=state.run,
        plan=outline.plan,
        title=outline.title,
        plan_sha256=state.plan_sha256,
        plan_changed=state.plan_changed,
        environment=outline.environment,
        rehearsal=outline.rehearsal,
        speed=outline.speed,
        phase=state.phase,
        seq=state.seq,
        started=_second(state.started),
        at=_second(state.at),
        holds=[HoldLine(reason=h.reason, by=h.by, at=_second(h.at), note=h.note) for h in state.holds],
        engine=EngineLine(pid=engine.pid, host=engine.host, started=_second(engine.started))
        if alive and engine
        else None,
        interrupted=not alive and not state.phase.terminal,
        gate=waiting_gate(state),
        step=_step(state),
        lease=LeaseLine(operator=lease.operator, host=lease.host, since=_second(lease.since)) if lease else None,
        traffic=state.traffic,
        services=[_service(state.services[s.id], s, samples, now) for s in outline.services],
        guards=[_guard(guard, limits[guard.guard]) for guard in state.guards.values()],
        alarms=[_alarm(alarm) for alarm in state.alarms.values()],
        smoke=[_smoke(item) for item in state.smoke.values()],
        rollback=_rollback(state),
        stabilizing=state.stabilize.services if state.stabilize else (),
        watch=_watch(state),
        verdict=VerdictLine(phase=state.verdict.phase, why=state.verdict.why, at=_second(state.verdict.at))
        if state.verdict
        else None,
        incidents=[
            IncidentLine(kind=i.kind, text=i.text, service=i.service or None, at=_second(i.at), evidence=i.evidence)
            for i in state.incidents
        ],
        sources=sources_of(state, samples, now),
        alerts=alerts_of(state),
        countdowns=countdowns_of(state),
        notifiers=state.notifiers,
        handover=_handover(state),
    )


def _handover(state: RunState) -> HandOverLine | None:
    offer = state.handover
    if offer is None:
        return None
    return HandOverLine(by=offer.by, to=offer.to, note=offer.note, at=_second(offer.at))


def _second(at: str) -> str:
    """An event's time without its fraction, which nobody reads."""
    return parse(at).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def _age(sample: Sample | None, now: float) -> float | None:
    return None if sample is None else round(max(0.0, now - sample.at), 1)


def _step(state: RunState) -> StepLine | None:
    step = state.active
    if step is None:
        return None
    action = step.label if step.in_action else ""
    return StepLine(
        service=step.service, step=step.step, target=step.target, action=action, started=_second(step.started)
    )


def _service(service: ServiceStatus, outline: ServiceOutline, samples: Mapping[str, Sample], now: float) -> ServiceLine:
    health = None
    if outline.health_every_s is not None:
        sample = samples.get(series_id(service.id, HEALTH))
        word = sample.state if sample else DataState.NO_DATA
        health = HealthLine(state=word, age_s=_age(sample, now), cause=sample.cause if sample else "")
    return ServiceLine(
        id=service.id,
        name=service.name,
        state=service.state,
        stable=service.stable,
        attempt=service.attempt,
        version=VersionLine(from_=service.origin or None, to=service.target, live=service.live or None),
        health=health,
        metrics={m.id: _metric(m, samples.get(series_id(service.id, m.id)), now) for m in outline.metrics},
        partial=service.partial,
        failed_step=service.failed_step,
        why=service.why,
    )


def _metric(metric: MetricOutline, sample: Sample | None, now: float) -> MetricLine:
    if sample is None:
        return MetricLine(state=DataState.NO_DATA, value=None, unit=metric.unit, age_s=None, cause="no sample yet")
    return MetricLine(
        state=sample.state, value=sample.value, unit=metric.unit, age_s=_age(sample, now), cause=sample.cause
    )


def _guard(guard: GuardStatus, outline: GuardOutline) -> GuardLine:
    return GuardLine(
        id=guard.guard,
        service=guard.service,
        verdict=guard.verdict,
        breach_s=guard.breach_s,
        for_s=outline.for_s,
        why=guard.why,
        value=guard.value,
        limit=outline.limit,
        unit=outline.unit,
        frozen=guard.frozen,
        fired=guard.fired,
    )


def _alarm(alarm: AlarmStatus) -> AlarmLine:
    return AlarmLine(
        id=alarm.id,
        text=alarm.text,
        service=alarm.service or None,
        suggest=alarm.suggest,
        since=_second(alarm.since),
        cleared=alarm.cleared,
        acknowledged_by=alarm.acknowledged_by or None,
    )


def _smoke(item: SmokeStatus) -> SmokeLine:
    return SmokeLine(
        id=item.id,
        title=item.title,
        state=item.state,
        mandatory=item.mandatory,
        by=item.by or None,
        at=_second(item.at) or None,
        kind=item.kind,
        note=item.note,
        attempts=item.attempts,
    )


def _rollback(state: RunState) -> RollbackLine | None:
    rollback = state.rollback
    if rollback is None:
        return None
    return RollbackLine(
        queue=rollback.queue,
        done=rollback.done,
        everything=rollback.everything,
        why=rollback.why,
        stopped=rollback.stopped,
    )


def _watch(state: RunState) -> WatchLine | None:
    watch, outline = state.watch, state.outline.watch
    if watch is None or outline is None:
        return None
    return WatchLine(
        started=_second(watch.started),
        elapsed_s=watch.elapsed_s,
        for_s=outline.for_s,
        at_least_s=outline.at_least_s,
        coverage=watch.coverage,
        coverage_wanted=outline.coverage,
        worst=[CoverageLine(indicator=name, share=share) for name, share in by_coverage(outline, watch.coverage)],
        incidents=len(state.incidents),
        next=next_milestone(state, watch.elapsed_s),
    )
