"""Two releases of an API behind the edge: how many of the public meet the new one, and that they stay with it."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from controlroom.errors import StageError, UsageError
from controlroom.rehearsal.canary import Split, percent
from controlroom.rehearsal.process import StageHandle

Eventually = Callable[[Callable[[], object], float], None]
OLD, NEW = "v2.0.0", "v2.1.0"


@pytest.fixture
def canary(stage: StageHandle, web: httpx.Client) -> Iterator[str]:
    """The public edge, open, with v2.1.0 of the catalogue on trial and nobody on it; gone afterwards."""
    web.post(stage.endpoints["edge.admin"] + "/traffic", json={"open": True})
    stage.client.canary("catalog", NEW)
    yield stage.endpoints["edge.public"]
    stage.client.weigh("catalog", 0)
    stage.client.canary("catalog", "none")
    web.post(stage.endpoints["edge.admin"] + "/traffic", json={"open": False})


def _search(web: httpx.Client, edge: str, **headers: str) -> httpx.Response:
    web.cookies.clear()  # a stranger, unless the headers say otherwise
    return web.get(f"{edge}/api/catalog/search?q=teclado", headers=headers)


def _report(stage: StageHandle) -> dict[str, Any]:
    found: dict[str, Any] = stage.client.report()["canaries"]["catalog"]
    return found


@pytest.mark.parametrize("weight", [0, 1, 10, 33, 50, 99, 100])
@pytest.mark.parametrize("first", [0, 1, 57])
def test_of_a_hundred_in_a_row_as_many_as_the_weight_says(weight: int, first: int) -> None:
    """The share is exact, wherever the counting begins."""
    split = Split(("live", "trial"), weight=weight)
    assert sum(split.trial(visitor) for visitor in range(first, first + 100)) == weight


def test_a_higher_weight_takes_nobody_off() -> None:
    """Who met the new release at 10 % meets it at 50 % too."""
    tenth, half = Split(("a", "b"), weight=10), Split(("a", "b"), weight=50)
    assert all(half.trial(visitor) for visitor in range(1000) if tenth.trial(visitor))


@pytest.mark.parametrize("text", ["", "-1", "101", "1000", "1.5", "ten", "\u0661\u0660", "007", " 5"])
def test_no_weight(text: str) -> None:
    """Whole per cent, plainly written."""
    assert percent(text) is None


@pytest.mark.stage
def test_a_tenth_of_the_visitors_meet_the_new_release(stage: StageHandle, web: httpx.Client, canary: str) -> None:
    """At the public edge, by what the processes themselves say they are; the header names the weight."""
    assert _search(web, canary).headers["X-Release"] == OLD
    stage.client.weigh("catalog", 10)
    answers = [_search(web, canary) for _ in range(100)]
    assert {answer.headers["X-Canary-Weight"] for answer in answers} == {"10"}
    met = Counter(answer.headers["X-Release"] for answer in answers)
    # The crowd draws numbers meanwhile, so that ours are not in a row.
    assert 3 <= met[NEW] <= 20
    assert met[NEW] + met[OLD] == 100
    assert all(answer.status_code == 200 and answer.json()["items"] for answer in answers)


@pytest.mark.stage
def test_a_visitor_stays_with_what_he_met(stage: StageHandle, web: httpx.Client, canary: str) -> None:
    """Sticky: the cookie decides, not the request."""
    stage.client.weigh("catalog", 10)
    for visitor, release in (("100", NEW), ("1", OLD)):
        assert {_search(web, canary, Cookie=f"visitor={visitor}").headers["X-Release"] for _ in range(5)} == {release}
    assert "set-cookie" in _search(web, canary).headers
    assert "set-cookie" not in _search(web, canary, Cookie="visitor=7").headers


@pytest.mark.stage
def test_the_crowd_meets_it_and_leaves_it(
    stage: StageHandle, web: httpx.Client, canary: str, eventually: Eventually
) -> None:
    """The edge counts who met which release; at weight 0 nobody meets the new one any more."""
    assert canary
    stage.client.weigh("catalog", 10)
    eventually(lambda: _report(stage)["visitors"].get(OLD, 0) > 150, 20)
    stage.client.weigh("catalog", 0)
    seen = _report(stage)
    share = seen["visitors"][NEW] / (seen["visitors"][NEW] + seen["visitors"][OLD])
    assert 0.05 < share < 0.2
    eventually(lambda: _report(stage)["requests"][f"{OLD} 200"] > seen["requests"][f"{OLD} 200"] + 100, 20)
    # What was under way when the weight changed may still have been counted.
    assert _report(stage)["requests"][f"{NEW} 200"] <= seen["requests"][f"{NEW} 200"] + 2
    page = web.get(stage.endpoints["edge.admin"] + "/metrics").text
    assert 'edge_requests_total{code="200",release="v2.1.0",service="catalog"}' in page


@pytest.mark.stage
def test_a_fault_of_the_new_release_hits_those_who_meet_it(stage: StageHandle, web: httpx.Client, canary: str) -> None:
    """The live release goes on being well, at the edge and past it."""
    stage.client.fault("catalog:errors=100%")
    try:
        stage.client.weigh("catalog", 10)
        assert _search(web, canary, Cookie="visitor=100").status_code == 500
        assert _search(web, canary, Cookie="visitor=1").status_code == 200
        assert web.get(stage.endpoints["catalog.url"] + "/search?q=usb").status_code == 200
    finally:
        stage.client.fault("catalog:errors=100%", on=False)


@pytest.mark.stage
def test_the_edge_says_what_is_on_trial(stage: StageHandle, web: httpx.Client, canary: str) -> None:
    """Versions as the processes report them; `none` where nothing answers."""
    assert canary
    admin = stage.endpoints["edge.admin"]
    catalog = web.get(admin + "/canary/catalog").json()
    assert (catalog["live"], catalog["canary"], catalog["weight"]) == (OLD, NEW, 0)
    assert web.get(admin + "/canary/auth").json()["canary"] == "none"
    assert web.get(admin + "/canary/nothing").status_code == 404
    assert stage.client.report()["canaries"]["catalog"]["release"] == NEW
    for content in (b"", b"[]", b'{"weight": true}', b'{"weight": 101}', b'{"weight": -1}', b'{"weight": "10"}'):
        assert web.post(admin + "/canary/catalog", content=content).status_code == 422


@pytest.mark.stage
def test_nobody_is_left_on_a_release_that_goes(stage: StageHandle, canary: str) -> None:
    """A release with users is not taken away, and users are not sent where no release is."""
    assert canary
    stage.client.weigh("catalog", 50)
    with pytest.raises(StageError, match="50 % of the public are on it: traffic-weight catalog 0 comes first"):
        stage.client.canary("catalog", "none")
    with pytest.raises(StageError, match="no release of auth is on trial"):
        stage.client.weigh("auth", 10)
    stage.client.weigh("auth", 0)


@pytest.mark.stage
@pytest.mark.parametrize(
    "words",
    [["canary"], ["canary", "frontend", NEW], ["canary", "catalog", "v9"], ["weigh", "catalog", "101"], ["weigh"]],
)
def test_words_that_the_stage_does_not_know(stage: StageHandle, words: list[str]) -> None:
    """Exit code 2, with what there is."""
    outcome = stage.client.call(*words)
    assert outcome.code == UsageError.exit_code
    assert "services auth, catalog, orders" in str(outcome.error)


@pytest.mark.stage
def test_closed_traffic_keeps_the_public_off_the_apis_too(stage: StageHandle, web: httpx.Client) -> None:
    """The switch governs everything public; the internal door is always open."""
    assert _search(web, stage.endpoints["edge.public"]).status_code == 503
    assert _search(web, stage.endpoints["edge.url"]).status_code == 200
    assert web.get(stage.endpoints["edge.url"] + "/api/nothing/x").status_code == 404


@pytest.mark.stage
def test_posts_and_tokens_pass_the_edge(stage: StageHandle, web: httpx.Client) -> None:
    """What the APIs take, they take through the edge."""
    edge = stage.endpoints["edge.url"]
    answer = web.post(edge + "/api/auth/login", json={"email": "demo@shop.example", "password": "demo-password"})
    token = answer.json()["token"]
    asked = {"json": {"product": 1, "quantity": 1}, "headers": {"Authorization": f"Bearer {token}"}}
    assert web.post(edge + "/api/orders/orders", **asked).status_code == 201  # type: ignore[arg-type]
    assert web.post(edge + "/api/orders/orders", json={"product": 1}).status_code == 401
    assert web.post(edge + "/api/orders/orders", content=b"{").status_code == 400
    assert web.get(edge + "/api/catalog/a%0d%0ab").status_code == 404
