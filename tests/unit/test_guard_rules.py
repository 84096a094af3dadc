"""What a plan's guards ask of each service: intervals and limits as the samples come, and the words for them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.measurements import RULE, outline, sample

from controlroom.engine.figures import clock, clock_over, compact, compared
from controlroom.engine.guard_rules import rules_of
from controlroom.run.outline import GuardOutline, MetricOutline, ServiceOutline
from controlroom.run.phases import DataState


def test_a_guard_is_one_rule_for_each_service() -> None:
    """S2: the rules stand under the series they watch, and know whose they are."""
    rules = rules_of(outline())
    assert list(rules) == ["auth/error_rate", "orders/error_rate"]
    (rule,) = rules["orders/error_rate"]
    assert (rule.service, rule.limit, rule.for_s, rule.min_requests, rule.interval_s) == ("orders", 5, 300, 20, 5)


@pytest.mark.parametrize(
    ("speed", "interval_s", "checkpoint_s"), [(1, 5.0, 5.0), (10, 5.0, 15.0), (60, 12.0, 15.0), (600, 120.0, 15.0)]
)
def test_intervals_are_the_effective_ones(speed: float, interval_s: float, checkpoint_s: float) -> None:
    """At speed no source is read more often than every 200 ms real; a growing breach is noted twenty times at least,
    and once it has fired, every minute real.
    """
    (rule,) = rules_of(outline(speed))["auth/error_rate"]
    assert rule.interval_s == pytest.approx(interval_s)
    assert rule.checkpoint_s == pytest.approx(checkpoint_s)
    assert rule.renew_s == 60 * speed
    assert rule.gap_s == pytest.approx(2.5 * interval_s)


def test_a_limit_is_turned_into_the_metric_s_unit() -> None:
    """A guard may say `above: 0.8s` of a metric in ms; both then speak ms."""
    metrics = (MetricOutline(id="p95", unit="ms"),)
    services = (ServiceOutline(id="auth", name="Auth", target="v2", metrics=metrics),)
    guard = GuardOutline(id="slow", title="slow", metric="p95", services=("auth",), limit=0.8, unit="s", for_s=60)
    (rule,) = rules_of(outline(services=services, guards=(guard,)))["auth/p95"]
    assert rule.standing(sample(0, 912.0, series="auth/p95")) == "auth 912 ms > 800 ms"
    assert rule.standing(sample(0, 800.0, series="auth/p95")) == ""


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (6.2, 5.0, "6.2 % > 5 %"),
        (6.25, 5.0, "6.2 % > 5 %"),
        (12.34, 5.0, "12.3 % > 5 %"),
        (100.0, 5.0, "100 % > 5 %"),
        (5.04, 5.0, "5.04 % > 5 %"),
        (5.0001, 5.0, "5.0001 % > 5 %"),
        (0.256, 0.25, "0.26 % > 0.25 %"),
        (312.4, 312.2, "312.4 % > 312.2 %"),
        (1240.0, 800.0, "1240 % > 800 %"),
    ],
)
def test_both_numbers_show_on_which_side_the_value_lies(value: float, limit: float, shown: str) -> None:
    """S6: rounding never makes a breach look like the limit itself."""
    assert compared(value, limit, "%", ">") == shown


def test_values_without_a_unit_stand_alone() -> None:
    """A bare number has nothing after it."""
    assert compared(0.0, 3.0, "", "≤") == "0 ≤ 3"
    assert compact(6.24, "%") == "6.2 %"
    assert compact(0.42, "") == "0.42"


@pytest.mark.parametrize(
    ("seconds", "shown", "over"),
    [(0, "00:00", "00:00"), (300, "05:00", "05:00"), (300.4, "05:00", "05:01"), (4340, "01:12:20", "01:12:20")],
)
def test_durations_read_as_on_a_clock(seconds: float, shown: str, over: str) -> None:
    """What lasted longer than 05:00 never reads 05:00."""
    assert (clock(seconds), clock_over(seconds)) == (shown, over)


def test_a_rule_hears_only_values() -> None:
    """S4, S5: what is no data, no traffic or too few for the series is so for every guard on it."""
    for word, state in (("none", DataState.NO_DATA), ("idle", DataState.NO_TRAFFIC), ("few", DataState.TOO_FEW)):
        assert RULE.state_of(sample(0, word)) is state
    assert RULE.state_of(sample(0, 6.0, requests=20)) is DataState.BREACH
    assert RULE.state_of(sample(0, 6.0, requests=19)) is DataState.TOO_FEW
    assert RULE.state_of(sample(0, 6.0, requests=None)) is DataState.BREACH
    assert replace(RULE, limit=7.0).state_of(sample(0, 6.0)) is DataState.OK
