"""A real Prometheus beside our own scrapes of the same stage: the same figures, the same verdict, at the same time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.rehearsal.prometheus_server import (
    PrometheusServer,
    VictoriaServer,
    needs_prometheus,
    needs_victoria,
)
from tests.rehearsal.room import until as until_seen

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.bindings import metric_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.secrets import Vault
from controlroom.engine import guards
from controlroom.engine.guard_rules import rules_of
from controlroom.engine.judge import bounds_of
from controlroom.engine.outline import outline_of
from controlroom.engine.prober import Prober
from controlroom.plan.model import Plan
from controlroom.ports import HistorySource
from controlroom.run.events import GuardRecovered, GuardTripped
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from controlroom.engine.guards import GuardTimer
    from controlroom.ports import Source
    from controlroom.rehearsal.process import StageHandle
    from controlroom.run.samples import Reading, Sample

pytestmark = pytest.mark.stage

APIS = ("auth", "catalog", "orders")
SCRAPE_S = 1.0
FOR_S = 5.0
PATIENCE_S = 90.0
APART_S = {"breached": 2 * SCRAPE_S, "tripped": 3 * SCRAPE_S, "recovered": 3 * SCRAPE_S}
"""The breach begins within two scrapes; each verdict comes with the next sample that its own source gives."""
SCRAPED: dict[str, dict[str, Any]] = {
    "error_rate": {
        "errors": {"name": "http_requests_total", "labels": {"code": "5.."}},
        "requests": "http_requests_total",
        "unit": "%",
        "window": "5s",
    },
    "latency_p95": {"histogram": {"name": "http_request_duration_seconds"}, "unit": "ms", "window": "5s"},
    "memory": {"gauge": {"name": "process_resident_memory_bytes"}, "unit": "MiB"},
}
ASKED: dict[str, dict[str, Any]] = {
    "error_rate": {
        "errors": 'sum(rate(http_requests_total{service="${service.id}",code=~"5.."}[5s]))',
        "requests": 'sum(rate(http_requests_total{service="${service.id}"}[5s]))',
        "unit": "%",
    },
    "latency_p95": {
        "query": "histogram_quantile(0.95, sum by (le) "
        '(rate(http_request_duration_seconds_bucket{service="${service.id}"}[5s])))',
        "raw": "s",
        "unit": "ms",
    },
    "memory": {"query": 'process_resident_memory_bytes{service="${service.id}"}', "raw": "B", "unit": "MiB"},
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(PrometheusServer, id="prometheus", marks=needs_prometheus),
        pytest.param(VictoriaServer, id="victoria-metrics", marks=needs_victoria),
    ],
)
def prometheus(
    request: pytest.FixtureRequest, stage: StageHandle, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrometheusServer]:
    """A Prometheus that scrapes the three APIs."""
    targets = {name: stage.endpoints[f"{name}.url"].removeprefix("http://") for name in APIS}
    with request.param(tmp_path_factory.mktemp("prometheus"), targets) as server:
        rates = 'count(rate(http_requests_total{code="200"}[5s]) > 0)'
        until_seen(lambda: server.value(rates) >= len(APIS))
        yield server


def plan_of(source: dict[str, Any], metrics: dict[str, dict[str, Any]]) -> Plan:
    """The three APIs with metrics of one source, under one guard."""
    services = [
        {
            "id": name,
            "name": name,
            "version": {"to": "v2.1.0"},
            "deploy": [{"run": "true"}],
            "verify": [{"run": "true"}],
            "rollback": [{"run": "true"}],
            "metrics": {metric: {"source": "prod", **asked} for metric, asked in metrics.items()},
        }
        for name in APIS
    ]
    guard = {"id": "errors", "metric": "error_rate", "services": APIS, "above": "5%", "for": f"{FOR_S:g}s"}
    return Plan.model_validate(
        {
            "plan": "p",
            "title": "P",
            "environment": "e",
            "sources": {"prod": source},
            "services": services,
            "guards": [guard],
        }
    )


class Watcher:
    """Reads one source as the engine does, and keeps how its guards stand; plan time is real time."""

    def __init__(self, plan: Plan, sources: Sequence[Source]) -> None:
        outline = outline_of(plan, lambda _: "", rehearsal=True, speed=1.0, auto_close=False)
        self.timers: dict[str, GuardTimer] = {name: guards.GuardTimer() for name in APIS}
        self.breached: dict[str, float] = {}
        self.tripped: dict[str, float] = {}
        self.recovered: dict[str, float] = {}
        self.sources = sources
        self._rules = rules_of(outline)
        self.prober = Prober(
            sources, clock=SystemClock(), pace=Pace(), bounds=bounds_of(outline), on_samples=self._take
        )

    @property
    def newest(self) -> Mapping[str, Sample]:
        """The newest sample of each series."""
        return self.prober.newest

    def _take(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            for rule in self._rules.get(sample.series, ()):
                timer, facts = guards.observe(self.timers[rule.service], sample, rule)
                self.timers[rule.service] = timer
                if timer.breaching:
                    self.breached.setdefault(rule.service, sample.elapsed)
                if any(isinstance(fact, GuardTripped) for fact in facts):
                    self.tripped[rule.service] = sample.elapsed
                if any(isinstance(fact, GuardRecovered) for fact in facts):
                    self.recovered[rule.service] = sample.elapsed


@asynccontextmanager
async def watching(stage: StageHandle, prometheus: PrometheusServer) -> AsyncIterator[tuple[Watcher, Watcher]]:
    """Our own scrapes and Prometheus, side by side, a second apart each."""
    pages = {name: f"{stage.endpoints[f'{name}.url']}/metrics" for name in APIS}
    client = open_client(loopback_only=True)
    means = Means(Pace(), Vault({}), client, SystemClock())
    watchers = []
    for source, metrics in (
        ({"openmetrics": {"targets": pages, "every": "1s", "timeout": "2s"}}, SCRAPED),
        ({"prometheus": {"url": prometheus.url, "every": "1s", "timeout": "2s"}}, ASKED),
    ):
        plan = plan_of(source, metrics)
        watchers.append(Watcher(plan, metric_sources(plan, means)))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(watcher.prober.run()) for watcher in watchers]
        yield watchers[0], watchers[1]
        for task in tasks:
            task.cancel()
    await client.aclose()


async def until(condition: Any) -> None:
    """Wait until something holds."""
    clock = SystemClock()
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await clock.sleep(0.05)


def settled(watcher: Watcher) -> bool:
    """Whether every series of a watcher has a value."""
    return len(watcher.newest) == 9 and all(one.state is DataState.OK for one in watcher.newest.values())


def agree(ours: Watcher, theirs: Watcher) -> bool:
    """Whether every series of both has about the same value, resting on about as many requests."""
    pairs = [(ours.newest[series], sample) for series, sample in theirs.newest.items()]
    return all(
        sample.value == pytest.approx(mine.value, rel=0.25, abs=0.5)
        and (sample.requests or 0) == pytest.approx(mine.requests or 0, rel=0.25)
        for mine, sample in pairs
    )


async def test_the_same_figures(stage: StageHandle, prometheus: PrometheusServer) -> None:
    """S3: error rate, p95 and memory are those that our own scrapes come to, once both have a whole window."""
    async with watching(stage, prometheus) as (ours, theirs):
        await until(lambda: settled(ours) and settled(theirs) and agree(ours, theirs))
        assert (theirs.newest["auth/error_rate"].requests or 0) > 100
        assert theirs.newest["auth/memory"].requests is None


@pytest.mark.timeout(300)
async def test_the_same_fault_and_the_same_verdict(stage: StageHandle, prometheus: PrometheusServer) -> None:
    """S1, S3: orders:errors=8%: both see the breach begin, fire and end within two scrapes of each other.

    A busy machine may delay a scrape of either by as long again: of three breaches one has to agree on the times.
    """
    apart: list[dict[str, float]] = []
    for _ in range(3):
        ours, theirs = await _breach(stage, prometheus)
        times = [(one.breached["orders"], one.tripped["orders"], one.recovered["orders"]) for one in (ours, theirs)]
        apart.append({what: abs(a - b) for what, a, b in zip(APART_S, *times, strict=True)})
        if all(apart[-1][what] <= most + prometheus.LATE_S for what, most in APART_S.items()):
            return
    raise AssertionError(f"seconds apart: {apart}")


async def _breach(stage: StageHandle, prometheus: PrometheusServer) -> tuple[Watcher, Watcher]:
    """A breach of orders from its beginning to its end, as both saw it, with the same verdicts."""
    async with watching(stage, prometheus) as (ours, theirs):
        await until(lambda: settled(ours) and settled(theirs))
        stage.client.fault("orders:errors=8%", on=True)
        await asyncio.to_thread(stage.client.deploy, "orders", "v2.1.0")
        await until(lambda: "orders" in ours.tripped and "orders" in theirs.tripped)
        verdicts = [{name: timer.verdict for name, timer in w.timers.items()} for w in (ours, theirs)]
        assert verdicts[0] == verdicts[1] == {"auth": Verdict.PASS, "catalog": Verdict.PASS, "orders": Verdict.FAIL}
        stage.client.fault("orders:errors=8%", on=False)
        await until(lambda: "orders" in ours.recovered and "orders" in theirs.recovered)
        await asyncio.to_thread(stage.client.deploy, "orders", "v2.0.0")
    return ours, theirs


async def read(prometheus: PrometheusServer, metric: dict[str, Any], *, past_s: float = 0.0) -> list[Reading]:
    """What the source says of one metric of auth, now or over a span of the past."""
    client = open_client(loopback_only=True)
    plan = plan_of({"prometheus": {"url": prometheus.url}}, {"error_rate": metric})
    (source,) = metric_sources(plan, Means(Pace(), Vault({}), client, SystemClock()))
    assert isinstance(source, HistorySource)
    readings = await (source.past(past_s, 1.0) if past_s else source.read())
    await client.aclose()
    return [reading for reading in readings if reading.series == "auth/error_rate"]


async def test_the_page_of_a_real_server(prometheus: PrometheusServer) -> None:
    """What the server says of itself is a page of somebody else's making, and read as ours are."""
    client = open_client(loopback_only=True)
    metrics = {"error_rate": {"gauge": {"name": "process_resident_memory_bytes"}, "unit": "MiB"}}
    pages = dict.fromkeys(APIS, f"{prometheus.url}/metrics")
    (source,) = metric_sources(
        plan_of({"openmetrics": {"targets": pages}}, metrics), Means(Pace(), Vault({}), client, SystemClock())
    )
    readings = await source.read()
    await client.aclose()
    assert all(5 < (reading.value or 0) < 5000 and not reading.cause for reading in readings), readings


