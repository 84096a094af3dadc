"""A world in which every log source, alert source and notifier is tried alike: its vendor, and the adapter under test.

A new adapter is a row: the plan's settings, and the fake of its vendor.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.alertmanager import FakeAlertmanager
from tests.adapters.vendors.elasticsearch import FakeElasticsearch
from tests.adapters.vendors.http_server import VendorServer
from tests.adapters.vendors.opsgenie import FakeOpsgenie
from tests.adapters.vendors.pagerduty import FakePagerDuty
from tests.adapters.vendors.splunk import FakeSplunk

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.lookouts import alert_sources, log_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.notify.bindings import notifiers_of
from controlroom.adapters.secrets import Vault
from controlroom.plan.model import Plan
from controlroom.run.pace import Pace
from controlroom.run.phases import Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from controlroom.ports import AlertSource, LogSource, Notifier

SECRETS = {
    "TOKEN": "t0ken-t0ken-t0ken",
    "ROUTING_KEY": "r0uting-key-r0uting-key",
    "HOOK": "h00k-s3cret-h00k",
}
START = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class AlertRow:
    """An alert source. `words` are what its vendor calls each severity, `raises` lets the vendor open an alert."""

    kind: str
    settings: dict[str, Any]
    vendor: Callable[[], Any]
    words: dict[Severity, str]
    raises: Callable[[Any, str, str], object]
    closes: Callable[[Any], None]
    elsewhere: Callable[[Any], object]


def _resolve_all(vendor: FakePagerDuty) -> None:
    for incident in vendor.incidents.values():
        incident.status = "resolved"


def _close_all(vendor: FakeOpsgenie) -> None:
    for alert in vendor.alerts.values():
        alert.status = "closed"


ALERTS = (
    AlertRow(
        "pagerduty",
        {"token": "${env:TOKEN}", "services": ["PSHOP01"]},
        lambda: FakePagerDuty(SECRETS["TOKEN"], SECRETS["ROUTING_KEY"]),
        {Severity.CRITICAL: "high", Severity.WARNING: "low"},
        lambda vendor, title, word: vendor.open(title, urgency=word),
        _resolve_all,
        lambda vendor: vendor.open("not ours", service="PELSE01"),
    ),
    AlertRow(
        "opsgenie",
        {"token": "${env:TOKEN}", "query": "tag:shop"},
        lambda: FakeOpsgenie(SECRETS["TOKEN"]),
        {Severity.CRITICAL: "P1", Severity.ERROR: "P2", Severity.WARNING: "P3", Severity.INFO: "P5"},
        lambda vendor, title, word: vendor.open(title, priority=word),
        _close_all,
        lambda vendor: vendor.open("not ours", tags=("else",)),
    ),
    AlertRow(
        "alertmanager",
        {"token": "${env:TOKEN}", "labels": {"team": "shop"}},
        lambda: FakeAlertmanager(token=SECRETS["TOKEN"]),
        {Severity.CRITICAL: "Critical", Severity.ERROR: "high", Severity.WARNING: "warning", Severity.INFO: "none"},
        lambda vendor, title, word: vendor.open(title, severity=word, team="shop"),
        lambda vendor: vendor.alerts.clear(),
        lambda vendor: vendor.open("not ours", severity="critical", team="else"),
    ),
)


@dataclass(frozen=True)
class LogRow:
    """A log source."""

    kind: str
    settings: dict[str, Any]
    vendor: Callable[[Callable[[], float]], Any]


LOGS = (
    LogRow(
        "elasticsearch",
        {"token": "${env:TOKEN}", "index": "shop-*"},
        lambda now: FakeElasticsearch(now, SECRETS["TOKEN"]),
    ),
    LogRow("splunk", {"token": "${env:TOKEN}", "index": "shop"}, lambda now: FakeSplunk(now, SECRETS["TOKEN"])),
)


def plan_with(notify: tuple[dict[str, Any], ...] = (), **watch: Any) -> Plan:
    """A plan with one service and this watch."""
    auth = {
        "id": "auth",
        "name": "Auth",
        "version": {"to": "2"},
        "deploy": [{"run": "true"}],
        "verify": [{"run": "true"}],
        "rollback": [{"run": "true"}],
    }
    plan = {"plan": "p", "title": "P", "environment": "e", "services": [auth], "notify": notify}
    return Plan.model_validate({**plan, "watch": {"for": "48h", **watch}})


@dataclass
class World:
    """A vendor behind a server, and what an adapter is made with."""

    vendor: Any
    server: VendorServer
    clock: ManualClock
    means: Means

    def alerts(self, row: AlertRow, severity: str = "critical", **settings: Any) -> AlertSource:
        """The source of a rule with that least severity."""
        rule = {row.kind: {"url": self.server.url, **row.settings, **settings}, "severity": severity}
        return alert_sources(plan_with(alerts=[rule]), self.means)["alerts-1"]

    def logs(self, row: LogRow, query: str = "level:ERROR", **settings: Any) -> LogSource:
        """The source of a rule with that query."""
        rule = {row.kind: {"url": self.server.url, **row.settings, **settings}}
        return log_sources(plan_with(logs=[{**rule, "query": query, "above": "50", "per": "5m"}]), self.means)["logs-1"]

    def notifier(self, kind: str, **settings: Any) -> Notifier:
        """The notifier of that kind."""
        (found,) = notifiers_of(plan_with(({kind: settings},)).notify, self.means).values()
        return found


@asynccontextmanager
async def world_of(vendor: Callable[[Callable[[], float]], Any], *, skew_s: float = 0.0) -> AsyncIterator[World]:
    """A world around a vendor, which is told how to see its time; its clock is ahead of ours by `skew_s`."""
    clock = ManualClock(START)
    ahead_s = clock.now().timestamp() - clock.monotonic() + skew_s

    def now() -> float:
        return clock.monotonic() + ahead_s

    made = vendor(now)
    server = VendorServer(made.answer, now)
    await server.start()
    client = open_client(loopback_only=True)
    try:
        yield World(made, server, clock, Means(Pace(), Vault(SECRETS, secrets=SECRETS.values()), client, clock))
    finally:
        await client.aclose()
        await server.end()
