"""The file of kept samples: appended to block by block, cut where a crash tore it, bounded, read over any time."""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import TYPE_CHECKING

from controlroom.adapters.samples.blocks import HEAD_SIZE, MARK, MOST_SERIES, NAMES, SAMPLES, names_block, samples_block
from controlroom.adapters.samples.reading import indices_in, older, read_blocks, sample_blocks
from controlroom.run.columns import Columns
from controlroom.run.rollup import KEPT_SPAN_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from controlroom.adapters.samples.blocks import Block, Entry
    from controlroom.run.columns import HistoryPart
    from controlroom.run.rollup import KeptSpan

LIMIT = 128 << 20
"""Bytes after which a new file is begun; the one before is kept, and the one before that is dropped."""
_SYNC_EVERY = 6
"""Writes between two syncs: a crash of the process loses none of them, a power cut those since the last sync."""
_STRIDE = 64 * 1024
"""Bytes between two places that are remembered, so that a look at the last hour does not begin days ago."""


class SampleStore:
    """One run's kept samples at `path`; blocks, so use it in a thread. OSError from everything but `close`."""

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit
        self._file = -1
        self._inode = (0, 0)
        self._said = ""
        self._forget()

    def write(self, spans: Sequence[KeptSpan]) -> str:
        """Append `spans`, all or none; a sentence when something was found that is not right with the file."""
        self._open()
        if self._end > self._limit:
            self._begin_anew()
        data = bytearray()
        places: list[tuple[int, int]] = []
        for span in spans:
            data += self._introduce([series for series in span.rollups if series not in self._names])
            places.append((span.number, self._end + len(data)))
            data += samples_block(span.number, span.at, self._entries(span))
        self._append(data)
        for number, place in places:
            self._remember(number, place)
        said, self._said = self._said, ""
        return said

    def history(self, series: str, columns: Columns) -> HistoryPart:
        """`columns`, filled with what is kept of `series`."""
        for names, block in self._since(columns.begins):
            entry = block.entry(names[series]) if series in names else None
            if entry is not None:
                _, count, low, mean, high = entry
                columns.add(block.number, low, mean, high, count)
        return columns.part(series)

    def recent(self, span_s: float, count: int, now: float) -> list[HistoryPart]:
        """The last `count` columns of `span_s` plan seconds that end at plan time `now`, of every series."""
        found: dict[str, Columns] = {}
        for names, block in self._since(Columns(span_s, count, now).begins):
            for series, index in names.items():
                if (entry := block.entry(index)) is not None:
                    columns = found.get(series) or found.setdefault(series, Columns(span_s, count, now))
                    columns.add(block.number, entry[2], entry[3], entry[4], entry[1])
        return [columns.part(series) for series, columns in found.items()]

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
        self._forget()

    # -- opening

    def _forget(self) -> None:
        self._end = self._writes = 0
        self._oldest: int | None = None
        self._newest = 0
        self._names: dict[str, int] = {}
        self._places: list[int] = []
        self._reached: list[int] = []

    def _open(self) -> None:
        """Open the file if it is not open, or if somebody took it away; a torn end is written over."""
        if self._file >= 0 and self._identity() == self._inode:
            return
        if self._file >= 0:
            self._said = "the file of samples was taken away, and a new one begun"
        self.close()
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._inode = self._identity()
        for place, block in read_blocks(self._path):
            self._learn(place, block)
        if not (self._end or self._is_ours()):
            aside = self._path.with_name(f"{self._path.name}.damaged")
            self._path.replace(aside)
            self._open()
            self._said = f"the file of samples makes no sense: it lies aside as {aside.name}, and a new one was begun"

    def _is_ours(self) -> bool:
        """Whether a file without a sound block is an empty one, or one whose first write was torn."""
        head = os.pread(self._file, len(MARK), 0)
        return MARK.startswith(head) or not head.strip(b"\0")

    def _learn(self, place: int, block: Block) -> None:
        self._end = place + HEAD_SIZE + block.end - block.start
        if block.kind == NAMES:
            self._names |= indices_in(block)
        elif block.kind == SAMPLES:
            self._remember(block.number, place)

    def _identity(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (status.st_dev, status.st_ino)

    # -- writing

    def _begin_anew(self) -> None:
        self._path.replace(older(self._path))
        self.close()
        self._open()

    def _introduce(self, new: Sequence[str]) -> bytes:
        first = max(self._names.values(), default=-1) + 1
        room = new[: MOST_SERIES - first]
        self._names |= {name: first + place for place, name in enumerate(room)}
        return names_block(first, room) if room else b""

    def _entries(self, span: KeptSpan) -> list[Entry]:
        names = self._names
        return [
            (names[series], one.count, one.low, one.mean, one.high)
            for series, one in span.rollups.items()
            if series in names
        ]

    def _append(self, data: bytes | bytearray) -> None:
        """All of `data`, or nothing: what a full disk tore off is written over the next time."""
        view, done = memoryview(data), 0
        try:
            while done < len(view):
                done += os.pwrite(self._file, view[done:], self._end + done)
        except OSError:
            self.close()  # names may not have reached it: what is true is in the file
            raise
        self._end += len(view)
        self._writes += 1
        if self._writes % _SYNC_EVERY == 0:
            os.fdatasync(self._file)

    def _remember(self, number: int, place: int) -> None:
        """Every block before `place` is of a span up to the newest so far."""
        if not self._places or place - self._places[-1] >= _STRIDE:
            self._places.append(place)
            self._reached.append(self._newest)
        self._newest = max(self._newest, number)
        self._oldest = number if self._oldest is None else min(self._oldest, number)

    # -- reading

    def _since(self, begins: float) -> Iterator[tuple[dict[str, int], Block]]:
        """The blocks that may be of plan time `begins` or later, with the indices that hold in each file."""
        self._open()
        first = int(begins // KEPT_SPAN_S)
        if self._oldest is None or first < self._oldest:
            yield from sample_blocks(older(self._path))
        if not self._places:
            return
        place = self._places[max(0, bisect_left(self._reached, first) - 1)]
        for _, block in read_blocks(self._path, place):
            if block.kind == SAMPLES:
                yield self._names, block
