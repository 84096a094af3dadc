"""The mean of a series over a long span: what counts, what does not, and how much must have been seen."""

from __future__ import annotations

from math import inf

import pytest

from controlroom.engine.averages import PARTS, Average
from controlroom.run.columns import Columns
from controlroom.run.phases import DataState
from controlroom.run.samples import Sample

SERIES = "auth/error_rate"
OVER = 3600.0
EVERY = 5.0


def sample(elapsed: float, value: float | None, *, requests: float | None = None) -> Sample:
    """A sample; without a value there is no data, without requests no traffic."""
    state = DataState.OK if value is not None else DataState.NO_TRAFFIC if requests == 0 else DataState.NO_DATA
    cause = "HTTP 503" if state is DataState.NO_DATA else ""
    return Sample(series=SERIES, at=0.0, elapsed=elapsed, value=value, state=state, cause=cause, requests=requests)


def fed(average: Average, begins: float, seconds: float, value: float | None, requests: float | None = 100) -> Sample:
    """The last of samples every 5 s."""
    last = None
    for place in range(int(seconds / EVERY)):
        last = average.take(sample(begins + place * EVERY, value, requests=requests))
    assert last is not None
    return last


@pytest.fixture
def hour() -> Average:
    return Average(OVER, EVERY, least=20)


def test_the_mean_is_of_the_span_that_ends_now(hour: Average) -> None:
    """Half an hour at 1, half an hour at 3: 2; another half hour at 3, and what was before does not count."""
    fed(hour, 0, 1800, 1.0)
    assert fed(hour, 1800, 1800, 3.0).value == pytest.approx(2.0, rel=0.02)
    assert fed(hour, 3600, 1860, 3.0).value == pytest.approx(3.0)


def test_it_says_nothing_before_half_of_it_was_seen(hour: Average) -> None:
    """S6: fewer samples than needed is no number, and the sentence says how far it is."""
    early = fed(hour, 0, 1200, 9.0)
    assert (early.value, early.state, early.cause) == (None, DataState.NO_DATA, "20:00 of 01:00:00 seen so far")
    assert fed(hour, 1200, 605, 9.0).value == 9.0


def test_no_data_stays_no_data(hour: Average) -> None:
    """S5: it neither counts nor hides; its cause goes on to the guard."""
    fed(hour, 0, 1900, 2.0)
    dark = fed(hour, 1900, 600, None, None)
    assert (dark.state, dark.cause) == (DataState.NO_DATA, "HTTP 503")
    assert fed(hour, 2500, 60, 2.0).value == pytest.approx(2.0)


def test_a_long_darkness_takes_the_number_away(hour: Average) -> None:
    """Of the last hour less than half was seen: nothing is said until it was."""
    fed(hour, 0, 3600, 2.0)
    fed(hour, 3600, 2400, None, None)
    assert fed(hour, 6000, 60, 2.0).state is DataState.NO_DATA


def test_time_without_traffic_is_seen_and_adds_nothing(hour: Average) -> None:
    """S4: quiet hours are no zeros; nothing but quiet is no traffic."""
    assert fed(hour, 0, 2400, None, 0).state is DataState.NO_TRAFFIC
    assert fed(hour, 2400, 60, 4.0).value == 4.0


def test_few_requests_are_none(hour: Average) -> None:
    """S4: one error in one request at night does not spoil the mean of an hour."""
    fed(hour, 0, 2400, 1.0)
    assert fed(hour, 2400, 600, 100.0, 1).value == 1.0


def test_it_is_bounded(hour: Average) -> None:
    """However long it goes on: so many parts."""
    fed(hour, 0, 20_000, 1.0)
    assert len(hour._parts) <= PARTS + 1


def test_a_new_engine_goes_on_from_what_was_kept(hour: Average) -> None:
    """S24: not another half hour without a judgement; but nothing from before `since`."""
    kept = Columns(hour.part_s, PARTS, 3600.0)
    for number in range(360):
        kept.add(number, 2.0, 2.0, 2.0, 2)
    hour.recollect(kept.part(SERIES), -inf)
    assert hour.take(sample(3605.0, 2.0, requests=100)).value == pytest.approx(2.0)
    fresh = Average(OVER, EVERY)
    fresh.recollect(kept.part(SERIES), 3000.0)
    assert fresh.take(sample(3605.0, 2.0, requests=100)).cause == "10:05 of 01:00:00 seen so far"
