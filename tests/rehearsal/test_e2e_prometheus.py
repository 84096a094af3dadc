"""A run in production whose eyes are a real Prometheus: what it remembers of the time before the run (S8)."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import SMALL, written
from tests.rehearsal.prometheus_server import PrometheusServer, needs_prometheus
from tests.rehearsal.room import until

from controlroom.control.client import Connection
from controlroom.control.protocol import Hello, Snapshot
from controlroom.run.events import RunCreated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rehearsal.room import Room

    from controlroom.rehearsal.process import StageHandle

pytestmark = [pytest.mark.stage, needs_prometheus]
FAULT = "auth@v2.0.0:errors=50%"
OWN = '{openmetrics: {targets: {auth: "${vars.auth}/metrics"}, every: 2s, timeout: 2s}}'
RATES = """errors: {name: http_requests_total, labels: {code: "5.."}}
        requests: http_requests_total
"""
QUERIES = """errors: 'sum(rate(http_requests_total{service="${service.id}",code=~"5.."}[5s]))'
        requests: 'sum(rate(http_requests_total{service="${service.id}"}[5s]))'
"""
QUANTILE = """query: 'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5s])))'
        raw: s
"""


@pytest.fixture
def stage(room: Room) -> StageHandle:
    """The stage as production, its commands on PATH."""
    stage = room.own_stage()
    room.environ["PATH"] = f"{stage.bin}{os.pathsep}{room.environ['PATH']}"
    return stage


@pytest.fixture
def prometheus(stage: StageHandle, tmp_path: Path) -> Iterator[PrometheusServer]:
    """A Prometheus that scrapes auth."""
    target = stage.endpoints["auth.url"].removeprefix("http://")
    with PrometheusServer(tmp_path / "prometheus", {"auth": target}) as server:
        yield server


async def snapshot_of(room: Room) -> Snapshot:
    """What a screen is given that attaches now."""
    connection = await Connection.open(room.run.socket, Hello(role="watch", pid=os.getpid()))
    try:
        return await anext(reply async for reply in connection if isinstance(reply, Snapshot))
    finally:
        await connection.close()


def test_a_breach_that_prometheus_remembers(
    room: Room, tmp_path: Path, stage: StageHandle, prometheus: PrometheusServer
) -> None:
    """S8: refused with how long it stands; a reason lets it through; the screen begins with the time before."""
    plan = written(
        tmp_path / "production.yaml",
        SMALL[: SMALL.index("rehearsal:")],
        ("https://auth.example.com", stage.endpoints["auth.url"]),
        ("https://edge.example.com", stage.endpoints["edge.admin"]),
        (OWN, f"{{prometheus: {{url: '{prometheus.url}', every: 1s}}}}"),
        (RATES, QUERIES),
        ("histogram: {name: http_request_duration_seconds}\n", QUANTILE),
        ("    window: 1m\n", ""),
    )
    until(lambda: prometheus.value("count_over_time(up[1m])") > 15)
    stage.client.fault(FAULT, on=True)
    until(lambda: prometheus.value('sum(rate(http_requests_total{code="500"}[5s]))') > 10)
    until(lambda: "> 5 % for 00:1" in room.refused("run", str(plan), "--headless"))

    front = room.start("run", str(plan), "--headless", "--accept-breach", "it mends this")
    room.has_begun(front)
    (created,) = room.events(RunCreated)
    (line,) = [result for result in created.preflight if result.subject == "auth/error_rate"]
    assert line.ok
    assert "of 05:00, before the run began, accepted: it mends this" in line.detail

    (trail,) = [part for part in asyncio.run(snapshot_of(room)).trails if part.series == "auth/error_rate"]
    assert trail.first < -2
    before = [value for value in trail.values[: -trail.first] if value is not None]
    assert min(before) < 5.0 < max(before)
    room.ctl("abort", "--confirm", "production", "--reason", "seen enough")
    front.ended(3)
