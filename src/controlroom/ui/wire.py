"""What the screen needs of its way to the engine, and of time: two seams, so that tests hold both in hand."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from controlroom.control.protocol import Answered, LogPart, Reply
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Command


class Wire(Protocol):
    """A connection to one run's engine that renews itself, as `control.link.Link` is."""

    trouble: str

    @property
    def status(self) -> str:
        """LIVE, STALE or LOST."""

    @property
    def age_s(self) -> float:
        """Seconds since the engine last said anything."""

    def replies(self) -> AsyncGenerator[Reply, None]:
        """Every message of the engine, across reconnections (each begins with Welcome and Snapshot), until closed."""

    async def give(self, command: Command) -> Answered:
        """The engine's answer to `command`; ControlroomError when it cannot be reached for long."""

    async def read_log(self, job: str, offset: int = 0, limit: int = 32768) -> LogPart:
        """A piece of a job's output; ControlroomError when it cannot be had."""

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        """The last columns of what was kept of a series; ControlroomError when it cannot be had."""

    async def ping(self) -> float:
        """Seconds to the engine and back; ControlroomError without a connection."""

    async def close(self) -> None:
        """Take leave, so that the engine knows that nothing went wrong; `replies` ends."""


class Timing(Protocol):
    """The screen's time: for ages, settling keys and the one tick."""

    def monotonic(self) -> float:
        """Seconds on the clock that stamps keys."""

    def after(self, seconds: float, callback: Callable[[], object]) -> None:
        """Call `callback` once, `seconds` from now."""


class RealTiming:
    """The machine's time."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def after(self, seconds: float, callback: Callable[[], object]) -> None:
        """Call `callback` once on the running loop."""
        asyncio.get_running_loop().call_later(seconds, callback)
