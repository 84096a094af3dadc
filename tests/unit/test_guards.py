"""The guards' clockwork, sample by sample (S1-S5, S9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.unit.measurements import ORDERS, RULE, every, follow, sample

from controlroom.engine.guards import GuardTimer, observe
from controlroom.run.events import GuardChanged, GuardTripped
from controlroom.run.phases import DataState, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.engine.guards import GuardFact


def tripped_at(facts: Sequence[tuple[float, GuardFact]]) -> list[float]:
    """When the guard fired."""
    return [at for at, fact in facts if isinstance(fact, GuardTripped)]


def test_exactly_five_minutes_is_no_breach_yet() -> None:
    """S1: at 300.0 s above the limit nothing fires; the first valid sample after it does."""
    timer, facts = follow(every(5, 0, 300, 6.2))
    assert (timer.breach_s, timer.fired, tripped_at(facts)) == (300.0, False, [])
    timer, found = observe(timer, sample(300.5, 6.2), RULE)
    assert [type(fact) for fact in found] == [GuardTripped]
    assert timer.verdict is Verdict.FAIL


def test_the_limit_itself_is_no_breach() -> None:
    """S1: 5.00 % for hours is within `above: 5%`, also where binary fractions put it a hair above."""
    timer, facts = follow(every(5, 0, 3600, 5.0) + every(5, 3605, 7200, 5.000000000000001))
    assert timer.verdict is Verdict.PASS
    assert tripped_at(facts) == []


def test_a_tenth_over_the_limit_is_a_breach() -> None:
    """S1: anything above the limit counts."""
    _, facts = follow(every(5, 0, 600, 5.0001))
    assert tripped_at(facts) == [305.0]


def test_one_good_sample_starts_the_time_anew() -> None:
    """S1: 4:59 above, one valid sample at 4 %, 4:59 above: no breach."""
    samples = [*every(1, 0, 299, 6.0), sample(300, 4.0), *every(1, 301, 600, 6.0)]
    rule = replace(RULE, interval_s=1.0)
    timer, facts = follow(samples, rule)
    assert tripped_at(facts) == []
    assert timer.breach_s == 299.0


def test_time_is_counted_between_samples() -> None:
    """S1: what counts is the distance of samples, not how many of them or of calls there were."""
    timer, _ = follow([sample(10, 6), sample(10, 6), sample(10, 6), sample(17.5, 6), sample(20, 6)])
    assert timer.breach_s == 10.0


def test_a_service_has_its_own_time() -> None:
    """S2: 3 minutes on auth and then 3 minutes on catalog are no breach of either."""
    auth, facts = follow([*every(5, 0, 180, 6), *every(5, 185, 365, 1)])
    catalog, more = follow([*every(5, 0, 180, 1), *every(5, 185, 365, 6)])
    assert tripped_at(facts) + tripped_at(more) == []
    assert (auth.breach_s, catalog.breach_s) == (0.0, 180.0)


@pytest.mark.parametrize("quiet", ["idle", "few"])
def test_too_little_traffic_starts_nothing(quiet: str) -> None:
    """S4: no traffic and too few requests begin no breach, however long; the verdict is not PASS."""
    timer, facts = follow(every(5, 0, 3600, quiet))
    assert (timer.breach_s, timer.breaching, tripped_at(facts)) == (0.0, False, [])
    assert timer.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("quiet", ["idle", "few"])
def test_too_little_traffic_resets_nothing(quiet: str) -> None:
    """S4: a breach that was pending still is once there is traffic again; the time between does not count."""
    timer, facts = follow([*every(5, 0, 290, 6), *every(5, 295, 1000, quiet), *every(5, 1005, 1015, 6)])
    assert timer.breach_s == 300.0
    assert tripped_at(facts) == []
    _, found = observe(timer, sample(1020, 6), RULE)
    assert isinstance(found[0], GuardTripped)


def test_one_error_in_one_request_is_nothing() -> None:
    """S4: 100 % of one request, again and again, never fires; the guard's own minimum decides."""
    timer, facts = follow([sample(5.0 * turn, 100.0, requests=1) for turn in range(500)])
    assert tripped_at(facts) == []
    assert timer.breach_s == 0.0


def test_a_guard_that_asks_for_fewer_requests_hears_more() -> None:
    """S4: two guards on one series judge by their own minimum and their own limit."""
    samples = [sample(5.0 * turn, 4.0, requests=10) for turn in range(100)]
    _, lax = follow(samples, replace(RULE, min_requests=5, limit=3.0))
    _, strict = follow(samples, replace(RULE, min_requests=20, limit=3.0))
    assert (tripped_at(lax), tripped_at(strict)) == ([305.0], [])


