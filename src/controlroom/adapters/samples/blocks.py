"""The bytes of kept samples: blocks that follow one another, each sealed by itself, so that damage stays where it is.

A block is a head (mark, kind, bytes of its body, number, wall clock, check sum over all but itself) and a body. A block
of names gives series their indices, from `number` on. A block of samples holds one span of plan time, `number`, and 16
bytes for each series that was measured in it: index, count, lowest, mean, highest, sorted by index.
"""

from __future__ import annotations

import struct
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MARK = b"\xc5CRS"
NAMES, SAMPLES = 1, 2
"""Kinds of blocks. One of a kind that is not known is passed over."""
MOST_SERIES = 1 << 16
LONGEST_BODY = 1 << 21
"""Bytes of a body that is taken for one; all series of the largest plan are far below."""
_HEAD = struct.Struct("<4sHxxIqdI")
_SEALED = _HEAD.size - 4
_ENTRY = struct.Struct("<HHfff")
HEAD_SIZE, ENTRY_SIZE = _HEAD.size, _ENTRY.size
_MOST_COUNT = 0xFFFF
_LARGEST = 3.4e38

Entry = tuple[int, int, float, float, float]
"""Index, count, lowest, mean, highest."""


class Block(NamedTuple):
    """A sound block of `data`: its body is at `start` up to `end`, where the next one begins."""

    kind: int
    number: int
    at: float
    data: bytes
    start: int
    end: int

    def entry(self, index: int) -> Entry | None:
        """The entry of one series, None when it was not measured."""
        low, high = 0, min(index, (self.end - self.start) // ENTRY_SIZE - 1)
        place = high  # mostly all series are measured, and each is where its index says
        while low <= high:
            found = _ENTRY.unpack_from(self.data, self.start + ENTRY_SIZE * place)
            if found[0] == index:
                return found
            low, high = (place + 1, high) if found[0] < index else (low, place - 1)
            place = (low + high) // 2
        return None

    def entries(self) -> Iterator[Entry]:
        """Every entry."""
        return _ENTRY.iter_unpack(memoryview(self.data)[self.start : self.end])

    def names(self) -> list[str]:
        """The names that a block of names gives, in the order of their indices."""
        return msgspec.json.decode(self.data[self.start : self.end], type=list[str])


def names_block(first: int, names: Sequence[str]) -> bytes:
    """The block that gives `names` the indices from `first` on."""
    return _sealed(NAMES, first, 0.0, msgspec.json.encode(names))


def samples_block(number: int, at: float, entries: Sequence[Entry]) -> bytes:
    """The block of one span."""
    kept = [(index, min(count, _MOST_COUNT), *figures) for index, count, *figures in sorted(entries)]
    layout = "<" + "HHfff" * len(kept)
    try:
        body = struct.pack(layout, *chain.from_iterable(kept))
    except OverflowError:
        body = struct.pack(layout, *chain.from_iterable(map(_bounded, kept)))
    return _sealed(SAMPLES, number, at, body)


def blocks(data: bytes, position: int = 0) -> Iterator[Block]:
    """Every sound block of `data` from `position` on; what is damaged or torn between them is passed over."""
    size = len(data)
    while position + HEAD_SIZE <= size:
        mark, kind, length, number, at, seal = _HEAD.unpack_from(data, position)
        start = position + HEAD_SIZE
        end = start + length
        if mark == MARK and length <= LONGEST_BODY and end <= size and _sum(data, position, start, end) == seal:
            yield Block(kind, number, at, data, start, end)
            position = end
        else:
            position = data.find(MARK, position + 1)
            if position < 0:
                return


def _sum(data: bytes, position: int, start: int, end: int) -> int:
    view = memoryview(data)
    return crc32(view[start:end], crc32(view[position : position + _SEALED]))


def _sealed(kind: int, number: int, at: float, body: bytes) -> bytes:
    head = _HEAD.pack(MARK, kind, len(body), number, at, 0)[:_SEALED]
    return head + struct.pack("<I", crc32(body, crc32(head))) + body


def _bounded(entry: Iterable[float]) -> tuple[float, ...]:
    """Numbers that 32 bits can hold: who measures more than 10^38 has other worries than the last digits."""
    index, count, *figures = entry
    return (index, count, *(min(max(figure, -_LARGEST), _LARGEST) for figure in figures))
