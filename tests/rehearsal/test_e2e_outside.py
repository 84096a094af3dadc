"""A run in production with real eyes and a voice: a Prometheus rule's alert, logs, and Slack, through a crash."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.real_parts import alertmanager, ask, elasticsearch, needs_alertmanager, needs_osmem
from tests.adapters.vendors.slack import FakeSlack
from tests.rehearsal.e2e_plans import SECRET, SMALL, written
from tests.rehearsal.prometheus_server import PrometheusServer, needs_prometheus
from tests.rehearsal.room import until
from tests.rehearsal.vendor_thread import served

from controlroom.run import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.adapters.vendors.http_server import VendorServer
    from tests.rehearsal.room import Room

    from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage
RULE = """
groups:
  - name: shop
    rules:
      - alert: AuthErrors
        expr: >-
          sum(rate(http_requests_total{service="auth",code=~"5.."}[5s]))
          / sum(rate(http_requests_total{service="auth"}[5s])) > 0.05
        labels: {severity: critical, team: shop}
        annotations: {summary: Auth answers with errors}
"""


@pytest.fixture
def stage(room: Room) -> StageHandle:
    """The stage as production, its commands on PATH."""
    stage = room.own_stage()
    room.environ["PATH"] = f"{stage.bin}{os.pathsep}{room.environ['PATH']}"
    return stage


@pytest.fixture
def workspace() -> FakeSlack:
    """A Slack workspace with a bot."""
    return FakeSlack(SECRET)


@pytest.fixture
def slack(workspace: FakeSlack) -> Iterator[VendorServer]:
    """Its server."""
    with served(workspace) as server:
        yield server


def production(folder: Path, stage: StageHandle, slack: VendorServer, watch: str) -> Path:
    """The small plan for that production, told to Slack in Spanish, with these sources in its watch."""
    told = f'notify: [{{slack: {{channel: "#deployments", token: "${{env:E2E_TOKEN}}", url: "{slack.url}/api"}}}}]\n'
    return written(
        folder / "production.yaml",
        SMALL[: SMALL.index("rehearsal:")],
        ("https://auth.example.com", stage.endpoints["auth.url"]),
        ("https://edge.example.com", stage.endpoints["edge.admin"]),
        ("environment: production\n", f"environment: production\nlanguage: es\n{told}"),
        ("watch:\n", f"watch:\n{watch}"),
    )


def to_the_watch(room: Room, plan: Path) -> None:
    """Start the run and go live."""
    room.has_begun(room.start("run", str(plan), "--headless"))
    room.go("auth")
    room.wait("--gate", "traffic")
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")


def incident(room: Room) -> dict[str, Any]:
    """The first incident, once there is one."""
    until(lambda: room.status()["incidents"])
    found: dict[str, Any] = room.status()["incidents"][0]
    return found


@needs_prometheus
@needs_alertmanager
def test_a_rule_s_alert_reaches_the_watch_and_the_channel(
    room: Room, tmp_path: Path, stage: StageHandle, workspace: FakeSlack, slack: VendorServer
) -> None:
    """S22, S26: what was open before is not blamed; the new alert fails the go-live; a crash posts nothing twice."""
    rule = tmp_path / "rule.yml"
    rule.write_text(RULE)
    with alertmanager(tmp_path / "alertmanager") as alerts:
        old = {
            "labels": {"alertname": "Old", "severity": "critical", "team": "shop"},
            "startsAt": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
            "endsAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }
        ask(f"{alerts}/api/v2/alerts", [old])
        target = stage.endpoints["auth.url"].removeprefix("http://")
        to = {"alerting": {"alertmanagers": [{"static_configs": [{"targets": [alerts.removeprefix("http://")]}]}]}}
        with PrometheusServer(tmp_path / "prometheus", {"auth": target}, rules=[rule], more=json.dumps(to)):
            source = f'{{alertmanager: {{url: "{alerts}", labels: {{team: shop}}, every: 1s}}}}'
            to_the_watch(room, production(tmp_path, stage, slack, f"  alerts: [{source}]\n"))
            assert room.status()["incidents"] == []
            stage.client.fault("auth:errors=50%", on=True)
            found = incident(room)
            assert found["kind"] == "alert"
            assert found["text"].startswith("alertmanager: critical: AuthErrors: Auth answers with errors")
            status = room.status()
            assert status["verdict"]["phase"] == "failed"
            assert [(one["title"].partition(":")[0], one["before"]) for one in status["alerts"]] == [
                ("Old", True),
                ("AuthErrors", False),
            ]
            until(lambda: any("AuthErrors" in text for text in workspace.texts()))
            _the_channel_reads_well(workspace)

            posted = len(workspace.messages)
            room.kill_engine()
            room.recover()
            room.ctl("note", "vuelta al trabajo")
            until(lambda: any("vuelta al trabajo" in text for text in workspace.texts()))
            again = [text for text in workspace.texts()[posted:] if "vuelta" not in text and "se reinició" not in text]
            assert again == []
            room.ctl("close")
            until(lambda: room.status()["engine"] is None)
    card = next(iter(workspace.messages.values()))
    assert "FALLIDO" in card.text
    assert len(card.versions) >= 3
    assert len(room.events(ev.MessagePosted)) == len({event.key for event in room.events(ev.MessagePosted)})
    assert room.events(ev.NotifierFailed) == []
    assert SECRET not in "".join(room.run.journal.read_bytes().decode("latin-1"))


def _the_channel_reads_well(workspace: FakeSlack) -> None:
    card = next(iter(workspace.messages.values()))
    until(lambda: card.text.startswith("*A small go-live*\nproduction · en monitoreo · 1 de 1 servicios"))
    _, *others = workspace.messages.values()
    replies = [message.text for message in others if message.thread == card.ts]
    assert "Desplegando Auth: v2.0.0 → v2.1.0" in replies
    (alarm,) = [message for message in others if not message.thread]
    assert alarm.versions[0].startswith("<!here> :rotating_light: *alertmanager: crítica: AuthErrors")


@needs_osmem
def test_a_log_anomaly_while_watching(
    room: Room, tmp_path: Path, stage: StageHandle, workspace: FakeSlack, slack: VendorServer
) -> None:
    """S22: errors from before the watch do not count; above the limit they do, with the newest lines as evidence."""
    with elasticsearch(tmp_path / "elasticsearch") as logs:
        _errors(logs, 80, "stirred up by the deploy")
        source = f'{{title: ELK, elasticsearch: {{url: "{logs}", index: "shop-*", every: 1s}}, query: "level:ERROR"'
        plan = production(tmp_path, stage, slack, f"  logs: [{source}, above: 50, per: 5m}}]\n")
        room.has_begun(room.start("run", str(plan), "--headless"))
        room.go("auth")
        room.wait("--gate", "traffic")
        until(lambda: not _recent(logs, 2))
        room.ctl("traffic", "open")
        room.wait("--phase", "watching")
        until(lambda: any(line["state"] == "OK" for line in room.status()["sources"]))
        assert room.status()["incidents"] == []
        _errors(logs, 60, "payment refused")
        found = incident(room)
    assert found["kind"] == "logs"
    assert found["text"].startswith("ELK: 60 entries > 50 in 00:")
    assert all("ERROR orders payment refused" in line for line in found["evidence"])
    until(lambda: any("payment refused" in text and "60 entradas" in text for text in workspace.texts()))
    room.ctl("close")


def _errors(url: str, count: int, message: str) -> None:
    at = datetime.now(UTC).isoformat()
    entry = json.dumps({"@timestamp": at, "level": "ERROR", "service": "orders", "message": message})
    line = json.dumps({"index": {"_index": "shop-2026"}})
    ask(f"{url}/_bulk?refresh=true", f"{line}\n{entry}\n" * count, "application/x-ndjson")


def _recent(url: str, seconds: int) -> int:
    search = {"size": 0, "query": {"range": {"@timestamp": {"gte": f"now-{seconds}s"}}}}
    total: int = ask(f"{url}/shop-2026/_search", search)["hits"]["total"]["value"]
    return total
