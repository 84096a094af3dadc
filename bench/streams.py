"""What a program costs while it is just looked at: bytes, CPU and memory over minutes, several programs at once."""

from __future__ import annotations

import select
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.starts import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.programs import Program
    from bench.terminal.session import Session

WARM_UP_S = 5.0
EVERY_S = 5.0


@dataclass
class Stream:
    """What was seen of one program."""

    seconds: float = 0.0
    received: int = 0
    cpu_s: float = 0.0
    memory: list[int] = field(default_factory=list)
    """Resident bytes, every few seconds."""

    @property
    def bytes_per_s(self) -> float:
        """To the terminal."""
        return self.received / self.seconds

    @property
    def cpu_percent(self) -> float:
        """Of one core."""
        return 100 * self.cpu_s / self.seconds

    @property
    def growth(self) -> int:
        """Bytes of memory from a tenth of the time to the end."""
        return self.memory[-1] - self.memory[len(self.memory) // 10]


def streams(programs: Sequence[Program], seconds: float) -> list[Stream]:
    """Watch them all for that long."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(program.open()) for program in programs]
        for program, session in zip(programs, sessions, strict=True):
            session.wait_for(program.painted.search, PATIENCE_S)
        _take_for(sessions, WARM_UP_S)
        began = time.perf_counter()
        found = [Stream(received=-one.received, cpu_s=-one.cpu_s, memory=[one.memory]) for one in sessions]
        while (left := began + seconds - time.perf_counter()) > 0:
            _take_for(sessions, min(left, EVERY_S))
            for stream, session in zip(found, sessions, strict=True):
                stream.memory.append(session.memory)
                session.look()
        for stream, session in zip(found, sessions, strict=True):
            stream.seconds = time.perf_counter() - began
            stream.received += session.received
            stream.cpu_s += session.cpu_s
            session.press("q")
        for session in sessions:
            session.ended_within(PATIENCE_S)
    return found


def _take_for(sessions: Sequence[Session], seconds: float) -> None:
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        ready = select.select(sessions, [], [], left)[0]
        for session in ready:
            session.take(0)
