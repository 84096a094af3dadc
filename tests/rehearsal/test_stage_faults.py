"""Faults as words and as decisions, without a stage."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.errors import UsageError
from controlroom.rehearsal.faults import KNOWN, Conditions, FaultBoard, FaultError, parse_fault, seconds

GOOD = (
    "orders:errors=8%",
    "orders@v2.0.0:errors=8%",
    "auth:errors=0.5%",
    "auth:health=degraded",
    "catalog:latency=900ms",
    "frontend:latency=2s",
    "catalog:crash",
    "catalog:crash=10s",
    "orders:status=broken",
    "database:migration-fails",
    "frontend:stale-cdn",
    "metrics:gap",
    "deploy:auth=slow",
    "deploy:auth=hang",
    "deploy@v2.0.0:auth=fail",
)
BAD = (
    "",
    "orders",
    "orders:",
    "orders:errors",
    "orders:errors=8",
    "orders:errors=0%",
    "orders:errors=101%",
    "orders@v9:errors=8%",
    "payments:errors=8%",
    "orders:sleep=1s",
    "auth:status=broken",
    "catalog:latency=fast",
    "catalog:crash=soon",
    "auth:health=bad",
    "metrics:gap=5s",
    "metrics@v2.1.0:gap",
    "database:errors=8%",
    "deploy:auth",
    "deploy:auth=fast",
    "deploy:database=slow",
)


@pytest.mark.parametrize("text", GOOD)
def test_every_form_is_read_and_written_the_same(text: str) -> None:
    """A fault's text is its name everywhere: in the report, in the list, to switch it off."""
    assert str(parse_fault(text)) == text


@pytest.mark.parametrize("text", BAD)
def test_unknown_words_are_refused_with_the_list_of_known_faults(text: str) -> None:
    """A misspelt fault is a usage error that says what there is."""
    with pytest.raises(FaultError, match=re.escape(repr(text))) as caught:
        parse_fault(text)
    assert isinstance(caught.value, UsageError)
    assert all(form in str(caught.value) for form in KNOWN)


def test_a_fault_hits_the_new_version_unless_it_names_another() -> None:
    """The old version stays well, so that a rollback helps."""
    board = FaultBoard([parse_fault("orders:errors=8%"), parse_fault("auth@v2.0.0:errors=9%")])
    assert board.of_service("orders", "v2.1.0") == ["orders:errors=8%"]
    assert board.of_service("orders", "v2.0.0") == []
    assert board.of_service("auth", "v2.0.0") == ["auth@v2.0.0:errors=9%"]


def test_a_gap_of_metrics_hits_every_service_at_every_version() -> None:
    """The metrics pipeline is not a part of any release."""
    board = FaultBoard([parse_fault("metrics:gap")])
    assert [board.of_service("auth", version) for version in ("v2.0.0", "v2.1.0")] == [["metrics:gap"]] * 2


def test_a_fault_of_a_deploy_hits_one_version_of_one_service() -> None:
    """A hanging deploy does not make the rollback hang."""
    board = FaultBoard([parse_fault("deploy:auth=hang"), parse_fault("deploy@v2.0.0:orders=fail")])
    assert board.of_deploy("auth", "v2.1.0") == "hang"
    assert board.of_deploy("auth", "v2.0.0") is None
    assert board.of_deploy("orders", "v2.0.0") == "fail"


def test_switching_on_replaces_and_switching_off_needs_no_value() -> None:
    """One fault of a kind at a time, and whoever switches it off need not know how strong it was."""
    board = FaultBoard([parse_fault("orders:errors=8%")])
    board.switch_on(parse_fault("orders:errors=20%"))
    assert board.listed() == ["orders:errors=20%"]
    board.switch_off("orders:errors")
    assert board.listed() == []
    with pytest.raises(FaultError, match="is not on"):
        board.switch_off("orders:errors")


@given(tenths=st.integers(1, 1000), requests=st.integers(1, 2000))
def test_exactly_the_stated_share_of_requests_fails(tenths: int, requests: int) -> None:
    """After k requests of share p, exactly floor(k*p) have failed."""
    conditions = Conditions([f"orders:errors={tenths / 10}%"])
    assert sum(conditions.next_fails() for _ in range(requests)) == requests * tenths // 1000


def test_request_13_is_the_first_of_8_percent_to_fail() -> None:
    """The pattern is fixed: request k fails iff floor(k*p) > floor((k-1)*p)."""
    conditions = Conditions(["orders:errors=8%"])
    assert [k for k in range(1, 51) if conditions.next_fails()] == [13, 25, 38, 50]


def test_another_fault_does_not_disturb_the_pattern() -> None:
    """Only another share begins the count anew."""
    conditions = Conditions(["orders:errors=50%"])
    assert not conditions.next_fails()
    conditions.set(["orders:errors=50%", "orders:latency=1s"])
    assert conditions.next_fails()
    assert conditions.latency_s == 1.0
    conditions.set([])
    assert not any(conditions.next_fails() for _ in range(10))


def test_durations_are_read_in_seconds() -> None:
    """`900ms` and `2s` are the two units."""
    assert (seconds("900ms"), seconds("2s"), seconds("0.5s")) == (0.9, 2.0, 0.5)
