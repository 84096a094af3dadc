"""What each fault does to the running stage, and that it does it to the version that it names only."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from controlroom.errors import UsageError
from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage
Eventually = Callable[[Callable[[], object], float], None]


@pytest.fixture(autouse=True)
def as_found(stage: StageHandle) -> Iterator[None]:
    """Each test leaves no fault on and no new version live."""
    yield
    for fault in stage.client.faults():
        stage.client.fault(fault, on=False)
    for service, seen in stage.client.report()["services"].items():
        if seen["live"] != "v2.0.0":
            stage.client.deploy(service, "v2.0.0")


def _counts(stage: StageHandle, web: httpx.Client, service: str) -> tuple[float, float]:
    """Requests and errors that the service's process has counted."""
    requests = errors = 0.0
    for family in text_string_to_metric_families(web.get(stage.endpoints[f"{service}.url"] + "/metrics").text):
        for sample in family.samples:
            if sample.name == "http_requests_total":
                requests += sample.value
                errors += sample.value if sample.labels["code"].startswith("5") else 0
    return requests, errors


def _answers(web: httpx.Client, url: str, code: int) -> bool:
    return web.get(url).status_code == code


def test_every_api_gets_fifty_requests_a_second_and_answers_them(
    stage: StageHandle, web: httpx.Client, eventually: Eventually
) -> None:
    """The load is enough for a guard at 5 %, and a healthy service has no errors."""
    apis, begun = ("auth", "catalog", "orders"), time.monotonic()
    before = {service: _counts(stage, web, service)[0] for service in apis}
    eventually(lambda: all(_counts(stage, web, service)[0] >= before[service] + 110 for service in apis), 4)
    assert time.monotonic() - begun < 110 / 50 + 0.1
    assert [_counts(stage, web, service)[1] for service in apis] == [0, 0, 0]


def test_the_probes_own_requests_are_not_counted(stage: StageHandle, web: httpx.Client) -> None:
    """/health and /metrics do not dilute the error rate: the frontend, which gets no load, counts nothing more."""
    before = _counts(stage, web, "frontend")
    web.get(stage.endpoints["frontend.url"] + "/health")
    assert _counts(stage, web, "frontend") == before
    web.get(stage.endpoints["frontend.url"] + "/")
    assert _counts(stage, web, "frontend")[0] == before[0] + 1


def test_errors_hit_the_new_version_until_it_is_rolled_back(
    stage: StageHandle, web: httpx.Client, eventually: Eventually
) -> None:
    """`orders:errors=8%` leaves the old version alone and fails 8 of 100 requests of the new one."""
    stage.client.fault("orders:errors=8%")
    assert _counts(stage, web, "orders")[1] == 0
    stage.client.deploy("orders", "v2.1.0")
    eventually(lambda: _counts(stage, web, "orders")[0] >= 100, 5)
    requests, errors = _counts(stage, web, "orders")
    assert errors == pytest.approx(requests * 0.08, abs=1.5)
    stage.client.deploy("orders", "v2.0.0")
    eventually(lambda: _counts(stage, web, "orders")[0] >= 30, 5)
    assert _counts(stage, web, "orders")[1] == 0


def test_errors_can_be_switched_on_and_off_while_it_runs(
    stage: StageHandle, web: httpx.Client, eventually: Eventually
) -> None:
    """A fault takes effect on the live process at once, and on the old version when it says so."""
    assert stage.client.fault("auth@v2.0.0:errors=50%") == ["auth@v2.0.0:errors=50%"]
    eventually(lambda: _counts(stage, web, "auth")[1] >= 10, 3)
    assert stage.client.report()["faults"] == ["auth@v2.0.0:errors=50%"]
    assert stage.client.fault("auth@v2.0.0:errors", on=False) == []
    eventually(lambda: web.get(stage.endpoints["auth.url"] + "/session").status_code == 401, 2)
    before = _counts(stage, web, "auth")
    eventually(lambda: _counts(stage, web, "auth")[0] >= before[0] + 30, 3)
    assert _counts(stage, web, "auth")[1] == before[1]
    stage.client.deploy("auth", "v2.0.0")


