"""Roll-ups of samples, and the columns that they are gathered into for a chart."""

from __future__ import annotations

import pytest

from controlroom.run.columns import Columns, rounded
from controlroom.run.phases import DataState
from controlroom.run.rollup import Gatherer, RollUp
from controlroom.run.samples import Sample

SERIES = "auth/error_rate"


def sample(elapsed: float, value: float | None, series: str = SERIES) -> Sample:
    """A sample of the series; without a value there is no data."""
    state = DataState.NO_DATA if value is None else DataState.OK
    return Sample(series=series, at=0.0, elapsed=elapsed, value=value, state=state)


def wall(elapsed: float) -> float:
    """A wall clock that is 1,000,000 s ahead of plan time."""
    return 1e6 + elapsed


def test_a_span_keeps_lowest_mean_highest_and_count() -> None:
    """S22: 10 s roll-ups of min, mean, max, count."""
    gatherer = Gatherer()
    for elapsed, value in ((20.0, 1.0), (25.0, 5.0), (29.9, 3.0)):
        gatherer.take(sample(elapsed, value))
    (span,) = gatherer.taken_out(30.0, wall)
    assert (span.number, span.at) == (2, 1_000_020.0)
    assert span.rollups == {SERIES: RollUp(at=1_000_020.0, low=1.0, mean=3.0, high=5.0, count=3)}


def test_a_gap_stays_a_gap() -> None:
    """S5: without a value there is no row, neither of the series nor of the span."""
    gatherer = Gatherer()
    gatherer.take(sample(5.0, 1.0))
    gatherer.take(sample(15.0, None))
    gatherer.take(sample(25.0, None))
    gatherer.take(sample(26.0, 0.0, "auth/health"))
    first, second = gatherer.taken_out(100.0, wall)
    assert (first.number, list(first.rollups)) == (0, [SERIES])
    assert (second.number, list(second.rollups)) == (2, ["auth/health"])


def test_only_what_has_ended_is_taken_out() -> None:
    """The span that is open goes on; a late sample makes a second part of its span."""
    gatherer = Gatherer()
    gatherer.take(sample(9.0, 1.0))
    gatherer.take(sample(11.0, 2.0))
    assert [span.number for span in gatherer.taken_out(19.9, wall)] == [0]
    gatherer.take(sample(9.5, 4.0))
    assert [span.number for span in gatherer.taken_out(20.0, wall)] == [0, 1]
    assert gatherer.taken_out(1e9, wall) == []


def test_the_mean_of_equal_values_is_that_value() -> None:
    """A mean outside of lowest and highest would be a lie in the last digit."""
    gatherer = Gatherer()
    for _ in range(3):
        gatherer.take(sample(1.0, 0.1))
    (span,) = gatherer.taken_out(10.0, wall)
    assert span.rollups[SERIES].mean == 0.1


def test_columns_keep_the_extremes_in_sight() -> None:
    """S22: decimated to the columns asked for, a breach of 10 s in 12 minutes stays visible."""
    columns = Columns(720.0, 3, now=2159.0)
    for number in range(216):
        columns.add(number, 1.0, 1.0, 8.0 if number == 100 else 1.0, 2)
    part = columns.part(SERIES)
    assert (part.first, part.span_s) == (0, 720.0)
    assert part.high == (1.0, 8.0, 1.0)
    assert part.low == part.mean == (1.0, 1.0, 1.0)


def test_columns_end_with_now_and_hold_gaps() -> None:
    """What lies outside is left out; a column without a roll-up is None; parts of one span come together."""
    columns = Columns(30.0, 3, now=95.0)
    assert columns.begins == 30.0
    columns.add(2, 0.0, 0.0, 0.0, 1)
    columns.add(3, 1.0, 2.0, 3.0, 1)
    columns.add(3, 0.5, 4.0, 9.0, 3)
    columns.add(9, 7.0, 7.0, 7.0, 1)
    columns.add(12, 1.0, 1.0, 1.0, 1)
    part = columns.part(SERIES)
    assert part.low == (0.5, None, 7.0)
    assert part.mean == (3.5, None, 7.0)
    assert part.high == (9.0, None, 7.0)


@pytest.mark.parametrize("value", [5.3, 0.1, 1e-9, 123456.0, 99.95, 8_589_934_592.0, 0.0, -2.5])
def test_what_was_32_bits_is_read_as_it_was_written(value: float) -> None:
    """S1: 5.3 kept in 32 bits is 5.300000190734863, which must not look like more than a limit of 5.3."""
    import struct  # noqa: PLC0415 - for the one number

    (kept,) = struct.unpack("<f", struct.pack("<f", value))
    assert rounded(kept) == pytest.approx(value, rel=1e-6)
    assert rounded(kept) == value or value == 8_589_934_592.0
