"""S24: the engine dies after every single journal record in turn, and recovery carries the run on."""

from __future__ import annotations

import contextlib

import pytest
from tests.engine.fake_engine import START, EngineDied, FakeEngine, mortal_journal
from tests.engine.scenarios import SESSIONS, Session

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.run.chain import first_flaw
from controlroom.run.fold import fold_all

NEVER = 1_000_000


async def drive(session: Session, die_after: int) -> tuple[FakeEngine, MemoryJournal, int]:
    """The operator's whole session, engines replaced as they die; the last engine, its journal, how many died."""
    journal, clock, deaths = mortal_journal(die_after), ManualClock(START), 0
    while True:
        engine = session.engine(journal, clock)
        try:
            await engine.start()
            for _ in range(80):
                await clock.advance(1.5)
                if session.over(engine):
                    return engine, journal, deaths
                if engine.over:
                    raise await engine.failure()
                wanted = session.wants(engine)
                if wanted is not None:
                    name, command = wanted
                    await engine.give(command, id=name)
                    session.said.add(name)
            raise AssertionError(f"stuck: {engine.state.phase}, gate {engine.gate}, {engine.states()}")
        except (EngineDied, ExceptionGroup):
            deaths += 1
            with contextlib.suppress(EngineDied):
                await engine.stop()
            journal = MemoryJournal(journal.records)


@pytest.mark.sweep
@pytest.mark.parametrize("name", SESSIONS)
async def test_killed_after_every_record(name: str) -> None:
    """S24: whichever record was the last, nothing runs twice, the chain holds, and the run gets to its end."""
    engine, journal, deaths = await drive(SESSIONS[name](), NEVER)
    await engine.stop()
    total = len(journal.records)
    assert deaths == 0
    assert total > 30
    for die_after in range(1, total + 1):
        session = SESSIONS[name]()
        engine, journal, deaths = await drive(session, die_after)
        await engine.stop()
        where = f"killed after {die_after} of {total}, {journal.records[die_after - 1].event}"
        assert deaths == 1, where
        assert session.counted() == session.begun, where
        assert session.world.versions == session.versions, where
        assert first_flaw(journal.records) is None
        assert fold_all(journal.records) == engine.state
