"""The two clocks: the system's own, and one that tests and rehearsed decisions move by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta

_QUIET_TURNS = 3
"""Turns of the loop without other work before it counts as settled: a loopback write needs a second one to be seen."""
_MOST_TURNS = 100_000
_NS = 1_000_000_000


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Real seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for real `seconds`."""
        await asyncio.sleep(max(0.0, seconds))


class ManualClock:
    """Time that stands still until `advance` moves it; counted in whole nanoseconds, so that ten tenths make a second.

    Only work of the event loop itself is waited for: threads and other processes keep their own time.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware moment")
        self._wall = start.astimezone(UTC)
        self._elapsed = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def sleepers(self) -> int:
        """How many coroutines wait for this clock right now."""
        return sum(not future.done() for _, _, future in self._sleepers)

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return self._wall + timedelta(microseconds=self._elapsed // 1000)

    def monotonic(self) -> float:
        """Seconds since a fixed moment 1,000 s before the start, so that zero never passes for "not yet"."""
        return 1000 + self._elapsed / _NS

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced by `seconds`; zero or less only lets others run."""
        span = _nanoseconds(seconds)
        if span <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + span, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move time on, waking each sleeper at its own moment, in order, and letting what it woke come to rest.

        Sleeps that begin meanwhile count: a loop that sleeps a second at a time turns 300 times in 300 s.
        """
        span = _nanoseconds(seconds)
        if span < 0:
            raise ValueError("time does not run backwards; step_wall moves the wall clock alone")
        target = self._elapsed + span
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._elapsed = max(self._elapsed, due)
            future.set_result(None)
            await self.settle()
        self._elapsed = max(self._elapsed, target)
        await self.settle()

    def step_wall(self, seconds: float) -> None:
        """Make the wall clock jump, as a correction by NTP or an operator would; no duration changes."""
        self._wall += timedelta(seconds=seconds)

    async def settle(self) -> None:
        """Return once every task of the loop waits for something."""
        ready = getattr(asyncio.get_running_loop(), "_ready", None)
        quiet = 0
        for _ in range(_MOST_TURNS):
            await asyncio.sleep(0)
            # Without a look at its queue (another kind of loop) a loop is given a hundred turns.
            quiet = quiet + 1 if not ready else 0
            if quiet >= (_QUIET_TURNS if ready is not None else 100):
                return
        raise RuntimeError("the event loop does not come to rest: something spins without waiting")


def _nanoseconds(seconds: float) -> int:
    return round(seconds * _NS)
