"""A page over the panes that scrolls: the ground of detail, log and help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui.presenter.frames import framed
from controlroom.ui.presenter.layout import Box, body_box, form_of, strip_room
from controlroom.ui.presenter.strip import strip
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone
from controlroom.ui.screens.overlay import Overlay

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View

CLOSES = {"escape", "q"}
MOVES = {"down": 1, "j": 1, "up": -1, "k": -1}


class Pager(Overlay[None]):
    """Rows in a frame; leaves header, alarms and key line in sight."""

    covers = True

    def __init__(self, opener: str = "") -> None:
        super().__init__()
        self.first = 0
        self._opener = opener
        self._rows: list[Line] = []
        self.page = 1
        self.most = 0

    def rows(self, view: View, width: int) -> list[Line]:
        """All rows, each at most `width` cells; for pages that are not long."""
        raise NotImplementedError

    def length(self, view: View, width: int) -> int:
        """How many rows there are."""
        self._rows = self.rows(view, width)
        return len(self._rows)

    def in_sight(self, first: int, count: int, width: int) -> list[Line]:  # noqa: ARG002 - they were made for it
        """`count` rows from row `first` on."""
        return self._rows[first : first + count]

    def heading(self, view: View) -> Line:
        """The title."""
        raise NotImplementedError

    def footing(self, view: View) -> Line:  # noqa: ARG002 - for those that have one
        """What stands at the right of the upper edge."""
        return (Span("Esc", Tone.KEY), Span(" back", Tone.QUIET))

    def where(self, lines: list[Line], width: int, height: int) -> Box:  # noqa: ARG002 - the body, whatever it holds
        """Below the alarms, above the key line."""
        return self.box_for(width, height)

    def box_for(self, width: int, height: int) -> Box:
        """The room that a page has."""
        view = self.room.mirror.view(self.room.timing.monotonic())
        room = strip_room(form_of(width, height))
        return body_box(width, height, len(strip(view, width, room)) if view else 0)

    def draw(self, view: View, width: int, height: int) -> list[Line]:
        """The page."""
        box = self.box_for(width, height)
        inner = box.width - 2
        length = self.length(view, inner)
        self.page = max(1, box.height - 2)
        self.most = max(0, length - self.page)
        self.first = min(self.first, self.most)
        shown = self.in_sight(self.first, self.page, inner)
        right = self.footing(view)
        if self.most:
            share = f"{self.first + 1}-{self.first + len(shown)} of {length}  "
            right = (Span(share, Tone.QUIET), *right)
        return framed(shown, box.width, box.height, title=self.heading(view), right=right or EMPTY, focused=True)

    def key(self, name: str, character: str | None, when: float) -> None:  # noqa: ARG002 - a page only moves
        """Move or leave."""
        if name in CLOSES or name == self._opener:
            self.dismiss(None)
        elif name in MOVES:
            self._go(self.first + MOVES[name])
        elif name in {"pagedown", "space", " "}:
            self._go(self.first + self.page)
        elif name == "pageup":
            self._go(self.first - self.page)
        elif name in {"home", "end"}:
            self._go(0 if name == "home" else self.most)

    def _go(self, row: int) -> None:
        self.first = min(max(0, row), self.most)
        self.tick()
