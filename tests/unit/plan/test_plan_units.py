"""Durations, percentages and amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.plan.units import (
    LONGEST,
    UNITS,
    Amount,
    UnitError,
    factor,
    format_duration,
    format_number,
    parse_amount,
    parse_duration,
    parse_percent,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("48h", 172_800),
        ("1h30m", 5_400),
        ("250ms", 0.25),
        ("2d", 172_800),
        ("1d12h", 129_600),
        ("1m30s500ms", 90.5),
        ("1.5h", 5_400),
        ("0s", 0),
        (" 5m ", 300),
        ("366d", LONGEST),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    """A duration is read in seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("90", "'90' has no unit", "write 90s, 90m or 90h"),
        ("1.5", "'1.5' has no unit", "write 1.5s, 1.5m or 1.5h"),
        ("-5m", "'-5m' is negative", "a duration is zero or more"),
        ("5 m", "'5 m' is no duration", "durations look like 250ms, 90s, 5m, 1h30m, 48h or 2d"),
        ("5M", "'5M' is no duration", "durations look like 250ms, 90s, 5m, 1h30m, 48h or 2d"),
        ("", "'' is no duration", "durations look like 250ms, 90s, 5m, 1h30m, 48h or 2d"),
        ("\u0665m", "'\u0665m' is no duration", "durations look like 250ms, 90s, 5m, 1h30m, 48h or 2d"),
        ("5minutes", "'5minutes' is no duration", "durations look like 250ms, 90s, 5m, 1h30m, 48h or 2d"),
        ("30m1h", "'30m1h' has its units out of order", "largest first, each once: 1h30m"),
        ("1m1m", "'1m1m' has its units out of order", "largest first, each once: 1h30m"),
        ("367d", "'367d' is longer than a year", "the longest duration is 366d"),
        (f"{'9' * 400}h", f"'{'9' * 400}h' is longer than a year", "the longest duration is 366d"),
    ],
)
def test_what_is_no_duration(text: str, message: str, hint: str) -> None:
    """Each wrong duration is told apart, with what would be right."""
    with pytest.raises(UnitError) as error:
        parse_duration(text)
    assert (str(error.value), error.value.hint) == (message, hint)


@given(st.integers(min_value=0, max_value=int(LONGEST) * 1000))
def test_durations_round_trip(milliseconds: int) -> None:
    """What is written back reads as the same time, to the millisecond."""
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.25, "250ms"), (5_400, "1h30m"), (172_800, "48h"), (90.5, "1m30s500ms"), (60, "1m")],
)
def test_durations_are_written_as_people_say_them(seconds: float, text: str) -> None:
    """48 hours stay 48 hours."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("text", "value"), [("95%", 95), ("0%", 0), ("100%", 100), ("99.9%", 99.9), ("5 %", 5)])
def test_percentages(text: str, value: float) -> None:
    """A percentage is a number from 0 to 100."""
    assert parse_percent(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("95", "'95' has no %"),
        ("0.95", "'0.95' has no %"),
        ("101%", "'101%' is over 100%"),
        ("-1%", "'-1%' is no percentage"),
        ("%", "'%' is no percentage"),
        ("five%", "'five%' is no percentage"),
    ],
)
def test_what_is_no_percentage(text: str, message: str) -> None:
    """A share needs its sign and its bounds."""
    with pytest.raises(UnitError) as error:
        parse_percent(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5%", Amount(5, "%")),
        ("800ms", Amount(800, "ms")),
        ("512 MiB", Amount(512, "MiB")),
        ("50", Amount(50, "")),
        ("-1.5s", Amount(-1.5, "s")),
        ("10/s", Amount(10, "/s")),
    ],
)
def test_amounts(text: str, amount: Amount) -> None:
    """An amount is a number and a unit, or a number alone."""
    assert parse_amount(text) == amount


@given(st.integers(min_value=-(10**9), max_value=10**9), st.sampled_from(("", *UNITS)))
def test_amounts_round_trip(thousandths: int, unit: str) -> None:
    """An amount reads back as it was written."""
    amount = Amount(thousandths / 1000, unit)
    assert parse_amount(str(amount)) == amount


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("5 mib", "'mib' is no unit", "did you mean MiB?"),
        ("5 parsecs", "'parsecs' is no unit", f"units: {' '.join(UNITS)}"),
        ("many", "'many' is no amount", "amounts look like 5%, 800ms, 512MiB or 50"),
        ("1.2.3", "'1.2.3' is no amount", "amounts look like 5%, 800ms, 512MiB or 50"),
        ("nan", "'nan' is no amount", "amounts look like 5%, 800ms, 512MiB or 50"),
    ],
)
def test_what_is_no_amount(text: str, message: str, hint: str) -> None:
    """A unit in the wrong case is recognised."""
    with pytest.raises(UnitError) as error:
        parse_amount(text)
    assert (str(error.value), error.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("given_unit", "wanted", "result"),
    [("ratio", "%", 100), ("s", "ms", 1000), ("B", "MiB", 2**-20), ("/min", "/s", 1 / 60), ("", "", 1), ("%", "%", 1)],
)
def test_units_of_one_dimension_convert(given_unit: str, wanted: str, result: float) -> None:
    """A raw ratio becomes a percentage, seconds become milliseconds."""
    assert factor(given_unit, wanted) == pytest.approx(result)


@pytest.mark.parametrize(("given_unit", "wanted"), [("%", "ms"), ("", "%"), ("MiB", "s"), ("s", "/s")])
def test_units_of_two_dimensions_do_not(given_unit: str, wanted: str) -> None:
    """A bare number is no percentage."""
    with pytest.raises(UnitError, match="cannot be compared"):
        factor(given_unit, wanted)


@pytest.mark.parametrize(
    ("value", "text"), [(5.0, "5"), (0.4, "0.4"), (1234.56789, "1234.5679"), (100.0, "100"), (0.0, "0")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    """No trailing zeros, and no zeros of the number itself lost."""
    assert format_number(value) == text
