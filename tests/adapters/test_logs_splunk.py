"""Splunk: searches as people write them, previews, messages among the rows, and results that do not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.outside_world import LOGS, SECRETS, World, world_of
from tests.adapters.vendors.http_server import Said
from tests.adapters.vendors.splunk import FakeSplunk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROW = LOGS[1]
S5_QUERY = 'log_level=ERROR | where like(message, "%exception%")'


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A Splunk."""
    async with world_of(lambda now: FakeSplunk(now, SECRETS["TOKEN"])) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        (S5_QUERY, f'search index="shop" {S5_QUERY} | eval'),
        ("search index=other ERROR", "search index=other ERROR | eval"),
        ("| tstats count where index=shop", "| tstats count where index=shop | eval"),
        ("\n  ERROR\n", 'search index="shop" ERROR | eval'),
    ],
)
async def test_what_is_searched(world: World, query: str, begins: str) -> None:
    """The S5 plan's query, with the index put in unless the query begins a search of its own."""
    assert (await world.logs(ROW, query).tally(300.0)).cause == ""
    (asked,) = world.server.requests
    assert asked.params["search"].startswith(begins)
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (asked.params["earliest_time"], asked.params["latest_time"]) == ("-300s", "now")


async def test_previews_are_not_the_result(world: World) -> None:
    """A running search counts up; only its last word counts."""
    world.vendor.previews = 3
    for _ in range(7):
        world.vendor.log("x exception")
    assert (await world.logs(ROW).tally(60.0)).count == 7


async def test_a_lost_peer_makes_the_number_the_least(world: World) -> None:
    """An error beside a result: more may have matched."""
    world.vendor.log("x")
    world.vendor.messages.append({"type": "ERROR", "text": "Search results may be incomplete: peer idx2 is down"})
    found = await world.logs(ROW).tally(60.0)
    assert found.count == 1
    assert "peer idx2 is down" in found.cause


async def test_a_word_of_advice_is_no_error(world: World) -> None:
    """INFO and WARN come with many a search."""
    world.vendor.messages.append({"type": "INFO", "text": "Your timerange was substituted"})
    assert (await world.logs(ROW).tally(60.0)).cause == ""


@pytest.mark.parametrize("messages", [[], [{"type": "FATAL", "text": "Error in 'where' command"}]])
async def test_a_search_without_a_result(world: World, messages: list[dict[str, str]]) -> None:
    """S22: HTTP 200 with nothing in it is not zero."""
    world.vendor.messages, world.vendor.resultless = messages, True
    found = await world.logs(ROW).tally(60.0)
    assert found.count is None
    assert found.cause == (messages[0]["text"] if messages else "the search came to no result")


async def test_a_search_that_is_refused(world: World) -> None:
    """In Splunk's own words."""
    world.server.trouble = Said({"messages": [{"type": "FATAL", "text": "Unknown search command 'foo'."}]}, 400)
    assert (await world.logs(ROW).tally(60.0)).cause == "HTTP 400 (Unknown search command 'foo'.)"


async def test_half_a_line_is_no_result(world: World) -> None:
    """A stream that ends in the middle of a row."""
    world.server.trouble = Said('{"preview": false, "result": {"matched": "12"')
    assert (await world.logs(ROW).tally(60.0)).cause == "the answer is no JSON, or not all of it"


async def test_a_search_that_ends_with_a_preview_came_to_no_result(world: World) -> None:
    """S22: what was counted so far is not the count."""
    world.vendor.previews, world.vendor.resultless = 2, True
    found = await world.logs(ROW).tally(60.0)
    assert (found.count, found.cause) == (None, "the search came to no result")
