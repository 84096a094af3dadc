"""Broadcast: the run for a shared screen, big and calm; keys go on working as on the main screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui.keymap import hold_key
from controlroom.ui.presenter.broadcast import broadcast
from controlroom.ui.presenter.layout import Box
from controlroom.ui.screens.overlay import Overlay
from controlroom.ui.screens.room import RoomScreen

if TYPE_CHECKING:
    from controlroom.ui.presenter.text import Line
    from controlroom.ui.presenter.view import View
    from controlroom.ui.screens.main import MainScreen


class Broadcast(Overlay[None]):
    """Lies over the main screen, and passes every key but its own on to it."""

    def __init__(self, main: MainScreen) -> None:
        super().__init__()
        self._main = main

    def draw(self, view: View, width: int, height: int) -> list[Line]:
        """All of it."""
        hold = hold_key(typing=any(screen.typing for screen in self.app.screen_stack if isinstance(screen, RoomScreen)))
        return broadcast(view, width, height, self._main.trail, self._main.said, hold)

    def where(self, lines: list[Line], width: int, height: int) -> Box:  # noqa: ARG002 - everything
        """Everywhere."""
        return Box(0, 0, width, height)

    def on_screen_suspend(self) -> None:
        """Something was opened on top: other keys count."""
        self.tick()

    def on_screen_resume(self) -> None:
        """It is gone again."""
        self.tick()

    def hold(self) -> None:
        """Hold as on the main screen, so that the key is seen."""
        self._main.hold()
        self.tick()

    def key(self, name: str, character: str | None, when: float) -> None:
        """`b` and Esc go back; the rest is the main screen's."""
        if name in {"b", "escape"}:
            self.dismiss(None)
            return
        self._main.key(name, character, when)
        self.tick()
