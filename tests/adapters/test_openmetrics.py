"""The OpenMetrics source against real pages over loopback: figures, resets, instances (S3, S4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from prometheus_client.exposition import start_http_server
from tests.adapters.scraping import ERRORS, UP, MakeSource, Shop, only, page, source_of

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.openmetrics import Binding, OpenMetricsSource
from controlroom.adapters.metrics.recipes import recipe_of
from controlroom.adapters.secrets import Vault
from controlroom.plan.metrics import Metric
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import httpx
    from prometheus_client import CollectorRegistry
    from tests.adapters.conftest import Peer


@pytest.fixture
def clock() -> ManualClock:
    """Scrapes are as far apart as the test says."""
    return ManualClock(datetime(2026, 12, 1, 3, tzinfo=UTC))


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The engine's client."""
    made = open_client(loopback_only=True)
    yield made
    await made.aclose()


@pytest.fixture
def serve() -> Iterator[Callable[[CollectorRegistry], str]]:
    """Starts prometheus_client's own server for a registry and returns the URL of its page."""
    servers = []

    def start(registry: CollectorRegistry) -> str:
        server, thread = start_http_server(0, "127.0.0.1", registry)
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/metrics"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def source(client: httpx.AsyncClient, clock: ManualClock) -> MakeSource:
    """Makes sources for the service auth."""
    return source_of(client, clock)


async def test_one_scrape_feeds_every_series(
    source: MakeSource, serve: Callable[[CollectorRegistry], str], clock: ManualClock
) -> None:
    """S3: error rate in %, p95 in ms, processor in % of a core, memory in MiB; rates from the second scrape on."""
    shop = Shop()
    shop.serve(1000, 500, memory=2**27)
    prod = source(serve(shop.registry))
    first = {reading.series: reading for reading in await prod.read()}
    assert first["auth/memory"].value == 128.0
    for name in ("error_rate", "latency_p95", "cpu"):
        assert first[f"auth/{name}"].value is None
        assert first[f"auth/{name}"].cause == "a rate needs a second scrape"
    shop.serve(92, 8, seconds=0.3, cpu=1.25, memory=2**28)
    await clock.advance(5)
    second = {reading.series: reading for reading in await prod.read()}
    assert second["auth/error_rate"] == Reading(
        series="auth/error_rate", value=8.0, at=clock.now().timestamp(), requests=100
    )
    assert second["auth/latency_p95"].value == pytest.approx(480.0)
    assert second["auth/latency_p95"].requests == 100
    assert second["auth/cpu"].value == pytest.approx(25.0)
    assert second["auth/memory"].value == 256.0


async def test_no_traffic_is_not_zero_percent(
    source: MakeSource, serve: Callable[[CollectorRegistry], str], clock: ManualClock
) -> None:
    """S4: nobody asked: there is no rate, and no p95, and the count says why."""
    shop = Shop()
    shop.serve(100, 10)
    prod = source(serve(shop.registry))
    await prod.read()
    await clock.advance(5)
    found = {reading.series: reading for reading in await prod.read()}
    for name in ("error_rate", "latency_p95"):
        assert (found[f"auth/{name}"].value, found[f"auth/{name}"].requests) == (None, 0)
        assert not found[f"auth/{name}"].cause


async def test_a_deploy_does_not_show_as_a_burst(source: MakeSource, clock: ManualClock, peer: Peer) -> None:
    """S3: the new process begins at zero; what it counted is all that is new."""
    peer.say(page('http_requests_total{code="200"} 90000', 'http_requests_total{code="500"} 7'))
    prod = source(f"{peer.url}/metrics", metrics=ERRORS)
    await prod.read()
    await clock.advance(5)
    peer.say(page('http_requests_total{code="200"} 190', 'http_requests_total{code="500"} 10'))
    found = only(await prod.read())
    assert found.value == pytest.approx(3 * 100 / 193)
    await clock.advance(5)
    peer.say(page('http_requests_total{code="200"} 290', 'http_requests_total{code="500"} 10'))
    assert only(await prod.read()).requests == 293


