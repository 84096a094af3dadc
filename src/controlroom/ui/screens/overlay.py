"""A dialog or page over the main screen, which goes on living underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import NULL_OFFSET, Region, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.screen import ModalScreen

from controlroom.ui.presenter.layout import Box, centred
from controlroom.ui.presenter.text import width_of
from controlroom.ui.screens.room import Result, RoomScreen
from controlroom.ui.widgets.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.geometry import Size
    from textual.widget import Widget

    from controlroom.ui.presenter.text import Line
    from controlroom.ui.presenter.view import View


class _Boxed(Layout):
    """One child, where the overlay says."""

    name = "boxed"

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,  # noqa: ARG002 - the box was made for it
        greedy: bool = True,  # noqa: ARG002 - Textual's signature
    ) -> ArrangeResult:
        box = parent.box if isinstance(parent, Overlay) else Box(0, 0, 0, 0)
        return [WidgetPlacement(Region(*box), NULL_OFFSET, Spacing(), child) for child in children]


class Overlay(RoomScreen[Result], ModalScreen[Result]):
    """Something drawn as lines on top of the panes."""

    def __init__(self) -> None:
        super().__init__()
        self.box = Box(0, 0, 0, 0)
        self._boxed = _Boxed()
        self._lines = Lines("dialog")

    @property
    def layout(self) -> Layout:
        """The overlay's own box."""
        return self._boxed

    def compose(self) -> Iterable[Lines]:
        """The lines."""
        yield self._lines

    def on_mount(self) -> None:
        """Draw it."""
        self.tick()

    def on_resize(self, _event: events.Resize) -> None:
        """A new size loses nothing."""
        self.tick()

    def draw(self, view: View, width: int, height: int) -> list[Line]:
        """The lines, all of one width, for a screen of `width` by `height`."""
        raise NotImplementedError

    def where(self, lines: list[Line], width: int, height: int) -> Box:
        """Where they go; in the middle unless an overlay says otherwise."""
        return centred(width, height, width_of(lines[0]) if lines else 0, len(lines))

    def repaint(self) -> None:
        """The pen has changed."""
        self._lines.repaint()

    def tick(self) -> None:
        """Draw the moment."""
        view = self.room.mirror.view(self.room.timing.monotonic())
        if view is None:
            return
        width, height = self.app.size
        lines = self.draw(view, width, height)
        box = self.where(lines, width, height)
        if box != self.box:
            self.box = box
            self._lines.refresh(layout=True)
        self._lines.show(lines)
