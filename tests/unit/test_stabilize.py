"""Whether services stay quiet after a rollback (S16)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.measurements import outline, sample

from controlroom.engine import stabilize
from controlroom.engine.guard_rules import rules_of
from controlroom.run.phases import Verdict

SERVICES = ("orders",)


def begun(speed: float = 1.0, services: tuple[str, ...] = SERVICES, **changes: object) -> stabilize.Stabilize:
    """A wait for quiet from plan time 1000."""
    run = outline(speed, **changes)
    rules = [rule for several in rules_of(run).values() for rule in several]
    return stabilize.begin(rules, run, services, 1000.0)


def follow(
    wait: stabilize.Stabilize, kinds: list[tuple[float, float | str]], interval: float = 5.0, service: str = "orders"
) -> tuple[stabilize.Judgement | None, float]:
    """The judgement and when it came; each of `kinds` lasts until its plan time after the start."""
    at = 0.0
    for end, kind in kinds:
        while at < end:
            at += interval
            wait = stabilize.take(wait, sample(1000 + at, kind, series=f"{service}/error_rate"))
            found = stabilize.judgement(wait, 1000 + at)
            if found is not None:
                return found, at
    return None, at


def test_quiet_for_long_enough_is_a_pass() -> None:
    """S16: five minutes of valid data within the limit, and not a sample sooner."""
    found, at = follow(begun(), [(1000, 0.4)])
    assert found is not None
    assert (found.verdict, at) == (Verdict.PASS, 305.0)
    assert found.why == "quiet for 05:00: orders 0.4 % ≤ 5 %"


def test_only_the_guards_that_the_plan_names_are_waited_for() -> None:
    """S16: another guard on the same service may be as loud as it likes."""
    run = outline()
    slow = replace(run.guards[0], id="slow", metric="latency_p95", limit=500.0, unit="ms")
    rules = [rule for several in rules_of(replace(run, guards=(*run.guards, slow))).values() for rule in several]
    wait = stabilize.begin(rules, run, SERVICES, 1000.0)
    assert [(calm.rule.guard, calm.rule.service) for calm in wait.calms] == [("error-rate", "orders")]


def test_what_the_bad_version_left_in_the_window_is_not_held_against_the_old_one() -> None:
    """S16: rates still hold its requests for a while; quiet counts from when they no longer breach."""
    found, at = follow(begun(), [(55, 8.0), (2000, 0.4)])
    assert found is not None
    assert (found.verdict, at) == (Verdict.PASS, 360.0)


def test_a_breach_in_between_begins_the_quiet_anew() -> None:
    """S16: quiet means continuous."""
    found, at = follow(begun(), [(290, 0.4), (295, 8.0), (2000, 0.4)])
    assert found is not None
    assert (found.verdict, at) == (Verdict.PASS, 600.0)


def test_a_hole_in_the_data_begins_the_quiet_anew() -> None:
    """S5, S16: what was not seen was not quiet; two intervals are bridged as everywhere."""
    found, at = follow(begun(), [(100, 0.4), (105, "none"), (1000, 0.4)])
    assert found is not None
    assert at == 305.0
    found, at = follow(begun(), [(100, 0.4), (120, "none"), (1000, 0.4)])
    assert found is not None
    assert at == 425.0


def test_a_lasting_breach_is_a_fail() -> None:
    """S16: the old version breaks the guard for the guard's own time."""
    found, at = follow(begun(), [(2000, 8.0)])
    assert found is not None
    assert (found.verdict, at) == (Verdict.FAIL, 365.0)
    assert found.why == "still in breach after the rollback: orders 8 % > 5 % for 05:05"


def test_flapping_for_ever_is_a_fail() -> None:
    """S16: it never lasts, and it is never quiet: the wait ends after three times its length."""
    found, at = follow(begun(), [(turn * 100.0, 8.0 if turn % 2 else 0.4) for turn in range(1, 30)])
    assert found is not None
    assert (found.verdict, at) == (Verdict.FAIL, 960.0)
    assert found.why.startswith("not quiet within 16:00: orders")


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("none", "too little data in 16:00: orders no data for 15:55; limit 5 %, quiet for 00:00 of 05:00"),
        ("idle", "too little data in 16:00: orders no traffic for 15:55; limit 5 %, quiet for 00:00 of 05:00"),
    ],
)
def test_no_data_is_inconclusive(word: str, why: str) -> None:
    """S5, S16: silence is never stable; after three times the wait it is inconclusive."""
    found, at = follow(begun(), [(2000, word)])
    assert found is not None
    assert (found.verdict, at, found.why) == (Verdict.INCONCLUSIVE, 960.0, why)


def test_the_time_runs_out_without_any_sample() -> None:
    """S16: a dead source cannot keep the wait open."""
    wait = begun()
    assert stabilize.judgement(wait, 1959.0) is None
    found = stabilize.judgement(wait, 1960.0)
    assert found is not None
    assert found.verdict is Verdict.INCONCLUSIVE


def test_every_service_must_be_quiet() -> None:
    """S16: one quiet service does not speak for the other."""
    wait = begun(services=("auth", "orders"))
    for turn in range(1, 100):
        wait = stabilize.take(wait, sample(1000 + 5.0 * turn, 0.4))
    assert stabilize.judgement(wait, 1500.0) is None
    for turn in range(1, 100):
        wait = stabilize.take(wait, sample(1000 + 5.0 * turn, 0.4, series="auth/error_rate"))
    found = stabilize.judgement(wait, 1500.0)
    assert found is not None
    assert found.verdict is Verdict.PASS
    assert found.why == "quiet for 05:00: auth 0.4 % ≤ 5 %; orders 0.4 % ≤ 5 %"


def test_nothing_to_go_by_is_inconclusive() -> None:
    """S16: where no guard watches, nobody can say that it is stable."""
    found = stabilize.judgement(begun(services=("frontend",)), 1000.0)
    assert found is not None
    assert (found.verdict, found.why) == (Verdict.INCONCLUSIVE, "no guard watches what was rolled back")


def test_at_speed_there_are_samples_enough() -> None:
    """At 600 times a sample comes every 120 plan seconds: the window is waited out, and thirty samples awaited."""
    wait = begun(600)
    assert (wait.settled, wait.deadline) == pytest.approx((1600.0, 5200.0))
    found, at = follow(wait, [(600, 8.0), (5000, 0.4)], interval=120.0)
    assert found is not None
    assert (found.verdict, at) == (Verdict.PASS, 1080.0)
