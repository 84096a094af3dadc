"""The real file of samples without its thread, so that a manual clock waits for it; it fails on request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.adapters.samples.reading import unkept
from controlroom.adapters.samples.store import SampleStore
from controlroom.run.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from controlroom.run.columns import HistoryPart
    from controlroom.run.rollup import KeptSpan


class DirectLog:
    """Implements SampleLog; `trouble` is raised by every write while it is set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: Exception | None = None
        self._store = SampleStore(path)

    async def write(self, spans: Sequence[KeptSpan]) -> str:
        await asyncio.sleep(0)  # a real one lets others run meanwhile
        if isinstance(self.trouble, OSError):
            raise unkept(self.trouble, "written")
        if self.trouble is not None:
            raise self.trouble
        return self._store.write(spans)

    async def history(self, series: str, span_s: float, columns: int, now: float) -> HistoryPart:
        await asyncio.sleep(0)
        return self._store.history(series, Columns(span_s, columns, now))

    async def recent(self, span_s: float, columns: int, now: float) -> list[HistoryPart]:
        await asyncio.sleep(0)
        return self._store.recent(span_s, columns, now)

    async def close(self) -> None:
        self._store.close()
