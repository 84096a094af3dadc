"""Whatever operators say, the rules never break, and there is a way out (hypothesis)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from tests.engine.fake_engine import OLD
from tests.engine.random_operator import SERVICES, Session, scripts, sessions

from controlroom.engine.sequence import bookkeeping
from controlroom.run import commands as cmd
from controlroom.run.chain import seal
from controlroom.run.fold import fold
from controlroom.run.phases import Phase, ServiceState

if TYPE_CHECKING:
    from controlroom.run.state import RunState


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=scripts, session=sessions)
def test_any_session_keeps_the_rules(
    script: dict[tuple[str, str], list[str]], session: list[cmd.Command | str]
) -> None:
    """S11-S18/S24: live state is the fold, bookkeeping settles, no rollback gets stuck, somebody can always act."""

    async def play() -> None:
        running = Session(script)
        await running.engine.start()
        try:
            for act in session:
                await running.step(act)
                if running.engine.state.phase.terminal:
                    return
            await running.abort()
        finally:
            await running.engine.stop()

    asyncio.run(play())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=scripts, session=sessions)
def test_rolling_everything_back_always_gets_through(
    script: dict[tuple[str, str], list[str]], session: list[cmd.Command | str]
) -> None:
    """S13/S14: from any state, and with a world that works from now on, everything is old again, the database too."""

    async def play() -> None:
        running = Session(script)
        await running.engine.start()
        try:
            for act in session:
                await running.step(act)
                if running.engine.state.phase.terminal:
                    return
            touched = {s.id for s in running.engine.state.services.values() if s.touched}
            running.world.script.clear()
            running.engine.journal.on_append = None
            answer = await running.engine.give(cmd.RollBackAll(confirm="production", with_database=True))
            assert answer.ok, answer.message
            await running.clock.advance(200)
            for _ in SERVICES:
                # What had failed, or could not be known, before the world got well.
                for service in running.engine.state.services.values():
                    if service.state is ServiceState.ROLLBACK_FAILED:
                        await running.engine.agreed(cmd.Retry(service=service.id))
                        await running.clock.advance(70)
            if touched:
                running.look()
                assert running.engine.state.phase is Phase.ROLLED_BACK, running.engine.states()
                assert {s: running.world.versions[s] for s in touched} == {s: OLD[s] for s in touched}
        finally:
            await running.engine.stop()

    asyncio.run(play())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=scripts, session=sessions)
def test_bookkeeping_twice_is_bookkeeping_once(
    script: dict[tuple[str, str], list[str]], session: list[cmd.Command | str]
) -> None:
    """Folded after every single record, bookkeeping comes to rest after a few rounds, and then says nothing more."""

    async def play() -> None:
        running = Session(script)
        await running.engine.start()
        try:
            for act in session:
                await running.step(act)
        finally:
            await running.engine.stop()
        state: RunState | None = None
        for record in running.engine.journal.records:
            state = fold(state, record)
            settle(state, running)

    asyncio.run(play())


def settle(state: RunState, session: Session) -> None:
    """Let bookkeeping follow from `state` until it has nothing to say; it must come to that."""
    for _ in range(12):
        events = bookkeeping(state, session.clock.now())
        if not events:
            return
        for event in events:
            record = seal(
                seq=state.seq + 1,
                at=state.at,
                run=state.run,
                actor="engine",
                host="",
                cause="",
                event=event,
                prev=state.head,
            )
            state = fold(state, record)
    pytest.fail("bookkeeping goes round in circles")
