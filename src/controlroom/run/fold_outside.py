"""The part of the fold that follows other systems, countdowns and the messages that went out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controlroom.run import events as ev
from controlroom.run.outside import AlertStatus, CountdownStatus, LogStatus
from controlroom.run.state import RunState, alert_key, guard_key, message_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.events import Record


def _alert_opened(state: RunState, _record: Record, event: ev.AlertOpened) -> RunState:
    key = alert_key(event.rule, event.id)
    known = state.alerts.get(key)
    alert = AlertStatus(
        rule=event.rule,
        id=event.id,
        title=event.title,
        severity=event.severity,
        since=event.since,
        link=event.link,
        before=event.before or (known is not None and known.before),
    )
    return replace(state, alerts={**state.alerts, key: alert})


def _alert_closed(state: RunState, _record: Record, event: ev.AlertClosed) -> RunState:
    key = alert_key(event.rule, event.id)
    alert = state.alerts.get(key)
    if alert is None:
        return state
    return replace(state, alerts={**state.alerts, key: replace(alert, open=False)})


def _with_logs(state: RunState, status: LogStatus) -> RunState:
    return replace(state, logs={**state.logs, status.rule: status})


def _logs_of(state: RunState, rule: str) -> LogStatus:
    return state.logs.get(rule) or LogStatus(rule=rule)


def _baseline_counted(state: RunState, _record: Record, event: ev.BaselineCounted) -> RunState:
    status = replace(_logs_of(state, event.rule), baseline_count=event.count, baseline_s=event.span_s)
    return _with_logs(state, status)


def _anomaly_began(state: RunState, record: Record, event: ev.AnomalyBegan) -> RunState:
    status = replace(
        _logs_of(state, event.rule),
        anomalous=True,
        count=event.count,
        limit=event.limit,
        lines=event.lines,
        since=record.at,
    )
    return _with_logs(state, status)


def _anomaly_ended(state: RunState, _record: Record, event: ev.AnomalyEnded) -> RunState:
    return _with_logs(state, replace(_logs_of(state, event.rule), anomalous=False, count=event.count))


def _countdown_started(state: RunState, record: Record, event: ev.CountdownStarted) -> RunState:
    countdown = CountdownStatus(guard=event.guard, service=event.service, for_s=event.for_s, started=record.at)
    return replace(state, countdowns={**state.countdowns, guard_key(event.guard, event.service): countdown})


def _countdown_cancelled(state: RunState, _record: Record, event: ev.CountdownCancelled) -> RunState:
    gone = guard_key(event.guard, event.service)
    return replace(state, countdowns={key: one for key, one in state.countdowns.items() if key != gone})


def _notifier_failed(state: RunState, _record: Record, event: ev.NotifierFailed) -> RunState:
    return replace(state, notifiers={**state.notifiers, event.notifier: event.why})


def _notifier_recovered(state: RunState, _record: Record, event: ev.NotifierRecovered) -> RunState:
    return replace(state, notifiers={key: why for key, why in state.notifiers.items() if key != event.notifier})


def _message_posted(state: RunState, _record: Record, event: ev.MessagePosted) -> RunState:
    return replace(state, posted={**state.posted, message_key(event.notifier, event.key): event.receipt})


OUTSIDE: dict[type, Callable[[RunState, Record, Any], RunState]] = {
    ev.AlertOpened: _alert_opened,
    ev.AlertClosed: _alert_closed,
    ev.BaselineCounted: _baseline_counted,
    ev.AnomalyBegan: _anomaly_began,
    ev.AnomalyEnded: _anomaly_ended,
    ev.CountdownStarted: _countdown_started,
    ev.CountdownCancelled: _countdown_cancelled,
    ev.NotifierFailed: _notifier_failed,
    ev.NotifierRecovered: _notifier_recovered,
    ev.MessagePosted: _message_posted,
}
