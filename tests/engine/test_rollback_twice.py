"""Rollbacks that are asked for twice, or while another is under way (S13, S17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import OLD

from controlroom.run import commands as cmd
from controlroom.run.phases import Phase, ServiceState

if TYPE_CHECKING:
    from tests.engine.fake_engine import FakeEngine


def backwards(engine: FakeEngine) -> list[str]:
    """The services whose rollback ran, in order."""
    return [line.split()[0] for line in engine.world.log if " rollback " in line]


async def test_twice_is_a_no_op_with_a_message(engine: FakeEngine) -> None:
    """S17: under way, done, or never deployed: nothing runs, and the answer says why."""
    await engine.advance("database", "auth")
    engine.world.script["auth", "rollback"] = ["hang"]
    await engine.roll_back("auth")
    assert "being rolled back already" in await engine.roll_back("auth")
    engine.world.running("auth").succeed()
    await engine.clock.advance(5)
    assert "rolled back already: v1 is live" in await engine.roll_back("auth")
    assert "was not deployed in this run" in await engine.roll_back("orders")
    assert engine.world.begun["auth", "rollback"] == 1
    assert engine.world.begun["orders", "rollback"] == 0


async def test_nothing_deployed_is_a_no_op(engine: FakeEngine) -> None:
    """S17: rolling everything back before the first gate changes nothing and does not end the run."""
    assert "nothing to roll back" in await engine.roll_back_all()
    assert (engine.state.phase, engine.gate) == (Phase.READY, "database")


async def test_what_went_back_one_by_one_ends_as_rolled_back(engine: FakeEngine) -> None:
    """Everything may be asked for when nothing is left to take back: nothing runs again, and the run ends."""
    await engine.advance("database", "auth")
    await engine.roll_back("auth")
    await engine.roll_back("database")
    await engine.clock.advance(600)
    assert not engine.state.phase.terminal
    begun = dict(engine.world.begun)
    assert "rolling back nothing more: all of it is back already" in await engine.roll_back_all()
    await engine.clock.advance(5)
    assert engine.state.phase is Phase.ROLLED_BACK
    assert engine.world.begun == begun


async def test_redeploying_is_a_new_attempt(engine: FakeEngine) -> None:
    """S17: retry of a rolled-back service deploys it again as attempt 2, once the hold is lifted."""
    await engine.advance("database", "auth")
    await engine.roll_back("auth")
    assert "held (rollback)" in await engine.refused(cmd.Retry(service="auth"))
    await engine.agreed(cmd.Resume())
    await engine.agreed(cmd.Retry(service="auth"))
    await engine.clock.advance(5)
    assert (engine.service("auth").state, engine.service("auth").attempt) == (ServiceState.LIVE, 2)


async def test_everything_may_be_asked_for_during_a_rollback(engine: FakeEngine) -> None:
    """S13: a rollback of everything takes over one that is under way: each service goes back once, and the run ends."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["orders", "rollback"] = ["hang"]
    await engine.roll_back("orders")
    await engine.roll_back_all()
    engine.world.running("orders").succeed()
    await engine.clock.advance(10)
    assert engine.state.phase is Phase.ROLLED_BACK
    assert engine.world.begun["orders", "rollback"] == engine.world.begun["auth", "rollback"] == 1


async def test_the_database_may_be_added_during_a_rollback_of_everything(engine: FakeEngine) -> None:
    """S14: asking again with the database is no repetition; it goes back too, last."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["orders", "rollback"] = ["hang"]
    await engine.roll_back_all()
    assert "already" in await engine.roll_back_all()
    assert await engine.roll_back_all(with_database=True) == "rolling back orders, auth, database"
    engine.world.running("orders").succeed()
    await engine.clock.advance(10)
    assert backwards(engine) == ["orders", "auth", "database"]
    assert engine.world.versions == OLD


async def test_what_was_asked_for_singly_is_not_lost_by_everything(engine: FakeEngine) -> None:
    """S13: the database that waits in a cascade's queue still goes back when everything is asked for without it."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["orders", "rollback"] = ["hang"]
    await engine.roll_back("database")
    await engine.roll_back_all(with_database=False)
    engine.world.running("orders").succeed()
    await engine.clock.advance(10)
    assert engine.world.versions == OLD
    assert engine.state.phase is Phase.ROLLED_BACK


