"""What sources and earlier engines say of the time before: for S8, and for the trends on the screen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.engine.attempt import attempt
from controlroom.engine.judge import judge, says_something
from controlroom.engine.scenes import TimeIsOut, race
from controlroom.ports import HistorySource
from controlroom.run.rollup import KEPT_SPAN_S
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controlroom.engine.judge import Bounds
    from controlroom.ports import Clock, SampleLog, Source
    from controlroom.run.columns import HistoryPart
    from controlroom.run.outline import RunOutline
    from controlroom.run.pace import Pace
    from controlroom.run.samples import Sample

TREND_S = 600.0
"""Plan seconds of the past that a screen shows."""
MOST_STEPS = 1000
"""Intervals of a source that are asked for at most: about 80 minutes of one that is read every 5 s."""
LIMIT_S = 10.0
"""Real seconds that an answer about the past may take."""


class Past(Struct, frozen=True):
    """The readings of each series, oldest first; the last of each was of now at monotonic time `taken`."""

    readings: dict[str, list[Reading]] = {}
    taken: float = 0.0


async def recall(sources: Iterable[Source], clock: Clock, pace: Pace, span_s: float, limit_s: float = LIMIT_S) -> Past:
    """The last `span_s` plan seconds of every series whose source remembers them, in steps of its own period."""
    taken = clock.monotonic()
    found: dict[str, list[Reading]] = {}
    asked = [_past(source, clock, pace, span_s, limit_s) for source in sources if isinstance(source, HistorySource)]
    for readings in await asyncio.gather(*asked):
        for reading in readings:
            found.setdefault(reading.series, []).append(reading)
    # A single reading is no past: it only says why there is none.
    return Past({series: several for series, several in found.items() if len(several) > 1}, taken)


def span_of(outline: RunOutline) -> float:
    """Plan seconds that judge every guard over its whole time, and fill the trends."""
    return max([TREND_S, *(1.2 * guard.for_s for guard in outline.guards if guard.plain)])


def samples_of(readings: list[Reading], bounds: Bounds, pace: Pace, elapsed: float) -> list[Sample]:
    """One series of the past as the run would have judged it; the last reading was of plan time `elapsed`."""
    end = readings[-1].at
    last_at: float | None = None
    found = []
    for reading in readings:
        found.append(judge(reading, elapsed - pace.plan(end - reading.at), bounds, last_at))
        if says_something(reading):
            last_at = reading.at
    return found


async def recollected(log: SampleLog, now: float) -> list[HistoryPart]:
    """What an engine before this one kept of the last `TREND_S` plan seconds; none when that cannot be read."""
    found = await attempt(log.recent(KEPT_SPAN_S, int(TREND_S / KEPT_SPAN_S), now))
    return [] if isinstance(found, BaseException) else found


async def _past(source: HistorySource, clock: Clock, pace: Pace, span_s: float, limit_s: float) -> list[Reading]:
    step_s = pace.real_period(source.every_s)
    asked = source.past(min(pace.real(span_s), MOST_STEPS * step_s), step_s)
    try:
        return list(await race(clock, asked, cut=asyncio.Event(), limit_s=limit_s))
    except TimeIsOut:
        return []
