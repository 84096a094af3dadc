"""Numbers and durations in sentences about measurements: `6.2 % > 5 %`, `05:01`."""

from __future__ import annotations

from math import ceil

_HUNDRED = 100
_MOST_DECIMALS = 6


def clock(seconds: float) -> str:
    """`03:41`, from an hour on `01:12:20`; begun seconds do not count."""
    minutes, secs = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{secs:02}" if hours else f"{minutes:02}:{secs:02}"


def clock_over(seconds: float) -> str:
    """The same with begun seconds counted: what has lasted for more than 05:00 never reads `05:00`."""
    return clock(ceil(seconds))


def measure(number: str, unit: str) -> str:
    """`6.2 %`, `800 ms`, `3`."""
    return f"{number} {unit}".rstrip()


def compact(value: float, unit: str) -> str:
    """A measured value in three figures or so: `6.2 %`, `312 ms`."""
    return measure(_short(value), unit)


def exact(value: float) -> str:
    """A limit as somebody wrote it: `5`, `0.25`."""
    return f"{value:.{_MOST_DECIMALS}f}".rstrip("0").rstrip(".")


def compared(value: float, limit: float, unit: str, sign: str) -> str:
    """`6.2 % > 5 %`: the value in three figures or so, in more where rounding would hide on which side it lies."""
    shown = _short(value)
    for decimals in range(1, _MOST_DECIMALS + 1):
        if _side(float(shown), limit) == _side(value, limit):
            break
        shown = f"{value:.{decimals}f}"
    return f"{measure(shown, unit)} {sign} {measure(exact(limit), unit)}"


def _short(value: float) -> str:
    if abs(value) >= _HUNDRED or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)
