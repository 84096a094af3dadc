"""From readings to samples: five states, each with its reason (S3-S5)."""

from __future__ import annotations

from math import inf, nan

import pytest
from tests.unit.measurements import outline

from controlroom.engine.judge import Bounds, beyond, bounds_of, judge, longest_gap
from controlroom.run.outline import GuardOutline
from controlroom.run.phases import DataState
from controlroom.run.samples import Reading

BOUNDS = Bounds(above=5.0, min_requests=20)


def reading(value: float | None, requests: float | None = None, at: float = 100.0, cause: str = "") -> Reading:
    """A reading of one series."""
    return Reading(series="orders/error_rate", value=value, at=at, cause=cause, requests=requests)


@pytest.mark.parametrize(
    ("given", "state", "value", "cause"),
    [
        (reading(0.4, 100), DataState.OK, 0.4, ""),
        (reading(5.0, 100), DataState.OK, 5.0, ""),
        (reading(6.2, 100), DataState.BREACH, 6.2, ""),
        (reading(6.2, 20), DataState.BREACH, 6.2, ""),
        (reading(6.2), DataState.BREACH, 6.2, ""),
        (reading(100.0, 1), DataState.TOO_FEW, None, "1 of 20 requests"),
        (reading(0.0, 19.5), DataState.TOO_FEW, None, "19.5 of 20 requests"),
        (reading(None, 0), DataState.NO_TRAFFIC, None, "no requests"),
        (reading(nan, 0), DataState.NO_TRAFFIC, None, "no requests"),
        (reading(0.0, 0), DataState.NO_TRAFFIC, None, "no requests"),
        (reading(None, cause="HTTP 503"), DataState.NO_DATA, None, "HTTP 503"),
        (reading(None), DataState.NO_DATA, None, "no value"),
        (reading(nan), DataState.NO_DATA, None, "the value is nan"),
        (reading(inf, 100), DataState.NO_DATA, None, "the value is inf"),
        (reading(None, 100), DataState.NO_DATA, None, "no value"),
        (reading(0.0, nan), DataState.NO_DATA, None, "the count of requests is nan"),
        (reading(0.0, -3), DataState.NO_DATA, None, "the count of requests is -3"),
        (reading(1.0, 100, cause="1 of 3 instances missing"), DataState.OK, 1.0, "1 of 3 instances missing"),
    ],
)
def test_every_reading_has_a_word(given: Reading, state: DataState, value: float | None, cause: str) -> None:
    """S4, S5: only OK and BREACH carry a value; NaN, Inf and silence never do."""
    sample = judge(given, 7.0, BOUNDS, None)
    assert (sample.state, sample.value, sample.cause) == (state, value, cause)
    assert (sample.series, sample.elapsed, sample.at) == ("orders/error_rate", 7.0, 100.0)


def test_a_time_that_stands_still_is_no_data() -> None:
    """S5: the same value with the same time of its own is no news, also when it says no traffic."""
    for same in (reading(1.0, 100), reading(None, 0)):
        assert judge(same, 7.0, BOUNDS, 100.0).state is DataState.NO_DATA
        assert judge(same, 7.0, BOUNDS, 100.0).cause == "the source's own time stands still"
    assert judge(reading(1.0, 100), 7.0, BOUNDS, 99.9).state is DataState.OK


def test_a_failure_keeps_its_own_cause() -> None:
    """S5: why a source failed says more than that its time stands still."""
    assert judge(reading(None, at=100.0, cause="timeout"), 7.0, BOUNDS, 100.0).cause == "timeout"


def test_below_is_judged_too() -> None:
    """A lower bound is strict as well."""
    bounds = Bounds(below=50.0)
    assert judge(reading(50.0), 0.0, bounds, None).state is DataState.OK
    assert judge(reading(49.9), 0.0, bounds, None).state is DataState.BREACH


def test_seven_of_a_hundred_is_seven_percent() -> None:
    """S1: binary rounding is no breach, and a real one in the ninth digit is."""
    assert 100 * 0.07 != 7.0
    assert not beyond(100 * 0.07, 7.0)
    assert beyond(7.00000002, 7.0)
    assert not beyond(0.1 + 0.2, 0.3, below=False)
    assert beyond(1e-9, 0.0)


def test_bounds_come_from_every_guard_on_the_series() -> None:
    """The strictest limit and the smallest minimum count; health is in breach below 1; latency has no bound."""
    loose = GuardOutline(
        id="many",
        title="",
        metric="error_rate",
        services=("orders",),
        limit=0.5,
        unit="ratio",
        for_s=60,
        min_requests=5,
    )
    bounds = bounds_of(outline(guards=(*outline().guards, loose)))
    assert bounds["auth/error_rate"] == Bounds(above=5.0, min_requests=20)
    assert bounds["orders/error_rate"] == Bounds(above=5.0, min_requests=5)
    assert bounds["orders/health"] == Bounds(below=1.0)
    assert bounds["orders/latency_p95"] == Bounds()


def test_an_unhealthy_service_is_in_breach_with_the_reason() -> None:
    """A health of 0 is data, and its cause goes along."""
    sick = Reading(series="auth/health", value=0.0, at=1.0, cause="HTTP 503")
    sample = judge(sick, 0.0, Bounds(below=1.0), None)
    assert (sample.state, sample.value, sample.cause) == (DataState.BREACH, 0.0, "HTTP 503")


def test_two_intervals_are_bridged_with_some_lateness() -> None:
    """S5: two intervals, and half of one for a sample that is late."""
    assert longest_gap(5.0) == 12.5