def test_degraded_health_does_not_stop_the_deploy(stage: StageHandle, web: httpx.Client) -> None:
    """`auth:health=degraded`: the deploy succeeds, and /health is there to find it out."""
    stage.client.fault("auth:health=degraded")
    said: list[str] = []
    stage.client.deploy("auth", "v2.1.0", said.append)
    assert said[-1] == "health degraded (HTTP 503)"
    answer = web.get(stage.endpoints["auth.url"] + "/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "degraded", "service": "auth", "version": "v2.1.0"}


def test_latency_slows_requests_but_not_the_load(stage: StageHandle, web: httpx.Client, eventually: Eventually) -> None:
    """`catalog:latency=900ms` shows in each request; the load keeps its rate on more connections."""
    stage.client.fault("catalog:latency=900ms")
    stage.client.deploy("catalog", "v2.1.0")
    begun = time.monotonic()
    assert web.get(stage.endpoints["catalog.url"] + "/search?q=usb").status_code == 200
    assert time.monotonic() - begun >= 0.9
    before, begun = _counts(stage, web, "catalog")[0], time.monotonic()
    eventually(lambda: _counts(stage, web, "catalog")[0] >= before + 60, 5)
    assert time.monotonic() - begun < 60 / 50 + 0.1


def test_a_crash_comes_after_the_deploy_and_is_not_repaired(
    stage: StageHandle, web: httpx.Client, eventually: Eventually
) -> None:
    """`catalog:crash`: live, then gone with the connection refused, until something is deployed."""
    stage.client.fault("catalog:crash")
    stage.client.deploy("catalog", "v2.1.0")
    assert stage.client.report()["services"]["catalog"]["live"] == "v2.1.0"
    eventually(lambda: stage.client.report()["services"]["catalog"]["live"] is None, 3)
    with pytest.raises(httpx.ConnectError):
        web.get(stage.endpoints["catalog.url"] + "/health")
    stage.client.deploy("catalog", "v2.0.0")
    assert web.get(stage.endpoints["catalog.url"] + "/health").json()["version"] == "v2.0.0"


def test_a_gap_of_metrics_is_no_gap_of_service(stage: StageHandle, web: httpx.Client, eventually: Eventually) -> None:
    """`metrics:gap` hides the numbers of every service at any version, and nothing else."""
    stage.client.fault("metrics:gap")
    for service in ("auth", "catalog", "orders", "frontend"):
        url = stage.endpoints[f"{service}.url"]
        eventually(partial(_answers, web, url + "/metrics", 503), 2)
        assert _answers(web, url + "/health", 200)
    stage.client.fault("metrics:gap", on=False)
    eventually(partial(_answers, web, stage.endpoints["auth.url"] + "/metrics", 200), 2)


def test_orders_can_lose_track_of_an_order(stage: StageHandle, web: httpx.Client) -> None:
    """`orders:status=broken` makes the last smoke test fail without a single server error."""
    url = stage.endpoints["orders.url"] + "/orders/1"
    stage.client.fault("orders:status=broken")
    assert web.get(url).json() == {"id": 1, "status": "placed"}
    stage.client.deploy("orders", "v2.1.0")
    answer = web.get(url)
    assert (answer.status_code, answer.json()) == (200, {"id": 1, "status": "unknown"})


def test_an_unknown_fault_is_refused_by_the_stage_too(stage: StageHandle) -> None:
    """Whoever speaks to the socket is checked there."""
    with pytest.raises(UsageError, match="Known faults"):
        stage.client.fault("orders:sleepy")
    with pytest.raises(UsageError, match="is not on"):
        stage.client.fault("orders:errors=8%", on=False)
