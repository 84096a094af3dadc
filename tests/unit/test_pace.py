"""Plan time and real time: what speed divides, and the floor under every period (DESIGN 6)."""

from __future__ import annotations

import pytest

from controlroom.run.pace import FLOOR_S, Pace


def test_production_time_is_real_time() -> None:
    """At speed 1 nothing is scaled."""
    pace = Pace()
    assert (pace.real(300), pace.plan(300), pace.real_period(5), pace.period(5)) == (300, 300, 5, 5)


@pytest.mark.parametrize(
    ("speed", "plan_s", "real_s"),
    [(1, 1.0, 1.0), (10, 5.0, 0.5), (60, 5.0, FLOOR_S), (600, 2.0, FLOOR_S), (60, 0.1, 0.1), (600, 0.05, 0.05)],
)
def test_no_period_falls_under_the_floor(speed: float, plan_s: float, real_s: float) -> None:
    """200 ms real is the floor, but a period that the plan itself makes shorter stays as it is."""
    assert Pace(speed).real_period(plan_s) == pytest.approx(real_s)


def test_rules_count_effective_periods() -> None:
    """A scrape of 5 s at 60-fold speed comes every 12 s of the plan: that is its interval."""
    assert Pace(60).period(5.0) == pytest.approx(12.0)
    assert Pace(10).period(5.0) == pytest.approx(5.0)


@pytest.mark.parametrize(("speed", "window_s"), [(1, 60.0), (60, 60.0), (600, 600.0)])
def test_windows_span_five_effective_periods(speed: float, window_s: float) -> None:
    """Rate windows and `blind_after` of 60 s over a scrape of 5 s: at 600-fold speed they need 5 x 120 s."""
    assert Pace(speed).window(60.0, 5.0) == pytest.approx(window_s)


@pytest.mark.parametrize(
    ("speed", "blind_after_s", "real_s"),
    [(1, 60.0, 60.0), (1, 1.0, 1.0), (20, 60.0, 3.0), (60, 60.0, 3.0), (600, 60.0, 3.0), (60, 600.0, 10.0)],
)
def test_nobody_is_blind_for_want_of_three_seconds(speed: float, blind_after_s: float, real_s: float) -> None:
    """Real seconds without data before a service counts as blind; never more than the plan says at its own pace."""
    pace = Pace(speed)
    assert pace.real(pace.patience(blind_after_s, 0.2)) == pytest.approx(real_s)


def test_there_and_back() -> None:
    """Waiting scales; what passed scales back."""
    assert Pace(600).plan(Pace(600).real(48 * 3600)) == pytest.approx(48 * 3600)
