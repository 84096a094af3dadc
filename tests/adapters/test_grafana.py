"""Grafana's data source proxy: the same questions by uid, and Grafana's own ways to refuse (S5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.metric_world import ERRORS, ROWS, World, world_of
from tests.adapters.vendors.grafana import FakeGrafana

from controlroom.ports import HistorySource
from controlroom.run.phases import DataState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GRAFANA = next(row for row in ROWS if row.kind == "grafana")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A Grafana whose data source has seen two minutes of health."""
    async with world_of(GRAFANA) as made:
        await made.live(120, 10, 0, watch=False)
        yield made


async def test_the_proxy_is_asked_by_uid(world: World) -> None:
    """The path is the proxy's, and the token is Grafana's."""
    assert (await world.look())[ERRORS].state is DataState.OK
    assert {asked.path for asked in world.server.requests} == {
        "/api/datasources/proxy/uid/P1809F7CD0C75ACF3/api/v1/query"
    }


async def test_a_data_source_that_is_not_there(world: World) -> None:
    """S5: a name in place of the uid, or one that was deleted: Grafana's own words."""
    assert isinstance(world.vendor, FakeGrafana)
    world.vendor.uid = "another"
    assert (await world.look())[ERRORS].cause == "HTTP 404: nothing is there (Unable to load datasource meta data)"


async def test_a_token_that_was_revoked(world: World) -> None:
    """S5: 401 in Grafana's shape."""
    assert isinstance(world.vendor, FakeGrafana)
    world.vendor.token = "another"
    assert (await world.look())[ERRORS].cause == "HTTP 401: the credentials are not accepted (Invalid API key)"


async def test_a_grafana_below_a_path() -> None:
    """Served from a sub-path, with and without a slash at the end."""
    async with world_of(GRAFANA) as world, world_of(GRAFANA, url=f"{world.server.url}/grafana/") as inner:
        await inner.look()
        path = world.server.requests[0].path
    assert path == "/grafana/api/datasources/proxy/uid/P1809F7CD0C75ACF3/api/v1/query"


async def test_the_past_comes_through_the_proxy_too(world: World) -> None:
    """S8: range queries, by the same path."""
    assert isinstance(world.source, HistorySource)
    past = await world.source.past(60.0, 5.0)
    assert past[12].value == 0.0
    assert world.server.requests[-1].path.endswith("/api/v1/query_range")
