"""The shop's services, over HTTP, on the real database."""

from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage


def _address() -> str:
    return f"{uuid4().hex}@shop.example"


@pytest.fixture(scope="module")
def token(stage: StageHandle, web: httpx.Client) -> str:
    """The token of the account that the shop has from the start."""
    answer = web.post(
        stage.endpoints["auth.url"] + "/login", json={"email": "demo@shop.example", "password": "demo-password"}
    )
    assert answer.status_code == 200
    return str(answer.json()["token"])


@pytest.mark.parametrize("service", ["auth", "catalog", "orders", "frontend"])
def test_health_says_service_and_version(stage: StageHandle, web: httpx.Client, service: str) -> None:
    """`/health` is what the go-live document asks for, and the version can be observed there."""
    answer = web.get(stage.endpoints[f"{service}.url"] + "/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "service": service, "version": "v2.0.0"}


@pytest.mark.parametrize("service", ["auth", "catalog", "orders", "frontend"])
def test_metrics_are_there_from_the_start(stage: StageHandle, web: httpx.Client, service: str) -> None:
    """Requests, durations, CPU and memory; the error series exists before the first error."""
    text = web.get(stage.endpoints[f"{service}.url"] + "/metrics").text
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    errors = ("http_requests_total", ("code", "500"), ("method", "GET"), ("service", service))
    assert samples[errors] == 0
    assert ("http_request_duration_seconds_count", ("service", service)) in samples
    assert samples[("process_cpu_seconds_total",)] > 0
    assert samples[("process_resident_memory_bytes",)] > 1 << 20


def test_signup_then_login(stage: StageHandle, web: httpx.Client) -> None:
    """A new account can sign in; a wrong password cannot."""
    auth, account = stage.endpoints["auth.url"], {"email": _address(), "password": "long enough"}
    created = web.post(auth + "/signup", json=account)
    assert created.status_code == 201
    assert created.json()["email"] == account["email"]
    assert isinstance(created.json()["id"], int)
    signed_in = web.post(auth + "/login", json=account)
    assert signed_in.status_code == 200
    session = web.get(auth + "/session", headers={"Authorization": f"Bearer {signed_in.json()['token']}"})
    assert session.json() == {"email": account["email"]}
    assert web.post(auth + "/login", json={**account, "password": "another one"}).status_code == 401


def test_an_address_signs_up_once(stage: StageHandle, web: httpx.Client) -> None:
    """The second sign-up with the same address is a conflict."""
    account = {"email": _address(), "password": "long enough"}
    assert web.post(stage.endpoints["auth.url"] + "/signup", json=account).status_code == 201
    assert web.post(stage.endpoints["auth.url"] + "/signup", json=account).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "someone@shop.example"},
        {"email": "nowhere", "password": "long enough"},
        {"email": "@shop.example", "password": "long enough"},
        {"email": "a\0b@shop.example", "password": "long enough"},
        {"email": "someone@shop.example", "password": "short"},
        {"email": 5, "password": ["x"]},
        [],
    ],
)
def test_bad_signups_are_refused(stage: StageHandle, web: httpx.Client, body: object) -> None:
    """Bad input is 422 with a reason, never a server error."""
    answer = web.post(stage.endpoints["auth.url"] + "/signup", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_a_body_that_is_no_json_is_bad_input(stage: StageHandle, web: httpx.Client) -> None:
    """Broken JSON is the caller's fault."""
    assert web.post(stage.endpoints["auth.url"] + "/signup", content=b"{nonsense").status_code == 422
    assert web.post(stage.endpoints["auth.url"] + "/login", content=b"\xff").status_code == 401


def test_search_finds_products(stage: StageHandle, web: httpx.Client) -> None:
    """Search ignores case and gives id, name and price."""
    items = web.get(stage.endpoints["catalog.url"] + "/search", params={"q": "TECLADO"}).json()["items"]
    assert [item["name"] for item in items] == ["Teclado compacto", "Teclado mecánico"]
    assert items[0]["price"] == 39.5
    nothing = web.get(stage.endpoints["catalog.url"] + "/search", params={"q": "100%_\0'"})
    assert (nothing.status_code, nothing.json()) == (200, {"items": []})


def test_order_from_end_to_end(stage: StageHandle, web: httpx.Client, token: str) -> None:
    """A token from auth is good at orders, and a placed order can be asked for."""
    orders = stage.endpoints["orders.url"]
    placed = web.post(
        orders + "/orders", json={"product": 1, "quantity": 2}, headers={"Authorization": f"Bearer {token}"}
    )
    assert placed.status_code == 201
    assert placed.json()["status"] == "placed"
    order = placed.json()["id"]
    assert web.get(f"{orders}/orders/{order}").json() == {"id": order, "status": "placed"}


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}])
def test_orders_need_a_token(stage: StageHandle, web: httpx.Client, header: dict[str, str]) -> None:
    """Without a token of auth nothing is ordered."""
    answer = web.post(stage.endpoints["orders.url"] + "/orders", json={"product": 1, "quantity": 1}, headers=header)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"product": 999, "quantity": 1}, {"product": 1, "quantity": 0}, {"product": True}, {"product": 2**70}]
)
def test_bad_orders_are_refused(stage: StageHandle, web: httpx.Client, token: str, body: object) -> None:
    """An unknown product or a senseless quantity is 422."""
    answer = web.post(
        stage.endpoints["orders.url"] + "/orders", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("order", ["999999999", str(2**80), "x"])
def test_an_unknown_order_is_not_found(stage: StageHandle, web: httpx.Client, order: str) -> None:
    """404, whatever was asked for."""
    assert web.get(f"{stage.endpoints['orders.url']}/orders/{order}").status_code == 404
