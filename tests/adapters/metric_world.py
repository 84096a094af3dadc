"""A world in which every metric source is tried alike: a service, a vendor that watches it, and the source under test.

A new adapter is a row in ROWS: the plan's source and metrics, and the fake of its vendor.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.datadog import FakeDatadog
from tests.adapters.vendors.grafana import FakeGrafana
from tests.adapters.vendors.http_server import VendorServer
from tests.adapters.vendors.openmetrics import MetricsPage
from tests.adapters.vendors.prometheus import FakePrometheus
from tests.adapters.vendors.service import Service

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.bindings import metric_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.secrets import Vault
from controlroom.engine.judge import Bounds, judge, says_something
from controlroom.plan.model import Plan
from controlroom.run.pace import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from controlroom.ports import Source
    from controlroom.run.samples import Sample

SECRETS = {"TOKEN": "t0ken-t0ken-t0ken", "API_KEY": "api-k3y-api-k3y", "APP_KEY": "app-k3y-app-k3y"}
ERRORS, MEMORY = "auth/error_rate", "auth/memory"
BOUNDS = {ERRORS: Bounds(above=5.0, min_requests=20), MEMORY: Bounds()}
PERIOD_S = 5

PROMQL: dict[str, dict[str, Any]] = {
    "error_rate": {
        "errors": 'sum(rate(http_requests_total{service="${service.id}",code=~"5.."}[1m]))',
        "requests": 'sum(rate(http_requests_total{service="${service.id}"}[1m]))',
        "unit": "%",
    },
    "memory": {"query": 'memory{service="${service.id}"}'},
}
SCRAPED: dict[str, dict[str, Any]] = {
    "error_rate": {
        "errors": {"name": "http_requests_total", "labels": {"code": "5.."}},
        "requests": "http_requests_total",
        "unit": "%",
    },
    "memory": {"gauge": {"name": "memory"}},
}
DATADOG: dict[str, dict[str, Any]] = {
    "error_rate": {
        "errors": "sum:trace.http.errors{service:${service.id}}.as_count()",
        "requests": "sum:trace.http.hits{service:${service.id}}.as_count()",
        "unit": "%",
    },
    "memory": {"query": "avg:docker.mem.rss{service:${service.id}}"},
}


@dataclass(frozen=True)
class Row:
    """An adapter: its kind, settings (the vendor's URL put in as `url`), the metrics in its language, its vendor."""

    kind: str
    settings: dict[str, Any]
    metrics: dict[str, dict[str, Any]]
    vendor: Callable[[Service, Callable[[], float]], Any]


ROWS = (
    Row("openmetrics", {}, SCRAPED, lambda service, _now: MetricsPage(service)),
    Row(
        "prometheus",
        {"token": "${env:TOKEN}"},
        PROMQL,
        lambda service, now: FakePrometheus(service, now, SECRETS["TOKEN"]),
    ),
    Row(
        "grafana",
        {"token": "${env:TOKEN}", "datasource": "P1809F7CD0C75ACF3"},
        PROMQL,
        lambda service, now: FakeGrafana(FakePrometheus(service, now), "P1809F7CD0C75ACF3", SECRETS["TOKEN"]),
    ),
    Row(
        "datadog",
        {"api_key": "${env:API_KEY}", "app_key": "${env:APP_KEY}", "every": "5s"},
        DATADOG,
        lambda service, now: FakeDatadog(service, now, SECRETS["API_KEY"], SECRETS["APP_KEY"]),
    ),
)


def plan_with(
    kind: str, settings: dict[str, Any], metrics: dict[str, dict[str, Any]], guards: tuple[dict[str, Any], ...] = ()
) -> Plan:
    """A plan with one service, auth, whose metrics come from one source."""
    auth = {
        "id": "auth",
        "name": "Auth",
        "version": {"to": "2"},
        "deploy": [{"run": "true"}],
        "verify": [{"run": "true"}],
        "rollback": [{"run": "true"}],
        "metrics": {name: {"source": "prod", **metric} for name, metric in metrics.items()},
    }
    return Plan.model_validate(
        {
            "plan": "p",
            "title": "P",
            "environment": "e",
            "sources": {"prod": {kind: settings}},
            "services": [auth],
            "guards": guards,
        }
    )


@dataclass
class World:
    """The service, its vendor behind `server`, and the source."""

    service: Service
    clock: ManualClock
    server: VendorServer
    vendor: Any
    source: Source
    _answered: dict[str, float] = field(default_factory=dict)

    def now(self) -> float:
        """The vendor's time."""
        return self.server.now()

    async def live(self, seconds: int, good: int, bad: int, *, watch: bool = True) -> list[Sample]:
        """Let the service answer that many requests in each second; read the source every 5 s; the error rates."""
        seen = []
        for second in range(1, seconds + 1):
            await self.clock.advance(1)
            self.service.serve(good, bad)
            self.service.scraped(self.now())
            if watch and second % PERIOD_S == 0:
                seen.append((await self.look())[ERRORS])
        return seen

    async def look(self) -> dict[str, Sample]:
        """What the source says now, judged as the engine does, by series."""
        found = {}
        for reading in await self.source.read():
            found[reading.series] = judge(reading, 0.0, BOUNDS[reading.series], self._answered.get(reading.series))
            if says_something(reading):
                self._answered[reading.series] = reading.at
        assert list(found) == [ERRORS, MEMORY], "one reading for each series, whatever happens"
        return found


@asynccontextmanager
async def world_of(row: Row, *, skew_s: float = 0.0, **settings: Any) -> AsyncIterator[World]:
    """A world for `row`; its vendor, whose clock is ahead by `skew_s`, has not seen anything yet."""
    clock = ManualClock(datetime(2026, 12, 1, 3, tzinfo=UTC))
    ahead_s = clock.now().timestamp() - clock.monotonic() + skew_s
    service = Service()

    def now() -> float:
        return clock.monotonic() + ahead_s

    vendor = row.vendor(service, now)
    server = VendorServer(vendor.answer, now)
    await server.start()
    client = open_client(loopback_only=True)
    plan = plan_with(row.kind, {"timeout": "3s", **row.settings, "url": server.url, **settings}, row.metrics)
    (source,) = metric_sources(plan, Means(Pace(), Vault(SECRETS, secrets=SECRETS.values()), client, clock))
    yield World(service, clock, server, vendor, source)
    await source.close()
    assert not client.is_closed
    await client.aclose()
    await server.end()
