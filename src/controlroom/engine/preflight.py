"""What must hold before the first gate (S8, S19, S30): everything is looked at, nothing is changed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controlroom.engine import standing, surroundings, switch
from controlroom.engine.history import Past, recall, span_of
from controlroom.engine.outline import outline_of
from controlroom.engine.preflight_table import table
from controlroom.engine.premises import premises, result
from controlroom.engine.scenes import TimeIsOut, race
from controlroom.errors import MissingSecret, PreflightRefused
from controlroom.plan.order import sequence
from controlroom.ports import Finding
from controlroom.run.pace import Pace
from controlroom.run.phases import Traffic
from controlroom.run.state import ServiceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from controlroom.engine.premises import Conditions
    from controlroom.engine.scenes import SceneMaker
    from controlroom.plan.model import Plan
    from controlroom.plan.service import Service
    from controlroom.ports import Clock, Kit
    from controlroom.run.events import Event, PreflightResult
    from controlroom.run.outline import RunOutline


@dataclass
class Preflight:
    """What was found: the table, versions live now by service, the traffic switch, and what sources remember.

    `events` are what every later engine of the run has to know of it.
    """

    results: list[PreflightResult] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    traffic: Traffic = Traffic.UNKNOWN
    lacks_secret: bool = False
    past: Past = field(default_factory=Past)
    events: list[Event] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the run may start."""
        return all(line.ok for line in self.results)

    @property
    def exit_code(self) -> int:
        """0 when the run may start; a missing secret is a wrong use (2), all else a refusal (5)."""
        if self.ok:
            return 0
        return (MissingSecret if self.lacks_secret else PreflightRefused).exit_code

    def forget_consequences(self, missing: Collection[str]) -> None:
        """Leave out what could not be asked for want of a secret: the secret has its own line, and is what to mend."""
        self.results = [line for line in self.results if line.ok or not any(why in line.detail for why in missing)]

    def refuse(self) -> None:
        """Raise PreflightRefused or MissingSecret with the whole table, unless the run may start."""
        if not self.ok:
            refusal = MissingSecret if self.lacks_secret else PreflightRefused
            raise refusal(f"preflight refuses the run:\n{table(self.results)}")


class Preflighter:
    """Looks at everything that a plan rests on."""

    def __init__(self, plan: Plan, kit: Kit, clock: Clock, scenes: SceneMaker, conditions: Conditions) -> None:
        self._plan = plan
        self._kit = kit
        self._clock = clock
        self._scenes = scenes
        self._conditions = conditions
        self._found = Preflight()

    async def run(self, say: Callable[[str], None]) -> Preflight:
        """The whole table. `say` gets a line before each part that takes time."""
        found, conditions = self._found, self._conditions
        found.results += premises(self._plan, conditions, self._clock.now())
        found.lacks_secret = any(credential.why for credential in conditions.credentials)
        if conditions.rehearsal and not found.ok:
            return found  # what is not the stage's is not even looked at (S30)
        say("observing live versions, reading every source")
        versions = (self._version(service) for service in sequence(self._plan))
        parts = (self._traffic(), self._sources(), self._surroundings())
        # In the order of the plan, whoever answers first.
        lines, *others = await asyncio.gather(asyncio.gather(*versions), *parts)
        found.results += [*lines, *(line for part in others for line in part)]
        found.forget_consequences({credential.why for credential in conditions.credentials if credential.why})
        return self._found

    async def _version(self, service: Service) -> PreflightResult:
        spec = service.version.observe
        if spec is None:
            declared = service.version.from_ or ""
            self._found.versions[service.id] = declared
            return result(service.id, True, f"version {declared or 'unknown'} (not observed)")
        scene = self._scenes.of_step(
            ServiceStatus(id=service.id, name=service.name, target=service.version.to),
            step="preflight",
            job=f"preflight-{service.id}",
            target=service.version.to,
            timeout_s=spec.timeout,
        )
        try:
            finding = await race(
                self._clock, self._kit.observer(spec).look(scene), cut=asyncio.Event(), limit_s=spec.timeout
            )
        except TimeIsOut:
            finding = Finding(ok=False, detail=f"no answer within {spec.timeout:g} s")
        planned = service.version.from_
        if not finding.observed:
            fix = "see that the service answers and that version.observe reads it"
            return result(service.id, False, f"the live version cannot be read: {finding.detail}", fix)
        if planned and finding.observed != planned:
            fix = "correct version.from, or find out who deployed"
            return result(service.id, False, f"{finding.observed} is live, the plan says {planned}", fix)
        self._found.versions[service.id] = finding.observed
        return result(service.id, True, f"{finding.observed} is live, goes to {service.version.to}")

    async def _traffic(self) -> list[PreflightResult]:
        plan = self._plan.traffic
        self._found.traffic, why = await switch.look_with(self._kit, self._clock, self._scenes, plan)
        if plan is None or plan.observe is None:
            return []
        known = self._found.traffic is not Traffic.UNKNOWN
        detail = self._found.traffic.value if known else f"the switch cannot be read: {why}"
        return [result("traffic", known, detail, "see that traffic.observe reaches the edge")]

    async def _surroundings(self) -> list[PreflightResult]:
        outline, pace = self._outline(), Pace(self._conditions.speed)
        found = await surroundings.look(outline, self._kit, self._clock, pace)
        self._found.events += found.events
        return found.results

    def _outline(self) -> RunOutline:
        rehearsal, speed = self._conditions.rehearsal, self._conditions.speed
        return outline_of(self._plan, lambda _: "", rehearsal=rehearsal, speed=speed, auto_close=False)

    async def _sources(self) -> list[PreflightResult]:
        outline, speed = self._outline(), self._conditions.speed
        sources = self._kit.sources()
        newest = await standing.read(sources, self._clock)
        self._found.past = past = await recall(sources, self._clock, Pace(speed), span_of(outline))
        return standing.results(outline, newest, past, self._conditions.accept_breach)
