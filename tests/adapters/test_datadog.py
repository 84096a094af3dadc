"""Datadog's timeseries query: one request for all series, whole intervals, and its own ways to refuse (S3-S5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.adapters.metric_world import ERRORS, MEMORY, ROWS, SECRETS, World, plan_with, world_of
from tests.adapters.vendors.datadog import FakeDatadog
from tests.adapters.vendors.http_server import Said

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.dark import DarkSource
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.bindings import metric_sources
from controlroom.adapters.metrics.datadog_points import DatadogSeries, Line, OneValue, TwoCounts
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.secrets import Vault
from controlroom.ports import HistorySource
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DATADOG = next(row for row in ROWS if row.kind == "datadog")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A Datadog that has seen two minutes of health."""
    async with world_of(DATADOG) as made:
        await made.live(120, 10, 0, watch=False)
        yield made


def fake(world: World) -> FakeDatadog:
    """The vendor of a world."""
    assert isinstance(world.vendor, FakeDatadog)
    return world.vendor


async def test_one_request_for_all_series(world: World) -> None:
    """Datadog limits how often it is asked: three queries are one question, with both keys in headers only."""
    await world.look()
    (asked,) = world.server.requests
    assert asked.path == "/api/v1/query"
    assert re.split(r"(?<=[)}]),", asked.params["query"]) == [
        "sum:trace.http.errors{service:auth}.as_count()",
        "sum:trace.http.hits{service:auth}.as_count()",
        "avg:docker.mem.rss{service:auth}",
    ]
    assert (asked.headers["dd-api-key"], asked.headers["dd-application-key"]) == (
        SECRETS["API_KEY"],
        SECRETS["APP_KEY"],
    )


async def test_a_wrong_query_takes_no_other_with_it() -> None:
    """S5: Datadog refuses the whole request; then each is asked by itself."""
    metrics = {**DATADOG.metrics, "memory": {"query": "nonsense"}}
    row = type(DATADOG)(DATADOG.kind, DATADOG.settings, metrics, DATADOG.vendor)
    async with world_of(row) as world:
        await world.live(120, 92, 8, watch=False)
        found = await world.look()
    assert found[ERRORS].value == pytest.approx(8.0)
    assert found[MEMORY].cause == "HTTP 400 (Error parsing query: unable to parse nonsense)"


async def test_no_errors_now_but_some_in_the_last_day_are_zero(world: World) -> None:
    """S5: a metric of errors has no points while there are none; the last day tells whether it exists."""
    fake(world).has_errors = False
    assert (await world.look())[ERRORS].value == 0.0
    await world.live(5, 10, 0, watch=False)
    asked = len(world.server.requests)
    assert (await world.look())[ERRORS].value == 0.0
    assert len(world.server.requests) == asked + 1


async def test_errors_that_nobody_ever_counted_are_not_zero(world: World) -> None:
    """S5: a misspelt metric is not health; it is looked for again once a minute, no more."""
    fake(world).has_errors = fake(world).had_errors = False
    sample = (await world.look())[ERRORS]
    assert sample.state is DataState.NO_DATA
    assert "default_zero(…)" in sample.cause
    asked = len(world.server.requests)
    for _ in range(6):
        await world.live(5, 10, 0, watch=False)
        assert (await world.look())[ERRORS].state is DataState.NO_DATA
    assert len(world.server.requests) == asked + 6
    fake(world).had_errors = True
    await world.live(60, 10, 0, watch=False)
    assert (await world.look())[ERRORS].value == 0.0


async def test_several_series_are_not_one_value(world: World) -> None:
    """S5: a query that is grouped says so."""
    fake(world).several = 3
    assert (await world.look())[MEMORY].cause == "the query gives 3 series: leave out `by {…}`"


async def test_keys_that_are_not_accepted(world: World) -> None:
    """S5: 403 in Datadog's shape."""
    fake(world).keys = ("another", "another")
    assert (await world.look())[ERRORS].cause == "HTTP 403: the credentials do not allow this (Forbidden)"


