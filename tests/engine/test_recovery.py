"""What a new engine makes of what an old one left: adoption, unknown outcomes, refusals to act (S24)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import OLD, PLAN, START, FakeEngine

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.errors import JournalError
from controlroom.ports import Outcome
from controlroom.report.close_out import close_out
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.fold import fold_all
from controlroom.run.phases import OutcomeStatus, Phase, ServiceState, Step, Traffic
from controlroom.ui.presenter.sentences import sentence

if TYPE_CHECKING:
    from tests.engine.conftest import Launch

TWO_ACTIONS = PLAN.replace(
    'deploy: [{run: "deploy auth ${version.target}"}]',
    'deploy: [{run: "deploy auth ${version.target}", retries: 1}, {run: announce}]',
)


async def deploying(launch: Launch, behaviour: str, plan: str = PLAN) -> FakeEngine:
    """An engine in the middle of deploying auth."""
    engine = await launch(plan)
    engine.world.script["auth", "deploy"] = [behaviour]
    await engine.advance("database", "auth")
    return engine


async def test_a_job_that_finished_meanwhile_is_adopted(launch: Launch) -> None:
    """S24: its outcome counts, and it does not run again."""
    engine = await deploying(launch, "hang")
    await engine.stop()
    engine.world.running("auth").succeed()
    again = await launch(after=engine)
    await again.clock.advance(5)
    assert (again.states()["auth"], again.world.begun["auth", "deploy"]) == (ServiceState.LIVE, 1)


def took(engine: FakeEngine) -> list[float]:
    """How long the deploys of auth took, as the journal has it (s)."""
    ended = [record.event for record in engine.journal.records if isinstance(record.event, ev.ActionFinished)]
    return [event.took_s for event in ended if (event.service, event.step) == ("auth", Step.DEPLOY)]


async def test_an_adopted_job_took_as_long_as_its_record_says(launch: Launch) -> None:
    """It ran for 6 s of an hour in which no engine was there: that hour is no part of it, and 0 s would be a lie."""
    engine = await deploying(launch, "hang")
    await engine.stop()
    await engine.clock.advance(3600)
    engine.world.apply(engine.world.running("auth").scene, engine.world.running("auth").command)
    engine.world.running("auth").end(Outcome(status=OutcomeStatus.PASSED, detail="rolled out", took_s=6.0))
    again = await launch(after=engine)
    await again.clock.advance(5)
    assert took(again) == [6.0]
    auth = close_out(again.journal.records, version="1").services[1]
    assert auth.steps[0].interrupted
    assert 6.0 <= auth.took_s < 60.0


async def test_a_job_without_a_record_is_timed_by_the_wall_clock(launch: Launch) -> None:
    """What ends under the new engine began when the journal says, under the old one."""
    engine = await deploying(launch, "hang")
    await engine.stop()
    await engine.clock.advance(20)
    again = await launch(after=engine)
    await again.clock.advance(40)
    again.world.running("auth").succeed()
    await again.clock.advance(5)
    (lasted,) = took(again)
    assert 60.0 <= lasted <= 70.0


async def test_nobody_knows_how_long_a_lost_job_took(launch: Launch) -> None:
    """S24: without a trace of it, its duration is not made up."""
    engine = await deploying(launch, "hang")
    engine.world.jobs.clear()
    again = await launch(after=engine)
    assert took(again) == [0.0]
    last = [record for record in again.journal.records if isinstance(record.event, ev.ActionFinished)][-1]
    assert " after " not in sentence(last).text


async def test_a_job_that_failed_meanwhile_is_adopted_as_failed(launch: Launch) -> None:
    """S24: a failure that nobody saw is a failure: no later action of the step begins."""
    engine = await deploying(launch, "hang", TWO_ACTIONS)
    await engine.stop()
    engine.world.running("auth").end(await engine.world.running("auth").cancel())
    again = await launch(TWO_ACTIONS, after=engine)
    await again.clock.advance(30)
    assert again.states()["auth"] is ServiceState.FAILED
    assert again.world.commands["announce"] == 0


async def test_a_job_that_still_runs_is_attached_again(launch: Launch) -> None:
    """S24: the new engine waits for it, holds for the operator, and can cut it off."""
    engine = await deploying(launch, "hang")
    again = await launch(after=engine)
    await again.clock.advance(60)
    assert again.states()["auth"] is ServiceState.DEPLOYING
    await again.roll_back("auth")
    assert (again.states()["auth"], again.world.begun["auth", "deploy"]) == (ServiceState.ROLLED_BACK, 1)


async def test_an_unknown_outcome_is_looked_at_and_asked(launch: Launch) -> None:
    """S24: no job is found: the text says what can be seen, nothing is run again, the operator decides."""
    engine = await deploying(launch, "hang")
    engine.world.jobs.clear()
    engine.world.versions["auth"] = "v2"
    again = await launch(after=engine)
    await again.clock.advance(60)
    auth = again.service("auth")
    assert auth.state is ServiceState.UNKNOWN
    assert auth.why.endswith("interrupted, its outcome is unknown; live version v2, verification passes")
    assert auth.why in again.state.alarms["step:auth"].text
    assert again.world.begun["auth", "deploy"] == 1
    await again.agreed(cmd.VerifyAgain(service="auth"))
    await again.clock.advance(5)
    assert again.states()["auth"] is ServiceState.LIVE


async def test_an_unknown_outcome_names_what_speaks_against_it(launch: Launch) -> None:
    """S24: the old version and a failing check are said as they are."""
    engine = await deploying(launch, "hang")
    engine.world.jobs.clear()
    engine.world.unhealthy.add("auth")
    again = await launch(after=engine)
    assert "live version v1, verification fails: auth is unhealthy" in again.service("auth").why


async def test_an_unknown_rollback_is_a_failed_one(launch: Launch) -> None:
    """S16/S24: nobody knows what became of it: it stops the rollback loud, and `verify` settles it."""
    engine = await launch()
    await engine.advance("database", "auth")
    engine.world.script["auth", "rollback"] = ["hang"]
    await engine.roll_back("auth")
    engine.world.jobs.clear()
    engine.world.versions["auth"] = "v1"
    again = await launch(after=engine)
    assert again.states()["auth"] is ServiceState.ROLLBACK_FAILED
    assert "live version v1, verification passes" in again.state.alarms["step:auth"].text
    await again.agreed(cmd.VerifyAgain(service="auth"))
    await again.clock.advance(5)
    assert again.states()["auth"] is ServiceState.ROLLED_BACK
    assert again.world.begun["auth", "rollback"] == 1


async def test_a_verification_is_asked_again(launch: Launch) -> None:
    """S24: looking changes nothing, so it starts over; what was cut short is marked as such."""
    engine = await launch()
    engine.world.unhealthy.add("auth")
    await engine.advance("database", "auth", seconds=3)
    assert engine.states()["auth"] is ServiceState.VERIFYING
    again = await launch(after=engine)
    again.world.unhealthy.clear()
    await again.clock.advance(5)
    auth = again.service("auth")
    assert (auth.state, again.world.begun["auth", "deploy"]) == (ServiceState.LIVE, 1)
    checks = [(action.status, action.detail) for action in auth.actions if action.step is Step.VERIFY]
    assert checks == [(OutcomeStatus.UNKNOWN, "interrupted; asked again"), (OutcomeStatus.PASSED, "v2")]


async def test_recovered_engines_introduce_themselves(launch: Launch) -> None:
    """S24: the journal says that another engine took over, and the state is what the journal folds to."""
    engine = await launch()
    await engine.advance("database")
    before = engine.state
    again = await launch(after=engine)
    started = [event for event in again.happened(ev.EngineStarted) if isinstance(event, ev.EngineStarted)]
    assert [event.recovered for event in started] == [False, True]
    assert again.state.services == before.services
    assert (again.gate, again.holds) == ("auth", [])
    assert fold_all(again.journal.records) == again.state


@pytest.mark.parametrize(("edge", "phase"), [("open", Phase.WATCHING), ("closed", Phase.SMOKE)])
async def test_an_interrupted_move_of_traffic_is_what_the_edge_says(launch: Launch, edge: str, phase: Phase) -> None:
    """S21/S24: the switch is read, not moved again; a move that did not come through is an alarm."""
    engine = await launch()
    await engine.advance("database", "auth", "orders")
    await engine.agreed(cmd.RunSmoke())
    engine.world.script["traffic", "open"] = ["hang"]
    await engine.agreed(cmd.OpenTraffic())
    await engine.stop()
    engine.world.traffic = edge
    again = await launch(after=engine)
    assert again.state.phase is phase
    assert again.world.begun["traffic", "open"] == 1
    assert ("traffic" in again.state.alarms) == (edge == "closed")


async def test_a_step_and_a_close_that_were_both_under_way(launch: Launch) -> None:
    """S24: the close is what the edge says, the step's job is adopted, and neither runs again."""
    engine = await launch()
    await engine.go_live()
    engine.world.script["orders", "rollback"] = ["hang"]
    engine.world.script["traffic", "closed"] = ["hang"]
    await engine.roll_back("orders")
    await engine.agreed(cmd.CloseTraffic())
    assert (engine.state.traffic, engine.state.active is None) == (Traffic.CLOSING, False)
    await engine.stop()
    engine.world.traffic = "closed"
    again = await launch(after=engine)
    assert again.state.traffic is Traffic.CLOSED
    assert again.states()["orders"] is ServiceState.ROLLING_BACK
    again.world.running("orders").succeed()
    await again.clock.advance(5)
    assert again.states()["orders"] is ServiceState.ROLLED_BACK
    assert again.world.begun["traffic", "closed"] == again.world.begun["orders", "rollback"] == 1


