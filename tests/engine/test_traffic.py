"""The traffic gate: when it opens, when it closes, and what happens when the edge does not obey (S21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import OLD, PLAN

from controlroom.adapters.fakes import FakeWorld
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, ServiceState, SmokeState, Traffic

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

BLIND_SWITCH = PLAN.replace("  observe: {run: switch state, open: open}\n", "")
NO_SWITCH = PLAN[: PLAN.index("traffic:")] + PLAN[PLAN.index("smoke:") :]


@pytest.fixture
async def deployed(engine: FakeEngine) -> FakeEngine:
    """Every service is live."""
    await engine.advance("database", "auth", "orders")
    return engine


async def test_a_failed_mandatory_item_keeps_it_closed(deployed: FakeEngine) -> None:
    """S21: opening is refused, by either command, and names the item; an alarm stands."""
    deployed.world.smoke["order"] = SmokeState.FAIL
    await deployed.agreed(cmd.RunSmoke())
    for command in (cmd.OpenTraffic(), cmd.Advance(to="traffic")):
        assert "mandatory smoke tests are not passed: Order (fail)" in await deployed.refused(command)
    assert deployed.state.alarms["smoke:order"].text == "smoke test failed: Order: scripted fail"
    assert (deployed.gate, deployed.world.traffic) == (None, "closed")


async def test_optional_items_do_not_matter_and_not_applicable_is_fine(deployed: FakeEngine) -> None:
    """S21: only mandatory items count; one that does not apply is settled."""
    deployed.world.smoke["order"] = SmokeState.FAIL
    await deployed.agreed(cmd.MarkSmoke(item="look", state=SmokeState.FAIL))
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.MarkSmoke(item="order", state=SmokeState.NOT_APPLICABLE, reason="orders was skipped"))
    assert deployed.gate == "traffic"
    await deployed.agreed(cmd.OpenTraffic())
    assert deployed.state.phase is Phase.WATCHING


async def test_one_that_fails_while_open_closes_it_and_alarms(engine: FakeEngine) -> None:
    """S21: traffic is closed by itself, and rollback offered; it opens again only when a human says so."""
    await engine.go_live()
    await engine.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL, reason="orders get lost"))
    assert (engine.world.traffic, engine.state.traffic) == ("closed", Traffic.CLOSED)
    assert "roll back" in engine.state.alarms["smoke:order"].suggest
    await engine.agreed(cmd.MarkSmoke(item="order", state=SmokeState.PASS))
    await engine.clock.advance(30)
    assert engine.world.traffic == "closed"
    assert engine.gate == "traffic"
    await engine.agreed(cmd.OpenTraffic())
    assert (engine.world.traffic, engine.state.phase) == ("open", Phase.WATCHING)


async def test_what_becomes_of_the_public_is_said_as_it_is(launch: Launch) -> None:
    """S21: closed, it stays closed; open, it closes; without a switch nothing is said of one."""
    engine = await launch()
    await engine.advance("database", "auth", "orders")
    await engine.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL))
    assert engine.state.alarms["smoke:order"].suggest == "traffic stays closed; roll back"
    await engine.agreed(cmd.MarkSmoke(item="order", state=SmokeState.PASS))
    await engine.agreed(cmd.RunSmoke())
    await engine.agreed(cmd.OpenTraffic())
    await engine.agreed(cmd.MarkSmoke(item="signup", state=SmokeState.FAIL))
    assert engine.state.alarms["smoke:signup"].suggest == "traffic closes; roll back"

    bare = await launch(NO_SWITCH)
    await bare.advance("database", "auth", "orders")
    await bare.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL))
    assert bare.state.alarms["smoke:order"].suggest == "roll back"
    assert (await bare.refused(cmd.OpenTraffic())).startswith("the watch does not begin: mandatory smoke tests")


async def test_it_stays_closed_after_everything_went_back(engine: FakeEngine) -> None:
    """S21: closed first, and nobody opens it again: the answer and the verdict say so."""
    await engine.go_live()
    said = await engine.agreed(cmd.RollBackAll(confirm="production"))
    assert said == "rolling back orders, auth; traffic is closed first, and stays closed"
    await engine.clock.advance(10)
    assert engine.state.verdict is not None
    assert engine.state.verdict.why.endswith("; traffic is closed")
    assert engine.world.traffic == "closed"
    back = [entry for entry in engine.world.log if entry.startswith(("traffic closed", "orders rollback"))]
    assert back[0] == "traffic closed"
    assert len(back) == 2


async def test_a_failed_close_is_tried_once_and_stands_as_an_alarm(engine: FakeEngine) -> None:
    """S21: an edge that does not obey is not hammered; the alarm stands until a close succeeds."""
    await engine.go_live()
    engine.world.script["traffic", "closed"] = ["fail"] * 50
    await engine.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL))
    await engine.clock.advance(60)
    assert engine.world.begun["traffic", "closed"] == 1
    assert engine.state.alarms["traffic"].text == "traffic did not close: exit code 1; it is open"
    assert not engine.state.alarms["traffic"].cleared
    await engine.agreed(cmd.Acknowledge(alarm="traffic"))
    assert "traffic" in engine.state.alarms
    engine.world.script.clear()
    await engine.agreed(cmd.CloseTraffic())
    assert engine.world.traffic == "closed"
    assert "traffic" not in engine.state.alarms


async def test_a_failed_open_leaves_the_gate_waiting(deployed: FakeEngine) -> None:
    """S21: an open action that fails ends where it began, with an alarm that a later success clears."""
    deployed.world.script["traffic", "open"] = ["fail"]
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.OpenTraffic())
    assert (deployed.state.phase, deployed.state.traffic, deployed.gate) == (Phase.SMOKE, Traffic.CLOSED, "traffic")
    assert "traffic did not open: exit code 1; it is closed" in deployed.state.alarms["traffic"].text
    assert not deployed.state.alarms["traffic"].cleared
    await deployed.agreed(cmd.OpenTraffic())
    assert deployed.state.phase is Phase.WATCHING
    assert deployed.state.alarms["traffic"].cleared


async def test_the_edge_decides_not_the_exit_code(deployed: FakeEngine) -> None:
    """S21: an open action that passed while the edge still says closed has failed."""
    await deployed.agreed(cmd.RunSmoke())
    deployed.world.script["traffic", "open"] = ["idle"]
    await deployed.agreed(cmd.OpenTraffic())
    assert deployed.state.traffic is Traffic.CLOSED
    assert "the edge says closed" in deployed.state.alarms["traffic"].text


async def test_an_open_that_failed_and_yet_opened_is_open(deployed: FakeEngine) -> None:
    """S21: the public is in, so the watch begins; that the action failed stays an alarm."""
    await deployed.agreed(cmd.RunSmoke())
    deployed.world.script["traffic", "open"] = ["half"]
    await deployed.agreed(cmd.OpenTraffic())
    assert (deployed.state.phase, deployed.state.traffic) == (Phase.WATCHING, Traffic.OPEN)
    await deployed.agreed(cmd.CloseTraffic())
    assert deployed.world.traffic == "closed"


async def test_a_switch_that_cannot_be_read_can_still_be_closed(launch: Launch) -> None:
    """S21: after a move whose end nobody sees, `traffic close` acts; it is not only said."""
    engine = await launch()
    await engine.go_live()
    engine.world.blind.add("traffic")
    engine.world.script["traffic", "closed"] = ["fail"]
    await engine.agreed(cmd.CloseTraffic())
    assert engine.state.traffic is Traffic.UNKNOWN
    await engine.agreed(cmd.CloseTraffic())
    assert engine.world.begun["traffic", "closed"] == 2
    assert (engine.world.traffic, engine.state.traffic) == ("closed", Traffic.CLOSED)


async def test_a_plan_that_does_not_observe_its_switch(launch: Launch) -> None:
    """S21: without `observe` the actions are believed."""
    engine = await launch(BLIND_SWITCH, traffic=Traffic.UNKNOWN)
    await engine.go_live()
    assert (engine.world.traffic, engine.state.traffic) == ("open", Traffic.OPEN)
    await engine.agreed(cmd.CloseTraffic())
    assert (engine.world.traffic, engine.state.traffic) == ("closed", Traffic.CLOSED)


async def test_a_plan_without_a_switch_still_asks_before_the_watch(launch: Launch) -> None:
    """S21: without traffic actions the gate waits all the same, and nothing is moved."""
    engine = await launch(NO_SWITCH)
    await engine.advance("database", "auth", "orders")
    await engine.agreed(cmd.RunSmoke())
    assert engine.gate == "traffic"
    await engine.agreed(cmd.Advance(to="traffic"))
    assert (engine.state.phase, engine.state.traffic) == (Phase.WATCHING, Traffic.NONE)
    assert "no traffic gate" in await engine.refused(cmd.CloseTraffic())


async def test_a_switch_that_was_open_all_along(launch: Launch) -> None:
    """S21: public traffic that was never closed: the gate still waits for the checklist, and then the watch begins."""
    world = FakeWorld(versions=dict(OLD), traffic="open")
    engine = await launch(world=world, traffic=Traffic.OPEN)
    await engine.advance("database", "auth", "orders")
    assert "mandatory smoke tests are not passed" in await engine.refused(cmd.OpenTraffic())
    await engine.agreed(cmd.RunSmoke())
    assert engine.gate == "traffic"
    await engine.agreed(cmd.OpenTraffic())
    assert engine.state.phase is Phase.WATCHING
    assert world.begun["traffic", "open"] == 0


async def test_a_switch_that_was_open_all_along_closes_on_failure(launch: Launch) -> None:
    """S21: if it was open, close it: the new version failed its test under public traffic."""
    engine = await launch(world=FakeWorld(versions=dict(OLD), traffic="open"), traffic=Traffic.OPEN)
    await engine.advance("database", "auth", "orders")
    engine.world.smoke["order"] = SmokeState.FAIL
    await engine.agreed(cmd.RunSmoke())
    assert engine.world.traffic == "closed"


async def test_traffic_does_not_open_by_itself_later(deployed: FakeEngine) -> None:
    """S21: a gate passed while held is no word for ever: a failure or a redeploy in between takes it back."""
    await deployed.agreed(cmd.RunSmoke())
    answers = await deployed.give_at_once(cmd.OpenTraffic(), cmd.Hold())
    assert [answer.ok for answer in answers] == [True, True]
    await deployed.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL))
    await deployed.agreed(cmd.MarkSmoke(item="order", state=SmokeState.PASS))
    await deployed.agreed(cmd.Resume())
    await deployed.clock.advance(10)
    assert deployed.world.traffic == "closed"
    assert deployed.gate == "traffic"


async def test_traffic_closes_during_a_rollback_that_stopped(engine: FakeEngine) -> None:
    """S21: a rollback that failed does not keep the operator from closing the door."""
    await engine.go_live()
    engine.world.script["orders", "rollback"] = ["fail"]
    await engine.roll_back("orders")
    assert engine.states()["orders"] is ServiceState.ROLLBACK_FAILED
    assert await engine.agreed(cmd.CloseTraffic(reason="customers first")) == "closing traffic"
    assert engine.world.traffic == "closed"


async def test_closing_does_not_wait_for_the_step_under_way(engine: FakeEngine) -> None:
    """S21: users leave a bad environment at once, not when a step that hangs has ended; the step goes on."""
    await engine.go_live()
    engine.world.script["orders", "rollback"] = ["hang"]
    await engine.roll_back("orders")
    assert await engine.agreed(cmd.CloseTraffic()) == "closing traffic"
    assert (engine.world.traffic, engine.state.traffic) == ("closed", Traffic.CLOSED)
    assert engine.state.active is not None
    engine.world.running("orders").succeed()
    await engine.clock.advance(5)
    assert engine.states()["orders"] is ServiceState.ROLLED_BACK


async def test_a_failed_item_closes_it_in_the_middle_of_a_step(engine: FakeEngine) -> None:
    """S21: nor does the closing that nobody asks for."""
    await engine.go_live()
    engine.world.script["orders", "rollback"] = ["hang"]
    await engine.roll_back("orders")
    await engine.agreed(cmd.MarkSmoke(item="signup", state=SmokeState.FAIL))
    assert engine.world.traffic == "closed"
    assert engine.state.active is not None


async def test_rolling_everything_back_closes_it_before_a_migration_has_ended(launch: Launch) -> None:
    """S21: what may not be cut off is waited for by the rollback, not by the public."""
    engine = await launch(world=FakeWorld(versions=dict(OLD), traffic="open"), traffic=Traffic.OPEN)
    engine.world.script["database", "deploy"] = ["hang"]
    await engine.advance("database")
    await engine.agreed(cmd.RollBackAll(confirm="production", with_database=True))
    assert engine.world.traffic == "closed"
    assert engine.world.running("database").outcome is None
    engine.world.running("database").succeed()
    await engine.clock.advance(5)
    assert engine.states()["database"] is ServiceState.ROLLED_BACK


async def test_closing_waits_for_a_switch_that_is_being_opened(deployed: FakeEngine) -> None:
    """S21: the one thing that a close waits for, and says so; the watch does not begin in between."""
    deployed.world.script["traffic", "open"] = ["hang"]
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.OpenTraffic())
    assert "it is being opened" in await deployed.agreed(cmd.CloseTraffic())
    assert deployed.world.begun["traffic", "closed"] == 0
    deployed.world.running("traffic").succeed()
    await deployed.clock.advance(1)
    assert (deployed.world.traffic, deployed.state.phase) == ("closed", Phase.SMOKE)
    assert deployed.happened(ev.WatchStarted) == []
    assert deployed.gate == "traffic"


async def test_an_item_that_fails_while_it_opens(deployed: FakeEngine) -> None:
    """S21: what failed on the way is not forgotten once the switch is open: it closes, and no watch begins."""
    deployed.world.script["traffic", "open"] = ["hang"]
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.OpenTraffic())
    await deployed.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL))
    deployed.world.running("traffic").succeed()
    await deployed.clock.advance(1)
    assert (deployed.world.traffic, deployed.state.phase) == ("closed", Phase.SMOKE)
    assert deployed.happened(ev.WatchStarted) == []


async def test_held_traffic_does_not_open(deployed: FakeEngine) -> None:
    """S11: the traffic gate is a gate like any other."""
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.Hold())
    assert "held (operator)" in await deployed.refused(cmd.OpenTraffic())


async def test_too_early_and_twice(engine: FakeEngine) -> None:
    """S21: before every service is live there is no traffic gate; open twice is refused with the reason."""
    await engine.agreed(cmd.RunSmoke())
    assert await engine.refused(cmd.OpenTraffic()) == "the gate that waits is database, not traffic"
    await engine.go_live()
    assert await engine.refused(cmd.OpenTraffic()) == "traffic is open already"
    await engine.agreed(cmd.CloseTraffic())
    assert await engine.agreed(cmd.CloseTraffic()) == "traffic is closed already"


async def test_abort_waits_for_the_switch(deployed: FakeEngine) -> None:
    """S11: the run does not end while the edge is being moved: what it came to is in the journal first."""
    deployed.world.script["traffic", "open"] = ["hang"]
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.OpenTraffic())
    await deployed.agreed(cmd.Abort(confirm="production"))
    assert deployed.state.phase is Phase.OPENING
    deployed.world.running("traffic").succeed()
    await deployed.clock.advance(1)
    assert (deployed.state.phase, deployed.state.traffic) == (Phase.ABORTED, Traffic.OPEN)
    names = [type(record.event) for record in deployed.journal.records]
    assert names.index(ev.TrafficFinished) < len(names) - 1 - names[::-1].index(ev.VerdictReached)
