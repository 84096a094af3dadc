"""From nothing to the first live picture, and from `q` to the end of the process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.programs import Program

PATIENCE_S = 30.0
SETTLED_S = 1.0


@dataclass(frozen=True)
class Start:
    """One life of a program; times in milliseconds."""

    paint_ms: float
    paint_cpu_ms: float
    """CPU of the process until then (to about 10 ms more): tells what a busy machine does to `paint_ms`."""

    paint_bytes: int
    memory: int
    """Resident bytes a second later."""

    quit_ms: float
    code: int | None
    left_set: tuple[str, ...]


def start_and_quit(program: Program) -> Start:
    """Live once."""
    with program.open() as session:
        painted = session.wait_for(program.painted.search, PATIENCE_S)
        cpu_s, received = session.cpu_s, session.received
        session.take_for(SETTLED_S)
        memory = session.memory
        session.look()
        pressed = session.press("q")
        session.ended_within(PATIENCE_S)
        ended = time.perf_counter()
        return Start(
            paint_ms=1000 * (painted - session.began),
            paint_cpu_ms=1000 * cpu_s,
            paint_bytes=received,
            memory=memory,
            quit_ms=1000 * (ended - pressed),
            code=session.code,
            left_set=tuple(session.left_set()),
        )
