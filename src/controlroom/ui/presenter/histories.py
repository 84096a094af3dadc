"""The pasts of the series: what trends draw, and the longer ones of the big chart, bounded in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from controlroom.run.trail import COLUMNS, SPAN_S, Trail

if TYPE_CHECKING:
    from controlroom.run.columns import HistoryPart
    from controlroom.run.samples import Sample
    from controlroom.run.trail import TrailPart

NewTrail = Callable[[str, float, int], Trail]
"""Makes an empty trail of a series, from the span of its columns and their number."""


def _plain(_series: str, span_s: float, columns: int) -> Trail:
    return Trail(span_s, columns)


class Trails(Mapping[str, Trail]):
    """The trails that the engine recorded, each taken over when it is first looked at or added to."""

    def __init__(self, new: NewTrail, parts: Iterable[TrailPart] = ()) -> None:
        self._new = new
        self._parts = {part.series: part for part in parts}
        self._trails: dict[str, Trail] = {}

    def add(self, sample: Sample) -> None:
        """One more sample."""
        trail = self._known(sample.series)
        if trail is None:
            trail = self._trails[sample.series] = self._new(sample.series, SPAN_S, COLUMNS)
        trail.take(sample)

    def __getitem__(self, series: str) -> Trail:
        trail = self._known(series)
        if trail is None:
            raise KeyError(series)
        return trail

    def __iter__(self) -> Iterator[str]:
        return iter({**self._parts, **self._trails})

    def __len__(self) -> int:
        return len({**self._parts, **self._trails})

    def _known(self, series: str) -> Trail | None:
        part = self._parts.pop(series, None)
        if part is not None:
            self._trails[series] = trail = self._new(series, part.span_s, COLUMNS)
            trail.load(part)
        return self._trails.get(series)


LONGER = {3600.0: 30.0, 172800.0: 720.0}
"""Plan seconds that a longer trail covers, and the span of its columns."""


class Histories:
    """Trails of an hour and of 48 hours: what the engine kept, once it was asked, and what came since.

    What an engine recorded of the last minutes is taken over only when it is looked at.
    """

    def __init__(self, new: NewTrail = _plain) -> None:
        self._new = new
        self._trails: dict[str, dict[float, Trail]] = {}
        self._parts: dict[str, TrailPart] = {}
        self._asked: set[tuple[str, float]] = set()

    def begin(self, parts: Iterable[TrailPart]) -> None:
        """What the engine recorded so far; what was asked before may have a gap since."""
        self._parts |= {part.series: part for part in parts}
        self._asked.clear()

    def add(self, sample: Sample) -> None:
        """One more sample."""
        for trail in self._of(sample.series).values():
            trail.take(sample)

    def trail(self, series: str, covers: float) -> Trail:
        """The trail of `series` over `covers` plan seconds, one of `LONGER`."""
        part = self._parts.pop(series, None)
        if part is not None:
            for trail in self._of(series).values():
                trail.load(part)
        return self._of(series)[covers]

    def asks(self, series: str, covers: float) -> bool:
        """Whether the engine is to be asked now what it kept: once for each series and time."""
        if covers not in LONGER or (series, covers) in self._asked:
            return False
        self._asked.add((series, covers))
        return True

    def failed(self, series: str, covers: float) -> None:
        """There was no answer: it is asked again."""
        self._asked.discard((series, covers))

    def take(self, part: HistoryPart, covers: float) -> None:
        """What the engine kept of a series over `covers` plan seconds; what came since goes on top of it."""
        fresh = self._new(part.series, part.span_s, int(covers / part.span_s))
        for place, value in enumerate(part.low if fresh.lowest else part.high, part.first):
            if value is not None:
                fresh.add(place * part.span_s, value)
        fresh.load(self.trail(part.series, covers).part(part.series))
        self._of(part.series)[covers] = fresh

    def _of(self, series: str) -> dict[float, Trail]:
        known = self._trails.get(series)
        if known is None:
            known = {covers: self._new(series, span, int(covers / span)) for covers, span in LONGER.items()}
            self._trails[series] = known
        return known
