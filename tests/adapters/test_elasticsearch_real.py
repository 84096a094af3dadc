"""Logs counted by a real server that speaks Elasticsearch's API, with queries as people write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.outside_world import plan_with
from tests.adapters.real_parts import ask, elasticsearch, needs_osmem

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.lookouts import log_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.secrets import Vault
from controlroom.run.pace import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from controlroom.ports import LogSource

pytestmark = needs_osmem
S5_QUERY = "level:ERROR AND service:(auth OR catalog OR orders)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all tests, each of which has an index of its own."""
    with elasticsearch(tmp_path_factory.mktemp("elasticsearch")) as url:
        yield url


@pytest.fixture
async def means() -> AsyncIterator[Means]:
    """What adapters are made with."""
    client = open_client(loopback_only=True)
    yield Means(Pace(), Vault({}), client, SystemClock())
    await client.aclose()


def source(url: str, means: Means, index: str, query: str = S5_QUERY, **settings: Any) -> LogSource:
    """The source of a rule."""
    rule = {"elasticsearch": {"url": url, "index": index, **settings}, "query": query, "above": "50", "per": "5m"}
    return log_sources(plan_with(logs=[rule]), means)["logs-1"]


def write(url: str, index: str, *entries: tuple[float, dict[str, Any]], time_field: str = "@timestamp") -> None:
    """Write entries of so many seconds ago in one bulk, as a shipper does."""
    lines = []
    for ago, entry in entries:
        at = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
        lines += [json.dumps({"index": {"_index": index}}), json.dumps({time_field: at, **entry})]
    done = ask(f"{url}/_bulk?refresh=true", "\n".join(lines) + "\n", "application/x-ndjson")
    assert done["errors"] is False, done


def error(message: str, service: str = "orders", level: str = "ERROR") -> dict[str, Any]:
    """An entry in the shop's log."""
    return {"level": level, "service": service, "message": message}


async def test_the_query_of_the_s5_plan(server: str, means: Means) -> None:
    """Errors of three services in five minutes, and nothing else."""
    write(
        server,
        "shop-a",
        (1, error("payment refused")),
        (200, error("no stock", "catalog")),
        (290, error("token expired", "auth")),
        (1, error("fine", level="INFO")),
        (1, error("elsewhere", "billing")),
        (400, error("too long ago")),
    )
    found = await source(server, means, "shop-a").tally(300.0)
    assert (found.count, found.cause) == (3, "")
    assert [line.partition(" ")[2] for line in found.lines] == [
        "ERROR orders payment refused",
        "ERROR catalog no stock",
        "ERROR auth token expired",
    ]


async def test_an_index_pattern_spans_days(server: str, means: Means) -> None:
    """One index a day is how logs are kept."""
    write(server, "days-2026.11.30", (10, error("yesterday")))
    write(server, "days-2026.12.01", (5, error("today")))
    assert (await source(server, means, "days-*").tally(60.0)).count == 2


async def test_more_than_ten_thousand_are_counted_to_the_last(server: str, means: Means) -> None:
    """Elasticsearch stops counting at 10,000 unless it is told not to."""
    write(server, "many-a", *((1.0, error(f"e{number}")) for number in range(10_050)))
    assert (await source(server, means, "many-a").tally(60.0)).count == 10_050


async def test_structured_entries_and_other_times(server: str, means: Means) -> None:
    """ECS puts level and message elsewhere, and a shipper may call its time otherwise."""
    entry = {"log": {"level": "error"}, "service": {"name": "orders"}, "error": {"message": "payment refused"}}
    write(server, "ecs-a", (1, entry), time_field="ts")
    found = await source(server, means, "ecs-a", "log.level:error", time_field="ts").tally(60.0)
    assert found.count == 1
    assert found.lines[0].endswith("error orders payment refused")


async def test_an_entry_without_a_message_is_shown_as_it_is(server: str, means: Means) -> None:
    """Better than nothing."""
    write(server, "odd-a", (1, {"level": "ERROR", "service": "orders", "code": 17}))
    (line,) = (await source(server, means, "odd-a").tally(60.0)).lines
    assert '"code":17' in line


async def test_a_pattern_that_matches_no_index_is_no_zero(server: str, means: Means) -> None:
    """S22: a wrong index would otherwise read as a quiet night."""
    found = await source(server, means, "nothing-*").tally(60.0)
    assert (found.count, found.cause) == (None, "no index matches nothing-*")


async def test_an_index_that_is_not_there_is_named(server: str, means: Means) -> None:
    """In the server's words."""
    found = await source(server, means, "nothing").tally(60.0)
    assert found.count is None
    assert found.cause == "HTTP 404: nothing is there (no such index [nothing])"


async def test_a_query_that_is_none_is_named(server: str, means: Means) -> None:
    """The reason, not that all shards failed."""
    write(server, "shop-b", (1, error("x")))
    found = await source(server, means, "shop-b", "level:(ERROR").tally(60.0)
    assert found.count is None
    assert "Failed to parse query [level:(ERROR]" in found.cause


async def test_an_index_without_any_entry(server: str, means: Means) -> None:
    """Just made, it does not know its own time field."""
    write(server, "empty-a", (1, {"note": "no time at all"}), time_field="other")
    found = await source(server, means, "empty-a").tally(60.0)
    assert (found.count, found.cause) == (0, "")
