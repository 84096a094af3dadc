"""How much of the watch was seen (S22)."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.measurements import ORDERS, every, outline, sample

from controlroom.engine.coverage import Coverage, intervals_of, resume

INTERVALS = {ORDERS: 5.0}


def share(coverage: Coverage, now: float) -> float:
    """The covered share of the one series."""
    return coverage.shares(now)[ORDERS]


def test_a_steady_source_covers_everything() -> None:
    """S22: late and early samples included, from the first to between two of them."""
    coverage = Coverage(INTERVALS, 100.0)
    assert share(coverage, 103.0) == 1.0
    for turn in range(1000):
        coverage.take(sample(103 + 5 * turn + (turn % 3) * 0.9, 1.0))
    assert share(coverage, 5100.0) == 1.0


def test_no_data_is_not_covered() -> None:
    """S22: an hour of failing scrapes in ten is a tenth."""
    coverage = Coverage(INTERVALS, 0.0)
    for at in range(5, 36_001, 5):
        coverage.take(sample(float(at), "none" if at <= 3600 else 1.0))
    assert share(coverage, 36_000.0) == pytest.approx(0.9, abs=0.001)


@pytest.mark.parametrize("word", ["idle", "few"])
def test_no_traffic_is_covered(word: str) -> None:
    """S5: no traffic and too few requests count as coverage."""
    coverage = Coverage(INTERVALS, 0.0)
    for one in every(5, 5, 3600, word):
        coverage.take(one)
    assert share(coverage, 3600.0) == 1.0


def test_every_other_failure_is_half() -> None:
    """S22: a sample vouches for the interval before it, not for one that failed."""
    coverage = Coverage(INTERVALS, 0.0)
    for turn in range(1, 721):
        coverage.take(sample(5.0 * turn, 1.0 if turn % 2 else "none"))
    assert share(coverage, 3600.0) == pytest.approx(0.5, abs=0.01)


def test_a_late_answer_is_no_failure() -> None:
    """S22: up to a gap, the time since the sample before is covered; beyond it, one interval."""
    coverage = Coverage(INTERVALS, 0.0)
    for one in every(12.5, 12.5, 2500, 1.0):
        coverage.take(one)
    assert share(coverage, 2500.0) == 1.0
    coverage = Coverage(INTERVALS, 0.0)
    for one in every(20, 20, 2000, 1.0):
        coverage.take(one)
    assert share(coverage, 2000.0) == 0.25


def test_silence_is_not_covered() -> None:
    """S22: a source that says nothing at all, not even that it failed, is not covered after a gap."""
    coverage = Coverage(INTERVALS, 0.0)
    for one in every(5, 5, 1800, 1.0):
        coverage.take(one)
    assert share(coverage, 1810.0) == 1.0
    assert share(coverage, 3600.0) == pytest.approx(0.5, abs=0.001)
    coverage.take(sample(3600.0, 1.0))
    assert share(coverage, 3600.0) == pytest.approx(1805 / 3600)


def test_a_failing_source_covers_no_tail() -> None:
    """After a failure the running interval is not taken to be fine."""
    coverage = Coverage(INTERVALS, 0.0)
    coverage.take(sample(5.0, "none"))
    assert share(coverage, 6.0) == 0.0


def test_an_indicator_is_as_good_as_its_worst_service() -> None:
    """S22: sixty services that are seen do not make up for one that is not."""
    coverage = Coverage({"auth/error_rate": 5.0, ORDERS: 5.0, "auth/cpu": 5.0}, 0.0)
    for turn in range(1, 101):
        for name in (ORDERS, "auth/cpu"):
            coverage.take(sample(5.0 * turn, 1.0, series=name))
        coverage.take(sample(5.0 * turn, 1.0 if turn <= 60 else "none", series="auth/error_rate"))
    shares = coverage.shares(500.0)
    assert shares[ORDERS] == 1.0
    assert shares["error_rate"] == shares["auth/error_rate"] == pytest.approx(0.6)
    assert shares["cpu"] == 1.0


def test_only_indicators_are_counted() -> None:
    """The watch names its indicators; every service that has one is expected to give it, at its effective period."""
    assert intervals_of(outline()) == {"auth/error_rate": 5.0, ORDERS: 5.0}
    assert intervals_of(outline(600)) == pytest.approx({"auth/error_rate": 120.0, ORDERS: 120.0})
    assert intervals_of(outline(watch=None)) == {}


def test_samples_from_before_the_watch_count_for_nothing() -> None:
    """A read that began before go-live is none of the watch's."""
    coverage = Coverage(INTERVALS, 100.0)
    coverage.take(sample(99.0, 1.0))
    coverage.take(sample(100.0, 1.0))
    assert share(coverage, 120.0) == 0.0


def test_a_restart_goes_on_from_the_checkpoint() -> None:
    """S22: what was covered stays covered, and the hours without an engine were not."""
    first = Coverage({"auth/error_rate": 5.0, ORDERS: 5.0}, 50.0)
    for turn in range(1, 721):
        first.take(sample(50 + 5.0 * turn, 1.0, series="auth/error_rate"))
        first.take(sample(50 + 5.0 * turn, 1.0 if turn <= 360 else "none"))
    shares = first.shares(3650.0)
    second = resume(outline(), 7250.0, watched_s=7200.0, checkpoint_s=3600.0, shares=shares)
    assert second.shares(7250.0)["auth/error_rate"] == pytest.approx(0.5)
    assert second.shares(7250.0)[ORDERS] == pytest.approx(0.25)
    for turn in range(1, 1441):
        second.take(sample(7250 + 5.0 * turn, 1.0, series="auth/error_rate"))
        second.take(sample(7250 + 5.0 * turn, 1.0))
    assert second.shares(14_450.0)["auth/error_rate"] == pytest.approx(0.75)
    assert second.shares(14_450.0)["error_rate"] == pytest.approx(0.625)


@settings(deadline=None)
@given(st.lists(st.sampled_from([1.0, 6.2, "none", "idle", "few"]), min_size=1, max_size=300))
def test_it_is_the_share_of_good_samples(kinds: list[float | str]) -> None:
    """S22: with a source on time, coverage is the plain share of samples with data."""
    coverage = Coverage(INTERVALS, 0.0)
    for turn, kind in enumerate(kinds, start=1):
        coverage.take(sample(5.0 * turn, kind))
    good = sum(kind != "none" for kind in kinds)
    assert share(coverage, 5.0 * len(kinds)) == pytest.approx(good / len(kinds))


def test_memory_does_not_grow_with_the_hours() -> None:
    """S22: two days at a sample a second need no more than an hour."""
    coverage = Coverage({ORDERS: 1.0}, 0.0)
    tracemalloc.start()
    try:
        for at in range(1, 3_600):
            coverage.take(sample(float(at), 1.0))
        hour, _ = tracemalloc.get_traced_memory()
        for at in range(3_600, 40_000):
            coverage.take(sample(float(at), 1.0))
        later, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert later - hour < 2_000
