"""What the systems around a run say before it begins: alerts that are open already, usual logs, and who can be told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from controlroom.engine import incidents
from controlroom.engine.attempt import attempt
from controlroom.engine.figures import exact
from controlroom.engine.fixes import fix_of
from controlroom.engine.outside import SHORTEST_SPAN_S
from controlroom.engine.premises import result
from controlroom.engine.scenes import TimeIsOut, race
from controlroom.errors import Undelivered
from controlroom.plan.units import format_duration
from controlroom.ports import Finding
from controlroom.run import events as ev
from controlroom.run.events import PreflightResult

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from controlroom.ports import AlertSource, Clock, Kit, LogSource, Notifier, Target
    from controlroom.run.events import Event
    from controlroom.run.outline import AlertRuleOutline, LogRuleOutline, RunOutline
    from controlroom.run.pace import Pace

T = TypeVar("T")
LOOK_LIMIT_S = 30.0
"""Real seconds for one look; the adapters' own timeouts are shorter."""
_SILENT = "see that it answers, and that the plan's URL, token and query are right"
_FAR = "see that it can be reached from this machine"


@dataclass
class Surroundings:
    """The lines of the table, and the events that a run begins with because of them."""

    results: list[PreflightResult] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


async def look(outline: RunOutline, kit: Kit, clock: Clock, pace: Pace) -> Surroundings:
    """Ask every alert source, every log source, and everybody to tell; in production also whatever is acted upon."""
    alerts, logs, told = kit.alerts(), kit.logs(), kit.notifiers()
    watch = outline.watch
    looks = [
        *(_alerts(rule, alerts[rule.id], clock) for rule in (watch.alerts if watch else ())),
        *(_logs(rule, logs[rule.id], clock, pace) for rule in (watch.logs if watch else ())),
        *(_notifier(name, notifier, clock) for name, notifier in told.items()),
        *(_target(target, clock) for target in (() if outline.rehearsal else kit.targets())),
        *(_target(tool, clock) for tool in kit.tools()),
    ]
    found = await asyncio.gather(*looks)
    return Surroundings([one for part in found for one in part.results], [one for part in found for one in part.events])


async def _alerts(rule: AlertRuleOutline, source: AlertSource, clock: Clock) -> Surroundings:
    subject = f"alerts: {rule.title}"
    answer = await _tried(clock, source.open())
    cause = _why(answer) if isinstance(answer, BaseException) else answer.cause
    if cause or isinstance(answer, BaseException):
        return _dark(subject, cause)
    before = incidents.open_before(rule, answer.alerts)
    listed = "; ".join(event.title for event in before if isinstance(event, ev.AlertOpened))
    none = f"none of severity {rule.severity} is open"
    detail = f"open before the run, not blamed on it: {listed}" if before else none
    return Surroundings([PreflightResult(subject=subject, ok=True, detail=detail, warn=bool(before))], before)


async def _logs(rule: LogRuleOutline, source: LogSource, clock: Clock, pace: Pace) -> Surroundings:
    subject, span_s = f"logs: {rule.title}", rule.baseline_s or rule.per_s
    answer = await _tried(clock, source.tally(max(SHORTEST_SPAN_S, pace.real(span_s))))
    cause = _why(answer) if isinstance(answer, BaseException) else answer.cause
    if cause or isinstance(answer, BaseException) or answer.count is None:
        return _dark(subject, cause)
    detail = f"{answer.count} entries in {format_duration(span_s)}"
    if rule.above is not None and not rule.baseline_s:
        detail += f", {exact(rule.above)} allowed while watching"
    usual: list[Event] = []
    if rule.times is not None:
        usual.append(ev.BaselineCounted(rule=rule.id, count=answer.count, span_s=span_s))
        detail += f", {rule.times} times that is too many"
    return Surroundings([PreflightResult(subject=subject, ok=True, detail=detail)], usual)


async def _notifier(name: str, notifier: Notifier, clock: Clock) -> Surroundings:
    """Only what somebody has to mend keeps a run from starting: a messenger that is down does not (S26)."""
    subject = f"notify: {name}"
    answer = await _tried(clock, notifier.look())
    if isinstance(answer, Undelivered) and answer.fix:
        return Surroundings([PreflightResult(subject=subject, ok=False, detail=str(answer), fix=answer.fix)])
    detail = answer if isinstance(answer, str) else f"cannot be reached now, and is tried again: {_why(answer)}"
    away = not isinstance(answer, str)
    return Surroundings([PreflightResult(subject=subject, ok=True, detail=detail, warn=away)])


async def _target(target: Target, clock: Clock) -> Surroundings:
    answer = await _tried(clock, target.look())
    if isinstance(answer, BaseException):
        answer = Finding(ok=False, detail=_why(answer))
    fix = fix_of(answer.detail, _FAR)
    return Surroundings([result(target.subject, answer.ok, answer.detail, fix, warn=not answer.observed)])


def _dark(subject: str, cause: str) -> Surroundings:
    return Surroundings(
        [PreflightResult(subject=subject, ok=False, detail=f"no data: {cause}", fix=fix_of(cause, _SILENT))]
    )


async def _tried(clock: Clock, work: Coroutine[object, object, T]) -> T | BaseException:
    return await attempt(race(clock, work, cut=asyncio.Event(), limit_s=LOOK_LIMIT_S))


def _why(failure: BaseException) -> str:
    if isinstance(failure, TimeIsOut):
        return f"no answer within {LOOK_LIMIT_S:g} s"
    return str(failure) if isinstance(failure, Undelivered) else f"broken: {type(failure).__name__}"
