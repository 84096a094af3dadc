"""Alerts as a real Alertmanager lists them: firing, silenced, resolved, and firing again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.outside_world import plan_with
from tests.adapters.real_parts import alertmanager, ask, needs_alertmanager

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.lookouts import alert_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.secrets import Vault
from controlroom.run.pace import Pace
from controlroom.run.phases import Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from controlroom.ports import AlertSource

pytestmark = needs_alertmanager


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A real Alertmanager."""
    with alertmanager(tmp_path / "alertmanager") as found:
        yield found


@pytest.fixture
async def means() -> AsyncIterator[Means]:
    """What adapters are made with."""
    client = open_client(loopback_only=True)
    yield Means(Pace(), Vault({}), client, SystemClock())
    await client.aclose()


def source(url: str, means: Means, severity: str = "critical") -> AlertSource:
    """The source of a rule for team shop."""
    rule = {"alertmanager": {"url": url, "labels": {"team": "shop"}}, "severity": severity}
    return alert_sources(plan_with(alerts=[rule]), means)["alerts-1"]


def fire(url: str, name: str, severity: str, *, team: str = "shop", began: datetime, ended: bool = False) -> None:
    """Tell Alertmanager of an alert, as Prometheus does again and again."""
    now = datetime.now(UTC)
    alert: dict[str, Any] = {
        "labels": {"alertname": name, "severity": severity, "team": team},
        "annotations": {"summary": f"{name} is wrong"},
        "startsAt": began.isoformat(),
        "endsAt": (now if ended else now + timedelta(minutes=5)).isoformat(),
        "generatorURL": "http://prometheus.internal/graph",
    }
    ask(f"{url}/api/v2/alerts", [alert])


async def test_what_fires_is_listed(url: str, means: Means) -> None:
    """By label and severity; a word in capitals is the same word."""
    began = datetime.now(UTC) - timedelta(minutes=10)
    fire(url, "ErrorRate", "CRITICAL", began=began)
    fire(url, "Latency", "warning", began=began)
    fire(url, "Other", "critical", team="else", began=began)
    (alert,) = (await source(url, means).open()).alerts
    assert (alert.title, alert.severity) == ("ErrorRate: ErrorRate is wrong", Severity.CRITICAL)
    assert alert.link == "http://prometheus.internal/graph"
    assert datetime.fromisoformat(alert.since) == began.replace(microsecond=began.microsecond // 1000 * 1000)
    assert {one.severity for one in (await source(url, means, "warning").open()).alerts} == {
        Severity.CRITICAL,
        Severity.WARNING,
    }


async def test_what_is_silenced_does_not_count(url: str, means: Means) -> None:
    """Somebody said that it may be like that."""
    fire(url, "ErrorRate", "critical", began=datetime.now(UTC))
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "ErrorRate", "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "ana",
        "comment": "known",
    }
    ask(f"{url}/api/v2/silences", silence)
    found = await source(url, means).open()
    assert (found.alerts, found.cause) == ((), "")


async def test_the_same_alert_that_fires_again_is_another_one(url: str, means: Means) -> None:
    """Alertmanager gives it the same fingerprint; when it began tells the two apart."""
    first = datetime.now(UTC) - timedelta(minutes=10)
    fire(url, "ErrorRate", "critical", began=first)
    (before,) = (await source(url, means).open()).alerts
    fire(url, "ErrorRate", "critical", began=first, ended=True)
    assert (await source(url, means).open()).alerts == ()
    fire(url, "ErrorRate", "critical", began=datetime.now(UTC))
    (after,) = (await source(url, means).open()).alerts
    assert before.id != after.id
    assert before.id.partition("@")[0] == after.id.partition("@")[0]


async def test_a_label_that_is_no_matcher_is_a_cause(url: str, means: Means) -> None:
    """What Alertmanager refuses is said in its own words."""
    rule = {"alertmanager": {"url": url, "labels": {"not a label": "x"}}}
    found = await alert_sources(plan_with(alerts=[rule]), means)["alerts-1"].open()
    assert found.cause.startswith("HTTP 400")
