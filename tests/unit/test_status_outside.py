"""`status` about other systems: the watch's sources, open alerts, countdowns, and who cannot be told."""

from __future__ import annotations

import msgspec
from tests.adapters.scripted_desk import OUTLINE, ScriptedDesk

from controlroom.commands.status_text import status_text
from controlroom.run import events as ev
from controlroom.run.outline import AlertRuleOutline, LogRuleOutline, WatchOutline
from controlroom.run.phases import DataState, Severity
from controlroom.run.samples import Sample
from controlroom.run.status import status_of

NOW = 1_800_000_000.0
OUTSIDE: tuple[ev.Event, ...] = (
    ev.AlertOpened(rule="alerts-1", id="P1", title="The server is on fire", severity=Severity.CRITICAL),
    ev.AlertOpened(rule="alerts-1", id="P2", title="over", severity=Severity.CRITICAL),
    ev.AlertClosed(rule="alerts-1", id="P2"),
    ev.CountdownStarted(guard="error-rate", service="auth", for_s=30.0),
    ev.CountdownStarted(guard="error-rate", service="database", for_s=30.0),
    ev.CountdownCancelled(guard="error-rate", service="database", why="called off by ana"),
    ev.NotifierFailed(notifier="slack", why="Slack: invalid_auth"),
    ev.NotifierFailed(notifier="webhook", why="HTTP 503"),
    ev.NotifierRecovered(notifier="webhook"),
)


def test_other_systems_have_their_lines() -> None:
    """Sources of the watch with what they say, open alerts, countdowns, and who cannot be told."""
    rule = AlertRuleOutline(id="alerts-1", title="Pager", kind="pagerduty", severity="critical", every_s=15.0)
    logs = LogRuleOutline(id="logs-1", title="ELK", kind="elasticsearch", per_s=300.0, every_s=15.0, above=50)
    watch = WatchOutline(for_s=172_800.0, at_least_s=86_400.0, coverage=0.95, logs=(logs,), alerts=(rule,))
    state = ScriptedDesk(*OUTSIDE).state
    state = msgspec.structs.replace(state, outline=msgspec.structs.replace(OUTLINE, watch=watch))
    seen = {"alerts-1/alerts": Sample(series="alerts-1/alerts", at=NOW - 3, elapsed=1, value=1.0, state=DataState.OK)}
    status = status_of(state, seen, now=NOW, alive=True)
    assert [(line.id, line.state, line.value, line.age_s, line.cause) for line in status.sources] == [
        ("logs-1", DataState.NO_DATA, None, None, "not asked yet"),
        ("alerts-1", DataState.OK, 1.0, 3.0, ""),
    ]
    assert [(alert.id, alert.before) for alert in status.alerts] == [("P1", False)]
    assert [(line.guard, line.service, line.for_s) for line in status.countdowns] == [("error-rate", "auth", 30.0)]
    assert status.notifiers == {"slack": "Slack: invalid_auth"}
    text = status_text(status)
    assert "COUNTDOWN  auth is rolled back by error-rate after 30s; hold or ack calls it off" in text
    assert "slack cannot be told: Slack: invalid_auth" in text
    assert "critical  The server is on fire" in text
    assert "ELK    elasticsearch  NO DATA" in text
