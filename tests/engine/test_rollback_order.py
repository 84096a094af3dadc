"""What goes back, in which order, with and without the database, and what the run does around it (S14, S15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine.fake_engine import NEW, OLD, PLAN

from controlroom.adapters.fakes import FakeWorld
from controlroom.run import commands as cmd
from controlroom.run.phases import Phase, ServiceState, Traffic

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

TWO_BACK = PLAN.replace("rollback: [{run: migrate down}]", "rollback: [{run: migrate down}, {run: announce}]")
CACHE_FIRST = PLAN.replace(
    "services:\n",
    """services:
  - id: cache
    name: Cache
    version: {to: v2, observe: {run: version cache}}
    deploy: [{run: deploy cache}]
    verify: [{run: check cache}]
    rollback: [{run: deploy cache}]
""",
)
IRREVERSIBLE = PLAN.replace(
    "    rollback: [{run: migrate down}]\n", "    irreversible: true\n    reason: it drops a column\n"
)


def backwards(engine: FakeEngine) -> list[str]:
    """The services whose rollback ran, in order."""
    return [line.split()[0] for line in engine.world.log if " rollback " in line]


async def test_cascade_takes_dependents_first(engine: FakeEngine) -> None:
    """S14: what depends on the service goes back first."""
    await engine.advance("database", "auth", "orders")
    assert await engine.roll_back("auth") == "rolling back orders, auth"
    assert backwards(engine) == ["orders", "auth"]
    assert engine.world.versions == {**OLD, "database": "42"}


async def test_single_wants_a_reason_when_dependents_stay(engine: FakeEngine) -> None:
    """S14: leaving dependents on the new version is a decision with a reason; without dependents it needs none."""
    await engine.advance("database", "auth", "orders")
    alone = cmd.RollBack(service="auth", confirm="auth", cascade=False)
    assert "needs a reason: orders would stay" in await engine.refused(alone)
    await engine.roll_back("orders", cascade=False)
    await engine.roll_back("auth", cascade=False)
    assert backwards(engine) == ["orders", "auth"]


async def test_all_skips_what_never_started_and_includes_half_done(engine: FakeEngine) -> None:
    """S14: reverse order over what was deployed: half-done included, never-started skipped, database left alone."""
    engine.world.script["auth", "deploy"] = ["half"]
    await engine.advance("database", "auth")
    assert await engine.roll_back_all() == "rolling back auth"
    assert engine.world.versions == {**OLD, "database": "42"}
    assert engine.state.phase is Phase.ROLLED_BACK
    assert engine.over


async def test_all_with_the_database_last_one_migration_at_a_time(launch: Launch) -> None:
    """S14: inverse migrations come last and run until the query says the captured version."""
    engine = await launch(TWO_BACK, world=FakeWorld(versions={**OLD, "database": "39"}))
    await engine.advance("database", "auth", "orders")
    await engine.roll_back_all(with_database=True)
    assert backwards(engine) == ["orders", "auth", *["database"] * 6]
    assert engine.world.commands["migrate down"] == engine.world.commands["announce"] == 3
    assert engine.world.versions == {**OLD, "database": "39"}


async def test_the_database_goes_last_wherever_it_stands(launch: Launch) -> None:
    """S14: also when the plan deploys something before it that nothing depends on."""
    engine = await launch(CACHE_FIRST, world=FakeWorld(versions={**OLD, "cache": "v1"}))
    await engine.advance("cache", "database", "auth")
    await engine.roll_back_all(with_database=True)
    assert backwards(engine) == ["auth", "cache", "database"]


async def test_the_database_stays_when_nothing_else_was_deployed(engine: FakeEngine) -> None:
    """S14: rolling everything back without the database says that it stays, and ends the run."""
    await engine.advance("database")
    assert "the database stays as it is" in await engine.roll_back_all()
    assert (engine.state.phase, engine.world.versions["database"]) == (Phase.ROLLED_BACK, "42")


async def test_a_failed_migration_leaves_the_old_version(engine: FakeEngine) -> None:
    """S14: a migration that failed without effect has nothing to invert; the version is verified all the same."""
    engine.world.script["database", "deploy"] = ["fail"]
    await engine.advance("database")
    assert engine.gate is None
    await engine.roll_back("database")
    assert engine.states()["database"] is ServiceState.ROLLED_BACK
    assert engine.world.begun["database", "rollback"] == 0


async def test_irreversible_is_refused_and_explained(launch: Launch) -> None:
    """S14: no rollback reaches over something that cannot be taken back, and the refusal says what and why."""
    engine = await launch(IRREVERSIBLE)
    await engine.advance("database", "auth")
    refusal = await engine.refused(cmd.RollBack(service="database", confirm="database"))
    assert refusal == "database cannot be rolled back: it drops a column"
    all_of_it = cmd.RollBackAll(confirm="production", with_database=True)
    assert "it drops a column" in await engine.refused(all_of_it)
    await engine.roll_back_all()
    assert engine.world.versions == {**OLD, "database": "42"}


SOLD = PLAN.replace(
    'rollback: [{run: "deploy orders ${version.target}"}]', "irreversible: true\n    reason: it is sold"
)
AUTH_SOLD = PLAN.replace(
    'rollback: [{run: "deploy auth ${version.target}"}]', "irreversible: true\n    reason: it is sold"
)


async def test_what_can_go_back_goes_back(launch: Launch) -> None:
    """S14: one service without a way back does not keep the others on a bad version; answer and end name it."""
    engine = await launch(AUTH_SOLD)
    await engine.advance("database", "auth", "orders")
    answer = await engine.agreed(cmd.RollBackAll(confirm="production"))
    assert answer == "rolling back orders; auth cannot be rolled back: it is sold"
    await engine.clock.advance(30)
    assert engine.world.versions == {"database": "42", "auth": "v2", "orders": "v1"}
    assert engine.state.phase is Phase.ROLLED_BACK
    assert engine.state.verdict is not None
    assert engine.state.verdict.why.startswith("everything is rolled back, but for auth")


async def test_what_it_needs_stays_with_it(launch: Launch) -> None:
    """S14: nothing goes back under a service that stays on its new version; with nothing left it is refused."""
    engine = await launch(SOLD)
    await engine.advance("database", "auth", "orders")
    refusal = await engine.refused(cmd.RollBackAll(confirm="production", with_database=True))
    assert refusal == (
        "orders cannot be rolled back: it is sold; auth stays: orders needs it; database stays: auth needs it"
    )
    assert backwards(engine) == []
    assert engine.state.rollback is None


async def test_confirmation_must_repeat_the_name(engine: FakeEngine) -> None:
    """S15: a wrong word rolls nothing back."""
    await engine.advance("database", "auth")
    assert "type auth" in await engine.refused(cmd.RollBack(service="auth", confirm="orders"))
    assert "type production" in await engine.refused(cmd.RollBackAll(confirm="rehearsal"))
    assert "type production" in await engine.refused(cmd.Abort(confirm="prod"))
    assert engine.states()["auth"] is ServiceState.LIVE


async def test_traffic_closes_before_everything_goes_back(engine: FakeEngine) -> None:
    """S14/DESIGN 6: public traffic is kept out first."""
    await engine.go_live()
    await engine.roll_back_all()
    assert engine.world.traffic == "closed"
    moves = [line for line in engine.world.log if "traffic" in line or "rollback" in line]
    assert moves == ["traffic open", "traffic closed", "orders rollback v1", "auth rollback v1"]
    assert engine.state.phase is Phase.ROLLED_BACK


async def test_an_edge_that_cannot_be_reached_does_not_stop_the_rollback(engine: FakeEngine) -> None:
    """S17: closing traffic fails once, loudly; the services go back all the same, and the run ends."""
    await engine.go_live()
    engine.world.script["traffic", "closed"] = ["fail"]
    await engine.roll_back_all()
    assert engine.world.begun["traffic", "closed"] == 1
    assert engine.state.phase is Phase.ROLLED_BACK
    assert engine.world.versions == {**OLD, "database": "42"}
    alarm = engine.state.alarms["traffic"]
    assert "did not close: exit code 1; it is open" in alarm.text
    assert not alarm.cleared


async def test_a_rollback_while_watching_fails_the_go_live_and_holds(engine: FakeEngine) -> None:
    """S22: a rollback is a major incident; the run stays open for more rollbacks until it is closed."""
    await engine.go_live()
    await engine.roll_back("orders")
    assert engine.state.verdict is not None
    assert engine.state.verdict.phase is Phase.FAILED
    assert engine.holds == ["rollback", "verdict"]
    assert [incident.kind for incident in engine.state.incidents] == ["rollback"]
    assert engine.state.traffic is Traffic.OPEN
    await engine.agreed(cmd.Close())
    assert engine.state.phase is Phase.FAILED


async def test_a_single_rollback_leaves_the_run_held_and_steerable(engine: FakeEngine) -> None:
    """DESIGN 6: held for `rollback`; resume is refused while it runs, and lifts it afterwards; then on to the end."""
    await engine.advance("database", "auth", "orders")
    engine.world.script["orders", "rollback"] = ["hang"]
    await engine.roll_back("orders")
    assert "the rollback is under way" in await engine.refused(cmd.Resume())
    engine.world.running("orders").succeed()
    await engine.clock.advance(5)
    assert (engine.holds, engine.gate) == (["rollback"], "orders")
    await engine.agreed(cmd.Resume())
    await engine.advance("orders")
    await engine.agreed(cmd.RunSmoke())
    await engine.agreed(cmd.OpenTraffic())
    assert (engine.state.phase, engine.world.versions) == (Phase.WATCHING, NEW)


async def test_abort_ends_a_hanging_rollback(engine: FakeEngine) -> None:
    """S11: abort does not wait for the timeout of a rollback that hangs; what it leaves is said loud."""
    await engine.advance("database", "auth")
    engine.world.script["auth", "rollback"] = ["hang"]
    await engine.roll_back("auth")
    await engine.agreed(cmd.Abort(confirm="production"))
    assert engine.state.phase is Phase.ABORTED
    assert "ROLLBACK FAILED" in engine.state.alarms["step:auth"].text
