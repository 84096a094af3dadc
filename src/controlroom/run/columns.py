"""Roll-ups gathered into wider columns, in which the lowest and the highest stay in sight; pure."""

from __future__ import annotations

from array import array
from math import inf, nan

from msgspec import Struct

from controlroom.run.rollup import KEPT_SPAN_S

MOST_COLUMNS = 500
"""More than a screen has."""
_DIGITS = 7
"""Significant digits that survive being kept as 32-bit numbers."""


class HistoryPart(Struct, frozen=True, kw_only=True):
    """A series over a long time: column i covers plan seconds [(first+i)·span, (first+i+1)·span), None for a gap."""

    series: str
    span_s: float
    first: int
    low: tuple[float | None, ...]
    mean: tuple[float | None, ...]
    high: tuple[float | None, ...]


class Columns:
    """The last `count` columns of `span_s` plan seconds that end with the one holding plan time `now`."""

    def __init__(self, span_s: float, count: int, now: float) -> None:
        self.span_s = span_s
        self.first = int(now // span_s) - count + 1
        self._low = array("d", [inf]) * count
        self._high = array("d", [-inf]) * count
        self._total = array("d", [0.0]) * count
        self._counts = array("q", [0]) * count

    @property
    def begins(self) -> float:
        """The plan time at which the oldest column begins."""
        return self.first * self.span_s

    def add(self, number: int, low: float, mean: float, high: float, count: int) -> None:
        """Take the roll-up of kept span `number`; outside of the columns it is left out."""
        place = int(number * KEPT_SPAN_S // self.span_s) - self.first
        if not 0 <= place < len(self._counts):
            return
        self._low[place] = min(self._low[place], low)
        self._high[place] = max(self._high[place], high)
        self._total[place] += mean * count
        self._counts[place] += count

    def part(self, series: str) -> HistoryPart:
        """All columns, oldest first."""
        seen = [count > 0 for count in self._counts]
        means = [t / c if c else nan for t, c in zip(self._total, self._counts, strict=True)]
        return HistoryPart(
            series=series,
            span_s=self.span_s,
            first=self.first,
            low=_known(self._low, seen),
            mean=_known(means, seen),
            high=_known(self._high, seen),
        )


def rounded(value: float) -> float:
    """A kept number as it was written before it became 32 bits: 5.3, not 5.300000190734863, which is more than 5.3."""
    return float(f"{value:.{_DIGITS}g}")


def _known(values: array[float] | list[float], seen: list[bool]) -> tuple[float | None, ...]:
    return tuple(rounded(value) if there else None for value, there in zip(values, seen, strict=True))
