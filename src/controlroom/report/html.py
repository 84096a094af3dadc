"""A document as one HTML file: its style and charts within, no script, nothing fetched from anywhere."""

from __future__ import annotations

from base64 import b64encode
from functools import singledispatch
from html import escape
from importlib.resources import files
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
    Tick,
    Tiles,
    Timeline,
    Tone,
)
from controlroom.report.printable import one_line
from controlroom.report.svg import line_chart, timeline
from controlroom.report.voice import share

if TYPE_CHECKING:
    from controlroom.report.blocks import Block, Document, Line, Piece

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Should anything ever slip through the escaping: no browser runs it or fetches it."""
_ICON = "data:,"
_BOXES = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.WARN: "!", Tone.QUIET: "", Tone.PLAIN: ""}


def html(document: Document) -> str:
    """The whole file."""
    style = files("controlroom.report").joinpath("report.css").read_text(encoding="utf-8")
    stamp = f'<p class="stamp">{_safe(document.stamp)}</p>' if document.stamp else ""
    sections = "".join(
        f'<section id="s{place}"><h2><span class="place">{place}</span>{_safe(section.title)}</h2>'
        f"{_blocks(section.blocks)}</section>"
        for place, section in enumerate(document.sections, 1)
    )
    contents = "".join(
        f'<a href="#s{place}">{place}. {_safe(section.title)}</a>' for place, section in enumerate(document.sections, 1)
    )
    return f"""<!doctype html>
<html lang="{_safe(document.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="{_ICON}">
<title>{_safe(document.kind)}: {_safe(document.title)}</title>
<style>
{style}</style>
</head>
<body class="{document.tone.value}">
{stamp}<header><div><p class="kind">{_safe(document.kind)}</p><h1>{_safe(document.title)}</h1>
<p class="subtitle">{_safe(document.subtitle)}</p></div>
<p class="status {document.tone.value}">{_safe(document.status)}</p></header>
<main>{_blocks(document.lead)}
<nav>{contents}</nav>
{sections}</main>
<footer>{_safe(document.made_with)}</footer>
</body>
</html>
"""


def _safe(text: str) -> str:
    return escape(one_line(text))


def _blocks(blocks: tuple[Block, ...]) -> str:
    return "\n".join(_block(block) for block in blocks)


@singledispatch
def _block(block: Block) -> str:
    raise TypeError(block)


@_block.register
def _paragraph(block: Paragraph) -> str:
    return f"<p>{_line(block.line)}</p>"


@_block.register
def _heading(block: Heading) -> str:
    return f"<h3>{_safe(block.text)}</h3>"


@_block.register
def _facts(block: Facts) -> str:
    rows = "".join(
        f"<div><dt>{_safe(name)}</dt>{''.join(f'<dd>{_line(line)}</dd>' for line in lines)}</div>"
        for name, lines in block.rows
    )
    return f'<dl class="facts">{rows}</dl>'


@_block.register
def _table(block: Table) -> str:
    whole = sum(block.shares) or 1
    columns = "".join(f'<col style="width:{100 * part / whole:.1f}%">' for part in block.shares)
    head = "".join(f'<th scope="col">{_safe(word)}</th>' for word in block.head)
    rows = "".join(f"<tr>{''.join(f'<td>{_line(line)}</td>' for line in row)}</tr>" for row in block.rows)
    return (
        f'<div class="scroll"><table><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


@_block.register
def _checklist(block: Checklist) -> str:
    return f'<ul class="checklist">{"".join(_tick(tick) for tick in block.ticks)}</ul>'


def _tick(tick: Tick) -> str:
    below = "".join(f"<li>{_line(line)}</li>" for line in tick.below)
    ticked = "true" if tick.ticked else "false"
    return (
        f'<li><span class="box {tick.tone.value}" role="checkbox" aria-checked="{ticked}" aria-disabled="true">'
        f"{_BOXES[tick.tone]}</span><div>{_line(tick.line)}{f'<ul>{below}</ul>' if below else ''}</div></li>"
    )


@_block.register
def _callout(block: Callout) -> str:
    lines = "".join(f"<p>{_line(line)}</p>" for line in block.lines)
    return f'<div class="callout {block.tone.value}"><strong>{_safe(block.title)}</strong>{lines}</div>'


@_block.register
def _tiles(block: Tiles) -> str:
    tiles = "".join(
        f'<div class="tile {tile.tone.value}"><span>{_safe(tile.label)}</span><b>{_safe(tile.value)}</b>'
        f"<small>{_safe(tile.note)}</small></div>"
        for tile in block.tiles
    )
    return f'<div class="tiles">{tiles}</div>'


@_block.register
def _meters(block: Meters) -> str:
    rows = "".join(_meter(name, part, block.wanted) for name, part in block.rows)
    name, part, wanted = (_safe(word) for word in block.head)
    head = f"<span>{name}</span><span>{part}</span><span>{wanted} {share(block.wanted)}</span>"
    return f'<div class="meters"><div class="meter head">{head}</div>{rows}</div>'


def _meter(name: str, part: float, wanted: float) -> str:
    tone = Tone.GOOD if part >= wanted else Tone.BAD
    filled, at = min(1.0, max(0.0, part)) * 100, wanted * 100
    return (
        f'<div class="meter {tone.value}"><span>{_safe(name)}</span><span class="track"><i style="width:{filled:.2f}%">'
        f'</i><u style="left:{at:.2f}%"></u></span><span>{share(part)}</span></div>'
    )


@_block.register
def _line_chart(block: LineChart) -> str:
    return f"<figure>{line_chart(block)}<figcaption>{_safe(block.title)}</figcaption></figure>"


@_block.register
def _picture(block: Picture) -> str:
    caption = f"<figcaption>{_safe(block.caption)} <code>{_safe(block.path)}</code></figcaption>"
    if not block.content:
        return f'<figure class="picture">{caption}</figure>'
    content = b64encode(block.content).decode()
    image = f'<img src="data:image/png;base64,{content}" alt="{_safe(block.caption)}">'
    return f'<figure class="picture">{image}{caption}</figure>'


@_block.register
def _timeline(block: Timeline) -> str:
    legend = "".join(f'<span class="key {tone.value}">{_safe(label)}</span>' for label, tone in block.legend)
    return f"<figure>{timeline(block)}<figcaption>{_safe(block.title)} {legend}</figcaption></figure>"


def _line(line: Line) -> str:
    return "".join(_piece(piece) for piece in line)


def _piece(piece: Piece) -> str:
    words = _safe(piece.text)
    match piece.role:
        case Role.CODE:
            return f"<code>{words}</code>"
        case Role.STRONG:
            return f"<strong>{words}</strong>"
        case Role.QUIET:
            return f'<span class="quiet">{words}</span>'
        case Role.BADGE:
            return f'<span class="badge {piece.tone.value}">{words}</span>'
        case _:
            return words
