"""Text for the screen as plain values: spans with a tone, joined into lines and fitted to a width in cells."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Sequence


class Tone(StrEnum):
    """What a piece of text is for; a theme says how each looks. Colour is never the only carrier of a meaning."""

    TEXT = "text"
    QUIET = "quiet"
    FAINT = "faint"
    STRONG = "strong"
    FRAME = "frame"
    FRAME_FOCUS = "frame-focus"
    ACTIVE = "active"
    OK = "ok"
    WARN = "warn"
    BREACH = "breach"
    KEY = "key"
    PRODUCTION = "production"
    REHEARSAL = "rehearsal"
    HOLD = "hold"
    ALARM = "alarm"
    BIG = "big"


class Span(NamedTuple):
    """A run of text in one tone; `lit` marks it as part of the selected row."""

    text: str
    tone: Tone = Tone.TEXT
    lit: bool = False


Line = tuple[Span, ...]

EMPTY: Line = ()


def clean(text: str) -> str:
    """`text` without control characters, whatever its source: nothing on screen may steer the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in text)


def cells(text: str) -> int:
    """Cells that `text` takes. Rich keeps thousands of the texts that it has measured; a clock's never come again."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(text)


def width_of(line: Line) -> int:
    """Cells that `line` takes."""
    return sum(cells(span.text) for span in line)


def crop(text: str, width: int) -> str:
    """`text` in at most `width` cells; an ellipsis says that something is missing."""
    if cells(text) <= width:
        return text
    if width <= 1:
        return "…"[: max(width, 0)]
    return set_cell_size(text, width - 1).rstrip() + "…"


def pad(text: str, width: int) -> str:
    """`text` in exactly `width` cells, on the left."""
    return set_cell_size(crop(text, width), width)


def pad_left(text: str, width: int) -> str:
    """`text` in exactly `width` cells, on the right."""
    text = crop(text, width)
    return " " * (width - cells(text)) + text


def wrapped(text: str, width: int) -> list[str]:
    """`text` in rows of at most `width` cells, broken between words, and within those that are longer than a row."""
    rows: list[str] = []
    for word in clean(text).split():
        if rows and cells(rows[-1]) + 1 + cells(word) <= width:
            rows[-1] += f" {word}"
        else:
            rows += chop_cells(word, max(1, width))
    return rows


def fit(line: Line, width: int) -> Line:
    """`line` in exactly `width` cells: cut with an ellipsis, or filled with blanks."""
    room = width
    out: list[Span] = []
    for at, span in enumerate(line):
        taken = cells(span.text)
        if taken > room or (taken == room and any(s.text for s in line[at + 1 :])):
            # What follows cannot be shown: the ellipsis must say so, also when this span just fits; blanks are no loss.
            lost = cells(span.text.rstrip()) > room or any(s.text.strip() for s in line[at + 1 :])
            if room:
                text = crop(span.text + "…", room) if lost else span.text
                out.append(span._replace(text=set_cell_size(text, room)))
            return tuple(out)
        if span.text:
            out.append(span)
        room -= taken
    if room:
        lit = out[-1].lit if out else False
        out.append(Span(" " * room, Tone.TEXT, lit))
    return tuple(out)


def sides(left: Line, right: Line, width: int) -> Line:
    """`left` and `right` at the two ends of `width` cells; the right side keeps its room, the left one gives way."""
    right_width = width_of(right)
    if right_width >= width:
        return fit(right, width)
    return (*fit(left, width - right_width), *right)


def lit(line: Line) -> Line:
    """`line` as the selected row."""
    return tuple(span._replace(lit=True) for span in line)


def plain(line: Line) -> str:
    """The words of `line`, for tests, export and search."""
    return "".join(span.text for span in line).rstrip()


def joined(parts: list[Line], gap: str = "   ") -> Line:
    """The lines one after another, with `gap` between those that say something."""
    out: list[Span] = []
    for part in parts:
        if not width_of(part):
            continue
        if out:
            out.append(Span(gap))
        out.extend(part)
    return tuple(out)


def packed(parts: Sequence[tuple[int, Line]], width: int, gap: str = "   ") -> Line:
    """As many of `parts` (importance, line) as fit in `width`, in their order; the least important go first."""
    keep = [(importance, width_of(line), line) for importance, line in parts]
    keep = [part for part in keep if part[1]]
    total = sum(cells for _, cells, _ in keep) + len(gap) * (len(keep) - 1)
    while len(keep) > 1 and total > width:
        gone = min(reversed(keep), key=lambda part: part[0])
        keep.remove(gone)
        total -= gone[1] + len(gap)
    return joined([line for _, _, line in keep], gap)
