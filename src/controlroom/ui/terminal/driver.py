"""The terminal driver: outlives a terminal that stops reading, closes, or sends what is no text.

Textual's own queues 30 writes and then blocks the event loop, ends at one byte that is not UTF-8, and spins when its
input is gone. This one asks for as few modes as the screen needs, so that there is little to leave behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import tty
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, cast

from textual import events
from textual.driver import Driver
from textual.geometry import Size

from controlroom.ui.terminal.inlet import Inlet
from controlroom.ui.terminal.outlet import Outlet, open_terminal

if TYPE_CHECKING:
    from textual.app import App

ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h"
"""Alternate screen, no cursor, no line wrap, bracketed paste."""

LEAVE = "\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h"
ASK_SYNC = "\x1b[?2026$p"
MOUSE_ON, MOUSE_OFF = "\x1b[?1000h\x1b[?1002h\x1b[?1006h", "\x1b[?1000l\x1b[?1002l\x1b[?1006l"
DRAIN_S = 0.3
HANGUP, INTERRUPT, TERMINATE = 129, 130, 143


class Resident(Protocol):
    """What the driver needs of the app."""

    def terminal_lost(self, code: int) -> None:
        """The terminal is gone, or a signal ends the process: leave with exit code `code`."""

    def repaint_all(self) -> None:
        """The terminal has missed something: draw everything again."""


class TerminalDriver(Driver):
    """Drives a Linux terminal on stdin and stdout."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._resident = cast("Resident", app)
        self._in, self._out = sys.__stdin__.fileno(), _output()  # type: ignore[union-attr]
        self._before: list[Any] | None = None
        self._inlet: Inlet | None = None
        self._outlet: Outlet | None = None
        self._posting: asyncio.Future[bool] | None = None

    def write(self, data: str) -> None:
        """Keep `data` for the terminal."""
        if self._outlet is not None:
            self._outlet.write(data.encode("utf-8", "replace"))

    def flush(self) -> None:
        """Give the terminal what it takes."""
        if self._outlet is not None:
            self._outlet.flush()

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        loop = self._loop
        lost = self._resident.terminal_lost
        self._outlet = Outlet(
            open_terminal(self._out), loop, missed=self._resident.repaint_all, lost=lambda: lost(HANGUP)
        )
        for number, code in ((signal.SIGHUP, HANGUP), (signal.SIGTERM, TERMINATE), (signal.SIGINT, INTERRUPT)):
            loop.add_signal_handler(number, lost, code)
        loop.add_signal_handler(signal.SIGWINCH, self._size_changed)
        loop.add_signal_handler(signal.SIGCONT, self._continued)
        self._raw()
        self.write(ENTER + (MOUSE_ON if self._mouse else ""))
        if self._in_tty and os.environ.get("TERM_PROGRAM") != "Apple_Terminal":
            self.write(ASK_SYNC)
        self.flush()
        self._resized()
        self._inlet = Inlet(self._in, self.process_message, lambda: loop.call_soon_threadsafe(lost, HANGUP))
        self._inlet.start()

    def set_mouse(self, *, on: bool) -> None:
        """Report clicks and wheel, or leave the mouse to the terminal."""
        self._mouse = on
        self.write(MOUSE_ON if on else MOUSE_OFF)
        self.flush()

    def disable_input(self) -> None:
        """Read no more keys."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            with suppress(ValueError):
                self._loop.remove_signal_handler(signal.SIGWINCH)
            inlet.stop()
            with suppress(termios.error):
                termios.tcflush(self._in, termios.TCIFLUSH)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.disable_input()
        if self._before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._in, termios.TCSANOW, self._before)
        self.write((MOUSE_OFF if self._mouse else "") + LEAVE)
        if self._outlet is not None:
            self._outlet.drain(DRAIN_S)

    def close(self) -> None:
        """Let go of the terminal."""
        outlet, self._outlet = self._outlet, None
        if outlet is not None:
            outlet.close()

    @property
    def _in_tty(self) -> bool:
        return os.isatty(self._in)

    def _raw(self) -> None:
        try:
            self._before = termios.tcgetattr(self._in)
            raw = termios.tcgetattr(self._in)
        except termios.error:
            return
        raw[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        raw[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
        raw[tty.CC][termios.VMIN] = 1
        with suppress(termios.error):
            termios.tcsetattr(self._in, termios.TCSANOW, raw)

    def _size_changed(self) -> None:
        self._resident.repaint_all()  # what a terminal shows after a change of its size is its own affair
        self._resized()

    def _resized(self) -> None:
        try:
            size = Size(*os.get_terminal_size(self._out))
        except OSError:
            size = Size(80, 24)
        size = size if size.width and size.height else Size(80, 24)
        message = events.Resize(size, size)
        message.set_sender(self._app)
        post = self._app._post_message(message)  # noqa: SLF001 - as Textual's own drivers do
        self._posting = asyncio.ensure_future(post)

    def _continued(self) -> None:
        """After a stop (SIGSTOP, SIGTSTP) the shell had the terminal: take it over again."""
        if self._inlet is not None:
            before = self._before
            self._raw()
            self._before = before
            self.write(ENTER)
            self._resident.repaint_all()


def _output() -> int:
    """Standard output where it is a terminal, else standard error."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and os.isatty(stream.fileno()):
            return stream.fileno()
    return 1
