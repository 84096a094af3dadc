"""A document as Markdown (GitHub's): readable as it stands, and safe whatever the journal holds."""

from __future__ import annotations

import re
from functools import singledispatch
from typing import TYPE_CHECKING

from controlroom.report.blocks import (
    Callout,
    Checklist,
    Facts,
    Heading,
    LineChart,
    Meters,
    Paragraph,
    Picture,
    Role,
    Table,
    Tiles,
    Timeline,
    Tone,
    code,
)
from controlroom.report.printable import one_line
from controlroom.report.voice import clock, number, share

if TYPE_CHECKING:
    from controlroom.report.blocks import Block, Document, Line, Piece

_SPECIAL = re.compile(r"[\\`*\[\]<|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_MAKES_BLOCK = re.compile(r"^(?:(\d{1,9})([.)])|([-+]|#{1,6}))(?=\s|$)|^>|^-{3,}$")
_SIGNS = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.WARN: "!", Tone.QUIET: "·", Tone.PLAIN: "·"}
_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 60


def markdown(document: Document) -> str:
    """The whole text, ending in a newline."""
    head = [
        f"# {escaped(document.kind)}: {escaped(document.title)}",
        f"**{escaped(document.status)}** · {escaped(document.subtitle)}",
    ]
    parts = [*head, *_blocks(document.lead)]
    for place, section in enumerate(document.sections, 1):
        parts += [f"## {place}. {escaped(section.title)}", *_blocks(section.blocks)]
    parts += ["---", escaped(document.made_with)]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """`text` on one line, showing as it is written: no markup, no entity, no mention of anybody comes of it."""
    plain = re.sub(" {2,}", " ", one_line(text))
    # GitHub tells nobody when an empty comment, which shows nothing, parts the @ from the name.
    return _MENTION.sub("@<!-- -->", _MAKES_BLOCK.sub(_unblocked, _SPECIAL.sub(r"\\\g<0>", plain)))


def _unblocked(match: re.Match[str]) -> str:
    """A first word that would begin a list, a heading or a quotation is only a word."""
    return f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[0]}"


def coded(text: str) -> str:
    """`text` as a code span, whatever backticks it has; pipes are escaped, as tables need it even there."""
    line = one_line(text)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or line[:1] == " " or line[-1:] == " " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _blocks(blocks: tuple[Block, ...]) -> list[str]:
    return [written for block in blocks if (written := _block(block))]


@singledispatch
def _block(block: Block) -> str:
    raise TypeError(block)


@_block.register
def _paragraph(block: Paragraph) -> str:
    return _line(block.line)


@_block.register
def _heading(block: Heading) -> str:
    return f"### {escaped(block.text)}"


@_block.register
def _facts(block: Facts) -> str:
    return "\n".join(f"- **{escaped(name)}**: {_several(lines)}" for name, lines in block.rows)


@_block.register
def _table(block: Table) -> str:
    rows = [[_cell(line) for line in row] for row in block.rows]
    return _grid([escaped(word) for word in block.head], rows)


@_block.register
def _checklist(block: Checklist) -> str:
    lines = []
    for tick in block.ticks:
        lines.append(f"- [{'x' if tick.ticked else ' '}] {_line(tick.line)}")
        lines += [f"  - {_line(line)}" for line in tick.below]
    return "\n".join(lines)


@_block.register
def _callout(block: Callout) -> str:
    lines = [f"**{escaped(block.title)}**", *(_line(line) for line in block.lines)]
    return "\n>\n".join(f"> {line}" for line in lines)


@_block.register
def _tiles(block: Tiles) -> str:
    lines = []
    for tile in block.tiles:
        note = f" ({escaped(tile.note)})" if tile.note else ""
        lines.append(f"- **{escaped(tile.label)}**: {escaped(tile.value)}{note}")
    return "\n".join(lines)


@_block.register
def _meters(block: Meters) -> str:
    rows = [[escaped(name), share(part), share(block.wanted)] for name, part in block.rows]
    return _grid([escaped(word) for word in block.head], rows)


@_block.register
def _line_chart(block: LineChart) -> str:
    """The values as a row of bars between nothing and the highest of them, the range of all that was measured, and
    the moments that are marked.

    Each bar stands for the highest of several values, so that none that is beyond a limit is lost.
    """
    values = [value for _, value in block.points]
    if not values:
        return ""
    top = max([*values, block.limit or 0.0]) or 1.0
    each = max(1, -(-len(values) // _MOST_BARS))
    shown = [max(values[at : at + each]) for at in range(0, len(values), each)]
    bars = "".join(_BARS[min(len(_BARS) - 1, max(0, round(value / top * (len(_BARS) - 1))))] for value in shown)
    ends = [*values, *(low for _, low, _ in block.band), *(high for _, _, high in block.band)]
    lowest, highest = number(min(ends), block.unit), number(max(ends), block.unit)
    marks = "; ".join(f"+{clock(mark.x)} {mark.label}" for mark in block.marks)
    limit = f" ({block.limit_label})" if block.limit_label else ""
    told = escaped("; ".join(part for part in (f"{lowest} … {highest}{limit}", marks) if part))
    return f"{escaped(block.title)}: `{bars}` {told}"


@_block.register
def _picture(block: Picture) -> str:
    """Where it lies: a page of text holds no picture, and a link would lead nowhere once the page is passed on."""
    return f"{escaped(block.caption)}: {_line(code(block.path))}"


@_block.register
def _timeline(_block: Timeline) -> str:
    """Nothing: the runbook's table has the same times in figures."""
    return ""


def _several(lines: tuple[Line, ...]) -> str:
    if len(lines) == 1:
        return _line(lines[0])
    return "".join(f"\n  - {_line(line)}" for line in lines)


def _line(line: Line) -> str:
    return "".join(_piece(piece) for piece in line)


def _piece(piece: Piece) -> str:
    match piece.role:
        case Role.CODE:
            return coded(piece.text)
        case Role.STRONG:
            return f"**{escaped(piece.text)}**"
        case Role.BADGE:
            return f"{_SIGNS[piece.tone]} {escaped(piece.text)}"
        case _:
            # A blank between pieces is no block of its own.
            return piece.text if piece.text == " " else escaped(piece.text)


def _cell(line: Line) -> str:
    """In code a pipe would still end the cell."""
    return "".join(_piece(piece).replace("|", "\\|") if piece.role is Role.CODE else _piece(piece) for piece in line)


def _grid(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
