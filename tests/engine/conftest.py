"""Engines on fakes for every test here, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.engine.fake_engine import OLD, PLAN, START, FakeEngine
from tests.engine.preflight_field import COMMANDS, Field
from tests.engine.watched_engine import WATCHED, WatchedEngine

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Launch(Protocol):
    """Starts an engine on a world of old versions, or a new one on the journal and world of `after`."""

    async def __call__(self, plan: str = PLAN, *, after: FakeEngine | None = None, **options: Any) -> FakeEngine: ...


class LaunchWatched(Protocol):
    """The same with prober and monitor."""

    async def __call__(
        self, plan: str = WATCHED, *, after: WatchedEngine | None = None, **options: Any
    ) -> WatchedEngine: ...


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    made: list[FakeEngine] = []

    async def begin(plan: str = PLAN, *, after: FakeEngine | None = None, **options: Any) -> FakeEngine:
        if after is None:
            world = options.pop("world", None) or FakeWorld(versions=dict(OLD))
            engine = FakeEngine(world, MemoryJournal(), ManualClock(START), plan, **options)
        else:
            await after.stop()
            engine = FakeEngine(after.world, MemoryJournal(after.journal.records), after.clock, plan, **options)
        made.append(engine)
        await engine.start()
        return engine

    yield begin
    for engine in made:
        await engine.stop()


@pytest.fixture
async def launch_watched() -> AsyncIterator[LaunchWatched]:
    made: list[WatchedEngine] = []

    async def begin(plan: str = WATCHED, *, after: WatchedEngine | None = None, **options: Any) -> WatchedEngine:
        if after is None:
            world = options.pop("world", None) or FakeWorld(versions=dict(OLD))
            engine = WatchedEngine(world, ManualClock(START), plan=plan, journal=MemoryJournal(), **options)
        else:
            await after.stop()
            journal = MemoryJournal(after.journal.records)
            engine = WatchedEngine(after.world, after.clock, plan=plan, journal=journal, dials=after.dials, **options)
        made.append(engine)
        await engine.start()
        return engine

    yield begin
    for engine in made:
        await engine.stop()


@pytest.fixture
async def engine(launch: Launch) -> FakeEngine:
    """The plain plan at its first gate."""
    return await launch()


@pytest.fixture
async def watched(launch_watched: LaunchWatched) -> WatchedEngine:
    """The watched plan at its first gate."""
    return await launch_watched()


@pytest.fixture
def around(tmp_path: Path) -> Field:
    """A machine on which everything is there."""
    for name in COMMANDS:
        program = tmp_path / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return Field(tmp_path)
