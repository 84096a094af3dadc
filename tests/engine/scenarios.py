"""Operators' sessions for the crash sweep: each reads the screen, says what it does next, and knows how it must end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.engine.fake_engine import NEW, OLD, PLAN, FakeEngine
from tests.engine.watched_engine import CALM, WATCHED, Dials, WatchedEngine

from controlroom.adapters.fakes import FakeWorld
from controlroom.run import commands as cmd
from controlroom.run.gates import IN_TROUBLE
from controlroom.run.phases import Phase, ServiceState

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.adapters.clock import ManualClock
    from controlroom.adapters.journal.memory import MemoryJournal

Said = tuple[str, cmd.Command]
"""A command with its name, which is its id: said again after a crash it is the same command."""


@dataclass
class Session:
    """One operator at one world; engines come and go. `begun` is how often each job must have begun in the end."""

    begun: dict[tuple[str, str], int]
    versions: dict[str, str]
    plan: str = PLAN
    world: FakeWorld = field(default_factory=lambda: FakeWorld(versions=dict(OLD)))
    said: set[str] = field(default_factory=set)

    def engine(self, journal: MemoryJournal, clock: ManualClock) -> FakeEngine:
        """A new engine on what the last one left."""
        return FakeEngine(self.world, journal, clock, self.plan)

    def counted(self) -> dict[tuple[str, str], int]:
        """How often each of the jobs that `begun` names has begun."""
        return {job: self.world.begun[job] for job in self.begun}

    def over(self, engine: FakeEngine) -> bool:
        """Whether the session is where it should get."""
        return engine.state.phase is Phase.WATCHING

    def wants(self, engine: FakeEngine) -> Said | None:
        """The operator's next command; None to wait."""
        return self.in_trouble(engine) or self.forwards(engine)

    def once(self, name: str, command: cmd.Command) -> Said | None:
        """`command`, unless it was said before."""
        return None if name in self.said else (name, command)

    def in_trouble(self, engine: FakeEngine) -> Said | None:
        """What a crash left unknown is retried: here nothing has happened when nobody knows of it."""
        for service in engine.state.services.values():
            unknown = service.state in IN_TROUBLE and "outcome is unknown" in service.why
            if unknown and service.pending is None:
                return f"retry {service.id} {service.revision}", cmd.Retry(service=service.id)
        return None

    def forwards(self, engine: FakeEngine) -> Said | None:
        """Gates, smoke tests, traffic."""
        state = engine.state
        if engine.gate == "traffic":
            return f"traffic {state.revision}", cmd.OpenTraffic()
        if engine.gate is not None and not state.held:
            return f"advance {engine.gate} {state.services[engine.gate].revision}", cmd.Advance(to=engine.gate)
        if state.phase is Phase.SMOKE and not any(item.queued for item in state.smoke.values()):
            return f"smoke {state.seq}", cmd.RunSmoke()
        return None


class Redeploy(Session):
    """Everything goes live; then orders is rolled back and deployed again."""

    def wants(self, engine: FakeEngine) -> Said | None:
        if engine.service("orders").state is ServiceState.LIVE:
            back = self.once("roll back", cmd.RollBack(service="orders", confirm="orders"))
            if back:
                return back
        if engine.state.hold("rollback") and engine.state.rollback is None:
            return f"resume {engine.state.revision}", cmd.Resume()
        return super().wants(engine)


class EverythingBack(Session):
    """A database with three migrations and everything else goes live, and then all of it goes back."""

    def wants(self, engine: FakeEngine) -> Said | None:
        if engine.service("orders").state is ServiceState.LIVE:
            back = self.once("roll back all", cmd.RollBackAll(confirm="production", with_database=True))
            if back:
                return back
        return self.in_trouble(engine) or (None if "roll back all" in self.said else self.forwards(engine))

    def over(self, engine: FakeEngine) -> bool:
        return engine.state.phase is Phase.ROLLED_BACK


class HangingDeploy(Session):
    """The deploy of auth hangs, and is cut off by its rollback; its `cancel:` stops what goes on elsewhere."""

    def wants(self, engine: FakeEngine) -> Said | None:
        active = engine.state.active
        if active is not None and active.service == "auth" and active.in_action:
            back = self.once("roll back", cmd.RollBack(service="auth", confirm="auth"))
            if back:
                return back
        return self.in_trouble(engine) or (None if "roll back" in self.said else self.forwards(engine))

    def over(self, engine: FakeEngine) -> bool:
        return engine.service("auth").state is ServiceState.ROLLED_BACK and engine.state.rollback is None