def test_a_gap_of_two_intervals_is_bridged() -> None:
    """S5: one scrape missing between two in breach costs no time."""
    timer, _ = follow([sample(0, 6), sample(5, "none"), sample(10, 6)])
    assert timer.breach_s == 10.0
    assert not timer.frozen


def test_a_longer_gap_freezes() -> None:
    """S5: beyond two intervals the time neither grows nor is lost, and the breach goes on where it stood."""
    timer, facts = follow([*every(5, 0, 100, 6), *every(5, 105, 200, "none")])
    assert (timer.breach_s, timer.frozen) == (100.0, True)
    assert facts[-1][0] == 115.0
    timer, facts = follow(every(5, 205, 405, 6), timer=timer)
    assert (timer.breach_s, timer.frozen) == (300.0, False)
    assert isinstance(facts[0][1], GuardChanged)
    assert not facts[0][1].frozen


def test_a_gap_begins_beyond_its_length() -> None:
    """S5: at two and a half intervals nothing is frozen yet, and the breach is bridged; a tenth later it is."""
    for at, frozen, breach_s in ((12.5, False, 12.5), (12.6, True, 0.0)):
        assert follow([sample(0, 6), sample(at, "none")])[0].frozen == frozen
        assert follow([sample(0, 6), sample(at, 6)])[0].breach_s == breach_s


def test_a_good_sample_after_a_gap_ends_the_breach() -> None:
    """S5: frozen is not for ever: the first valid sample decides."""
    timer, _ = follow([*every(5, 0, 100, 6), *every(5, 105, 200, "none"), sample(205, 1)])
    assert (timer.breach_s, timer.verdict) == (0.0, Verdict.PASS)


def test_a_gap_with_a_good_side_is_not_bridged() -> None:
    """S5: only breach on both sides is taken to have lasted through."""
    timer, _ = follow([sample(0, 1), sample(5, "none"), sample(10, 6)])
    assert timer.breach_s == 0.0


def test_a_scrape_that_fails_every_other_time_still_fires() -> None:
    """S5: half of the data is enough, late and early samples included."""
    samples = [
        sample(5.0 * turn + (0.9 if turn % 4 == 0 else -0.9), 6 if turn % 2 == 0 else "none") for turn in range(80)
    ]
    _, facts = follow(samples)
    assert len(tripped_at(facts)) == 1
    assert 300 < tripped_at(facts)[0] < 312


def test_no_data_never_fires_and_never_passes() -> None:
    """S5: hours without data after a breach fire nothing, and after a pass do not leave it standing."""
    timer, facts = follow([*every(5, 0, 290, 6), *every(5, 295, 9000, "none")])
    assert tripped_at(facts) == []
    timer, _ = follow([sample(0, 1), *every(5, 5, 20, "none")])
    assert timer.verdict is Verdict.INCONCLUSIVE


def test_silence_from_the_start_is_said() -> None:
    """S5: a source that never answers is a fact of its own, with its cause, and not `no sample yet` for ever."""
    samples = [sample(at, "none", cause="HTTP 503") for at in range(0, 60, 5)]
    timer, facts = follow(samples)
    assert [at for at, _ in facts] == [15]
    assert timer.why == "orders no data for 00:55: HTTP 503; limit 5 %"


def test_the_kind_of_silence_is_told_when_it_turns() -> None:
    """S5: no data and no traffic are different, and the journal knows when one became the other."""
    _, facts = follow([sample(0, 1), *every(5, 5, 30, "none"), *every(5, 35, 60, "idle")])
    whys = [fact.why for _, fact in facts]
    assert [why.split(";")[0] for why in whys[1:]] == ["orders no data for 00:15", "orders no traffic for 00:35"]


def test_a_guard_without_patience_fires_at_once() -> None:
    """S1: with `for: 0s` the first breach fires."""
    _, facts = follow([sample(0, 1), sample(5, 6)], replace(RULE, for_s=0.0))
    assert tripped_at(facts) == [5]


def test_time_that_runs_backwards_adds_nothing() -> None:
    """S9: a sample out of order neither grows nor shrinks a breach."""
    timer, _ = follow([sample(0, 6), sample(5, 6), sample(3, 6)])
    assert timer.breach_s == 5.0


def test_a_timer_knows_its_series_only_through_the_rule() -> None:
    """The sample's state is the series' word; a value without one is not trusted."""
    odd = replace(sample(0, 6.0, series=ORDERS), state=DataState.NO_DATA)
    timer, _ = observe(GuardTimer(), odd, RULE)
    assert not timer.breaching