async def test_killed_between_opening_and_the_phase_that_tells(launch: Launch) -> None:
    """S24: the edge opened and the engine died before the run said `opening`: the watch begins all the same."""
    engine = await launch()
    await engine.advance("database", "auth", "orders")
    await engine.agreed(cmd.RunSmoke())
    await engine.agreed(cmd.OpenTraffic())
    records = engine.journal.records
    moved = next(place for place, record in enumerate(records) if isinstance(record.event, ev.TrafficStarted))
    await engine.stop()
    engine.journal.records = records[: moved + 1]
    again = await launch(after=engine)
    assert (again.state.phase, again.state.traffic) == (Phase.WATCHING, Traffic.OPEN)
    assert again.world.begun["traffic", "open"] == 1


async def test_abort_asked_for_before_the_crash_is_carried_out(launch: Launch) -> None:
    """S24: an accepted command survives; the job under way is cut off by the new engine."""
    engine = await deploying(launch, "hang")
    job = engine.world.running("auth")
    await engine.stop()
    await engine.ledger.record(ev.AbortRequested(why="aborted by ana"))
    again = await launch(after=engine)
    assert again.state.phase is Phase.ABORTED
    assert (await job.wait()).status is OutcomeStatus.CANCELLED


# -- a journal that fails


async def test_a_full_disk_stops_everything() -> None:
    """S24: once an event cannot be made durable no action begins, every command fails with why, and the engine ends."""
    calm = FakeEngine(FakeWorld(versions=dict(OLD)), MemoryJournal(), ManualClock(START))
    await calm.start()
    await calm.advance("database", "auth")
    await calm.stop()
    for room in range(2, len(calm.journal.records)):
        journal, world = MemoryJournal(full_at=room), FakeWorld(versions=dict(OLD))
        engine = FakeEngine(world, journal, ManualClock(START))
        await engine.start()
        with contextlib.suppress(JournalError):
            await engine.advance("database", "auth")
        await engine.clock.advance(2)
        assert engine.over, f"room for {room}"
        failure = await engine.failure()
        assert isinstance(failure, BaseExceptionGroup)
        assert failure.subgroup(JournalError) is not None
        with pytest.raises(JournalError, match="disk is full"):
            await engine.give(cmd.Hold())
        intents = {record.event.job for record in journal.records if isinstance(record.event, ev.ActionStarted)}
        assert set(world.jobs) <= intents, f"room for {room}"
        assert fold_all(journal.records) == engine.state
