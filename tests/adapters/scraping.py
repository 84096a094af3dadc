"""What is scraped in tests: a service's own metrics, pages by the line, and sources bound to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from tests.adapters.conftest import ok

from controlroom.adapters.metrics.openmetrics import Binding, OpenMetricsSource
from controlroom.adapters.metrics.recipes import recipe_of
from controlroom.adapters.secrets import Vault
from controlroom.plan.metrics import Metric

if TYPE_CHECKING:
    import httpx

    from controlroom.ports import Clock
    from controlroom.run.samples import Reading

MakeSource = Callable[..., OpenMetricsSource]

REQUESTS = {"name": "http_requests_total"}
METRICS: dict[str, dict[str, Any]] = {
    "error_rate": {"errors": REQUESTS | {"labels": {"code": "5.."}}, "requests": REQUESTS, "unit": "%"},
    "latency_p95": {"histogram": {"name": "http_request_duration_seconds"}, "unit": "ms"},
    "cpu": {"rate": {"name": "process_cpu_seconds_total"}, "unit": "%"},
    "memory": {"gauge": {"name": "process_resident_memory_bytes"}, "unit": "MiB"},
}

UP = {"up": {"gauge": {"name": "up"}}}
ERRORS = {"error_rate": METRICS["error_rate"]}


class Shop:
    """A service's own metrics, served as it would serve them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("http_requests", "r", ("code",), registry=self.registry)
        self._duration = Histogram(
            "http_request_duration_seconds", "d", registry=self.registry, buckets=(0.1, 0.5, 1.0)
        )
        self._cpu = Counter("process_cpu_seconds", "c", registry=self.registry)
        self._memory = Gauge("process_resident_memory_bytes", "m", registry=self.registry)

    def serve(self, good: int, bad: int = 0, *, seconds: float = 0.05, cpu: float = 0.0, memory: float = 0.0) -> None:
        """Answer requests, each in `seconds`."""
        for code, count in (("200", good), ("500", bad)):
            if count:
                self._requests.labels(code).inc(count)
        for _ in range(good + bad):
            self._duration.observe(seconds)
        self._cpu.inc(cpu)
        self._memory.set(memory)


def source_of(client: httpx.AsyncClient, clock: Clock) -> MakeSource:
    """Makes sources for the service auth: `make(*urls, metrics=METRICS, timeout_s=5.0)`."""

    def make(*urls: str, metrics: dict[str, dict[str, Any]] = METRICS, timeout_s: float = 5.0) -> OpenMetricsSource:
        filling = Vault({}).fill({"service.id": "auth"})
        bindings = [
            Binding(f"auth/{name}", recipe_of(Metric.model_validate({"source": "prod", **metric}), filling), 60.0)
            for name, metric in metrics.items()
        ]
        return OpenMetricsSource(urls, bindings, client, clock, every_s=5.0, timeout_s=timeout_s)

    return make


def page(*lines: str, kind: str = "text/plain; version=0.0.4") -> bytes:
    """An answer with these lines."""
    return ok("".join(f"{line}\n" for line in lines), kind=kind)


def only(readings: list[Reading]) -> Reading:
    """The reading of a source with one binding."""
    (reading,) = readings
    return reading
