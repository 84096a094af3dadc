"""Where the labels of a chart's marks stand, so that none meets another and no mark's line goes through a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.report.blocks import Mark
from controlroom.report.printable import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ADVANCE = 7.0
"""How wide a letter of a label is, or a little more."""
_BESIDE, _APART = 5.0, 10.0
"""Between a line and its label, and what a label keeps free in all."""


class PlacedMark(Struct, frozen=True):
    """A mark whose line is at `x`; its label is to the `left` of that or to the right, in `row` 0 (lowest) or above."""

    mark: Mark
    x: float
    left: bool
    row: int = 0

    @property
    def begins(self) -> float:
        """Where the label's room begins."""
        return self.x - _width(self.mark) if self.left else self.x

    @property
    def ends(self) -> float:
        """Where the label's room ends."""
        return self.x if self.left else self.x + _width(self.mark)

    @property
    def label_x(self) -> float:
        """Where the label is anchored."""
        return self.x - _BESIDE if self.left else self.x + _BESIDE

    def is_crossed_at(self, x: float) -> bool:
        """Whether a line at `x` would go through the label's room."""
        return self.begins < x < self.ends


def placed_marks(marks: Sequence[Mark], scale: Callable[[float], float], edge: float) -> tuple[list[PlacedMark], int]:
    """Every mark with its side and row, and how many rows there are; nothing goes beyond `edge` to the right.

    A line goes from its label down to the chart, so that a label must be above the rows of all whose lines are in its
    room. Labels to the left are kept out of those to the right, which would have to be above each other.
    """
    sided = _with_sides(marks, scale, edge)
    # Of those on the right, the last line has nobody else's label to pass; of those on the left, the first.
    order = [one for one in reversed(sided) if not one.left] + [one for one in sided if one.left]
    placed: list[PlacedMark] = []
    for one in order:
        crossed = [other.row + 1 for other in placed if one.is_crossed_at(other.x)]
        taken = {other.row for other in placed if other.begins < one.ends and one.begins < other.ends}
        lowest = max(crossed, default=0)
        row = next(row for row in range(lowest, lowest + len(taken) + 1) if row not in taken)
        placed.append(PlacedMark(one.mark, one.x, one.left, row))
    return sorted(placed, key=lambda one: one.x), max((one.row + 1 for one in placed), default=0)


def _with_sides(marks: Sequence[Mark], scale: Callable[[float], float], edge: float) -> list[PlacedMark]:
    """To the right, but where that would leave the picture or meet the line of one whose label is to the left."""
    sided: list[PlacedMark] = []
    for mark in sorted(marks, key=lambda mark: mark.x, reverse=True):
        one = PlacedMark(mark, scale(mark.x), left=False)
        meets = any(other.left and one.is_crossed_at(other.x) for other in sided)
        if one.ends >= edge or (meets and one.x > _width(mark)):
            one = PlacedMark(mark, one.x, left=True)
        sided.append(one)
    return sided[::-1]


def _width(mark: Mark) -> float:
    return ADVANCE * len(one_line(mark.label)) + _APART
