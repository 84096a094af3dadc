"""What a guard says and when: verdicts, sentences, episodes, restarts (S6-S8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.unit.measurements import RULE, every, follow, sample

from controlroom.engine.guards import restore, status_of
from controlroom.run.events import GuardChanged, GuardRecovered, GuardTripped
from controlroom.run.phases import Verdict
from controlroom.run.state import GuardStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.engine.guards import GuardFact
    from controlroom.run.samples import Sample


def tripped_at(facts: Sequence[tuple[float, GuardFact]]) -> list[float]:
    """When the guard fired."""
    return [at for at, fact in facts if isinstance(fact, GuardTripped)]


def test_downtime_of_the_engine_freezes() -> None:
    """S5, S7: a restart keeps what was counted, adds nothing for the time without an engine, and fires in the end."""
    known = GuardStatus(
        guard="error-rate", service="orders", verdict=Verdict.INCONCLUSIVE, breach_s=221.0, value=6.2, why="w"
    )
    timer, facts = follow(every(5, 10_000, 10_075, 6.2), timer=restore(known))
    assert timer.breach_s == 296.0
    assert tripped_at(facts) == []
    _, facts = follow([sample(10_080, 6.2)], timer=timer)
    assert tripped_at(facts) == [10_080]


def test_a_fired_guard_stays_fired_over_a_restart() -> None:
    """S7: the latch survives; nothing is announced twice, and one recovery ends it."""
    known = GuardStatus(
        guard="error-rate", service="orders", verdict=Verdict.FAIL, breach_s=305.0, value=6.2, why="w", fired=True
    )
    timer, facts = follow(every(5, 10_000, 10_030, 6.2), timer=restore(known))
    assert (timer.fired, tripped_at(facts)) == (True, [])
    _, facts = follow([sample(10_035, 1), sample(10_040, 1)], timer=timer)
    assert [type(fact) for _, fact in facts] == [GuardRecovered]


def test_a_guard_that_fired_at_once_is_frozen_like_any_other() -> None:
    """S7: with `for: 0s` the latch is all there is; silence after the restart freezes it."""
    known = GuardStatus(guard="error-rate", service="orders", verdict=Verdict.FAIL, value=6.2, why="w", fired=True)
    timer, _ = follow(every(5, 0, 20, "none"), replace(RULE, for_s=0.0), restore(known))
    assert (timer.fired, timer.frozen) == (True, True)


def test_a_guard_that_was_frozen_says_when_it_goes_on() -> None:
    """S7: frozen before the restart, moving after it: that is a turn and is written down."""
    known = GuardStatus(guard="error-rate", service="orders", breach_s=100.0, value=6.2, why="w", frozen=True)
    assert restore(known).frozen
    _, facts = follow([sample(10_000, 6.2)], timer=restore(known))
    assert isinstance(facts[0][1], GuardChanged)
    assert not facts[0][1].frozen


def test_it_fires_once_an_episode() -> None:
    """S7: one notification while the breach lasts, also through no data, and one `recovered` at its end."""
    samples = [*every(5, 0, 2000, 6), *every(5, 2005, 2100, "none"), *every(5, 2105, 2200, 6), *every(5, 2205, 2300, 1)]
    timer, facts = follow(samples)
    assert tripped_at(facts) == [305.0]
    assert [at for at, fact in facts if isinstance(fact, GuardRecovered)] == [2205]
    assert (timer.fired, timer.breach_s, timer.verdict) == (False, 0.0, Verdict.PASS)


def test_a_new_episode_fires_anew() -> None:
    """S7: after a recovery the whole time counts again."""
    _, facts = follow([*every(5, 0, 400, 6), sample(405, 1), *every(5, 410, 800, 6)])
    assert tripped_at(facts) == [305.0, 715.0]


def test_what_fired_stays_failed_without_data() -> None:
    """S7: neither silence nor too little traffic takes back that a guard fired."""
    for quiet in ("none", "idle", "few"):
        timer, _ = follow([*every(5, 0, 305, 6), *every(5, 310, 500, quiet)])
        assert (timer.fired, timer.verdict, timer.frozen) == (True, Verdict.FAIL, True)


def test_a_growing_breach_is_written_down_now_and_then() -> None:
    """S7: the first sample at once, then every few seconds, so that a crash loses little; after firing, rarely."""
    rule = replace(RULE, interval_s=1.0, checkpoint_s=5.0)
    _, facts = follow(every(1, 0, 1000, 6), rule)
    before = [at for at, fact in facts if isinstance(fact, GuardChanged) and at <= 300]
    assert before == [0.0, *range(5, 301, 5)]
    after = [at for at, fact in facts if isinstance(fact, GuardChanged) and at > 301]
    assert after == [361.0 + 60 * turn for turn in range(11)]


def test_a_steady_pass_writes_nothing() -> None:
    """Hours within the limit are one fact."""
    _, facts = follow(every(5, 0, 7200, 1.0))
    assert [type(fact) for _, fact in facts] == [GuardChanged]


def test_below_is_the_mirror_image() -> None:
    """S1: a guard with `below:` is strict too, and its sentences say so."""
    rule = replace(RULE, below=True, limit=50.0, unit="/s")
    timer, facts = follow(every(5, 0, 305, 50.0), rule)
    assert (tripped_at(facts), timer.why) == ([], "orders 50 /s ≥ 50 /s")
    timer, facts = follow(every(5, 310, 615, 12.5), rule, timer)
    assert tripped_at(facts) == [615]
    assert timer.why == "orders 12.5 /s < 50 /s for 05:05"


@pytest.mark.parametrize(
    ("samples", "verdict", "why"),
    [
        ([], Verdict.INCONCLUSIVE, "no sample yet"),
        ([sample(0, 0.4)], Verdict.PASS, "orders 0.4 % ≤ 5 %"),
        ([sample(0, 5.0)], Verdict.PASS, "orders 5 % ≤ 5 %"),
        (every(5, 0, 220, 6.2), Verdict.INCONCLUSIVE, "orders 6.2 % > 5 % for 03:40 of 05:00"),
        (every(1, 0, 301, 6.2), Verdict.FAIL, "orders 6.2 % > 5 % for 05:01"),
        (
            [*every(5, 0, 220, 6.2), sample(265, "none", cause="HTTP 503")],
            Verdict.INCONCLUSIVE,
            "orders no data for 00:45: HTTP 503; 6.2 % > 5 % stands at 03:40 of 05:00",
        ),
        ([sample(0, 0.4), sample(60, "none")], Verdict.INCONCLUSIVE, "orders no data for 01:00; last 0.4 % ≤ 5 %"),
        ([sample(0, "idle"), sample(60, "idle")], Verdict.INCONCLUSIVE, "orders no traffic for 01:00; limit 5 %"),
        (
            [sample(0, "few"), sample(60, "few")],
            Verdict.INCONCLUSIVE,
            "orders 3 of 20 requests for 01:00; limit 5 %",
        ),
        (
            [*every(5, 0, 305, 6.2), sample(365, "none")],
            Verdict.FAIL,
            "orders no data for 01:00; last 6.2 % > 5 % for 05:05",
        ),
    ],
)
def test_every_verdict_has_a_sentence(samples: list[Sample], verdict: Verdict, why: str) -> None:
    """S6: the verdict and its sentence, with the number, the limit and the time."""
    timer, _ = follow(samples)
    assert (timer.verdict, timer.why) == (verdict, why)


def test_facts_carry_the_numbers() -> None:
    """S6: the fact that a guard fired holds value, limit, unit and time for whoever is told."""
    _, facts = follow(every(5, 0, 305, 6.2))
    fact = facts[-1][1]
    assert fact == GuardTripped(
        guard="error-rate",
        service="orders",
        value=6.2,
        limit=5.0,
        unit="%",
        breach_s=305.0,
        why="orders 6.2 % > 5 % for 05:05",
    )


def test_the_status_between_facts_is_live() -> None:
    """What is asked for between two facts shows the newest sample; the rest is as the journal has it."""
    known = GuardStatus(guard="error-rate", service="orders", since="2026-12-01T03:00:00Z")
    timer, _ = follow(every(5, 0, 20, 0.4))
    status = status_of(timer, known)
    assert (status.why, status.value, status.verdict) == ("orders 0.4 % ≤ 5 %", 0.4, Verdict.PASS)
    assert status.since == known.since


def test_a_breach_before_the_run_is_named() -> None:
    """S8: what stands as of now is one sentence; what does not is none."""
    assert RULE.standing(sample(0, 6.2)) == "orders 6.2 % > 5 %"
    for value in (5.0, "none", "idle", "few"):
        assert not RULE.standing(sample(0, value))
    assert not RULE.standing(sample(0, 50.0, requests=2))
