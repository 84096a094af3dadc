"""Tells data that stands still from data that comes slowly, by the rhythm in which its samples were taken; pure."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

from controlroom.plan.units import format_duration

_UNKNOWN_S: Final = 60.0
"""The period that is assumed until one was seen: Prometheus' own default."""
_PERIODS: Final = 2.5
"""As many periods may pass between two samples: two, and half of one for what does not come on the dot (S5)."""
_STEPS: Final = 5


class Freshness:
    """How old the newest sample of a series may be, which is asked for every `every_s` real seconds.

    A source that is scraped every minute gives the same sample twelve times; that is no standstill. One that is asked
    for and still shows the sample of two periods ago is: an exporter that hangs, a federation that is cut off.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._newest: float | None = None
        self._steps: deque[float] = deque(maxlen=_STEPS)

    def stale(self, taken: float, now: float) -> str:
        """Why a newest sample `taken` at that time says nothing at `now` (source's epoch seconds); else empty."""
        if self._newest is not None and taken > self._newest:
            self._steps.append(taken - self._newest)
        self._newest = taken if self._newest is None else max(taken, self._newest)
        age_s = now - taken
        if age_s <= self.longest_s:
            return ""
        return f"the newest sample is {format_duration(round(age_s))} old"

    @property
    def longest_s(self) -> float:
        """The age at which a sample begins to say nothing."""
        return _PERIODS * max(self._every_s, median(self._steps) if self._steps else _UNKNOWN_S)
