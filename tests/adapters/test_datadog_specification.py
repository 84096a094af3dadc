"""Datadog's own specification judges what we ask and what our fake answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.adapters.metric_world import ERRORS, MEMORY, ROWS, SECRETS, plan_with
from tests.adapters.vendors.datadog import FakeDatadog
from tests.adapters.vendors.http_server import VendorServer
from tests.adapters.vendors.prism import prism, specification
from tests.adapters.vendors.service import Service

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.bindings import metric_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.secrets import Vault
from controlroom.ports import HistorySource
from controlroom.run.pace import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

DATADOG = next(row for row in ROWS if row.kind == "datadog")


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    """A fake of Datadog that has seen 8 % of errors for five minutes until now."""
    service, now = Service(), time.time()
    for second in range(-300, 1):
        service.serve(92, 8)
        service.scraped(now + second)
    fake = FakeDatadog(service, time.time, SECRETS["API_KEY"], SECRETS["APP_KEY"])
    server = VendorServer(fake.answer, time.time)
    await server.start()
    yield server
    await server.end()


@pytest.fixture
async def url(server: VendorServer) -> AsyncIterator[str]:
    """The fake behind Prism."""
    async with prism(specification("datadog/v1.trim.json"), server.url) as url:
        yield url


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The engine's client."""
    made = open_client(loopback_only=True)
    yield made
    await made.aclose()


async def test_queries_keep_to_the_specification(url: str, client: httpx.AsyncClient) -> None:
    """What is asked, now and of the past, is a request of API v1, and what the fake says an answer of it."""
    plan = plan_with("datadog", {**DATADOG.settings, "url": url}, DATADOG.metrics)
    (source,) = metric_sources(plan, Means(Pace(), Vault(SECRETS), client, SystemClock()))
    found = {reading.series: reading for reading in await source.read()}
    assert found[ERRORS].value == pytest.approx(8.0), found
    assert found[MEMORY].value == 64.0, found
    assert isinstance(source, HistorySource)
    past = await source.past(120.0, 15.0)
    assert [round(reading.value or 0) for reading in past if reading.series == ERRORS] == [8] * 9


async def test_refusals_keep_to_the_specification(url: str, client: httpx.AsyncClient) -> None:
    """403 and 400 of the fake have the shape that Datadog's have."""
    wrong = dict.fromkeys(SECRETS, "wrong-wrong-wrong")
    for secrets, metrics, cause in (
        (wrong, DATADOG.metrics, "HTTP 403: the credentials do not allow this (Forbidden)"),
        (SECRETS, {"memory": {"query": "nonsense"}}, "HTTP 400 (Error parsing query: unable to parse nonsense)"),
    ):
        plan = plan_with("datadog", {**DATADOG.settings, "url": url}, metrics)
        (source,) = metric_sources(plan, Means(Pace(), Vault(secrets), client, SystemClock()))
        assert {reading.cause for reading in await source.read()} == {cause}


async def test_prism_is_awake(url: str, client: httpx.AsyncClient) -> None:
    """A request without its end is refused by the specification itself."""
    answer = await client.get(f"{url}/api/v1/query", params={"from": "1", "query": "x"}, headers={"DD-API-KEY": "x"})
    assert answer.status_code in {401, 422}
