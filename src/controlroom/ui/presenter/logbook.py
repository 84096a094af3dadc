"""A window onto a log of any size: a few pieces of it as lines, whatever its length."""

from __future__ import annotations

from controlroom.ui.presenter.text import clean

PIECE = 64 * 1024 - 256
"""Bytes asked for at a time; the engine gives no more than 64 KiB, and a search reads a little further."""

KEPT = 256 * 1024
"""Characters kept around what is shown: a log of 100 MB takes no more."""


class Logbook:
    """The lines between byte `start` and byte `end` of a log of `size` bytes."""

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self.size = 0
        self._text = ""
        self.lines: list[str] = []

    def replace(self, offset: int, size: int, text: str, limit: int) -> None:
        """Show another place of the log: the piece of `limit` bytes that was read at `offset`."""
        self.start, self.size = offset, size
        self.end = min(size, offset + limit)
        self._text = text
        self._split()

    def append(self, offset: int, size: int, text: str, limit: int) -> None:
        """The piece that follows what is there; forgets the oldest lines when it gets long."""
        if offset != self.end:
            return
        self.size, self.end = size, min(size, offset + limit)
        self._text += text
        if len(self._text) > KEPT:
            cut = self._text.find("\n", len(self._text) - KEPT) + 1
            self.start += len(self._text[:cut].encode())
            self._text = self._text[cut:]
        self._split()

    def prepend(self, offset: int, size: int, text: str) -> int:
        """The piece that goes before what is there; returns how many lines were added on top."""
        before = len(self.lines)
        self.size, self.start = size, offset
        self._text = text + self._text
        added_whole = len(self._split()) - before
        if len(self._text) > KEPT:
            cut = self._text.rfind("\n", 0, KEPT) + 1
            self.end -= len(self._text[cut:].encode())
            self._text = self._text[:cut]
            self._split()
        return added_whole

    @property
    def at_start(self) -> bool:
        """Nothing lies before."""
        return self.start <= 0

    @property
    def at_end(self) -> bool:
        """Nothing lies behind, as far as is known."""
        return self.end >= self.size

    def _split(self) -> list[str]:
        self.lines = [clean(line.rstrip("\r")) for line in self._text.split("\n")]
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        return self.lines