async def test_a_service_more_during_a_rollback_of_everything_still_ends_the_run(engine: FakeEngine) -> None:
    """S13: asking for the database alone meanwhile adds it; it does not make the rollback one of a single service."""
    await engine.advance("database", "auth")
    engine.world.script["auth", "rollback"] = ["hang"]
    await engine.roll_back_all()
    await engine.roll_back("database")
    engine.world.running("auth").succeed()
    await engine.clock.advance(10)
    assert (engine.state.phase, engine.world.versions) == (Phase.ROLLED_BACK, OLD)


async def test_what_was_let_go_before_a_rollback_is_asked_for_again(engine: FakeEngine) -> None:
    """S10/S13: a gate passed while held, or a retry not begun, does not start by itself after the rollback."""
    engine.world.script["orders", "deploy"] = ["fail"]
    await engine.advance("database", "auth", "orders")
    await engine.give_at_once(cmd.Retry(service="orders"), cmd.Hold())
    await engine.roll_back("auth", cascade=False, reason="only auth")
    await engine.agreed(cmd.Resume())
    await engine.clock.advance(10)
    assert engine.world.begun["orders", "deploy"] == 1
    assert engine.gate == "auth"


async def test_a_gate_passed_before_a_rollback_waits_again(engine: FakeEngine) -> None:
    """S10/S13: the next service was let go, held, and the one before it rolled back: it asks again for its own gate."""
    await engine.advance("database", "auth")
    await engine.give_at_once(cmd.Advance(to="orders"), cmd.Hold())
    await engine.roll_back("auth")
    await engine.agreed(cmd.Resume())
    await engine.advance("auth", seconds=15)
    assert (engine.gate, engine.states()["orders"]) == ("orders", ServiceState.WAITING)


async def test_the_menu_does_not_take_a_service_out_of_the_queue(engine: FakeEngine) -> None:
    """S12/S13: done, skip, verify and retry on a failed service that waits to go back are refused; it goes back."""
    engine.world.script["orders", "deploy"] = ["fail"]
    await engine.advance("database", "auth", "orders")
    engine.world.script["orders", "rollback"] = ["fail"]
    await engine.roll_back_all(with_database=True)
    assert engine.states()["orders"] is ServiceState.ROLLBACK_FAILED
    assert "about to be rolled back" in await engine.refused(cmd.MarkDone(service="auth", reason="x"))
    await engine.agreed(cmd.Retry(service="orders"))
    await engine.clock.advance(10)
    assert (engine.state.phase, engine.world.versions) == (Phase.ROLLED_BACK, OLD)


@pytest.mark.parametrize(
    "word",
    [
        cmd.VerifyAgain(service="auth"),
        cmd.MarkDone(service="auth", reason="x"),
        cmd.Retry(service="auth"),
        cmd.Skip(service="orders", reason="x"),
    ],
)
async def test_no_word_leaves_a_rollback_stuck(engine: FakeEngine, word: cmd.Command) -> None:
    """S13: whatever is said about queued services meanwhile, the rollback comes to its end."""
    engine.world.script["auth", "deploy"] = ["fail"]
    engine.world.script["orders", "deploy"] = ["fail"]
    await engine.advance("database", "auth")
    await engine.agreed(cmd.MarkDone(service="auth", reason="by hand"))
    await engine.advance("orders")
    engine.world.script["orders", "rollback"] = ["hang"]
    await engine.roll_back_all()
    assert "about to be rolled back" in await engine.refused(word)
    engine.world.running("orders").succeed()
    await engine.clock.advance(10)
    assert engine.state.phase is Phase.ROLLED_BACK
