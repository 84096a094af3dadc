"""Samples rolled up over fixed spans of plan time: what is kept of a series over the days of a watch; pure."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.samples import Sample

KEPT_SPAN_S = 10.0
"""Plan seconds that one kept roll-up stands for."""


class RollUp(Struct, frozen=True, kw_only=True):
    """A stretch of samples of one series: it begins `at` (epoch seconds); `count` samples from `low` to `high`."""

    at: float
    low: float
    mean: float
    high: float
    count: int


class KeptSpan(Struct, frozen=True, kw_only=True):
    """What was measured in plan seconds [number·10, (number+1)·10): a roll-up for each series that had a value.

    A series without a value in that time is not in it: a gap stays a gap.
    """

    number: int
    at: float
    rollups: dict[str, RollUp]


class _Heap:
    """The samples of one series in one span, while they come."""

    __slots__ = ("count", "high", "low", "total")

    def __init__(self) -> None:
        self.low, self.high, self.total, self.count = inf, -inf, 0.0, 0

    def add(self, value: float) -> None:
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        self.total += value
        self.count += 1

    def rolled_up(self, at: float) -> RollUp:
        # A mean of equal values may differ from them in its last bit.
        mean = min(max(self.total / self.count, self.low), self.high)
        return RollUp(at=at, low=self.low, mean=mean, high=self.high, count=self.count)


class Gatherer:
    """Samples on their way to being roll-ups: what has not been taken out yet, by span and series."""

    def __init__(self) -> None:
        self._open: dict[int, dict[str, _Heap]] = {}

    def take(self, sample: Sample) -> None:
        """Count a sample; one without a value leaves no trace (S5)."""
        if sample.value is None:
            return
        number = int(sample.elapsed // KEPT_SPAN_S)
        heaps = self._open.get(number)
        if heaps is None:
            heaps = self._open[number] = {}
        heap = heaps.get(sample.series)
        if heap is None:
            heap = heaps[sample.series] = _Heap()
        heap.add(sample.value)

    def taken_out(self, before: float, wall_of: Callable[[float], float]) -> list[KeptSpan]:
        """The spans that ended by plan time `before`, oldest first; a late sample makes a second part of its span.

        `wall_of` gives the wall clock (epoch seconds) that goes with a plan time.
        """
        ended = sorted(number for number in self._open if (number + 1) * KEPT_SPAN_S <= before)
        spans = []
        for number in ended:
            at = wall_of(number * KEPT_SPAN_S)
            rollups = {series: heap.rolled_up(at) for series, heap in self._open.pop(number).items()}
            spans.append(KeptSpan(number=number, at=at, rollups=rollups))
        return spans
