"""Elasticsearch where the real part cannot be made to: failing shards, time limits, older versions, other sign-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.outside_world import LOGS, SECRETS, World, world_of
from tests.adapters.vendors.elasticsearch import FakeElasticsearch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROW = LOGS[0]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A cluster with three entries."""
    async with world_of(lambda now: FakeElasticsearch(now, SECRETS["TOKEN"])) as made:
        for _ in range(3):
            made.vendor.log("payment refused")
        yield made


async def test_failed_shards_make_the_number_the_least(world: World) -> None:
    """S22: HTTP 200 with a part missing is not the whole."""
    world.vendor.failed = 2
    found = await world.logs(ROW).tally(60.0)
    assert (found.count, found.cause) == (3, "2 of 5 shards failed")


async def test_so_does_a_search_that_was_cut_off(world: World) -> None:
    """The cluster's own time limit."""
    world.vendor.timed_out = True
    found = await world.logs(ROW).tally(60.0)
    assert (found.count, found.cause) == (3, "the search was cut off by its own time limit")


async def test_versions_before_seven(world: World) -> None:
    """The total was a number then."""
    world.vendor.old = True
    assert (await world.logs(ROW).tally(60.0)).count == 3


async def test_every_entry_is_to_be_counted(world: World) -> None:
    """Not only the first ten thousand."""
    await world.logs(ROW).tally(60.0)
    (asked,) = world.server.requests
    assert asked.json["track_total_hits"] is True
    assert asked.path == "/shop-*/_search"


async def test_another_way_to_sign_in(world: World) -> None:
    """`headers:` win over `token:`, for OpenSearch with a user and a password."""
    source = world.logs(ROW, headers={"Authorization": "Basic ${env:TOKEN}"})
    assert "unable to authenticate" in (await source.tally(60.0)).cause
    assert world.server.requests[0].headers["authorization"] == f"Basic {SECRETS['TOKEN']}"
