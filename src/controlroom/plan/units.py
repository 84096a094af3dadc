"""Durations, percentages and amounts with a unit: read from a plan's text, written back for the screen."""

import re
from dataclasses import dataclass
from itertools import pairwise

LONGEST = 366 * 86_400.0
"""No duration in a plan may exceed a leap year, in seconds."""

_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[dhms])")
DURATION_PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|[dhms]))+$"

_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_AMOUNT = re.compile(rf"({_NUMBER}) ?([^\s0-9.+-].*)?")
PERCENT_PATTERN = r"^[0-9]+(\.[0-9]+)? ?%$"
AMOUNT_PATTERN = r"^[+-]?[0-9]+(\.[0-9]+)? ?[^\s0-9.+-]*$"

_BASES = {
    "%": ("share", 0.01),
    "ratio": ("share", 1.0),
    "ms": ("time", 0.001),
    "s": ("time", 1.0),
    "m": ("time", 60.0),
    "h": ("time", 3_600.0),
    "B": ("size", 1.0),
    "KiB": ("size", 2.0**10),
    "MiB": ("size", 2.0**20),
    "GiB": ("size", 2.0**30),
    "kB": ("size", 1e3),
    "MB": ("size", 1e6),
    "GB": ("size", 1e9),
    "/s": ("rate", 1.0),
    "/min": ("rate", 1 / 60),
    "": ("number", 1.0),
}
UNITS = tuple(unit for unit in _BASES if unit)


class UnitError(ValueError):
    """A text that is no duration, percentage or amount; `hint` says what would be."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and its unit, as the plan wrote it: `5%` is Amount(5.0, "%")."""

    value: float
    unit: str

    def to(self, unit: str) -> float:
        """This amount counted in another unit of the same dimension; UnitError when there is no way across."""
        return self.value * factor(self.unit, unit)

    def __str__(self) -> str:
        gap = "" if self.unit in ("%", "") else " "
        return f"{format_number(self.value)}{gap}{self.unit}"


def parse_duration(text: str) -> float:
    """Seconds in `90s`, `5m`, `1h30m`, `250ms`: units fall from d to ms, each at most once."""
    written = text.strip()
    parts = _DURATION_PART.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", written):
            raise UnitError(f"{written!r} has no unit", f"write {written}s, {written}m or {written}h")
        if re.fullmatch(r"-.*", written):
            raise UnitError(f"{written!r} is negative", "a duration is zero or more")
        raise UnitError(f"{written!r} is no duration", "durations look like 250ms, 90s, 5m, 1h30m, 48h or 2d")
    sizes = [_SECONDS[unit] for _, unit in parts]
    if any(later >= earlier for earlier, later in pairwise(sizes)):
        raise UnitError(f"{written!r} has its units out of order", "largest first, each once: 1h30m")
    seconds = round(sum(float(number) * _SECONDS[unit] for number, unit in parts), 3)
    if seconds > LONGEST:
        raise UnitError(f"{written!r} is longer than a year", "the longest duration is 366d")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest exact spelling, to the millisecond: 5400.0 is `1h30m`; 172800.0 is `48h` as people say it."""
    left = round(seconds * 1000)
    if left == 0:
        return "0s"
    spelled = ""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        count, left = divmod(left, size)
        spelled += f"{count}{unit}" if count else ""
    return spelled


def parse_percent(text: str) -> float:
    """The number in `95%`, from 0 to 100."""
    written = text.strip()
    if not re.fullmatch(PERCENT_PATTERN, written):
        if re.fullmatch(_NUMBER, written):
            raise UnitError(f"{written!r} has no %", f"write {written}%")
        raise UnitError(f"{written!r} is no percentage", "percentages look like 5% or 99.9%")
    value = float(written.rstrip("%"))
    if value > 100:  # noqa: PLR2004
        raise UnitError(f"{written!r} is over 100%", "a share of the whole is 0% to 100%")
    return value


def parse_amount(text: str) -> Amount:
    """An Amount from `5%`, `800ms`, `512 MiB` or a bare number."""
    written = text.strip()
    match = _AMOUNT.fullmatch(written)
    if match is None:
        raise UnitError(f"{written!r} is no amount", "amounts look like 5%, 800ms, 512MiB or 50")
    unit = match[2] or ""
    return Amount(float(match[1]), check_unit(unit))


def check_unit(unit: str) -> str:
    """The unit itself, if it is one; a near miss in letter case is hinted."""
    if unit not in _BASES:
        near = [known for known in UNITS if known.lower() == unit.lower()]
        raise UnitError(f"{unit!r} is no unit", f"did you mean {near[0]}?" if near else f"units: {' '.join(UNITS)}")
    return unit


def factor(given: str, wanted: str) -> float:
    """What a number in the unit `given` is multiplied by to count in `wanted`."""
    dimension, size = _BASES[check_unit(given)]
    other, base = _BASES[check_unit(wanted)]
    if dimension != other:
        raise UnitError(f"{given or 'a bare number'} cannot be compared with {wanted or 'a bare number'}")
    return 1.0 if given == wanted else size / base


def format_number(value: float) -> str:
    """At most four significant decimals, no trailing zeros: 5.0 is `5`."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
