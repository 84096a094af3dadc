"""A world without machines: actions that count, versions that change, jobs that outlive their engine.

For rehearsing decisions with a manual clock: the engine's tests and the crash sweep run on it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from controlroom.errors import ActionError
from controlroom.ports import Finding, Outcome, Scene, SmokeResult, Source
from controlroom.run.phases import OutcomeStatus, SmokeState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controlroom.ports import AlertSource, LogSource, Notifier, Target

PASSED = Outcome(status=OutcomeStatus.PASSED, detail="done")
FAILED = Outcome(status=OutcomeStatus.FAILED, detail="exit code 1", exit_code=1)
CANCELLED = Outcome(status=OutcomeStatus.CANCELLED, detail="cancelled, group gone")
UNKNOWN = Outcome(status=OutcomeStatus.UNKNOWN, detail="nobody can tell whether it ended")

_LASTING = frozenset({"hang", "late", "stuck"})


@dataclass
class FakeWorld:
    """What is outside of the engine. `script[service, step]` are outcomes to come; without one, everything works.

    Scripted outcomes of a job: `fail` (exit 1, no effect), `half` (exit 1, yet with its effect), `idle` (exit 0 without
    any effect), `refuse` (cannot be started), `hang` (until cancelled or ended by hand), `late` (hangs, and has taken
    effect when it is cancelled), `stuck` (hangs, and its end cannot be confirmed), `lose` (no later engine finds it).
    """

    versions: dict[str, str] = field(default_factory=dict)
    script: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    smoke: dict[str, SmokeState] = field(default_factory=dict)
    slow_smoke: dict[str, asyncio.Event] = field(default_factory=dict)
    unhealthy: set[str] = field(default_factory=set)
    blind: set[str] = field(default_factory=set)
    traffic: str = "closed"
    begun: Counter[tuple[str, str]] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    jobs: dict[str, FakeJob] = field(default_factory=dict)

    def next_script(self, service: str, step: str) -> str:
        """The scripted outcome that is due, empty for success."""
        due = self.script.get((service, step))
        return due.pop(0) if due else ""

    def running(self, service: str) -> FakeJob:
        """The job of `service` that has not ended; IndexError when there is none."""
        return [job for job in self.jobs.values() if job.scene.service == service and job.outcome is None][0]  # noqa: RUF015

    def apply(self, scene: Scene, command: str) -> None:
        """Let `command` take effect: `deploy` and `migrate up` set the target, `migrate down` goes back by one."""
        self.log.append(f"{scene.service} {scene.step} {scene.facts.get('version.target', '')}".rstrip())
        if scene.service == "traffic":
            self.traffic = scene.step
        elif command.startswith("migrate down"):
            self.versions[scene.service] = str(int(self.versions[scene.service]) - 1)
        elif command.startswith(("deploy", "migrate up")):
            self.versions[scene.service] = scene.facts["version.target"]


@dataclass
class FakeJob:
    """A job of the fake world; it lives on when the engine that began it is gone."""

    world: FakeWorld
    scene: Scene
    command: str
    behaviour: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: Outcome | None = None

    def begin(self) -> None:
        """Start counting, and take effect at once unless the script says otherwise."""
        self.world.begun[self.scene.service, self.scene.step] += 1
        self.world.commands[self.command] += 1
        if self.behaviour in _LASTING:
            return
        if self.behaviour not in {"fail", "idle"}:
            self.world.apply(self.scene, self.command)
        self.end(FAILED if self.behaviour in {"fail", "half"} else PASSED)

    def succeed(self) -> None:
        """End well, with all effects, as a slow command does at last."""
        self.world.apply(self.scene, self.command)
        self.end(PASSED)

    def end(self, outcome: Outcome) -> None:
        """End with `outcome`, without any further effect."""
        self.outcome = outcome
        self.ended.set()

    async def wait(self) -> Outcome:
        """The outcome, once it is there."""
        await self.ended.wait()
        return self.outcome or PASSED

    async def cancel(self) -> Outcome:
        """End the job; what has ended keeps its outcome."""
        if self.outcome is None and self.behaviour == "late":
            self.succeed()
        elif self.outcome is None:
            self.end(UNKNOWN if self.behaviour == "stuck" else CANCELLED)
        return self.outcome or PASSED


@dataclass(frozen=True)
class FakeAction:
    """An action of the fake world; its label is the command."""

    world: FakeWorld
    kind: str
    label: str

    async def start(self, scene: Scene) -> FakeJob:
        """Begin the job and remember it under its name, as a job folder would."""
        behaviour = self.world.next_script(scene.service, scene.step)
        if behaviour == "refuse":
            raise ActionError(f"{self.label} cannot be started")
        job = FakeJob(self.world, scene, self.label, behaviour)
        if behaviour != "lose":
            self.world.jobs[scene.job] = job
        job.begin()
        return job

    async def adopt(self, scene: Scene) -> FakeJob | None:
        """The job of that name."""
        return self.world.jobs.get(scene.job)


@dataclass(frozen=True)
class FakeCheck:
    """A check that is satisfied unless the service is unhealthy; an observer when `version` is asked for."""

    world: FakeWorld
    kind: str
    label: str

    async def look(self, scene: Scene) -> Finding:
        """What the fake world shows of the service."""
        service = scene.service
        if service in self.world.blind:
            return Finding(ok=False, detail="no answer")
        if service == "traffic":
            return Finding(ok=True, detail=self.world.traffic, observed=self.world.traffic)
        version = self.world.versions.get(service, "")
        healthy = service not in self.world.unhealthy
        return Finding(ok=healthy, detail=version if healthy else f"{service} is unhealthy", observed=version)


@dataclass(frozen=True)
class FakeSmoke:
    """An automatic checklist item with a scripted result."""

    world: FakeWorld
    item: str

    async def run(self, _scene: Scene) -> SmokeResult:
        """The scripted state, pass unless said otherwise; a slow item waits for its event first."""
        self.world.begun[self.item, "smoke"] += 1
        if self.item in self.world.slow_smoke:
            await self.world.slow_smoke[self.item].wait()
        state = self.world.smoke.get(self.item, SmokeState.PASS)
        return SmokeResult(state=state, note=f"scripted {state.value}")


@dataclass(frozen=True)
class FakeKit:
    """Builds the adapters of the fake world; `feeds` are its sources, `told` is who is told, `at_hand` its tools."""

    world: FakeWorld
    feeds: tuple[Source, ...] = ()
    log_feeds: Mapping[str, LogSource] = field(default_factory=dict)
    alert_feeds: Mapping[str, AlertSource] = field(default_factory=dict)
    told: Mapping[str, Notifier] = field(default_factory=dict)
    places: Sequence[Target] = ()
    at_hand: Sequence[Target] = ()

    def action(self, spec: Any) -> FakeAction:
        """The action for a plan's Action."""
        return FakeAction(self.world, spec.kind, str(getattr(spec, spec.kind)))

    def check(self, spec: Any) -> FakeCheck:
        """The check for a plan's Check."""
        return FakeCheck(self.world, spec.kind, spec.kind)

    def observer(self, spec: Any) -> FakeCheck:
        """The observer for a plan's Observe."""
        return FakeCheck(self.world, spec.kind, "observe")

    def smoke(self, spec: Any) -> FakeSmoke:
        """The checklist item for a plan's SmokeItem."""
        return FakeSmoke(self.world, spec.id)

    def sources(self) -> Sequence[Source]:
        """The feeds given at construction."""
        return self.feeds

    def logs(self) -> Mapping[str, LogSource]:
        """The log feeds given at construction."""
        return self.log_feeds

    def alerts(self) -> Mapping[str, AlertSource]:
        """The alert feeds given at construction."""
        return self.alert_feeds

    def notifiers(self) -> Mapping[str, Notifier]:
        """Who was given at construction."""
        return self.told

    def tools(self) -> Sequence[Target]:
        """The tools given at construction."""
        return self.at_hand

    def targets(self) -> Sequence[Target]:
        """The places given at construction."""
        return self.places

    async def close(self) -> None:
        """Nothing to let go of."""
