"""What follows from what other systems say: their alerts and log counts judged by the watch's rules (S22); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.figures import clock, exact
from controlroom.engine.verdicts import incident
from controlroom.run import events as ev
from controlroom.run.phases import Phase
from controlroom.run.state import alert_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controlroom.run.events import Event
    from controlroom.run.outline import AlertRuleOutline, LogRuleOutline
    from controlroom.run.outside import Alert, AlertStatus, LogStatus, Tally
    from controlroom.run.state import RunState

MOST_OPEN = 20
"""Alerts of one rule that are followed at a time: in a storm the newest are enough to know that it is one."""
LONGEST_ID = 16
"""Characters of an id that people may know an alert by."""


def open_before(rule: AlertRuleOutline, alerts: Iterable[Alert]) -> list[Event]:
    """The alerts that are open before the run begins: they are listed, and not blamed on it."""
    return [_opened(rule, alert, before=True) for alert in _grave(rule, alerts)[:MOST_OPEN]]


def of_alerts(state: RunState, rule: AlertRuleOutline, alerts: Iterable[Alert]) -> list[Event]:
    """What is new of a rule's open alerts, and what is over.

    A new one is a major incident while watching, and an alarm at any time; one that opened during the run and is still
    open when the watch begins counts then. What names this run was raised by it, and is no news.
    """
    if state.phase.terminal:
        return []
    grave = {alert.id: alert for alert in _grave(rule, alerts) if state.run not in alert.title}
    known = {alert.id: alert for alert in state.alerts.values() if alert.rule == rule.id}
    events: list[Event] = []
    for followed in known.values():
        if followed.open and followed.id not in grave:
            events += _over(state, rule, followed)
        elif followed.open and not followed.before:
            events += _blame(state, rule, followed)
    room = MOST_OPEN - sum(one.open and one.id in grave for one in known.values())
    new = [alert for alert in grave.values() if alert.id not in known or not known[alert.id].open]
    for alert in new[: max(0, room)]:
        events.append(_opened(rule, alert))
        if alert.id not in known or not known[alert.id].before:
            events += [_alarm(rule, alert), *_blame(state, rule, alert)]
    return events


def _grave(rule: AlertRuleOutline, alerts: Iterable[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.severity.reaches(rule.severity)]


def _opened(rule: AlertRuleOutline, alert: Alert, *, before: bool = False) -> ev.AlertOpened:
    return ev.AlertOpened(
        rule=rule.id,
        id=alert.id,
        title=alert.title,
        severity=alert.severity,
        since=alert.since,
        link=alert.link,
        before=before,
    )


def _alarm(rule: AlertRuleOutline, alert: Alert) -> ev.AlarmRaised:
    suggest = f"look at {alert.link}" if alert.link else f"look at it in {rule.kind}"
    return ev.AlarmRaised(alarm=alarm_of(rule.id, alert.id), text=told(rule, alert), suggest=suggest)


def _blame(state: RunState, rule: AlertRuleOutline, alert: Alert | AlertStatus) -> list[Event]:
    text = told(rule, alert)
    if any(one.kind == "alert" and one.text == text for one in state.incidents):
        return []
    return incident(state, "alert", text, evidence=(alert.link,) if alert.link else ())


def _over(state: RunState, rule: AlertRuleOutline, alert: AlertStatus) -> list[Event]:
    closed = ev.AlertClosed(rule=rule.id, id=alert.id)
    alarm = state.alarms.get(alarm_of(rule.id, alert.id))
    return [closed] if alarm is None or alarm.cleared else [closed, ev.AlarmCleared(alarm=alarm.id)]


def told(rule: AlertRuleOutline, alert: Alert | AlertStatus) -> str:
    """`PagerDuty: critical: The server is on fire (PT4KHLK)`; of an id that nobody can read, since when instead."""
    long = len(alert.id) > LONGEST_ID and alert.since
    mark = f"since {alert.since[:19]}" if long else alert.id
    return f"{rule.title}: {alert.severity.value}: {alert.title} ({mark})"


def alarm_of(rule: str, alert: str) -> str:
    """The id of the alarm for another system's alert."""
    return f"alert:{alert_key(rule, alert)}"


def limit_of(rule: LogRuleOutline, status: LogStatus | None) -> float | None:
    """More entries than this are an anomaly; None while what is normal is not known."""
    if rule.times is None:
        return rule.above
    if status is None or status.baseline_count is None or status.baseline_s <= 0:
        return rule.above
    normal = max(1.0, status.baseline_count * rule.per_s / status.baseline_s)
    return max(rule.times * normal, rule.above or 0.0)


def of_logs(state: RunState, rule: LogRuleOutline, tally: Tally, span_s: float) -> list[Event]:
    """What follows from `tally` over `span_s` plan seconds: an anomaly begins above the limit, and ends at half of it.

    Half, so that a number that wavers around its limit is one anomaly. It is a major incident, once for each.
    """
    status = state.logs.get(rule.id)
    limit = limit_of(rule, status)
    if state.phase is not Phase.WATCHING or tally.count is None or limit is None:
        return []
    anomalous = status is not None and status.anomalous
    if anomalous and not tally.cause and tally.count <= limit / 2:
        ended = ev.AnomalyEnded(rule=rule.id, count=tally.count, limit=limit)
        return [ended, ev.AlarmCleared(alarm=logs_alarm(rule.id))]
    if anomalous or tally.count <= limit:
        return []
    began = ev.AnomalyBegan(rule=rule.id, count=tally.count, limit=limit, span_s=span_s, lines=tally.lines)
    text = f"{rule.title}: {tally.count} entries > {exact(limit)} in {clock(span_s)}"
    raised = ev.AlarmRaised(alarm=logs_alarm(rule.id), text=text, suggest="read the newest entries, then decide")
    return [began, raised, *incident(state, "logs", text, evidence=tally.lines)]


def logs_alarm(rule: str) -> str:
    """The id of the alarm for a log rule's anomaly."""
    return f"logs:{rule}"


def of_darkness(state: RunState, rule: LogRuleOutline | AlertRuleOutline, cause: str) -> list[Event]:
    """The alarm for a source that has not answered for too long, cleared (without a `cause`) once it does again."""
    alarm = state.alarms.get(f"source:{rule.id}")
    standing = alarm is not None and not alarm.cleared
    if state.phase.terminal or standing == bool(cause):
        return []
    if not cause:
        return [ev.AlarmCleared(alarm=f"source:{rule.id}")]
    text = f"{rule.title}: NO DATA: {cause}"
    suggest = "see that the source answers: the watch comes to no verdict without it"
    return [ev.AlarmRaised(alarm=f"source:{rule.id}", text=text, suggest=suggest)]
