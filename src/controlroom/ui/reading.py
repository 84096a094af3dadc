"""Reads a job's log piece by piece into a logbook, from either end, onwards, backwards and by search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui.presenter.logbook import PIECE, Logbook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from controlroom.control.protocol import LogPart

    Read = Callable[[str, int, int], Awaitable[LogPart]]


class LogReader:
    """Keeps `book` at the place that was asked for. Every method may raise ControlroomError."""

    def __init__(self, read: Read, job: str) -> None:
        self.book = Logbook()
        self._read = read
        self._job = job

    async def tail(self) -> None:
        """The end of the log."""
        part = await self._read(self._job, -PIECE, PIECE)
        self.book.replace(part.offset, part.size, part.text, PIECE)

    async def head(self) -> None:
        """The beginning."""
        part = await self._read(self._job, 0, PIECE)
        self.book.replace(part.offset, part.size, part.text, PIECE)

    async def onwards(self) -> None:
        """What follows; the end when nothing was read yet."""
        if not self.book.end:
            await self.tail()
            return
        part = await self._read(self._job, self.book.end, PIECE)
        if part.text:
            self.book.append(part.offset, part.size, part.text, PIECE)

    async def back(self) -> int:
        """What goes before; returns how many lines came on top."""
        start = max(0, self.book.start - PIECE)
        part = await self._read(self._job, start, self.book.start - start)
        return self.book.prepend(part.offset, part.size, part.text)

    async def search(self, needle: str, above: int, progress: Callable[[float], None]) -> int | None:
        """The nearest line above line `above` that holds `needle`, in any case of letters; None when there is none.

        `progress` is told the fraction of the log that was gone through.
        """
        needle = needle.lower()
        found = _last(self.book.lines[:above], needle)
        start = self.book.start
        while found is None and start > 0:
            begin = max(0, start - PIECE)
            limit = start - begin + len(needle.encode())
            part = await self._read(self._job, begin, limit)
            if needle in part.text.lower():
                self.book.replace(part.offset, part.size, part.text, limit)
                found = _last(self.book.lines, needle)
            start = begin
            progress(1 - start / max(1, part.size))
        return found


def _last(lines: list[str], needle: str) -> int | None:
    return next((at for at in range(len(lines) - 1, -1, -1) if needle in lines[at].lower()), None)
