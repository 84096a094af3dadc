"""A few lines that must be read whole, such as where something was written; any key of leaving closes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import chop_cells

from controlroom.ui.presenter.frames import framed
from controlroom.ui.presenter.text import Line, Span, Tone, clean
from controlroom.ui.screens.overlay import Overlay
from controlroom.ui.screens.pager import CLOSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.ui.presenter.view import View

STANDS_S = 60.0
"""A notice that nobody closes goes by itself: it must not stand before the run."""


class Notice(Overlay[None]):
    """Shows `lines` in full, wrapped where they are longer than the screen is wide."""

    covers = True

    def __init__(self, title: str, lines: Sequence[tuple[str, Tone]], opened: float) -> None:
        super().__init__()
        self._title, self._said, self._opened = title, lines, opened

    def draw(self, view: View, width: int, height: int) -> list[Line]:  # noqa: ARG002 - the run is none of its business
        """The lines in a frame."""
        longest = max((len(words) for words, _ in self._said), default=0)
        outer = min(width, max(longest + 4, 40))
        rows: list[Line] = [
            (Span(f" {piece}", tone),)
            for words, tone in self._said
            for piece in chop_cells(clean(words), max(1, outer - 4)) or [""]
        ]
        rows = rows[: max(1, height - 2)]
        right: Line = (Span("Esc", Tone.KEY), Span(" back", Tone.QUIET))
        title: Line = (Span(self._title, Tone.STRONG),)
        return framed(rows, outer, len(rows) + 2, title=title, right=right, focused=True)

    def tick(self) -> None:
        """Close when it has stood long enough."""
        if self.room.timing.monotonic() - self._opened >= STANDS_S:
            self.dismiss(None)
            return
        super().tick()

    def key(self, name: str, character: str | None, when: float) -> None:  # noqa: ARG002 - it only closes
        """Close it."""
        if name in CLOSES or name == "enter":
            self.dismiss(None)
