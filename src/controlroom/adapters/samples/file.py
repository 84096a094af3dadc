"""The kept samples of one run, in a file beside the journal; a thread of its own does the work."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from controlroom.adapters.samples.reading import unkept
from controlroom.adapters.samples.store import LIMIT, SampleStore
from controlroom.run.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from controlroom.run.columns import HistoryPart
    from controlroom.run.rollup import KeptSpan

    T = TypeVar("T")


class SampleFile:
    """Implements the SampleLog port; nothing is touched before the first use."""

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        self._store = SampleStore(path, limit=limit)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="samples")

    async def write(self, spans: Sequence[KeptSpan]) -> str:
        """Append `spans`, all or none; a sentence when the file was not as it should be. Raises SamplesUnkept."""
        return await self._in_thread(lambda: self._store.write(spans), "written")

    async def history(self, series: str, span_s: float, columns: int, now: float) -> HistoryPart:
        """The last `columns` of `span_s` plan seconds that end at plan time `now`. Raises SamplesUnkept."""
        return await self._in_thread(lambda: self._store.history(series, Columns(span_s, columns, now)), "read")

    async def recent(self, span_s: float, columns: int, now: float) -> list[HistoryPart]:
        """The same of every series that is kept. Raises SamplesUnkept."""
        return await self._in_thread(lambda: self._store.recent(span_s, columns, now), "read")

    async def close(self) -> None:
        """Let go of the file; nothing may follow."""
        await self._in_thread(self._store.close, "written")
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], T], doing: str) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as exc:
            raise unkept(exc, doing) from exc
