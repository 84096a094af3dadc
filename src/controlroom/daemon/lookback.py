"""Looks at what was kept of the samples for whoever asks, one after another, and at rest most of the time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.ports import Clock, SampleLog
    from controlroom.run.columns import HistoryPart

REST = 9.0
"""Times as long as a look took nobody looks: whatever clients ask, a tenth of a core is the most that it costs."""


class LookBack:
    """Reads the file of samples in turn; `elapsed` is plan time."""

    def __init__(self, log: SampleLog, clock: Clock, elapsed: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._elapsed = elapsed
        self._turn = asyncio.Lock()
        self._rested = 0.0

    async def read(self, series: str, span_s: float, columns: int) -> HistoryPart:
        """The last columns of `series` that end now, when its turn has come. Raises SamplesUnkept."""
        async with self._turn:
            await self._clock.sleep(self._rested - self._clock.monotonic())
            began = self._clock.monotonic()
            try:
                return await self._log.history(series, span_s, columns, self._elapsed())
            finally:
                ended = self._clock.monotonic()
                self._rested = ended + REST * (ended - began)