@pytest.mark.parametrize(
    ("metric", "cause"),
    [
        ({"query": "up{service='auth'"}, ("HTTP 400 (parse error: ", 'HTTP 422 (labelFilters: unexpected token ")"')),
        ({"query": "nothing_of_that_name{}"}, "no series answers the query"),
        ({"query": "http_requests_total{service='auth'}"}, "the query gives "),
        (
            {
                "errors": 'rate(http_requests_total{service="${service.id}",cod=~"5.."}[5s])',
                "requests": 'rate(http_requests_total{service="${service.id}"}[5s])',
                "unit": "%",
            },
            "no series answers the errors query, and there is none of http_requests_total{service, cod} either",
        ),
    ],
)
async def test_what_a_real_server_says_to_mistakes(
    prometheus: PrometheusServer, metric: dict[str, Any], cause: str | tuple[str, ...]
) -> None:
    """S5: a query that cannot be read, finds nothing, or finds too much; and a label that no series has."""
    (reading,) = await read(prometheus, metric)
    assert (reading.value, reading.requests) == (None, None)
    assert reading.cause.startswith(cause)


async def test_errors_that_never_happened_are_zero(prometheus: PrometheusServer) -> None:
    """S5: no series of 418, though there could be one; and a query that says itself that none means zero."""
    requests = 'sum(rate(http_requests_total{service="${service.id}"}[5s]))'
    for errors in (
        'sum(rate(http_requests_total{service="${service.id}",code="418"}[5s]))',
        'sum(rate(teapots_total{service="${service.id}"}[5s])) or vector(0) # none so far',
    ):
        (reading,) = await read(prometheus, {"errors": errors, "requests": requests, "unit": "%"})
        assert (reading.value, reading.cause) == (0.0, "")
        assert (reading.requests or 0) > 20


async def test_the_past_of_a_real_server(stage: StageHandle, prometheus: PrometheusServer) -> None:
    """S8: a breach of a few seconds ago is found in the past, at its own time."""
    metric = ASKED["error_rate"]
    async with watching(stage, prometheus) as (_, theirs):
        await until(lambda: settled(theirs))
        stage.client.fault("auth@v2.0.0:errors=8%", on=True)
        await until(lambda: "auth" in theirs.tripped)
        stage.client.fault("auth@v2.0.0:errors=8%", on=False)
        await until(lambda: "auth" in theirs.recovered)
        now_s = theirs.prober.elapsed()
    past = await read(prometheus, metric, past_s=30.0)
    assert len(past) == 31
    high = [reading.at - past[-1].at for reading in past if (reading.value or 0) > 5.0]
    assert high[0] == pytest.approx(theirs.breached["auth"] - now_s, abs=3 * SCRAPE_S)
    assert high[-1] == pytest.approx(theirs.recovered["auth"] - now_s, abs=3 * SCRAPE_S)
