"""Kept samples for a report: some series around some moments in full, or many over a long time in a few columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.adapters.samples.reading import older, sample_blocks
from controlroom.run.columns import rounded
from controlroom.run.rollup import RollUp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from controlroom.adapters.samples.blocks import Block, Entry

Window = tuple[float, float]
"""From one moment to another, in epoch seconds."""


def between(path: Path, windows: Mapping[str, Sequence[Window]]) -> dict[str, list[RollUp]]:
    """The roll-ups of 10 s of these series that begin within one of their windows, oldest first.

    A file that is not there holds none. Raises SamplesUnkept.
    """
    sums: dict[str, dict[int, _Sum]] = {series: {} for series in windows}
    for block, entries in _entries(path, windows):
        for series, entry in entries:
            if any(first <= block.at <= last for first, last in windows[series]):
                _add(sums[series], block.number, block.at, entry)
    return {series: _rolled_up(found) for series, found in sums.items() if found}


def over(path: Path, series: Collection[str], window: Window, columns: int) -> dict[str, list[RollUp]]:
    """The whole window in so many columns, of each series that was measured in it; a column without samples is none.

    A file that is not there holds none. Raises SamplesUnkept.
    """
    first, last = window
    width = max(1e-9, (last - first) / columns)
    sums: dict[str, dict[int, _Sum]] = {one: {} for one in series}
    for block, entries in _entries(path, series):
        if first <= block.at <= last:
            column = min(columns - 1, int((block.at - first) / width))
            for one, entry in entries:
                _add(sums[one], column, first + column * width, entry)
    return {one: _rolled_up(found) for one, found in sums.items() if found}


class _Sum:
    """Roll-ups that come together to one."""

    __slots__ = ("at", "count", "high", "low", "total")

    def __init__(self, at: float, entry: Entry) -> None:
        _, self.count, self.low, mean, self.high = entry
        self.at, self.total = at, mean * self.count

    def add(self, entry: Entry) -> None:
        _, count, low, mean, high = entry
        self.count += count
        self.total += mean * count
        self.low, self.high = min(self.low, low), max(self.high, high)


def _entries(path: Path, wanted: Collection[str]) -> Iterator[tuple[Block, Iterator[tuple[str, Entry]]]]:
    """Every block with its entries of the series that are wanted."""
    for file in (older(path), path):
        for names, block in sample_blocks(file):
            yield block, _of(block, names, wanted)


def _of(block: Block, names: Mapping[str, int], wanted: Collection[str]) -> Iterator[tuple[str, Entry]]:
    for series in wanted:
        entry = block.entry(names[series]) if series in names else None
        if entry is not None:
            yield series, entry


def _add(sums: dict[int, _Sum], place: int, at: float, entry: Entry) -> None:
    known = sums.get(place)
    if known is None:
        sums[place] = _Sum(at, entry)
    else:
        known.add(entry)


def _rolled_up(sums: Mapping[int, _Sum]) -> list[RollUp]:
    return [
        RollUp(
            at=one.at,
            low=rounded(one.low),
            mean=rounded(one.total / one.count),
            high=rounded(one.high),
            count=one.count,
        )
        for _, one in sorted(sums.items())
    ]
