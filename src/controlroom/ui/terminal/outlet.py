"""Writes to a terminal from the event loop without ever waiting for it."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

BACKLOG = 256 * 1024
"""Bytes that may wait for the terminal; a full picture is a tenth of it."""

RECOVER = b"\x18\x1b[?2026l\x1b[0m\x1b[?25l"
"""Ends whatever sequence was cut off (CAN), an open synchronized update and a style; the cursor stays hidden."""


def open_terminal(fd: int) -> int:
    """A descriptor of its own for the terminal behind `fd`, so that not waiting on it changes nothing for a shell."""
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        own = os.dup(fd)
        os.set_blocking(own, False)
        return own


class Outlet:
    """Bytes for a terminal; what a stalled one does not take is dropped once it is too much.

    `missed` is called on the loop when a terminal that missed something reads again; `lost` when it is gone.
    """

    def __init__(
        self,
        fd: int,
        loop: asyncio.AbstractEventLoop,
        *,
        missed: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._fd = fd
        self._loop = loop
        self._missed, self._lost = missed, lost
        self._waiting = bytearray()
        self._watching = self._stalled = self._gone = False

    @property
    def waiting(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return len(self._waiting)

    def write(self, data: bytes) -> None:
        """Keep `data` for the next flush; while the terminal is stalled, it is dropped."""
        if self._stalled or self._gone:
            return
        self._waiting += data
        if len(self._waiting) > BACKLOG and self._watching:
            self._waiting.clear()
            self._stalled = True

    def flush(self) -> None:
        """Give the terminal what it takes now; the rest follows as it reads."""
        if not self._watching:
            self._push()

    def drain(self, seconds: float) -> None:
        """Wait at most `seconds` for the terminal to take the rest: for the very end only."""
        self._unwatch()
        if self._stalled:
            self._waiting[:0] = RECOVER
        until = time.monotonic() + seconds
        while self._waiting and not self._gone:
            left = until - time.monotonic()
            if left <= 0 or not select.select([], [self._fd], [], left)[1]:
                return
            self._write_some()

    def close(self) -> None:
        """Let go of the descriptor, and leave a shared one as a shell expects it."""
        self._unwatch()
        with suppress(OSError):
            os.set_blocking(self._fd, True)
            os.close(self._fd)
        self._gone = True

    def _push(self) -> None:
        self._write_some()
        if self._waiting and not self._gone:
            self._watch()

    def _write_some(self) -> None:
        try:
            while self._waiting:
                done = os.write(self._fd, self._waiting[:65536])
                del self._waiting[:done]
        except BlockingIOError:
            return
        except OSError:
            self._gone = True
            self._waiting.clear()
            self._unwatch()
            self._lost()

    def _ready(self) -> None:
        if self._stalled:
            self._stalled = False
            self._waiting += RECOVER
            self._write_some()
            self._missed()
            return
        self._write_some()
        if not self._waiting:
            self._unwatch()

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            self._loop.add_writer(self._fd, self._ready)

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            with suppress(OSError, RuntimeError):
                self._loop.remove_writer(self._fd)