@pytest.mark.parametrize("header", ["Retry-After", "X-RateLimit-Reset"])
async def test_the_rate_limit_is_kept(world: World, header: str) -> None:
    """429: nothing is asked until Datadog says so."""
    world.server.trouble = Said(
        {"errors": ["Rate limit of 1600 requests in 3600 seconds reached"]}, 429, {header: "30"}
    )
    await world.look()
    asked = len(world.server.requests)
    await world.clock.advance(29)
    assert (await world.look())[ERRORS].cause.startswith("HTTP 429")
    assert len(world.server.requests) == asked


async def test_the_past_is_what_would_have_been_read(world: World) -> None:
    """S8: the intervals of the last minutes, on a grid of 5 s, oldest first."""
    await world.live(180, 92, 8, watch=False)
    assert isinstance(world.source, HistorySource)
    past = [reading for reading in await world.source.past(240.0, 5.0) if reading.series == ERRORS]
    assert len(past) == 49
    assert past[-1].value == pytest.approx(8.0)
    assert past[0].value == 0.0
    values = [reading.value or 0.0 for reading in past]
    assert values == sorted(values)


async def test_a_clock_that_is_behind_shows_no_old_data() -> None:
    """S9: asked by a clock that is an hour slow, Datadog would show an hour ago; its own Date tells."""
    async with world_of(DATADOG, skew_s=3600.0) as world:
        await world.live(60, 0, 10, watch=False)
        await world.clock.advance(3600)
        await world.live(120, 10, 0, watch=False)
        assert (await world.look())[ERRORS].value == 0.0


def test_an_interval_counts_once_it_is_over() -> None:
    """S3: errors of an interval that is still counted are not set against its requests."""
    points = [(at * 1000.0, 10.0) for at in range(0, 60, 10)]
    line = Line([DatadogSeries(pointlist=tuple(points))])
    assert (line.interval_s, line.newest(59.0), line.newest(60.0)) == (10.0, 40.0, 50.0)


@pytest.mark.parametrize(
    ("requests", "count"), [("sum:hits{a:b}.as_count()", 60.0), ("sum:hits{a:b}.as_rate()", 600.0)]
)
def test_rates_are_counted_out(requests: str, count: float) -> None:
    """S4: `as_rate` gives requests a second, of which an interval has ten times as many."""
    line = Line([DatadogSeries(pointlist=tuple((at * 1000.0, 10.0) for at in range(0, 60, 10)))])
    figure = TwoCounts("e", requests, 100.0, 60.0).figure([line, line], 60.0)
    assert (figure.value, figure.requests) == (100.0, count)


def test_null_is_a_gap_and_not_zero() -> None:
    """S5: the newest point that has a value counts, as long as it is not old."""
    line = Line([DatadogSeries(pointlist=((0.0, 1.0), (10_000.0, 2.0), (20_000.0, None), (30_000.0, None)))])
    assert OneValue("q", 1.0).figure([line], 45.0).value == 2.0
    assert OneValue("q", 1.0).figure([line], 145.0).cause == "the newest point is 2m5s old"


async def test_a_comma_between_queries_is_refused() -> None:
    """Queries are told apart by their place; one that is two would shift the others."""
    client = open_client(loopback_only=True)
    for query, fits in (
        ("avg:x{a:b,c:d}", True),
        ("top(avg:x{*} by {pod}, 10, 'mean', 'desc')", True),
        ("a, b", False),
    ):
        plan = plan_with("datadog", dict(DATADOG.settings), {"memory": {"query": query}})
        means = Means(Pace(), Vault(SECRETS), client, SystemClock())
        (source,) = metric_sources(plan, means)
        assert isinstance(source, DarkSource) is not fits
        if isinstance(source, DarkSource):
            assert "one query at a time" in source.why
    await client.aclose()


async def test_the_site_is_datadog_s_own() -> None:
    """Keys go to api.SITE over TLS, unless a relay is named."""
    client = open_client(loopback_only=True)
    plan = plan_with("datadog", {**DATADOG.settings, "site": "datadoghq.eu"}, DATADOG.metrics)
    (source,) = metric_sources(plan, Means(Pace(), Vault(SECRETS), client, SystemClock()))
    assert {reading.cause for reading in await source.read()} == {
        "a rehearsal reaches this machine only, not api.datadoghq.eu"
    }
    await client.aclose()
