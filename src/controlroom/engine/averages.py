"""The mean of a series over a long span, for guards that ask for one (`over:`); bounded however long it is."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.engine.figures import clock
from controlroom.engine.judge import longest_gap
from controlroom.run.phases import DataState
from controlroom.run.rollup import KEPT_SPAN_S

if TYPE_CHECKING:
    from controlroom.run.columns import HistoryPart
    from controlroom.run.samples import Sample

PARTS = 60
"""Into so many parts a span is cut: the mean is of the span to a sixtieth of it."""
_ENOUGH = 0.5
"""The share of a span that must have been seen for its mean to say anything (S6)."""


class _Part:
    __slots__ = ("count", "number", "seen_s", "total")

    def __init__(self, number: int) -> None:
        self.number, self.total, self.count, self.seen_s = number, 0.0, 0.0, 0.0


class Average:
    """One series over `over_s` plan seconds; its source is read every `interval_s`. Samples under `least` are none."""

    def __init__(self, over_s: float, interval_s: float, least: float = 0.0) -> None:
        self.over_s = over_s
        self.part_s = max(KEPT_SPAN_S, over_s / PARTS)
        self._interval_s = interval_s
        self._least = least
        self._parts: deque[_Part] = deque()
        self._newest: float | None = None

    def take(self, sample: Sample) -> Sample:
        """`sample` with the mean of the span that ends with it in place of its value, or what keeps it from having one.

        Without data there is none (S5); a time without traffic is seen, and adds nothing.
        """
        passed_s = self._interval_s if self._newest is None else sample.elapsed - self._newest
        self._newest = sample.elapsed
        self._forget(sample.elapsed)
        if sample.state is DataState.NO_DATA:
            return sample
        part = self._part(int(sample.elapsed // self.part_s))
        part.seen_s += passed_s if 0 <= passed_s <= longest_gap(self._interval_s) else self._interval_s
        few = sample.requests is not None and sample.requests < self._least
        if sample.value is not None and not few:
            part.total += sample.value
            part.count += 1
        return self._mean(sample)

    def recollect(self, part: HistoryPart, since: float) -> None:
        """Take over what an engine before this one kept, as far as it is from plan time `since` on."""
        for number, mean in enumerate(part.mean, part.first):
            if mean is not None and number * part.span_s >= since:
                known = self._part(number)
                known.count = part.span_s / self._interval_s
                known.total, known.seen_s = mean * known.count, part.span_s

    def _mean(self, sample: Sample) -> Sample:
        seen_s, count = sum(part.seen_s for part in self._parts), sum(part.count for part in self._parts)
        if seen_s < _ENOUGH * self.over_s:
            cause = f"{clock(seen_s)} of {clock(self.over_s)} seen so far"
            return replace(sample, value=None, state=DataState.NO_DATA, cause=cause, requests=None)
        if not count:
            return replace(sample, value=None, state=DataState.NO_TRAFFIC, requests=0.0)
        mean = sum(part.total for part in self._parts) / count
        return replace(sample, value=mean, state=DataState.OK, requests=None)

    def _part(self, number: int) -> _Part:
        if not self._parts or self._parts[-1].number < number:
            self._parts.append(_Part(number))
        return self._parts[-1]

    def _forget(self, now: float) -> None:
        while self._parts and (self._parts[0].number + 1) * self.part_s <= now - self.over_s:
            self._parts.popleft()
