"""Every way in which a scraped page can give no data, each with its cause (S5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.adapters.conftest import Peer, ok
from tests.adapters.scraping import REQUESTS, UP, MakeSource, only, page, source_of

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.trouble import Unable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx


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
def source(client: httpx.AsyncClient, clock: ManualClock) -> MakeSource:
    """Makes sources for the service auth."""
    return source_of(client, clock)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (ok("metrics are not available", status="503 Service Unavailable", kind="text/plain"), "HTTP 503"),
        (ok("", status="302 Found", kind="text/plain"), "HTTP 302"),
        (ok("<!doctype html><html></html>", kind="text/html; charset=utf-8"), "a web page came instead of metrics"),
        (ok("\n <html>login</html>", kind="text/plain"), "a web page came instead of metrics"),
        (page("up"), "line 1 of the page cannot be read"),
        (ok("up 12", kind="text/plain"), "the page breaks off"),
        (page("up 1", kind="application/openmetrics-text; version=1.0.0"), "the page breaks off"),
        (ok(b"up \xff\xfe\n", kind="text/plain"), "the page is not UTF-8"),
        (ok("", kind="text/plain"), "up is not on the page"),
        (ok('{"status": "ok"}\n'), "up is not on the page"),
        (page("# TYPE up gauge"), "no series yet"),
        (ok(b"#" * 2_000_000 + b"\n", kind="text/plain"), "the page is too long"),
    ],
)
async def test_what_is_no_page_is_no_data(source: MakeSource, peer: Peer, answer: bytes, cause: str) -> None:
    """S5: each way to answer without metrics has its own cause, and none has a value."""
    peer.say(answer)
    found = only(await source(f"{peer.url}/metrics", metrics=UP).read())
    assert (found.value, found.requests, found.cause) == (None, None, cause)


async def test_a_page_that_is_cut_off_is_no_data(source: MakeSource, peer: Peer) -> None:
    """S5: fewer bytes than announced."""
    whole = page("up 1", "# more")
    peer.say(whole[:-4], then="close")
    found = only(await source(peer.url, metrics=UP).read())
    assert found.value is None
    assert "breaks off" in found.cause


@pytest.mark.parametrize("then", ["hang", "close", "reset"])
async def test_a_peer_that_does_not_answer_is_no_data(source: MakeSource, peer: Peer, then: str) -> None:
    """S5: timeouts are real seconds, and a connection that ends is a cause too; the next scrape works again."""
    peer.say(b"", then=then)
    prod = source(peer.url, metrics=UP, timeout_s=0.2)
    found = only(await prod.read())
    assert found.value is None
    assert found.cause
    peer.say(page("up 1"))
    assert only(await prod.read()).value == 1.0


async def test_a_refused_connection_is_no_data(source: MakeSource, dead_url: str) -> None:
    """S5: nothing listens."""
    found = only(await source(dead_url, metrics=UP).read())
    assert found.value is None
    assert found.cause.startswith("connection refused")


async def test_values_that_are_none_are_handed_on(source: MakeSource, peer: Peer) -> None:
    """S5: NaN and Inf reach the judge as they are; it knows what they mean."""
    peer.say(page("up NaN"))
    value = only(await source(peer.url, metrics=UP).read()).value
    assert value is not None
    assert value != value  # noqa: PLR0124 - NaN
    peer.say(page("up +Inf"))
    assert only(await source(peer.url, metrics=UP).read()).value == float("inf")


async def test_the_page_s_own_time_is_the_reading_s(source: MakeSource, peer: Peer, clock: ManualClock) -> None:
    """S5: a timestamp that stands still stays where it is, however late it is here."""
    prod = source(peer.url, metrics=UP)
    peer.say(page("up 1 1700000000500"))
    assert only(await prod.read()).at == 1700000000.5
    await clock.advance(60)
    assert only(await prod.read()).at == 1700000000.5
    peer.say(page("up 1"))
    assert only(await prod.read()).at == clock.now().timestamp()


async def test_a_step_of_the_wall_clock_does_not_stop_time(source: MakeSource, peer: Peer, clock: ManualClock) -> None:
    """S9: an hour back on the wall clock, and readings still move on."""
    prod = source(peer.url, metrics=UP)
    peer.say(page("up 1"))
    before = only(await prod.read()).at
    await clock.advance(5)
    clock.step_wall(-3600)
    assert only(await prod.read()).at == before + 5


async def test_a_misspelt_label_is_no_data_and_not_health(source: MakeSource, peer: Peer, clock: ManualClock) -> None:
    """S5: `cod` matches no series for ever; that is said, and is not `no errors`."""
    wrong = {"error_rate": {"errors": REQUESTS | {"labels": {"cod": "5.."}}, "requests": REQUESTS, "unit": "%"}}
    prod = source(peer.url, metrics=wrong)
    for count in (100, 200):
        peer.say(page(f'http_requests_total{{code="200"}} {count}'))
        found = only(await prod.read())
        await clock.advance(5)
    assert (found.value, found.cause) == (None, "http_requests_total has no label cod")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/metrics", "metrics", "http://"])
async def test_a_url_that_is_none_is_refused_at_once(source: MakeSource, url: str) -> None:
    """What cannot be scraped is said when the source is made."""
    with pytest.raises(Unable):
        source(url)
