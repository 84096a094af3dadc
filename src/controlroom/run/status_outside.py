"""The part of `status --json` about other systems: the watch's sources, open alerts, countdowns, who is not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.run.phases import DataState, Severity
from controlroom.run.samples import ALERTS, LOGS, Sample, series_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.run.outline import AlertRuleOutline, LogRuleOutline
    from controlroom.run.state import RunState


class SourceLine(Struct, frozen=True, kw_only=True):
    """A log or alert rule of the watch: `value` entries or open alerts, null when nobody can tell, and why."""

    id: str
    title: str
    kind: str
    state: DataState
    value: float | None
    age_s: float | None
    cause: str


class AlertLine(Struct, frozen=True, kw_only=True):
    """An open alert of another system; one that was open `before` the run is not blamed on it."""

    rule: str
    id: str
    title: str
    severity: Severity
    since: str
    link: str
    before: bool


class CountdownLine(Struct, frozen=True, kw_only=True):
    """A guard that rolls `service` back by itself, `for_s` plan seconds after `started`."""

    guard: str
    service: str
    for_s: float
    started: str


def sources_of(state: RunState, samples: Mapping[str, Sample], now: float) -> list[SourceLine]:
    """A line for each rule of the watch that another system answers, with its newest sample."""
    watch = state.outline.watch
    if watch is None:
        return []
    logs = [_source(rule, samples.get(series_id(rule.id, LOGS)), now) for rule in watch.logs]
    alerts = [_source(rule, samples.get(series_id(rule.id, ALERTS)), now) for rule in watch.alerts]
    return logs + alerts


def _source(rule: LogRuleOutline | AlertRuleOutline, sample: Sample | None, now: float) -> SourceLine:
    if sample is None:
        return SourceLine(
            id=rule.id,
            title=rule.title,
            kind=rule.kind,
            state=DataState.NO_DATA,
            value=None,
            age_s=None,
            cause="not asked yet",
        )
    return SourceLine(
        id=rule.id,
        title=rule.title,
        kind=rule.kind,
        state=sample.state,
        value=sample.value,
        age_s=round(max(0.0, now - sample.at), 1),
        cause=sample.cause,
    )


def alerts_of(state: RunState) -> list[AlertLine]:
    """The alerts that are open."""
    return [
        AlertLine(
            rule=alert.rule,
            id=alert.id,
            title=alert.title,
            severity=alert.severity,
            since=alert.since,
            link=alert.link,
            before=alert.before,
        )
        for alert in state.alerts.values()
        if alert.open
    ]


def countdowns_of(state: RunState) -> list[CountdownLine]:
    """The countdowns that are running."""
    return [
        CountdownLine(guard=one.guard, service=one.service, for_s=one.for_s, started=one.started)
        for one in state.countdowns.values()
    ]
