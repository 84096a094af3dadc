"""Commands that come late, twice, at once, or from somebody who does not drive (S18, S25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, ServiceState, SmokeState

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine


# -- S18


async def test_a_command_for_a_service_that_moved_on_is_refused(engine: FakeEngine) -> None:
    """S18: the revision of its own target counts, and the refusal says what has changed."""
    await engine.advance("database")
    seen = engine.service("auth").revision
    await engine.advance("auth")
    late = cmd.RollBack(service="auth", confirm="auth", seen=seen)
    assert await engine.refused(late) == "out of date: auth is live now; look again"
    assert engine.states()["auth"] is ServiceState.LIVE


async def test_what_happens_elsewhere_makes_no_command_stale(engine: FakeEngine) -> None:
    """S18: the target's own revision, not the whole run's: news of orders does not spoil a rollback of auth."""
    await engine.advance("database", "auth")
    seen = engine.service("auth").revision
    await engine.advance("orders")
    await engine.agreed(cmd.Note(reason="a note"))
    await engine.agreed(cmd.RollBack(service="auth", confirm="auth", seen=seen))


async def test_a_gate_that_moved_on_is_refused(engine: FakeEngine) -> None:
    """S18: a gate seen before its service went live and back is another gate."""
    await engine.advance("database")
    seen = engine.service("auth").revision
    await engine.advance("auth")
    await engine.roll_back("auth")
    await engine.agreed(cmd.Resume())
    assert "out of date: the gate is auth now" in await engine.refused(cmd.Advance(to="auth", seen=seen))
    await engine.agreed(cmd.Advance(to="auth", seen=engine.service("auth").revision))


async def test_marks_and_alarms_have_revisions_too(engine: FakeEngine) -> None:
    """S18: an item or alarm that changed since is looked at again first."""
    engine.world.script["database", "deploy"] = ["fail"]
    await engine.advance("database")
    alarm = engine.state.alarms["step:database"]
    await engine.agreed(cmd.Acknowledge(alarm="step:database", seen=alarm.revision))
    assert "out of date" in await engine.refused(cmd.Acknowledge(alarm="step:database", seen=alarm.revision))
    item = engine.state.smoke["look"]
    await engine.agreed(cmd.MarkSmoke(item="look", state=SmokeState.PASS, seen=item.revision))
    late = cmd.MarkSmoke(item="look", state=SmokeState.FAIL, seen=item.revision)
    assert "out of date: look is pass now" in await engine.refused(late)


async def test_a_repeated_id_is_answered_and_not_run_again(engine: FakeEngine) -> None:
    """S18: the same id gets the first answer, accepted or refused, and nothing new in the journal."""
    first = await engine.give(cmd.Advance(to="database"), id="one")
    refused = await engine.give(cmd.Advance(to="orders"), id="two")
    await engine.clock.advance(5)
    seq = engine.state.seq
    assert await engine.give(cmd.Advance(to="database"), id="one") == first
    assert await engine.give(cmd.Advance(to="database"), id="two") == refused
    assert engine.state.seq == seq
    assert engine.world.begun["database", "deploy"] == 1


async def test_a_repeated_id_is_answered_by_the_next_engine(engine: FakeEngine, launch: Launch) -> None:
    """S18/S24: an answer lost in a crash is given again, and the act is not repeated."""
    first = await engine.give(cmd.Advance(to="database"), id="one")
    again = await launch(after=engine)
    assert await again.give(cmd.Advance(to="database"), id="one") == first
    await again.clock.advance(5)
    assert again.world.begun["database", "deploy"] == 1


@pytest.mark.parametrize(
    "command",
    [
        cmd.Advance(to="auth"),
        cmd.RollBack(service="database", confirm="database", seen=3),
    ],
)
async def test_of_two_at_once_one_wins(engine: FakeEngine, command: cmd.Command) -> None:
    """S18: two of the same at the same moment: one is accepted, the other is told why not."""
    await engine.advance("database")
    if isinstance(command, cmd.RollBack):
        command = cmd.RollBack(service="database", confirm="database", seen=engine.service("database").revision)
    answers = await engine.give_at_once(command, command)
    assert sorted(answer.ok for answer in answers) == [False, True]
    await engine.clock.advance(10)
    assert engine.world.begun["auth", "deploy"] + engine.world.begun["database", "rollback"] == 1


async def test_advance_and_rollback_at_once(engine: FakeEngine) -> None:
    """S18: whichever comes first, nothing new begins beside the rollback."""
    await engine.advance("database", "auth")
    await engine.give_at_once(cmd.Advance(to="orders"), cmd.RollBack(service="auth", confirm="auth"))
    await engine.clock.advance(10)
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK
    assert engine.states()["orders"] in {ServiceState.WAITING, ServiceState.ROLLED_BACK}
    assert engine.world.versions["orders"] == "v1"


async def test_unknown_targets_are_named_with_those_that_exist(engine: FakeEngine) -> None:
    """S18: a typo is answered with the names there are."""
    wrong = cmd.RollBack(service="ordres", confirm="ordres")
    assert await engine.refused(wrong) == "no service 'ordres'; there are database, auth, orders"
    assert "no smoke test 'x'; there are signup, order, look" in await engine.refused(cmd.RunSmoke(items=("x",)))
    assert "no alarm 'x'; there are none" in await engine.refused(cmd.Acknowledge(alarm="x"))
    assert "the gate that waits is database, not nowhere" in await engine.refused(cmd.Advance(to="nowhere"))


async def test_refusals_are_journalled_and_change_nothing(engine: FakeEngine) -> None:
    """S28: who wanted what, and why not."""
    await engine.refused(cmd.Advance(to="orders"))
    (event,) = engine.happened(ev.CommandRefused)
    record = engine.journal.records[-1]
    assert (record.event, record.actor, record.host) == (event, "ana", "here")
    assert isinstance(event, ev.CommandRefused)
    assert (event.command, event.target) == ("Advance", "orders")


async def test_accepted_commands_carry_the_numbers_on_screen(engine: FakeEngine) -> None:
    """S28: what the operator saw at that moment, the reason, and the id as the cause of what follows."""
    engine.lookout.numbers = {"auth": "error_rate 6.2 %", "orders": ""}
    await engine.give(cmd.Hold(reason="looks odd"), id="hold-1")
    accepted = engine.happened(ev.CommandAccepted)[-1]
    assert isinstance(accepted, ev.CommandAccepted)
    assert (accepted.numbers, accepted.reason) == (("auth error_rate 6.2 %",), "looks odd")
    assert {r.cause for r in engine.journal.records if isinstance(r.event, ev.HoldPlaced)} == {"hold-1"}


async def test_nothing_is_commanded_after_the_end_but_notes(engine: FakeEngine) -> None:
    """The run is over: every command says so; words for the journal are still taken."""
    await engine.agreed(cmd.Abort(confirm="production"))
    assert engine.state.phase is Phase.ABORTED
    assert await engine.refused(cmd.Hold()) == "the run is over: aborted"
    await engine.agreed(cmd.Note(reason="we will try again on Tuesday"))
    assert [note.text for note in engine.state.notes] == ["we will try again on Tuesday"]


# -- S25


async def test_the_first_command_makes_the_driver(engine: FakeEngine) -> None:
    """S25: who commands first drives."""
    await engine.agreed(cmd.Hold())
    assert engine.state.lease is not None
    assert engine.state.lease.operator == "ana"


@pytest.mark.parametrize(
    "command",
    [
        cmd.Resume(),
        cmd.Advance(to="database"),
        cmd.RollBackAll(confirm="production"),
        cmd.MarkSmoke(item="look", state=SmokeState.PASS),
        cmd.RunSmoke(),
        cmd.Acknowledge(alarm="x"),
        cmd.Abort(confirm="production"),
        cmd.Note(reason="x"),
    ],
)
async def test_others_observe(engine: FakeEngine, command: cmd.Command) -> None:
    """S20/S25: everybody but the driver is refused, told who drives and how to take over."""
    await engine.agreed(cmd.TakeLease())
    refusal = await engine.refused(command, operator="ben")
    assert refusal.startswith("ana drives this run; take the lease first")


async def test_takeover_needs_a_reason_and_names_the_old_driver(engine: FakeEngine) -> None:
    """S25: taking over says from whom and why, so that the old driver is told; taking one's own is a no-op."""
    await engine.agreed(cmd.TakeLease())
    assert await engine.agreed(cmd.TakeLease()) == "you drive already"
    assert "needs a reason" in await engine.refused(cmd.TakeLease(), operator="ben")
    assert (await engine.give(cmd.TakeLease(reason="ana is asleep"), operator="ben")).ok
    taken = engine.happened(ev.LeaseTaken)[-1]
    assert isinstance(taken, ev.LeaseTaken)
    assert (taken.operator, taken.previous, taken.reason) == ("ben", "ana", "ana is asleep")
    assert "ben drives this run" in await engine.refused(cmd.Advance(to="database"))
    assert (await engine.give(cmd.Advance(to="database"), operator="ben")).ok


async def test_whoever_sees_danger_may_hold(engine: FakeEngine) -> None:
    """S11/S25: an operator who does not drive may hold, by name, and may not resume."""
    await engine.agreed(cmd.TakeLease())
    assert (await engine.give(cmd.Hold(), operator="ben")).ok
    assert [(hold.reason, hold.by) for hold in engine.state.holds] == [("operator", "ben")]
    assert "ana drives this run" in await engine.refused(cmd.Resume(), operator="ben")


async def test_the_lease_outlives_the_engine(engine: FakeEngine, launch: Launch) -> None:
    """S25/S24: after a restart the same operator drives."""
    await engine.agreed(cmd.TakeLease())
    again = await launch(after=engine)
    assert "ana drives" in await again.refused(cmd.Resume(), operator="ben")
