"""The smoke-test checklist: marks, results, what makes them stale, and taking them back (S20)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import PLAN

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, SmokeState

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

TOGETHER = PLAN.replace("run: smoke signup}", "run: smoke signup, parallel: true}").replace(
    "run: smoke order}", "run: smoke order, parallel: true}"
)
SLOW = PLAN.replace("run: smoke signup}", "run: smoke signup, timeout: 10s, retries: 1}")


def states(engine: FakeEngine) -> dict[str, SmokeState]:
    """Where each item stands."""
    return {key: item.state for key, item in engine.state.smoke.items()}


@pytest.fixture
async def deployed(engine: FakeEngine) -> FakeEngine:
    """Every service is live."""
    await engine.advance("database", "auth", "orders")
    assert engine.state.phase is Phase.SMOKE
    return engine


async def test_run_all_runs_what_is_automatic_in_order(deployed: FakeEngine) -> None:
    """S20: automatic items run one after another; the manual one waits for a human."""
    assert await deployed.agreed(cmd.RunSmoke()) == "running signup, order"
    assert states(deployed) == {"signup": SmokeState.PASS, "order": SmokeState.PASS, "look": SmokeState.TODO}
    assert deployed.state.smoke["signup"].note == "scripted pass"
    assert await deployed.agreed(cmd.RunSmoke()) == "nothing to run"
    assert "is done by hand" in await deployed.refused(cmd.RunSmoke(items=("look",)))


async def test_marks_say_who_when_and_why(deployed: FakeEngine) -> None:
    """S20: a mark by hand keeps its author, its time and its note; not applicable wants a reason."""
    bare = cmd.MarkSmoke(item="look", state=SmokeState.NOT_APPLICABLE)
    assert "needs a reason" in await deployed.refused(bare)
    await deployed.agreed(cmd.MarkSmoke(item="look", state=SmokeState.BLOCKED, reason="no phone at hand"))
    look = deployed.state.smoke["look"]
    assert (look.state, look.by, look.note) == (SmokeState.BLOCKED, "ana", "no phone at hand")
    assert look.at == deployed.journal.records[-1].at
    assert "an item is marked" in await deployed.refused(cmd.MarkSmoke(item="look", state=SmokeState.STALE))


async def test_stale_after_the_service_was_deployed_or_rolled_back(deployed: FakeEngine) -> None:
    """S20: only what covers the service goes stale, and an item that covers all goes with any; todo stays todo."""
    await deployed.agreed(cmd.RunSmoke())
    await deployed.roll_back("orders")
    assert states(deployed) == {"signup": SmokeState.PASS, "order": SmokeState.STALE, "look": SmokeState.TODO}
    await deployed.agreed(cmd.MarkSmoke(item="look", state=SmokeState.PASS))
    await deployed.agreed(cmd.Resume())
    await deployed.advance("orders")
    assert states(deployed) == {"signup": SmokeState.PASS, "order": SmokeState.STALE, "look": SmokeState.STALE}
    assert await deployed.agreed(cmd.RunSmoke()) == "running order"
    assert deployed.gate == "traffic"


async def test_stale_cannot_be_undone_into_a_pass(deployed: FakeEngine) -> None:
    """S20: undo does not bring a result back that rests on another version."""
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.MarkSmoke(item="order", state=SmokeState.FAIL))
    await deployed.roll_back("orders")
    assert "nothing to undo" in await deployed.refused(cmd.UndoSmoke(item="order"))
    assert states(deployed)["order"] is SmokeState.STALE


async def test_undo_is_a_new_entry(deployed: FakeEngine) -> None:
    """S20: taking back says so in the journal, erases nothing, and goes one step only."""
    await deployed.agreed(cmd.MarkSmoke(item="look", state=SmokeState.PASS))
    await deployed.agreed(cmd.MarkSmoke(item="look", state=SmokeState.BLOCKED))
    await deployed.agreed(cmd.UndoSmoke(item="look"))
    assert states(deployed)["look"] is SmokeState.PASS
    marks = [event for event in deployed.happened(ev.SmokeMarked) if isinstance(event, ev.SmokeMarked)]
    assert [(mark.state, mark.undo) for mark in marks] == [
        (SmokeState.PASS, False),
        (SmokeState.BLOCKED, False),
        (SmokeState.PASS, True),
    ]
    assert "nothing to undo" in await deployed.refused(cmd.UndoSmoke(item="look"))


async def test_undo_back_to_a_failure_alarms_again(deployed: FakeEngine) -> None:
    """S20/S21: a pass that hid a failed mandatory item and is taken back raises its alarm anew."""
    deployed.world.smoke["order"] = SmokeState.FAIL
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.MarkSmoke(item="order", state=SmokeState.PASS, reason="a typo in the test"))
    assert deployed.state.alarms["smoke:order"].cleared
    await deployed.agreed(cmd.UndoSmoke(item="order"))
    assert states(deployed)["order"] is SmokeState.FAIL
    assert not deployed.state.alarms["smoke:order"].cleared


async def test_a_late_result_of_what_went_stale_says_nothing(deployed: FakeEngine) -> None:
    """S20: the item went stale while it ran: its result neither passes nor alarms."""
    deployed.world.slow_smoke["order"] = asyncio.Event()
    deployed.world.smoke["order"] = SmokeState.FAIL
    await deployed.agreed(cmd.RunSmoke(items=("order",)))
    assert states(deployed)["order"] is SmokeState.RUNNING
    await deployed.roll_back("orders")
    deployed.world.slow_smoke["order"].set()
    await deployed.clock.advance(1)
    assert states(deployed)["order"] is SmokeState.STALE
    assert "smoke:order" not in deployed.state.alarms


async def test_a_result_after_a_mark_by_hand_says_nothing(deployed: FakeEngine) -> None:
    """S20: the human was faster; what the machine brings later does not overrule him."""
    deployed.world.slow_smoke["order"] = asyncio.Event()
    await deployed.agreed(cmd.RunSmoke(items=("order",)))
    await deployed.agreed(cmd.MarkSmoke(item="order", state=SmokeState.BLOCKED, reason="hangs"))
    deployed.world.slow_smoke["order"].set()
    await deployed.clock.advance(1)
    assert states(deployed)["order"] is SmokeState.BLOCKED


async def test_an_item_that_hangs_fails(launch: Launch) -> None:
    """S20: an item gets its attempts, each with a minute to clean up; then it has failed, and the next runs."""
    engine = await launch(SLOW)
    await engine.advance("database", "auth", "orders")
    engine.world.slow_smoke["signup"] = asyncio.Event()
    await engine.agreed(cmd.RunSmoke())
    await engine.clock.advance(141)
    assert states(engine)["signup"] is SmokeState.FAIL
    assert engine.state.smoke["signup"].note == "no end after 140 s"
    assert states(engine)["order"] is SmokeState.PASS


async def test_checks_run_while_held_and_while_a_rollback_runs(deployed: FakeEngine) -> None:
    """S11: a hold keeps new services from starting; looking is not deploying."""
    await deployed.agreed(cmd.Hold())
    await deployed.agreed(cmd.RunSmoke())
    assert states(deployed)["signup"] is SmokeState.PASS


async def test_an_item_under_way_when_the_engine_died_is_to_do_again(deployed: FakeEngine, launch: Launch) -> None:
    """S24: the new engine does not wait for a result that nobody brings."""
    deployed.world.slow_smoke["signup"] = asyncio.Event()
    await deployed.agreed(cmd.RunSmoke())
    again = await launch(after=deployed)
    assert states(again)["signup"] is SmokeState.TODO
    assert states(again)["order"] is SmokeState.PASS
    again.world.slow_smoke.clear()
    await again.agreed(cmd.RunSmoke())
    assert states(again)["signup"] is SmokeState.PASS


async def test_a_run_that_ends_does_not_wait_for_a_hanging_item(deployed: FakeEngine) -> None:
    """S11: abort ends the engine at once; the item says that it was cut off."""
    deployed.world.slow_smoke["signup"] = asyncio.Event()
    await deployed.agreed(cmd.RunSmoke())
    await deployed.agreed(cmd.Abort(confirm="production"))
    assert deployed.over
    assert states(deployed)["signup"] is SmokeState.BLOCKED


async def test_parallel_items_run_together_and_are_recorded_in_order(launch: Launch) -> None:
    """S20: both are under way at once, a failed one stops no other, and the journal is the same in both orders."""
    journals = []
    for first, second in (("signup", "order"), ("order", "signup")):
        engine = await launch(TOGETHER)
        await engine.advance("database", "auth", "orders")
        engine.world.slow_smoke = {"signup": asyncio.Event(), "order": asyncio.Event()}
        engine.world.smoke["signup"] = SmokeState.FAIL
        await engine.agreed(cmd.RunSmoke())
        assert [engine.world.begun[item, "smoke"] for item in ("signup", "order")] == [1, 1]
        assert states(engine)["signup"] is states(engine)["order"] is SmokeState.RUNNING
        engine.world.slow_smoke[first].set()
        await engine.clock.advance(1)
        engine.world.slow_smoke[second].set()
        await engine.clock.advance(1)
        assert (states(engine)["signup"], states(engine)["order"]) == (SmokeState.FAIL, SmokeState.PASS)
        told = [
            e
            for e in engine.happened(ev.SmokeStarted, ev.SmokeFinished)
            if isinstance(e, ev.SmokeStarted | ev.SmokeFinished)
        ]
        journals.append([(type(event).__name__, event.item) for event in told])
    assert journals[0] == journals[1]
    assert journals[0] == [
        ("SmokeStarted", "signup"),
        ("SmokeStarted", "order"),
        ("SmokeFinished", "signup"),
        ("SmokeFinished", "order"),
    ]


async def test_parallel_items_of_a_dead_engine_are_all_to_do_again(launch: Launch) -> None:
    """S24: the new engine knows that nobody sees them through, and runs each once more when asked."""
    engine = await launch(TOGETHER)
    await engine.advance("database", "auth", "orders")
    engine.world.slow_smoke = {"signup": asyncio.Event(), "order": asyncio.Event()}
    await engine.agreed(cmd.RunSmoke())
    taken_up = await launch(TOGETHER, after=engine)
    assert (states(taken_up)["signup"], states(taken_up)["order"]) == (SmokeState.TODO, SmokeState.TODO)
    taken_up.world.slow_smoke = {}
    await taken_up.agreed(cmd.RunSmoke())
    assert (states(taken_up)["signup"], states(taken_up)["order"]) == (SmokeState.PASS, SmokeState.PASS)


async def test_flaky_lets_traffic_in_and_says_so(deployed: FakeEngine) -> None:
    """S20/S21: a pass on a retry is no failure, and no plain pass; it goes stale as a pass does."""
    deployed.world.smoke["order"] = SmokeState.FLAKY
    await deployed.agreed(cmd.RunSmoke())
    assert states(deployed)["order"] is SmokeState.FLAKY
    assert deployed.gate == "traffic"
    assert deployed.state.alarms == {}
    assert await deployed.agreed(cmd.RunSmoke()) == "nothing to run"
    assert "an item is marked" in await deployed.refused(cmd.MarkSmoke(item="look", state=SmokeState.FLAKY))
    await deployed.roll_back("orders")
    assert states(deployed)["order"] is SmokeState.STALE


async def test_links_and_parallel_reach_whoever_looks(launch: Launch) -> None:
    """What the plan says of an item is in the run's own outline: the screen and the report never read the plan."""
    told = TOGETHER.replace("manual: open the shop", "manual: open the shop, link: 'https://wiki.test/42'")
    engine = await launch(told)
    items = {item.id: item for item in engine.state.outline.smoke}
    assert (items["look"].link, items["look"].instructions) == ("https://wiki.test/42", "open the shop")
    assert [item.parallel for item in items.values()] == [True, True, False]