async def test_instances_are_added_up_before_they_are_divided(
    source: MakeSource, serve: Callable[[CollectorRegistry], str], clock: ManualClock
) -> None:
    """S3: a busy instance without errors and an idle one with only errors are not 50 %."""
    shops = [Shop(), Shop()]
    prod = source(*(serve(shop.registry) for shop in shops))
    for shop in shops:
        shop.serve(1, memory=2**20)
    await prod.read()
    shops[0].serve(190, memory=2**20)
    shops[1].serve(0, 10, memory=2**20)
    await clock.advance(5)
    found = {reading.series: reading for reading in await prod.read()}
    assert found["auth/error_rate"].value == 5.0
    assert found["auth/memory"].value == 2.0


async def test_openmetrics_pages_are_read_too(source: MakeSource, peer: Peer, clock: ManualClock) -> None:
    """A service that speaks the newer format only."""
    prod = source(peer.url, metrics=ERRORS)
    for ok_count, errors in ((100, 0), (190, 10)):
        lines = (
            "# TYPE http_requests counter",
            f'http_requests_total{{code="200"}} {ok_count}.0',
            f'http_requests_total{{code="500"}} {errors}.0 # {{trace="}} x"}} 1.0',
            "# EOF",
        )
        peer.say(page(*lines, kind="application/openmetrics-text; version=1.0.0; charset=utf-8"))
        found = only(await prod.read())
        await clock.advance(5)
    assert (found.value, found.requests) == (10.0, 100.0)


async def test_facts_in_labels_are_replaced(client: httpx.AsyncClient, peer: Peer, clock: ManualClock) -> None:
    """One page for all services: each metric picks its own by `${service.id}`."""
    metric = Metric.model_validate({"source": "s", "gauge": {"name": "up", "labels": {"app": "${service.id}"}}})
    bindings = [
        Binding(f"{name}/up", recipe_of(metric, Vault({}).fill({"service.id": name})), 60.0)
        for name in ("auth", "a.th")
    ]
    peer.say(page('up{app="auth"} 1', 'up{app="a.th"} 2'))
    prod = OpenMetricsSource([peer.url], bindings, client, clock, every_s=5.0, timeout_s=5.0)
    assert [reading.value for reading in await prod.read()] == [1.0, 2.0]


async def test_headers_go_along_and_the_classic_format_is_asked_for(
    client: httpx.AsyncClient, peer: Peer, clock: ManualClock
) -> None:
    """A page behind a token; and the format that is cheaper to read is preferred."""
    prod = OpenMetricsSource(
        [peer.url], [], client, clock, every_s=5.0, timeout_s=5.0, headers={"Authorization": "Bearer s3cr3t"}
    )
    assert await prod.read() == []
    assert "authorization: bearer s3cr3t" in peer.requests[0].lower()
    assert "accept: text/plain;version=0.0.4;q=1" in peer.requests[0].lower()
    assert prod.every_s == 5.0
    await prod.close()


async def test_one_connection_is_kept(source: MakeSource, peer: Peer) -> None:
    """Ten scrapes are one connection."""
    peer.say(page("up 1"))
    prod = source(peer.url, metrics=UP)
    for _ in range(10):
        await prod.read()
    assert (len(peer.requests), peer.connections) == (10, 1)


def test_a_query_is_no_recipe() -> None:
    """A page answers no PromQL."""
    with pytest.raises(ValueError, match="no query"):
        recipe_of(Metric.model_validate({"source": "s", "query": "up"}), Vault({}).fill({}))


async def test_an_instance_that_fails_is_named_beside_the_value(
    source: MakeSource, serve: Callable[[CollectorRegistry], str], clock: ManualClock, dead_url: str
) -> None:
    """S5: a crashed instance neither hides the errors of the others nor goes unsaid."""
    shop = Shop()
    shop.serve(1)
    prod = source(serve(shop.registry), f"{dead_url}/metrics", metrics=ERRORS)
    await prod.read()
    shop.serve(90, 10)
    await clock.advance(5)
    found = only(await prod.read())
    assert found.value == 10.0
    assert found.cause.startswith("1 of 2 instances missing: connection refused")
