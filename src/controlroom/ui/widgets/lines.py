"""A widget that shows the lines it is given, and redraws only those that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.widget import Widget

from controlroom.ui.presenter.text import fit
from controlroom.ui.widgets.pen import pen_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.strip import Strip

    from controlroom.ui.presenter.layout import Box
    from controlroom.ui.presenter.text import Line
    from controlroom.ui.widgets.pen import Piece


class Lines(Widget):
    """Lines from the presenter, one a row; holds no truth of its own."""

    ALLOW_SELECT = False
    can_focus = False

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._lines: list[Line] = []
        self._strips: dict[int, Strip] = {}
        self._changed: set[int] = set()

    @property
    def lines(self) -> list[Line]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines`; rows that stay as they are cost nothing."""
        old = self._lines
        changed = [y for y, line in enumerate(lines) if y >= len(old) or old[y] != line]
        changed.extend(range(len(lines), len(old)))
        if not changed:
            return
        self._lines = list(lines)
        self._changed.update(changed)
        for y in changed:
            self._strips.pop(y, None)
        width = self.size.width
        self.refresh(*(Region(0, y, width, 1) for y in changed))

    def whole(self, box: Box) -> Iterator[Piece]:
        """Every row, as it will be once the widget is in `box`."""
        yield from ((box.y + y, box.x, (self._strip(y, box.width),)) for y in range(box.height))

    def changes(self, box: Box) -> Iterator[Piece]:
        """What changed since it was last asked for; for `box` only."""
        rows, self._changed = sorted(self._changed), set()
        if (self.size.width, self.size.height) == (box.width, box.height):
            yield from ((box.y + y, box.x, (self.render_line(y),)) for y in rows if y < box.height)

    def repaint(self) -> None:
        """Forget every strip: the pen has changed."""
        self._strips.clear()
        self.refresh()

    def on_unmount(self) -> None:
        """Let go of the picture: Textual keeps every widget's cache for good, in an `lru_cache` on a method of it."""
        self._styles_cache.clear()

    def render_line(self, y: int) -> Strip:
        """The strip of row `y`."""
        return self._strip(y, self.size.width)

    def _strip(self, y: int, width: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None or strip.cell_length != width:
            line = self._lines[y] if y < len(self._lines) else ()
            strip = self._strips[y] = pen_of(self).strip(fit(line, width), width)
        return strip