class FailedDeploy(Session):
    """The first of two actions that deploy auth fails: the second must never run. A retry gets it live."""

    def in_trouble(self, engine: FakeEngine) -> Said | None:
        auth = engine.service("auth")
        if auth.state is ServiceState.FAILED and auth.pending is None:
            return f"retry {auth.revision}", cmd.Retry(service="auth")
        return super().in_trouble(engine)

    def counted(self) -> dict[tuple[str, str], int]:
        deploys = self.world.commands["deploy auth ${version.target}"]
        return {**super().counted(), ("auth", "deploy"): deploys}

    def over(self, engine: FakeEngine) -> bool:
        return engine.service("auth").state is ServiceState.LIVE


class GuardTrips(Session):
    """Orders goes live and errs; the guard holds the run, the operator rolls orders back, and it gets stable."""

    dials: Dials = field(default_factory=dict)

    def engine(self, journal: MemoryJournal, clock: ManualClock) -> FakeEngine:
        dials: Dials = {**CALM, "orders/error_rate": lambda: 8.0 if self.world.versions["orders"] == "v2" else 0.4}
        return WatchedEngine(self.world, clock, journal=journal, dials=dials, speed=60.0)

    def wants(self, engine: FakeEngine) -> Said | None:
        if engine.state.hold("guard:error-rate") and engine.service("orders").state is ServiceState.LIVE:
            return self.once("roll back", cmd.RollBack(service="orders", confirm="orders"))
        if all(service.state is ServiceState.LIVE for service in engine.state.services.values()):
            return None
        return self.in_trouble(engine) or (None if "roll back" in self.said else self.forwards(engine))

    def over(self, engine: FakeEngine) -> bool:
        return engine.service("orders").stable is True


class GuardActs(GuardTrips):
    """The same, but the guard rolls orders back by itself after its countdown."""

    def engine(self, journal: MemoryJournal, clock: ManualClock) -> FakeEngine:
        dials: Dials = {**CALM, "orders/error_rate": lambda: 8.0 if self.world.versions["orders"] == "v2" else 0.4}
        return WatchedEngine(self.world, clock, plan=ACTING, journal=journal, dials=dials, speed=60.0)

    def wants(self, engine: FakeEngine) -> Said | None:
        if all(service.state is ServiceState.LIVE for service in engine.state.services.values()):
            return None
        return self.in_trouble(engine) or (None if engine.state.hold("rollback") else self.forwards(engine))


ACTING = WATCHED.replace("above: 5%, for: 5m}", "above: 5%, for: 5m, on_breach: [hold, rollback], countdown: 60s}")
TWO_ACTIONS = PLAN.replace(
    'deploy: [{run: "deploy auth ${version.target}"}]',
    'deploy: [{run: prepare}, {run: "deploy auth ${version.target}"}]',
)
CANCEL = PLAN.replace(
    'deploy: [{run: "deploy auth ${version.target}"}]',
    'deploy: [{run: "deploy auth ${version.target}", cancel: {run: cancel the rollout}}]',
)
GONE_LIVE = {("database", "deploy"): 1, ("auth", "deploy"): 1, ("orders", "deploy"): 1}

SESSIONS: dict[str, Callable[[], Session]] = {
    "redeploy": lambda: Redeploy(
        begun={**GONE_LIVE, ("orders", "deploy"): 2, ("orders", "rollback"): 1, ("traffic", "open"): 1},
        versions=dict(NEW),
    ),
    "everything back with the database": lambda: EverythingBack(
        world=FakeWorld(versions={**OLD, "database": "39"}),
        begun={**GONE_LIVE, ("orders", "rollback"): 1, ("auth", "rollback"): 1, ("database", "rollback"): 3},
        versions={**OLD, "database": "39"},
    ),
    "hanging deploy cut by rollback": lambda: HangingDeploy(
        plan=CANCEL,
        world=FakeWorld(versions=dict(OLD), script={("auth", "deploy"): ["hang"]}),
        begun={("database", "deploy"): 1, ("auth", "deploy"): 2, ("auth", "rollback"): 1},
        versions={**OLD, "database": "42"},
    ),
    "failed deploy": lambda: FailedDeploy(
        plan=TWO_ACTIONS,
        world=FakeWorld(versions=dict(OLD), script={("auth", "deploy"): ["fail"]}),
        begun={("database", "deploy"): 1, ("auth", "deploy"): 1},
        versions={**OLD, "database": "42", "auth": "v2"},
    ),
    "guard trips": lambda: GuardTrips(begun={**GONE_LIVE, ("orders", "rollback"): 1}, versions={**NEW, "orders": "v1"}),
    "guard acts": lambda: GuardActs(begun={**GONE_LIVE, ("orders", "rollback"): 1}, versions={**NEW, "orders": "v1"}),
}
