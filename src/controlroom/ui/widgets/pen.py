"""Turns presenter lines into strips: the one place where tones become styles and glyphs become cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from rich.segment import Segment
from textual.strip import Strip

from controlroom.ui.presenter.glyphs import to_ascii

if TYPE_CHECKING:
    from rich.style import Style
    from textual.dom import DOMNode

    from controlroom.ui.presenter.text import Line, Tone

Piece = tuple[int, int, tuple[Strip, ...]]
"""What goes where on a screen: row, first column, strips."""


class Palette(Protocol):
    """Styles by tone."""

    def style(self, tone: Tone, lit: bool) -> Style:
        """The style of a span."""


class Pen:
    """Draws with a palette, in Unicode or in ASCII."""

    def __init__(self, palette: Palette, *, ascii_only: bool = False) -> None:
        self.palette = palette
        self.ascii_only = ascii_only

    def strip(self, line: Line, width: int) -> Strip:
        """`line` as a strip of `width` cells; the presenter has fitted it already."""
        style = self.palette.style
        if self.ascii_only:
            segments = [Segment(to_ascii(text), style(tone, lit)) for text, tone, lit in line]
        else:
            segments = [Segment(text, style(tone, lit)) for text, tone, lit in line]
        return Strip(segments, width)


class _Drawing(Protocol):
    pen: Pen


def pen_of(node: DOMNode) -> Pen:
    """The pen of the app that `node` belongs to."""
    return cast("_Drawing", node.app).pen
