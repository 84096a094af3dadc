"""Reads every source at its own beat, judges what comes, and keeps the newest sample and the trail of each series."""

from __future__ import annotations

import asyncio
from math import ceil
from typing import TYPE_CHECKING

from controlroom.engine.history import samples_of
from controlroom.engine.judge import Bounds, judge, says_something
from controlroom.run.samples import Reading
from controlroom.run.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from controlroom.engine.history import Past
    from controlroom.ports import Clock, Source
    from controlroom.run.columns import HistoryPart
    from controlroom.run.pace import Pace
    from controlroom.run.samples import Sample

_UNBOUNDED = Bounds()


class _Feed:
    """A source, and the series that it was last seen to feed."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.series: tuple[str, ...] = ()


class Prober:
    """Turns sources into samples. `base_s` is the plan time at which this engine took the run up.

    `trail` makes an empty trail for a series.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        clock: Clock,
        pace: Pace,
        bounds: Mapping[str, Bounds],
        on_samples: Callable[[list[Sample]], None],
        base_s: float = 0.0,
        trail: Callable[[str], Trail] = lambda _: Trail(),
    ) -> None:
        self.newest: dict[str, Sample] = {}
        self.trails: dict[str, Trail] = {}
        self._feeds = [_Feed(source) for source in sources]
        self._clock = clock
        self._pace = pace
        self._bounds = bounds
        self._on_samples = on_samples
        self._base_s = base_s
        self._new_trail = trail
        self._began = clock.monotonic()
        self._answered_at: dict[str, float] = {}

    def elapsed(self) -> float:
        """Plan time: seconds since the run began, without those in which no engine ran."""
        return self._base_s + self._pace.plan(self._clock.monotonic() - self._began)

    def remember(self, past: Past) -> None:
        """Fill the trails with what was before; neither guards nor whoever takes the samples see it."""
        then = self.elapsed() - self._pace.plan(self._clock.monotonic() - past.taken)
        for series, readings in past.readings.items():
            trail = self._trail(series)
            for sample in samples_of(readings, self._bounds.get(series, _UNBOUNDED), self._pace, then):
                trail.take(sample)

    def recollect(self, parts: Iterable[HistoryPart]) -> None:
        """Fill the trails with what an earlier engine kept: the worst of each span."""
        for part in parts:
            trail = self._trail(part.series)
            for place, value in enumerate(part.low if trail.lowest else part.high, part.first):
                begins = place * part.span_s
                while begins < (place + 1) * part.span_s and value is not None:
                    trail.add(begins, value)
                    begins += trail.span_s

    async def run(self) -> None:
        """Read each source at its beat until cancelled; the first beats are spread over the period."""
        async with asyncio.TaskGroup() as group:
            for place, feed in enumerate(self._feeds):
                period = self._pace.real_period(feed.source.every_s)
                group.create_task(self._beat(feed, period, first=period * place / len(self._feeds)))

    async def _beat(self, feed: _Feed, period: float, first: float) -> None:
        start = self._clock.monotonic() + first
        beat = 0
        while True:
            await self._clock.sleep(start + beat * period - self._clock.monotonic())
            await self._read(feed)
            # Beats are counted from the start, so that none drifts; those that a slow source missed are left out.
            beat = max(beat + 1, ceil((self._clock.monotonic() - start) / period))

    async def _read(self, feed: _Feed) -> None:
        # A sample is as old as the question, not as the answer: a slow source cannot make its data look fresh.
        elapsed = self.elapsed()
        readings = await self._readings(feed)
        samples = [self._judged(reading, elapsed) for reading in readings]
        if samples:
            self._on_samples(samples)

    async def _readings(self, feed: _Feed) -> Sequence[Reading]:
        try:
            readings = await feed.source.read()
        except Exception as exc:  # noqa: BLE001 - one broken source must not blind the run to all the others
            cause = f"the source broke: {type(exc).__name__}"
            at = self._clock.now().timestamp()
            return [Reading(series=name, value=None, at=at, cause=cause) for name in feed.series]
        feed.series = tuple(reading.series for reading in readings)
        return readings

    def _judged(self, reading: Reading, elapsed: float) -> Sample:
        series = reading.series
        sample = judge(reading, elapsed, self._bounds.get(series, _UNBOUNDED), self._answered_at.get(series))
        if says_something(reading):
            self._answered_at[series] = reading.at
        self.newest[series] = sample
        self._trail(series).take(sample)
        return sample

    def _trail(self, series: str) -> Trail:
        known = self.trails.get(series)
        if known is None:
            known = self.trails[series] = self._new_trail(series)
        return known
