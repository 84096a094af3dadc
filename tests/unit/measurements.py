"""Samples, rules and outlines in few words, for tests of everything that judges measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.engine.guard_rules import GuardRule
from controlroom.engine.guards import GuardTimer, observe
from controlroom.run.outline import GuardOutline, MetricOutline, RunOutline, ServiceOutline, WatchOutline
from controlroom.run.phases import DataState
from controlroom.run.samples import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controlroom.engine.guards import GuardFact

ORDERS = "orders/error_rate"
RULE = GuardRule(
    guard="error-rate",
    service="orders",
    series=ORDERS,
    limit=5.0,
    unit="%",
    for_s=300.0,
    interval_s=5.0,
    min_requests=20,
)


def sample(
    elapsed: float, value: float | str, *, series: str = ORDERS, requests: float | None = 100, cause: str = ""
) -> Sample:
    """A sample: a number is a value, `none` no data, `idle` no traffic, `few` 3 requests only."""
    if isinstance(value, str):
        state = {"none": DataState.NO_DATA, "idle": DataState.NO_TRAFFIC, "few": DataState.TOO_FEW}[value]
        requests = {"none": None, "idle": 0, "few": 3}[value]
        return Sample(
            series=series, at=elapsed, elapsed=elapsed, value=None, state=state, cause=cause, requests=requests
        )
    state = DataState.BREACH if value > RULE.limit else DataState.OK
    return Sample(series=series, at=elapsed, elapsed=elapsed, value=value, state=state, cause=cause, requests=requests)


def follow(
    samples: Iterable[Sample], rule: GuardRule = RULE, timer: GuardTimer | None = None
) -> tuple[GuardTimer, list[tuple[float, GuardFact]]]:
    """The timer after all samples, and every fact with the time at which it arose."""
    timer = timer or GuardTimer()
    facts: list[tuple[float, GuardFact]] = []
    for one in samples:
        timer, found = observe(timer, one, rule)
        facts += [(one.elapsed, fact) for fact in found]
    return timer, facts


def every(interval: float, begin: float, end: float, value: float | str) -> list[Sample]:
    """Samples at `begin`, `begin + interval`, … up to and including `end`."""
    count = round((end - begin) / interval)
    return [sample(begin + place * interval, value) for place in range(count + 1)]


def outline(speed: float = 1.0, **changes: Any) -> RunOutline:
    """Services auth and orders with error rates (read every 5 s), latency and health, a guard on both, and a watch."""
    metrics = (MetricOutline(id="error_rate", unit="%"), MetricOutline(id="latency_p95", unit="ms", every_s=10.0))
    given: dict[str, Any] = {
        "plan": "s5",
        "title": "S5",
        "environment": "staging",
        "rehearsal": speed != 1.0,
        "speed": speed,
        "services": tuple(
            ServiceOutline(id=name, name=name.title(), target="v2", metrics=metrics, health_every_s=1.0)
            for name in ("auth", "orders")
        ),
        "guards": (
            GuardOutline(
                id="error-rate",
                title="errors",
                metric="error_rate",
                services=("auth", "orders"),
                limit=5.0,
                unit="%",
                for_s=300.0,
                min_requests=20,
            ),
        ),
        "watch": WatchOutline(for_s=172_800, at_least_s=86_400, coverage=0.95, indicators=("error_rate",)),
        "stabilize_s": 300.0,
        "stabilize_guards": ("error-rate",),
    }
    return RunOutline(**(given | changes))
