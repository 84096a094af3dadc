"""A journal without a disk, for tests of the engine: the same rules, and failures on request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.adapters.journal.rows import record_of, refuse_misfits, row_of
from controlroom.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controlroom.run.events import Record


class MemoryJournal:
    """Keeps records in a list.

    `full_at`: appends that would go beyond this sequence number fail as a full disk would. `on_append` is called after
    each append with what has just become durable; what it raises goes to the appender, as a crash at that point would.
    """

    def __init__(
        self,
        records: Iterable[Record] = (),
        *,
        full_at: int | None = None,
        on_append: Callable[[Sequence[Record]], None] | None = None,
    ) -> None:
        self.records: list[Record] = list(records)
        self.full_at = full_at
        self.on_append = on_append
        self._broken = ""

    async def append(self, records: Sequence[Record]) -> None:
        """Keep all of `records`, or none. Raises JournalError."""
        await asyncio.sleep(0)  # a real journal lets others run meanwhile
        if self._broken:
            raise JournalError(self._broken)
        try:
            self._take(records)
        except JournalError as exc:
            self._broken = f"the journal refuses to go on after a failed write: {exc}"
            raise
        if self.on_append is not None:
            self.on_append(records)

    def _take(self, records: Sequence[Record]) -> None:
        refuse_misfits(self.records[-1] if self.records else None, records)
        if self.full_at is not None and records and records[-1].seq > self.full_at:
            raise JournalError("the journal cannot be written: the disk is full")
        # Through the codec, so that what comes back is equal but not the same object, as from a disk.
        self.records += [record_of(seq, text) for seq, _, _, text in map(row_of, records)]

    async def read(self, after: int = 0) -> list[Record]:
        """Every record with a sequence number above `after`. Raises JournalError once closed."""
        await asyncio.sleep(0)
        if self._broken == _CLOSED:
            raise JournalError(_CLOSED)
        return self.records[max(0, after) :]

    async def close(self) -> None:
        """Refuse everything from now on; `records` stay for a look."""
        self._broken = _CLOSED


_CLOSED = "the journal is closed"
