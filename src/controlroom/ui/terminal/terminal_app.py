"""An app that reaches its terminal through the cell diff, and leaves when the terminal is gone."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App

from controlroom.ui.terminal.celldiff import CellDiff
from controlroom.ui.terminal.driver import TerminalDriver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType
    from textual.driver import Driver
    from textual.screen import Screen

    from controlroom.ui.terminal.celldiff import Piece

LAST_RESORT_S = 1.5
"""A process whose terminal is gone ends after this, whatever it waits for."""


class TerminalApp(App[None]):
    """Draws nothing until it is unveiled: an empty picture is bytes and flicker for nothing."""

    def __init__(self, *, driver_class: type[Driver] | None = None, ansi_color: bool = False) -> None:
        super().__init__(driver_class=driver_class or TerminalDriver, ansi_color=ansi_color)
        self._disable_tooltips = self._disable_notifications = True  # two widgets less to start with
        self.signalled: int | None = None
        """The exit code that a signal, or the loss of the terminal, asks for."""
        self._cells = CellDiff()
        self._veiled = True
        self._mouse_on = False

    def terminal_lost(self, code: int) -> None:
        """The terminal is gone or a signal came: leave without taking leave, so that the engine holds (S23)."""
        if self.signalled is None:
            self.signalled = code
            asyncio.get_running_loop().call_later(LAST_RESORT_S, os._exit, code)
            self.exit(return_code=code)

    def repaint_all(self) -> None:
        """The terminal has missed something."""
        self._cells.forget()
        for screen in self.screen_stack:
            screen.refresh()

    def unveil(self) -> None:
        """From now on there is something to show."""
        if self._veiled:
            self._veiled = False
            self.repaint_all()

    async def on_event(self, event: events.Event) -> None:
        """Before Textual builds its widgets there is the terminal already, and so a chance to draw."""
        if isinstance(event, events.Compose) and self._driver is not None and not self._driver.is_headless:
            await self.look_ahead()
        await super().on_event(event)

    async def look_ahead(self) -> None:
        """Called once the terminal is ours, before there is any widget on a screen."""

    def paint(self, pieces: Iterable[Piece]) -> None:
        """Send `pieces` at once; the compositor will come to the same cells later, and find nothing to change."""
        if self._reachable:
            width, height = self.size
            self._send(self._cells.change(pieces, width, height, self.console._color_system))  # noqa: SLF001

    def toggle_mouse(self) -> bool:
        """Mouse on or off; whether it is on now."""
        self._mouse_on = not self._mouse_on
        if isinstance(self._driver, TerminalDriver):
            self._driver.set_mouse(on=self._mouse_on)
        return self._mouse_on

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Textual's way out to the terminal: only cells that changed pass."""
        headless = self._driver is None or self._driver.is_headless
        if headless or self._batch_count or not isinstance(renderable, CompositorUpdate):
            super()._display(screen, renderable)
            return
        if self._reachable:
            width, height = self.size
            self._send(self._cells.encode(renderable, width, height, self.console._color_system))  # noqa: SLF001
        self.post_display_hook()

    @property
    def _reachable(self) -> bool:
        driver = self._driver
        return driver is not None and not driver.is_headless and self._running and not self._closed and not self._veiled

    def _send(self, data: str) -> None:
        driver = self._driver
        if data and driver is not None:
            self._begin_update()
            driver.write(data)
            self._end_update()
            driver.flush()
