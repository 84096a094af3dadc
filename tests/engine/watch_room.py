"""A watched engine with everything that a long watch has: samples on disk, and people who are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine.fake_engine import OLD, START, mortal_journal
from tests.engine.kept_samples import DirectLog
from tests.engine.told_engine import Mailbox, TellingEngine
from tests.engine.watched_engine import CALM, WATCHED, Dials, WatchedEngine

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeKit, FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.run.notices import NoticeKind

if TYPE_CHECKING:
    from pathlib import Path


HOUR = 3600.0
SPEED = 3600.0
"""An hour of the plan in a second of the clock."""
NEVER = 1 << 40


class RoomEngine(TellingEngine, WatchedEngine):
    """One engine of a room."""

    def __init__(self, room: WatchRoom, journal: MemoryJournal) -> None:
        log = DirectLog(room.path)
        super().__init__(
            room.world, room.clock, plan=room.plan, journal=journal, dials=room.dials, log=log, speed=SPEED
        )
        self.kit = FakeKit(room.world, self.kit.feeds, told={"slack": room.box})


class WatchRoom:
    """World, clock, files and people that outlive engines; `kill` is kill -9, as far as an engine's memory goes."""

    def __init__(self, folder: Path, plan: str = WATCHED) -> None:
        self.path = folder / "samples.bin"
        self.plan = plan
        self.clock = ManualClock(START)
        self.world = FakeWorld(versions=dict(OLD))
        self.dials: Dials = dict(CALM)
        self.box = Mailbox(self.clock, gap_s=0.01)
        self.engine: RoomEngine
        self._made: list[RoomEngine] = []

    async def begin(self, *, die_after: int = NEVER) -> None:
        """A new run, up to its watch; its engine dies once so many records are durable."""
        await self._start(mortal_journal(die_after))
        await self.engine.go_live()

    async def kill(self, *, away_h: float = 0.0) -> None:
        """The engine is gone, and nobody is there for a while."""
        await self.engine.stop()
        await self.clock.advance(away_h * HOUR / SPEED)

    async def recover(self) -> None:
        """Another engine takes the run up."""
        await self._start(MemoryJournal(self.engine.journal.records))

    async def watch(self, hours: float) -> None:
        """Let hours of the watch pass."""
        await self.engine.wait(hours * HOUR)

    async def end(self) -> None:
        """Leave nothing running."""
        for engine in self._made:
            await engine.stop()

    async def _start(self, journal: MemoryJournal) -> None:
        self.engine = RoomEngine(self, journal)
        self._made.append(self.engine)
        await self.engine.start()

    def summaries(self) -> list[str]:
        """The headlines of the summaries that were posted."""
        return self.box.told(NoticeKind.SUMMARY)

    def summary(self) -> list[str]:
        """The lines of the newest summary."""
        return list([notice for notice in self.box.taken if notice.kind is NoticeKind.SUMMARY][-1].lines)
