"""How `status` reads for people: what matters first, aligned, nothing that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.commands.table import aligned
from controlroom.plan.units import format_duration, format_number
from controlroom.run.phases import DataState, ServiceState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.run.status_outside import SourceLine
    from controlroom.run.status_shape import (
        CoverageLine,
        GuardLine,
        HealthLine,
        MetricLine,
        ServiceLine,
        SmokeLine,
        Status,
        WatchLine,
    )

_MOVING = frozenset({ServiceState.DEPLOYING, ServiceState.VERIFYING, ServiceState.ROLLING_BACK})
"""States in which the version that was seen last may be gone already."""


def status_text(status: Status) -> str:
    """Everything, ending in a newline."""
    parts = [list(_head(status)), aligned(map(_service, status.services))]
    parts.append(_titled("guards", aligned(map(_guard, status.guards))))
    parts.append(_titled("smoke tests", aligned(map(_smoke, status.smoke))))
    parts.append(_titled("logs and alerts", aligned(map(_source, status.sources))))
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def checklist(status: Status) -> str:
    """The smoke tests alone, and what governs public traffic."""
    return "\n".join([*aligned(map(_smoke, status.smoke)), "", f"traffic {status.traffic.value}"]) + "\n"


def _titled(title: str, lines: list[str]) -> list[str]:
    return [title, *lines] if lines else []


def _head(status: Status) -> Iterator[str]:
    where = "REHEARSAL" if status.rehearsal else status.environment.upper()
    speed = f" at speed {format_number(status.speed)}" if status.speed != 1 else ""
    changed = ", file changed since" if status.plan_changed else ""
    yield f"{status.run}  {where}{speed}  {status.phase.value.upper()}"
    yield f"{status.title}  (plan {status.plan} @{status.plan_sha256[:7]}{changed})"
    yield from aligned(_facts(status), indent="")


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    if status.verdict is not None:
        yield "verdict", f"{status.verdict.phase.value}: {status.verdict.why}"
    yield from _people(status)
    yield from _trouble(status)
    yield from _under_way(status)
    if status.gate is not None:
        yield "gate", f"{status.gate} waits: controlroom advance --to {status.gate}"
    yield "traffic", status.traffic.value
    if status.watch is not None:
        yield "watch", _watch(status.watch)


def _people(status: Status) -> Iterator[tuple[str, str]]:
    if status.interrupted:
        yield "engine", f"GONE: nothing drives this run; controlroom recover {status.run}"
    elif status.engine is not None:
        yield "engine", f"{status.engine.pid} on {status.engine.host} since {status.engine.started}"
    if status.lease is not None:
        yield "driver", f"{status.lease.operator} from {status.lease.host} since {status.lease.since}"
    if status.handover is not None:
        offer = status.handover
        yield "HAND-OVER", f"{offer.by} to {offer.to}: {offer.note} (controlroom lease accept, as {offer.to})"


def _trouble(status: Status) -> Iterator[tuple[str, str]]:
    for hold in status.holds:
        note = f": {hold.note}" if hold.note else ""
        yield "HOLD", f"{hold.reason}, by {hold.by} at {hold.at}{note}"
    for alarm in status.alarms:
        seen = f" (seen by {alarm.acknowledged_by})" if alarm.acknowledged_by else ""
        over = " (over)" if alarm.cleared else ""
        yield "ALARM", f"{alarm.id}  {alarm.text}{over}{seen}"
    for countdown in status.countdowns:
        again = f"{countdown.guard} after {format_duration(countdown.for_s)}; hold or ack calls it off"
        yield "COUNTDOWN", f"{countdown.service} is rolled back by {again}"
    for incident in status.incidents:
        yield "incident", f"{incident.at}  {incident.text}"
    for alert in status.alerts:
        before = ", open since before the run" if alert.before else ""
        yield "alert", f"{alert.severity.value}  {alert.title}{before}"
    for name, why in status.notifiers.items():
        yield "notify", f"{name} cannot be told: {why}"


def _under_way(status: Status) -> Iterator[tuple[str, str]]:
    if status.step is not None:
        step = status.step
        yield "step", f"{step.service}: {step.step.value.replace('_', ' ')} to {step.target} since {step.started}"
        if step.action:
            yield "", step.action
    if status.rollback is not None:
        left = " → ".join(status.rollback.queue) or "nothing left"
        yield "rollback", f"STOPPED: {status.rollback.stopped}" if status.rollback.stopped else left
    if status.stabilizing:
        yield "stabilizing", ", ".join(status.stabilizing)


def _service(service: ServiceLine) -> list[str]:
    version = service.version
    change = f"{version.from_ or '?'} → {version.to}"
    seen = "was" if service.state in _MOVING else "live"
    live = f"{seen} {version.live}" if version.live not in {None, version.to} else ""
    state = service.state.value.replace("_", " ") + (", partial" if service.partial else "")
    stable = {None: "", True: "stable", False: "NOT STABLE"}[service.stable]
    figures = "  ".join(_metric(name, metric) for name, metric in service.metrics.items())
    return [service.name, service.id, state, change, live, stable, _health(service.health), figures]


def _health(health: HealthLine | None) -> str:
    return "" if health is None else f"health {health.state.value}{_aged(health.state, health.age_s)}"


def _metric(name: str, metric: MetricLine) -> str:
    value = "" if metric.value is None else f" {_number(metric.value)} {metric.unit}".rstrip()
    word = "" if metric.state is DataState.OK else f" {metric.state.value}"
    return f"{name}{value}{word}{_aged(metric.state, metric.age_s)}"


def _aged(state: DataState, age_s: float | None) -> str:
    """How old the last sample is, where that is the point."""
    return f" for {age_s:.0f} s" if state is DataState.NO_DATA and age_s else ""


def _number(value: float) -> str:
    return format_number(round(value, 2 if abs(value) < 100 else 0))  # noqa: PLR2004 - three digits are enough


def _guard(guard: GuardLine) -> list[str]:
    growing = guard.breach_s > 0 and guard.verdict is not Verdict.PASS
    timer = f"{format_duration(round(guard.breach_s))} of {format_duration(guard.for_s)}" if growing else ""
    return [guard.id, guard.service, guard.verdict.value, timer + (" frozen" if guard.frozen else ""), guard.why]


def _source(source: SourceLine) -> list[str]:
    value = "" if source.value is None else _number(source.value)
    return [source.title, source.kind, source.state.value + _aged(source.state, source.age_s), value, source.cause]


def _smoke(item: SmokeLine) -> list[str]:
    who = f"{item.by} at {item.at}" if item.by and item.at else ""
    kind = "" if item.mandatory else "optional"
    return [item.state.value.replace("_", " "), item.id, item.title, kind, who, item.note]


def _watch(watch: WatchLine) -> str:
    """The watch on one line: how far, with how much data (the worst first), what happened, and what comes next."""
    parts = [f"{_clock(watch.elapsed_s)} of {_clock(watch.for_s)}"]
    if watch.worst:
        shares = [
            f"{one.indicator} {one.share:.1%}" + (f" (below {watch.coverage_wanted:.0%})" if _thin(one, watch) else "")
            for one in watch.worst
        ]
        parts.append("covered " + ", ".join(shares))
    parts.append(f"INCIDENTS {watch.incidents}" if watch.incidents else "no incident")
    if watch.next is not None:
        parts.append(f"{_NEXT[watch.next.what]} in {_clock(watch.next.in_s)}")
    return "; ".join(parts)


_NEXT = {"summary": "next summary", "closable": "may be closed", "verdict": "verdict"}


def _thin(one: CoverageLine, watch: WatchLine) -> bool:
    return one.share < watch.coverage_wanted


def _clock(seconds: float) -> str:
    """`12:05:10`."""
    minutes, secs = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{secs:02}"
