"""Rollbacks that fail: they stop, loud, and there is a way on (S16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controlroom.run import commands as cmd
from controlroom.run.phases import Phase, ServiceState, Step

if TYPE_CHECKING:
    from tests.engine.fake_engine import FakeEngine


async def test_a_failed_rollback_stops_loud(engine: FakeEngine) -> None:
    """S16: ROLLBACK FAILED: an alarm, nothing else goes back, it is not tried again by itself, nothing can advance."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["orders", "rollback"] = ["fail"]
    await engine.roll_back("auth")
    await engine.clock.advance(600)
    assert engine.states()["orders"] is ServiceState.ROLLBACK_FAILED
    assert engine.states()["auth"] is ServiceState.LIVE
    assert engine.state.alarms["step:orders"].text == "ROLLBACK FAILED Orders API: exit code 1"
    assert engine.world.begun["orders", "rollback"] == 1
    assert "the rollback is under way" in await engine.refused(cmd.Resume())
    assert "stopped at a failure" in await engine.refused(cmd.Close())


WAYS_ON: dict[str, cmd.Command] = {
    "retry": cmd.Retry(service="orders"),
    "verify": cmd.VerifyAgain(service="orders"),
    "done": cmd.MarkDone(service="orders", reason="reverted by hand"),
    "rollback": cmd.RollBack(service="auth", confirm="auth"),
    "rollback all": cmd.RollBackAll(confirm="production"),
}


@pytest.mark.parametrize("way_on", WAYS_ON)
async def test_ways_on_after_a_failed_rollback(engine: FakeEngine, way_on: str) -> None:
    """S16: retry, verify again, mark done or roll back again carry the rest of the queue on."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["orders", "rollback"] = ["half"]
    await engine.roll_back("auth")
    await engine.agreed(WAYS_ON[way_on])
    await engine.clock.advance(10)
    assert engine.states()["orders"] is ServiceState.ROLLED_BACK
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK
    assert engine.state.alarms["step:orders"].cleared
    assert (engine.state.phase is Phase.ROLLED_BACK) == (way_on == "rollback all")


async def test_abort_after_a_failed_rollback(engine: FakeEngine) -> None:
    """S11/S16: the run can be ended as it stands."""
    await engine.advance("database", "auth")
    engine.world.script["auth", "rollback"] = ["fail"]
    await engine.roll_back("auth")
    await engine.agreed(cmd.Abort(confirm="production"))
    assert engine.state.phase is Phase.ABORTED
    assert engine.over


async def test_giving_up_on_a_failed_one_narrows_the_rollback(engine: FakeEngine) -> None:
    """S16: a new request replaces the stopped one: what it leaves out does not go back by itself later."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["auth", "rollback"] = ["fail"]
    await engine.roll_back("database")
    assert engine.states()["auth"] is ServiceState.ROLLBACK_FAILED
    await engine.roll_back("auth")
    assert engine.states()["auth"] is ServiceState.ROLLED_BACK
    await engine.clock.advance(30)
    assert (engine.states()["database"], engine.world.versions["database"]) == (ServiceState.LIVE, "42")


async def test_the_version_decides_whether_a_rollback_worked(engine: FakeEngine) -> None:
    """S16: exit 0 while the new version stays live is a failed rollback."""
    await engine.advance("database", "auth")
    engine.world.script["auth", "rollback"] = ["idle"]
    await engine.roll_back("auth")
    await engine.clock.advance(12)
    auth = engine.service("auth")
    assert (auth.state, auth.failed_step) == (ServiceState.ROLLBACK_FAILED, Step.VERIFY_ROLLBACK)
    assert auth.why == "live version is v2, not v1"


@pytest.mark.parametrize(
    ("trouble", "version", "why"),
    [
        (["fail"], "42", "exit code 1"),
        (["idle"], "42", "still 42 after an inverse migration"),
        ([], "40", "the newest version is 40, older than 41"),
    ],
)
async def test_inverse_migrations_that_lead_nowhere_stop(
    engine: FakeEngine, trouble: list[str], version: str, why: str
) -> None:
    """S14: a migration that fails, changes nothing, or a version that is too old already: stop and say so."""
    await engine.advance("database")
    engine.world.versions["database"] = version
    engine.world.script["database", "rollback"] = trouble
    await engine.roll_back("database")
    assert engine.states()["database"] is ServiceState.ROLLBACK_FAILED
    assert why in engine.service("database").why


async def test_a_version_that_cannot_be_read_stops_inverse_migrations(engine: FakeEngine) -> None:
    """S14: without the number nobody migrates further."""
    await engine.advance("database")
    engine.world.blind.add("database")
    await engine.roll_back("database")
    assert "the version cannot be read" in engine.service("database").why
    assert engine.world.begun["database", "rollback"] == 0


async def test_two_failed_rollbacks_are_settled_in_their_order(engine: FakeEngine) -> None:
    """S16: the one that stopped the queue stands open; the other waits for its turn, and no word about it unstops."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["auth", "rollback"] = ["fail"]
    engine.world.script["orders", "rollback"] = ["fail"]
    await engine.roll_back("auth", cascade=False, reason="auth first")
    await engine.roll_back("database")
    assert "about to be rolled back" in await engine.refused(cmd.MarkDone(service="auth", reason="by hand"))
    await engine.agreed(cmd.MarkDone(service="orders", reason="by hand"))
    await engine.clock.advance(10)
    assert set(engine.states().values()) == {ServiceState.ROLLED_BACK}
    assert engine.state.rollback is None
