"""The caching edge: stale until invalidated, closed to the public until opened."""

import re
from collections.abc import Iterator

import httpx
import pytest

from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage


@pytest.fixture(autouse=True)
def as_found(stage: StageHandle, web: httpx.Client) -> Iterator[None]:
    """Each test finds and leaves the old page in the cache and the traffic closed."""
    yield
    for fault in stage.client.faults():
        stage.client.fault(fault, on=False)
    stage.client.deploy("frontend", "v2.0.0")
    stage.client.invalidate()
    web.get(stage.endpoints["edge.url"])
    web.post(stage.endpoints["edge.admin"] + "/traffic", json={"open": False})


def _footer(answer: httpx.Response) -> str:
    found = re.search(r'<footer id="version">(.*)</footer>', answer.text)
    assert found is not None
    return found[1]


def test_the_page_comes_from_the_cache(stage: StageHandle, web: httpx.Client) -> None:
    """The old page is cached before the go-live begins, and says so."""
    answer = web.get(stage.endpoints["edge.url"])
    assert answer.headers["X-Cache"] == "HIT"
    assert int(answer.headers["Age"]) >= 0
    assert answer.headers["Content-Type"].startswith("text/html")
    assert _footer(answer) == "v2.0.0"


def test_a_new_build_is_stale_at_the_edge_until_invalidated(stage: StageHandle, web: httpx.Client) -> None:
    """Deploying alone changes the origin, not what people see."""
    stage.client.deploy("frontend", "v2.1.0")
    assert _footer(web.get(stage.endpoints["frontend.url"])) == "v2.1.0"
    assert _footer(web.get(stage.endpoints["edge.url"])) == "v2.0.0"
    stage.client.invalidate()
    fresh = web.get(stage.endpoints["edge.url"])
    assert (fresh.headers["X-Cache"], fresh.headers["Age"], _footer(fresh)) == ("MISS", "0", "v2.1.0")
    assert web.get(stage.endpoints["edge.url"]).headers["X-Cache"] == "HIT"


def test_a_stale_cdn_accepts_the_invalidation_and_ignores_it(stage: StageHandle, web: httpx.Client) -> None:
    """`frontend:stale-cdn`: the command succeeds, the page stays; switched off, the next invalidation works."""
    stage.client.fault("frontend:stale-cdn")
    stage.client.deploy("frontend", "v2.1.0")
    stage.client.invalidate()
    assert _footer(web.get(stage.endpoints["edge.url"])) == "v2.0.0"
    stage.client.fault("frontend:stale-cdn", on=False)
    stage.client.invalidate()
    assert _footer(web.get(stage.endpoints["edge.url"])) == "v2.1.0"


def test_the_public_meets_the_switch(stage: StageHandle, web: httpx.Client) -> None:
    """Closed: a maintenance page for the public, the true page for the verification. Open: the same for both."""
    public, admin = stage.endpoints["edge.public"], stage.endpoints["edge.admin"]
    closed = web.get(public)
    assert closed.status_code == 503
    assert "footer" not in closed.text
    assert web.get(stage.endpoints["edge.url"]).status_code == 200
    assert stage.client.report()["traffic"] == "closed"
    assert web.post(admin + "/traffic", json={"open": True}).json()["open"] is True
    assert _footer(web.get(public)) == "v2.0.0"
    assert stage.client.report()["traffic"] == "open"
    assert web.get(admin + "/traffic").json()["open"] is True


def test_the_stage_counts_what_the_public_met(stage: StageHandle, web: httpx.Client) -> None:
    """Served and turned away are counted apart, the load's own visits among them."""
    public, admin = stage.endpoints["edge.public"], stage.endpoints["edge.admin"]
    before = stage.client.report()["public_requests"]
    web.get(public)
    web.post(admin + "/traffic", json={"open": True})
    web.get(public)
    after = stage.client.report()["public_requests"]
    assert after["maintenance"] > before["maintenance"]
    assert after["served"] > before["served"]
    assert after["failed"] == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"open": "yes"}'])
def test_the_switch_takes_true_or_false_only(stage: StageHandle, web: httpx.Client, content: bytes) -> None:
    """Anything else is refused and switches nothing."""
    assert web.post(stage.endpoints["edge.admin"] + "/traffic", content=content).status_code == 422
    assert stage.client.report()["traffic"] == "closed"


def test_a_page_that_is_not_there_is_not_cached(stage: StageHandle, web: httpx.Client) -> None:
    """Errors of the origin pass through."""
    for _ in range(2):
        answer = web.get(stage.endpoints["edge.url"] + "/nothing?x=1")
        assert (answer.status_code, answer.headers["X-Cache"]) == (404, "MISS")
