"""What one client still has to be sent, bounded whatever the client does.

Events and answers keep their order. A client that lets too many events pile up loses them for a fresh snapshot; of
samples, presence and the beat it gets the newest, of output the end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from msgspec import Raw, Struct
from msgspec.json import Encoder

from controlroom.control.protocol import Sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_encoder = Encoder()

MOST_EVENTS = 1024
MOST_EVENT_BYTES = 1 << 20
MOST_OUTPUT_BYTES = 256 * 1024
MOST_ANSWERS = 64
_PIECE = 128 * 1024
"""Bytes after which a piece is handed over, so that a slow client's transport holds no more than about that."""


class _RawSampled(Struct, frozen=True, tag_field="type", tag=Sampled.__name__):
    """Sampled with what is encoded already, once for all clients."""

    samples: tuple[Raw, ...]
    guards: tuple[Raw, ...]


class Outbox:
    """One client's mail. All methods but `take` and `room` return at once; lines are shared bytes, never copied.

    `snapshot` gives the sequence number of the state right now and that state as a line.
    """

    def __init__(self, snapshot: Callable[[], tuple[int, bytes]]) -> None:
        self._snapshot = snapshot
        self._greeting: bytes | None = None
        self._greeted = False
        self._behind = False
        self._seq = 0
        self._queue: deque[tuple[bool, bytes]] = deque()
        self._events = 0
        self._event_bytes = 0
        self._samples: dict[str, Raw] = {}
        self._guards: dict[str, Raw] = {}
        self._output: deque[bytes] = deque()
        self._output_bytes = 0
        self._presence: bytes | None = None
        self._beat: bytes | None = None
        self._finished = False
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def greet(self, line: bytes) -> None:
        """Begin: `line` goes first, then a snapshot, then what happens after it."""
        self._greeting = line
        self._greeted = self._behind = True
        self._something.set()

    def event(self, seq: int, line: bytes) -> None:
        """Event number `seq`. One that a snapshot to come will hold is left out; a gap calls for a snapshot."""
        if not self._greeted or self._behind or seq <= self._seq:
            return
        full = self._events >= MOST_EVENTS or self._event_bytes + len(line) > MOST_EVENT_BYTES
        if full or seq != self._seq + 1:
            self._fall_behind()
        else:
            self._seq = seq
            self._events += 1
            self._event_bytes += len(line)
            self._queue.append((True, line))
        self._something.set()

    def answer(self, line: bytes) -> None:
        """A reply to a request of this client's: never dropped; `room` bounds how many there are."""
        self._queue.append((False, line))
        if len(self._queue) - self._events >= MOST_ANSWERS:
            self._room.clear()
        self._something.set()

    async def room(self) -> None:
        """Wait until the client has taken enough of its answers to be given more."""
        await self._room.wait()

    def samples(self, batch: Mapping[str, Raw], guards: Mapping[str, Raw]) -> None:
        """Newest samples by series, and guards by their keys, encoded."""
        self._samples.update(batch)
        self._guards.update(guards)
        self._something.set()

    def output(self, line: bytes) -> None:
        """Output of a step; the oldest is dropped for the newest."""
        self._output.append(line)
        self._output_bytes += len(line)
        while self._output_bytes > MOST_OUTPUT_BYTES and len(self._output) > 1:
            self._output_bytes -= len(self._output.popleft())
        self._something.set()

    def presence(self, line: bytes) -> None:
        """Who is attached now."""
        self._presence = line
        self._something.set()

    def beat(self, line: bytes) -> None:
        """The newest sign of life."""
        self._beat = line
        self._something.set()

    def finish(self, line: bytes | None = None) -> None:
        """Nothing more will come after `line`."""
        if self._finished:
            return
        if line is not None:
            self._queue.append((False, line))
        self._finished = True
        self._something.set()

    async def take(self) -> list[bytes]:
        """The next lines to send, as soon as there are any; none once all is sent that ever will be."""
        while not (lines := self._next()) and not self._finished:
            self._something.clear()
            await self._something.wait()
        return lines

    def _next(self) -> list[bytes]:
        lines: list[bytes] = []
        if self._greeting is not None:  # alone: what the client loads meanwhile need not wait for the snapshot
            line, self._greeting = self._greeting, None
            return [line]
        if self._behind:
            self._seq, line = self._snapshot()
            self._behind = False
            lines.append(line)
        size = sum(map(len, lines))
        while self._queue and size < _PIECE:
            is_event, line = self._queue.popleft()
            size += len(line)
            lines.append(line)
            if is_event:
                self._events -= 1
                self._event_bytes -= len(line)
        if len(self._queue) - self._events < MOST_ANSWERS:
            self._room.set()
        return lines if self._queue else lines + self._newest()

    def _newest(self) -> list[bytes]:
        lines = [line for line in (self._presence, *self._output) if line is not None]
        if self._samples:
            newest = _RawSampled(samples=tuple(self._samples.values()), guards=tuple(self._guards.values()))
            lines.append(_encoder.encode(newest) + b"\n")
        if self._beat is not None:
            lines.append(self._beat)
        self._presence = self._beat = None
        self._samples, self._guards = {}, {}
        self._output.clear()
        self._output_bytes = 0
        return lines

    def _fall_behind(self) -> None:
        self._queue = deque(item for item in self._queue if not item[0])
        self._events = self._event_bytes = 0
        self._behind = True
