"""The recent past of a series in columns of a fixed span: what a trend draws, bounded in memory."""

from __future__ import annotations

from array import array
from math import inf, isnan, nan
from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.run.pace import Pace
from controlroom.run.phases import DataState
from controlroom.run.samples import HEALTH, split_series

if TYPE_CHECKING:
    from controlroom.run.outline import RunOutline
    from controlroom.run.samples import Sample

SPAN_S = 5.0
COLUMNS = 120
SHOWN_EVERY_S = 1.0
"""Real seconds between two samples that a client may get to see, however often a source is read."""

_REACH_PERIODS = 2.5
"""Silence of two intervals, and of half of one for samples that do not come on the dot, is no gap (S5)."""
_QUIET = frozenset({DataState.NO_TRAFFIC, DataState.TOO_FEW})


class TrailPart(Struct, frozen=True, kw_only=True):
    """A trail on the wire: `values[i]` is the worst value seen in plan seconds [(first+i)·span, (first+i+1)·span).

    `first` is negative where a source remembers what was before the run. `quiet` are the places in `values` at which
    there was an answer, but nothing to measure.
    """

    series: str
    span_s: float
    first: int
    values: tuple[float | None, ...]
    quiet: tuple[int, ...] = ()


class Trail:
    """A ring of the last `columns` spans of plan time; each holds the worst value seen in it, NaN for none.

    The worst is the highest, or with `lowest` the lowest. Samples may lie further apart than a column is wide: silence
    of at most `reach_s` plan seconds between two of them is no gap, and the earlier value goes on until the later one.
    """

    def __init__(
        self, span_s: float = SPAN_S, columns: int = COLUMNS, *, lowest: bool = False, reach_s: float = 0.0
    ) -> None:
        self.span_s = span_s
        self.columns = columns
        self.lowest = lowest
        self.reach_s = reach_s
        self._values = array("d", [nan]) * columns
        self._quiet = bytearray(columns)
        self._newest = -1
        self._first = 0
        self._last = (-inf, nan)

    def take(self, sample: Sample) -> bool:
        """Take a sample; True when it began a new column."""
        return self.add(sample.elapsed, sample.value, quiet=sample.state in _QUIET)

    def add(self, elapsed: float, value: float | None, *, quiet: bool = False) -> bool:
        """Take a value at plan time `elapsed`, or none (`quiet`: nothing to measure); True for a new column."""
        column = int(elapsed // self.span_s)
        self._first = min(self._first, column)
        began = column > self._newest
        last_at, last = self._last
        held = last if elapsed - last_at <= self.reach_s else nan
        for skipped in range(max(self._newest + 1, column - self.columns + 1), column + 1):
            self._values[skipped % self.columns] = held if skipped < column else nan
            self._quiet[skipped % self.columns] = 0
        self._newest = max(self._newest, column)
        if elapsed >= last_at:
            self._last = (elapsed, nan if value is None else value)
        if column <= self._newest - self.columns:
            return began
        place = column % self.columns
        if value is None:
            self._quiet[place] |= quiet
            return began
        known = self._values[place]
        worse = min if self.lowest else max
        self._values[place] = value if isnan(known) else worse(known, value)
        return began

    def part(self, series: str) -> TrailPart:
        """The whole trail, oldest column first."""
        first = max(self._first, self._newest - self.columns + 1)
        values, quiet = self._between(first, self._newest)
        places = tuple(place for place, nothing in enumerate(quiet) if nothing)
        return TrailPart(series=series, span_s=self.span_s, first=first, values=tuple(values), quiet=places)

    def window(self, elapsed: float, columns: int) -> list[float | None]:
        """The last `columns` columns that end with the one holding plan time `elapsed`; None for no value."""
        last = int(elapsed // self.span_s)
        return self._between(last - columns + 1, last)[0]

    def quiet(self, elapsed: float, columns: int) -> list[bool]:
        """Which columns of that window were asked about and had nothing to measure: no value, and no gap (S4)."""
        last = int(elapsed // self.span_s)
        return self._between(last - columns + 1, last)[1]

    def load(self, part: TrailPart) -> None:
        """Take over what another process recorded."""
        if self._newest < 0 and not self._first and part.span_s == self.span_s:
            self._fill(part)
            return
        quiet = frozenset(part.quiet)
        for offset, value in enumerate(part.values):
            self.add((part.first + offset) * part.span_s, value, quiet=offset in quiet)

    def _fill(self, part: TrailPart) -> None:
        """The same on an empty trail, at a tenth of the cost: a screen takes over hundreds when it starts."""
        values = part.values[-self.columns :]
        left_out = len(part.values) - len(values)
        first = part.first + left_out
        floats = array("d", [nan if value is None else value for value in values])
        place = first % self.columns
        turn = min(len(floats), self.columns - place)
        self._values[place : place + turn] = floats[:turn]
        self._values[: len(floats) - turn] = floats[turn:]
        for offset in part.quiet:
            if offset >= left_out:
                self._quiet[(part.first + offset) % self.columns] = 1
        self._first, self._newest = min(0, first), max(-1, first + len(values) - 1)
        if floats:
            self._last = (self._newest * self.span_s, floats[-1])

    def _between(self, first: int, last: int) -> tuple[list[float | None], list[bool]]:
        """Values and quiet of columns `first` to `last`, whole slices at a time: a screen that starts asks hundreds."""
        begin = max(first, self._first, self._newest - self.columns + 1)
        count = min(last, self._newest) + 1 - begin
        if count <= 0:
            none = last + 1 - first
            return [None] * none, [False] * none
        place = begin % self.columns
        kept = (self._values[place:] + self._values[:place])[:count]
        marks = (self._quiet[place:] + self._quiet[:place])[:count]
        values = [None if isnan(value) else value for value in kept]
        quiet = [bool(mark) and value is None for mark, value in zip(marks, values, strict=True)]
        before, after = begin - first, last + 1 - begin - count
        return [None] * before + values + [None] * after, [False] * before + quiet + [False] * after


def trail_of(outline: RunOutline, series: str, span_s: float = SPAN_S, columns: int = COLUMNS) -> Trail:
    """An empty trail for `series` of a run: its plan says which value is the worst, and how long a silence is none."""
    service_id, metric_id = split_series(series)
    service = next((one for one in outline.services if one.id == service_id), None)
    metric = next((one for one in service.metrics if one.id == metric_id), None) if service else None
    health = metric_id == HEALTH
    every_s = metric.every_s if metric else service.health_every_s if service and health else None
    pace = Pace(outline.speed)
    reach_s = _REACH_PERIODS * max(pace.period(every_s), pace.plan(SHOWN_EVERY_S)) if every_s else 0.0
    lowest = health or (metric is not None and metric.below)
    return Trail(span_s, columns, lowest=lowest, reach_s=reach_s)
