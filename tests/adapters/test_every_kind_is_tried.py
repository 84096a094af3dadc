"""Every kind of source and notifier of the plan language goes through the suite of its port: a new one is a row."""

from __future__ import annotations

from tests.adapters import metric_world, outside_world, test_dashboard_marks, test_notifier_suite

from controlroom.plan.sources import ALERT_KINDS, LOG_KINDS, METRIC_KINDS, Notifier


def test_metric_sources() -> None:
    """tests/adapters/metric_world.py."""
    assert {row.kind for row in metric_world.ROWS} == set(METRIC_KINDS)


def test_log_sources() -> None:
    """tests/adapters/outside_world.py."""
    assert {row.kind for row in outside_world.LOGS} == set(LOG_KINDS)


def test_alert_sources() -> None:
    """tests/adapters/outside_world.py."""
    assert {row.kind for row in outside_world.ALERTS} == set(ALERT_KINDS)


def test_notifiers() -> None:
    """Who is told in words, and who is marked on a dashboard; both forms of Slack."""
    words = {row.kind for row in test_notifier_suite.ROWS}
    marks = {kind for settings in (test_dashboard_marks.GRAFANA, test_dashboard_marks.DATADOG) for kind in settings}
    assert words | marks == set(Notifier.KINDS)
    assert {"slack", "slack-hook"} <= {row.name for row in test_notifier_suite.ROWS}
