"""From a plan to scraped sources: which pages, which series, over which windows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.adapters.conftest import ok

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.dark import DarkSource
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.bindings import metric_sources
from controlroom.adapters.metrics.openmetrics import OpenMetricsSource
from controlroom.adapters.metrics.wanted import Means, window_of
from controlroom.adapters.secrets import Vault
from controlroom.plan.loader import parse_plan
from controlroom.run.pace import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from tests.adapters.conftest import Peer

    from controlroom.plan.model import Plan

PLAN = """\
plan: two
title: Two services
environment: production
sources:
  own:
    openmetrics:
      targets: {auth: [PEER/auth/1, PEER/auth/2]}
      every: 2s
      headers: {Authorization: "Bearer ${env:TOKEN}"}
  shared:
    openmetrics: {url: PEER/all}
services:
  - id: auth
    name: Auth
    version: {from: "1", to: "2"}
    deploy: [{run: "true"}]
    verify: [{run: "true"}]
    rollback: [{run: "true"}]
    metrics:
      error_rate: &error_rate
        source: shared
        errors: {name: r, labels: {app: "${service.id}", code: "5.."}}
        requests: {name: r, labels: {app: "${service.id}"}}
        unit: "%"
        window: 30s
      memory: &memory {source: shared, gauge: {name: m, labels: {app: "${service.id}"}}}
      cpu: {source: own, rate: {name: c}, unit: "%"}
  - id: orders
    name: Orders
    version: {from: "1", to: "2"}
    deploy: [{run: "true"}]
    verify: [{run: "true"}]
    rollback: [{run: "true"}]
    metrics: {error_rate: *error_rate, memory: *memory}
guards:
  - {id: fast, metric: error_rate, services: [auth, orders], above: 5%, for: 5m}
  - {id: slow, metric: error_rate, services: [orders], above: 2%, for: 5m, window: 5m}
  - {id: brisk, metric: error_rate, services: [orders], above: 9%, for: 1m, window: 2m}
"""


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The engine's client."""
    made = open_client(loopback_only=True)
    yield made
    await made.aclose()


@pytest.fixture
def plan(peer: Peer) -> Plan:
    """Two services on a shared page; cpu of auth on pages of its own."""
    return parse_plan(PLAN.replace("PEER", peer.url), "two.yaml").plan


async def test_pages_are_scraped_once_for_all_series(plan: Plan, client: httpx.AsyncClient, peer: Peer) -> None:
    """A shared page is one source for both services; pages of one service's instances are another, with its headers."""
    clock = ManualClock(datetime(2026, 12, 1, 3, tzinfo=UTC))
    shared, own = metric_sources(plan, Means(Pace(), Vault({"TOKEN": "s3cr3t"}), client, clock))
    lines = (
        'r{app="auth",code="200"} 1',
        'r{app="orders",code="200"} 1',
        'm{app="auth"} 3',
        'm{app="orders"} 4',
        "c 1",
    )
    peer.say(ok("".join(f"{line}\n" for line in lines), kind="text/plain"))
    found = {reading.series: reading.value for reading in await shared.read()}
    assert found == {"auth/error_rate": None, "auth/memory": 3.0, "orders/error_rate": None, "orders/memory": 4.0}
    assert [request.split()[1] for request in peer.requests] == ["/all"]
    assert [reading.series for reading in await own.read()] == ["auth/cpu"]
    assert sorted(request.split()[1] for request in peer.requests[1:]) == ["/auth/1", "/auth/2"]
    assert all("Bearer s3cr3t" in request for request in peer.requests[1:])
    assert (shared.every_s, own.every_s) == (5.0, 2.0)


def test_a_guard_may_ask_for_a_longer_window(plan: Plan) -> None:
    """S3: the window that a guard states is the one over which the rate is taken."""
    assert window_of(plan, "auth", "error_rate") == 30.0
    assert window_of(plan, "orders", "error_rate") == 300.0


@pytest.mark.parametrize(("speed", "real_s"), [(1.0, 30.0), (10.0, 3.0), (60.0, 1.0), (600.0, 1.0)])
async def test_windows_shrink_with_speed_to_five_periods(
    plan: Plan, client: httpx.AsyncClient, speed: float, real_s: float
) -> None:
    """`--speed` divides windows; five effective periods are the least, which is a second real."""
    clock = ManualClock(datetime(2026, 12, 1, 3, tzinfo=UTC))
    shared, _ = metric_sources(plan, Means(Pace(speed), Vault({"TOKEN": "t"}), client, clock))
    assert isinstance(shared, OpenMetricsSource)
    windows = {binding.series: binding.window_s for binding in shared._bindings}
    assert windows["auth/error_rate"] == pytest.approx(real_s)


async def test_a_secret_that_is_missing_is_said(plan: Plan, client: httpx.AsyncClient) -> None:
    """What does not resolve makes the whole source dark, with the reason for each of its series."""
    clock = ManualClock(datetime(2026, 12, 1, 3, tzinfo=UTC))
    found = metric_sources(plan, Means(Pace(), Vault({}), client, clock))
    (dark,) = [source for source in found if isinstance(source, DarkSource)]
    readings = await dark.read()
    assert {reading.series for reading in readings} == set(dark.series)
    assert all(reading.value is None and "TOKEN" in reading.cause for reading in readings)
