"""Sends a terminal only the cells that changed, in as few bytes as that takes.

Textual redraws whole spans of a line; most of their cells are on screen already. This keeps what the terminal shows,
cell by cell, and writes the runs that differ. It rests on private parts of Textual, which is pinned exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import get_character_cell_size
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.color import Color, ColorSystem
    from rich.style import Style
    from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

Piece = tuple[int, int, Iterable[Strip]]
"""Row, first column, and the strips that go there one after another."""

_REWRITE = 4
"""Unchanged cells that are cheaper to write again than to step over (`ESC [ n C`)."""


class Look(NamedTuple):
    """What a style means to a terminal, in SGR codes; empty where the default holds."""

    attributes: str
    ink: str
    ground: str


PLAIN = Look("", "", "")

Cell = tuple[str, Look]
"""A character with what combines onto it, and how it looks; the right half of a wide one is the empty string."""

BLANK: Cell = (" ", PLAIN)


class CellDiff:
    """What one terminal shows, and how to change it."""

    def __init__(self) -> None:
        self._rows: list[list[Cell | None]] = []
        self._width = 0
        self._look: Look | None = None

    def forget(self) -> None:
        """Nothing is known any more about what the terminal shows."""
        self._rows, self._look = [], None

    def encode(self, update: CompositorUpdate, width: int, height: int, colours: ColorSystem | None) -> str:
        """What brings a terminal of `width` by `height` cells to `update`; empty for no change."""
        return self.change(_pieces(update), width, height, colours)

    def change(self, pieces: Iterable[Piece], width: int, height: int, colours: ColorSystem | None) -> str:
        """What writes `pieces` on a terminal of `width` by `height` cells; empty for no change."""
        if self._width != width or len(self._rows) != height:
            self._rows, self._width, self._look = [[None] * width for _ in range(height)], width, None
        out: list[str] = []
        for y, x, strips in pieces:
            if 0 <= y < height:
                self._row(y, x, _line(strips, colours), out)
        return "".join(out)

    def _row(self, y: int, x: int, line: list[Cell], out: list[str]) -> None:
        row = self._rows[y]
        cells = line[max(0, -x) : max(0, self._width - x)]  # a picture for another size may come late, and reach beyond
        first = max(0, x)
        known = row[first : first + len(cells)]
        if known == cells:
            return
        row[first : first + len(cells)] = cells
        if known[0] is None and known.count(None) == len(known):  # nothing is known here: as when a screen begins
            self._write(y, row, [(first, first + len(cells))], out)
        else:
            changed = [at for at, (old, new) in enumerate(zip(known, cells, strict=True), first) if old != new]
            self._write(y, row, _runs(changed), out)

    def _write(self, y: int, row: list[Cell | None], runs: Iterable[tuple[int, int]], out: list[str]) -> None:
        at = -1
        for first, last in runs:
            begin, end = first, last
            while begin > 0 and not (row[begin] or BLANK)[0]:
                begin -= 1  # the right half of a wide character is written with its left
            while end < self._width and not (row[end] or BLANK)[0]:
                end += 1
            begin = max(begin, at)
            gap = begin - at
            if at < 0:
                out.append(f"\x1b[{y + 1}H" if begin == 0 else f"\x1b[{y + 1};{begin + 1}H")
            elif 0 < gap <= _REWRITE and all(cell is not None and cell[1] == self._look for cell in row[at:begin]):
                begin = at
            elif gap:
                out.append(f"\x1b[{gap}C")
            for wanted, cells in groupby((cell or BLANK for cell in row[begin:end]), itemgetter(1)):
                self._wear(wanted, out)
                out.append("".join([cell[0] for cell in cells]))
            at = end

    def _wear(self, wanted: Look, out: list[str]) -> None:
        worn = self._look
        if worn == wanted:
            return
        if worn is None or worn.attributes != wanted.attributes:
            codes = ["0", wanted.attributes, wanted.ink, wanted.ground]
        else:
            codes = []
            if worn.ink != wanted.ink:
                codes.append(wanted.ink or "39")
            if worn.ground != wanted.ground:
                codes.append(wanted.ground or "49")
        out.append(f"\x1b[{';'.join(code for code in codes if code)}m")
        self._look = wanted


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    """The stretches of neighbours in ascending `places`, each as first and one past the last."""
    first = last = places[0]
    for place in places:
        if place > last:
            yield first, last
            first = place
        last = place + 1
    yield first, last


def _pieces(update: CompositorUpdate) -> Iterable[Piece]:
    """Row, first column and strips of everything in an update."""
    if hasattr(update, "spans"):
        return _chops(update)  # type: ignore[arg-type]
    return _layout(update)  # type: ignore[arg-type]


def _layout(update: LayoutUpdate) -> Iterable[Piece]:
    for y, strips in enumerate(update.strips, update.region.y):
        yield y, update.region.x, strips


def _chops(update: ChopsUpdate) -> Iterable[Piece]:
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= last and end > first:
                yield y, x, (strip,)


def _line(strips: Iterable[Strip], colours: ColorSystem | None) -> list[Cell]:
    """Cell by cell: what combines goes onto the character before it, a wide one is followed by nothing."""
    cells: list[Cell] = []
    for strip in strips:
        for text, style, control in strip:
            if control:
                continue
            combining, characters = _cells(text)
            if combining and cells:
                cells[-1] = (cells[-1][0] + combining, cells[-1][1])
            worn = look(style, colours)
            cells.extend([(character, worn) for character in characters])
    return cells


@lru_cache(maxsize=512)
def _cells(text: str) -> tuple[str, Sequence[str]]:
    """What combines onto the character before `text`, and its own cells."""
    if text.isascii():
        return "", text
    before, cells = "", list[str]()
    for character in text:
        width = get_character_cell_size(character)
        if width:
            cells.append(intern(character))  # else every bar of a trend is a string of its own, in the cache for long
            cells.extend([""] * (width - 1))
        elif cells:
            place = len(cells) - 1
            while place and not cells[place]:
                place -= 1
            cells[place] += character
        else:
            before += character
    return before, cells


@lru_cache(maxsize=512)
def look(style: Style | None, colours: ColorSystem | None) -> Look:
    """The SGR codes of `style` on a terminal with `colours`; without any colours only attributes."""
    if style is None:
        return PLAIN
    on = (
        ("1", style.bold),
        ("2", style.dim),
        ("3", style.italic),
        ("4", style.underline),
        ("5", style.blink),
        ("7", style.reverse),
        ("9", style.strike),
    )
    attributes = ";".join(code for code, set_ in on if set_)
    return Look(attributes, _colour(style.color, colours, ink=True), _colour(style.bgcolor, colours, ink=False))


def _colour(colour: Color | None, colours: ColorSystem | None, *, ink: bool) -> str:
    if colour is None or colours is None or colour.is_default:
        return ""
    return ";".join(colour.downgrade(colours).get_ansi_codes(foreground=ink))
