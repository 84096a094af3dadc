"""Reads keys from a terminal in a thread, so that each is stamped when it comes, however busy the screen is."""

from __future__ import annotations

import codecs
import os
import selectors
import time
from threading import Thread
from typing import TYPE_CHECKING

from textual._parser import ParseError
from textual._xterm_parser import XTermParser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.message import Message

PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
PASTE_IDLE_S = 0.5
"""A bracketed paste without its end is over after this silence."""

TYPED_GAP_S = 0.1
TYPED_BYTES = 8
"""So few bytes, so long after the others, were typed: they are no longer part of a paste."""

_POLL_S = 0.05


class Decoded:
    """Terminal bytes as messages; bytes that are no text become U+FFFD, and a paste always ends."""

    def __init__(self) -> None:
        self._parser = XTermParser()
        self._text = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._tail = ""
        self._pasting = False
        self._last = 0.0

    @property
    def restless(self) -> bool:
        """Whether something must be looked at soon, even if no byte comes."""
        return self._pasting or self._parser._timeout_time is not None  # noqa: SLF001 - Textual is pinned exactly

    def feed(self, data: bytes, now: float) -> Iterator[Message]:
        """The messages in `data`, which came at `now`."""
        text = self._text.decode(data)
        typed = len(data) <= TYPED_BYTES and now - self._last > TYPED_GAP_S
        if self._pasting and typed and PASTE_ENDS not in self._tail + text:
            yield from self._end_paste()
        self._last = now
        if text:
            yield from self._parser.feed(text)
            self._note(text)

    def tick(self, now: float) -> Iterator[Message]:
        """What silence means: a lone Escape was the key, an open paste is over."""
        yield from self._parser.tick()
        if self._pasting and now - self._last > PASTE_IDLE_S:
            yield from self._end_paste()

    def _end_paste(self) -> Iterator[Message]:
        self._pasting, self._tail = False, ""
        yield from self._parser.feed(PASTE_ENDS)

    def _note(self, text: str) -> None:
        seen = self._tail + text
        begins, ends = seen.rfind(PASTE_BEGINS), seen.rfind(PASTE_ENDS)
        if begins != ends:
            self._pasting = begins > ends
        self._tail = seen[-len(PASTE_ENDS) + 1 :]


class Inlet:
    """Follows a terminal until it is stopped or the terminal ends; `lost` is called in the reading thread then."""

    def __init__(self, fd: int, deliver: Callable[[Message], None], lost: Callable[[], object]) -> None:
        self._fd = fd
        self._deliver, self._lost = deliver, lost
        self._wake_read, self._wake_write = os.pipe()
        self._thread = Thread(target=self._run, name="controlroom-keys", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End reading, and wait for it."""
        os.write(self._wake_write, b".")
        self._thread.join(1.0)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _run(self) -> None:
        decoded = Decoded()
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            selector.register(self._fd, selectors.EVENT_READ)
            while True:
                ready = [key.fd for key, _ in selector.select(_POLL_S if decoded.restless else None)]
                if self._wake_read in ready:
                    return
                if not self._read(decoded, came=self._fd in ready):
                    self._lost()
                    return

    def _read(self, decoded: Decoded, *, came: bool) -> bool:
        """One round; False when the terminal has ended."""
        try:
            data = os.read(self._fd, 4096) if came else b""
        except OSError:
            return False
        if came and not data:
            return False
        try:
            for message in decoded.feed(data, time.monotonic()) if data else ():
                self._deliver(message)
            for message in decoded.tick(time.monotonic()):
                self._deliver(message)
        except ParseError:
            return False
        return True
