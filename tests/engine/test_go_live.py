"""A go-live from the first gate on, on fakes: sequence, gates, holds, failures, rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine.fake_engine import OLD

from controlroom.run import commands as cmd
from controlroom.run.fold import fold_all
from controlroom.run.phases import Phase, ServiceState, SmokeState, Traffic

if TYPE_CHECKING:
    from tests.engine.fake_engine import FakeEngine


async def test_whole_run(engine: FakeEngine) -> None:
    """S10: each service stops at its gate, is deployed and verified; then smoke, traffic, and the end."""
    assert engine.gate == "database"
    await engine.advance("database")
    assert engine.service("database").state is ServiceState.LIVE
    assert engine.gate == "auth"
    await engine.advance("auth", "orders")
    assert engine.state.phase is Phase.SMOKE
    assert engine.gate is None
    assert (await engine.give(cmd.RunSmoke())).ok
    assert engine.gate == "traffic"
    assert (await engine.give(cmd.OpenTraffic())).ok
    assert engine.world.traffic == "open"
    assert engine.state.phase is Phase.WATCHING
    assert engine.state.traffic is Traffic.OPEN


async def test_state_is_the_fold_of_the_journal(engine: FakeEngine) -> None:
    """The live state is what folding the journal gives."""
    await engine.advance("database", "auth")
    await engine.give(cmd.RollBack(service="auth", confirm="auth"))
    await engine.clock.advance(5)
    assert fold_all(await engine.journal.read()) == engine.state


async def test_rollback_of_one_service(engine: FakeEngine) -> None:
    """S13: the old version is back and verified, and the run is held and steerable."""
    await engine.advance("database", "auth")
    answer = await engine.give(cmd.RollBack(service="auth", confirm="auth"))
    assert answer.ok
    await engine.clock.advance(5)
    auth = engine.service("auth")
    assert (auth.state, auth.live) == (ServiceState.ROLLED_BACK, "v1")
    assert [h.reason for h in engine.state.holds] == ["rollback"]
    assert engine.world.versions["auth"] == "v1"
    assert (await engine.give(cmd.Resume())).ok
    assert engine.gate == "auth"
    await engine.advance("auth")
    assert engine.service("auth").attempt == 2
    assert engine.service("auth").state is ServiceState.LIVE


async def test_rollback_mid_step(engine: FakeEngine) -> None:
    """S13: a hanging deploy is cancelled, marked partial, and the rollback follows."""
    engine.world.script["auth", "deploy"] = ["hang"]
    await engine.advance("database", "auth")
    assert engine.service("auth").state is ServiceState.DEPLOYING
    await engine.give(cmd.RollBack(service="auth", confirm="auth"))
    await engine.clock.advance(5)
    assert engine.service("auth").state is ServiceState.ROLLED_BACK
    assert engine.world.begun["auth", "deploy"] == 1
    assert engine.world.begun["auth", "rollback"] == 1


async def test_rollback_of_everything(engine: FakeEngine) -> None:
    """S14: reverse order, the database only on request and one migration at a time, and the run ends."""
    await engine.advance("database", "auth", "orders")
    await engine.give(cmd.RollBackAll(confirm="production", with_database=True))
    await engine.clock.advance(10)
    assert engine.state.phase is Phase.ROLLED_BACK
    assert engine.world.versions == OLD
    assert [line.split()[0] for line in engine.world.log if " rollback " in line] == ["orders", "auth", "database"]
    assert engine.over


async def test_smoke_failure_keeps_traffic_closed(engine: FakeEngine) -> None:
    """S21: a failed mandatory item keeps the traffic gate shut."""
    engine.world.smoke["order"] = SmokeState.FAIL
    await engine.advance("database", "auth", "orders")
    await engine.give(cmd.RunSmoke())
    answer = await engine.give(cmd.OpenTraffic())
    assert not answer.ok
    assert "Order (fail)" in answer.message
    assert engine.world.traffic == "closed"
