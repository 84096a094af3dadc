"""From a plan's watch to its log sources and its alert sources: a row for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.alerts.alertmanager import alertmanager_alerts
from controlroom.adapters.alerts.opsgenie import opsgenie_alerts
from controlroom.adapters.alerts.pagerduty import pagerduty_alerts
from controlroom.adapters.dark import DarkAlerts, DarkLogs
from controlroom.adapters.logs.elasticsearch import ElasticsearchLogs
from controlroom.adapters.logs.splunk import SplunkLogs
from controlroom.adapters.trouble import Unable
from controlroom.plan.lookouts import alert_rules, kind_of, log_rules, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.model import Plan
    from controlroom.plan.observation import AlertRule, LogRule
    from controlroom.ports import AlertSource, LogSource


def log_sources(plan: Plan, means: Means) -> dict[str, LogSource]:
    """A source for each log rule of the watch, by the rule's id; what does not resolve is a dark one."""

    def made(rule: LogRule) -> LogSource:
        try:
            return _LOGS[kind_of(plan, rule)](settings_of(plan, rule), rule.query, means)
        except Unable as exc:
            return DarkLogs(str(exc))

    return {rule_id: made(rule) for rule_id, rule in log_rules(plan.watch).items()}


def alert_sources(plan: Plan, means: Means) -> dict[str, AlertSource]:
    """A source for each alert rule of the watch, by the rule's id; what does not resolve is a dark one."""

    def made(rule: AlertRule) -> AlertSource:
        try:
            return _ALERTS[kind_of(plan, rule)](settings_of(plan, rule), rule.severity, means)
        except Unable as exc:
            return DarkAlerts(str(exc))

    return {rule_id: made(rule) for rule_id, rule in alert_rules(plan.watch).items()}


_LOGS: Final[Mapping[str, Callable[[Any, str, Means], LogSource]]] = {
    "elasticsearch": ElasticsearchLogs,
    "splunk": SplunkLogs,
}
_ALERTS: Final[Mapping[str, Callable[[Any, str, Means], AlertSource]]] = {
    "pagerduty": pagerduty_alerts,
    "opsgenie": lambda settings, _severity, means: opsgenie_alerts(settings, means),
    "alertmanager": alertmanager_alerts,
}
