"""A machine on which everything is there for a preflight, to be spoiled in one place at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engine.fake_engine import OLD, START
from tests.engine.watched_engine import WATCHED

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeKit, FakeWorld
from controlroom.engine.preflight import Preflight, Preflighter
from controlroom.engine.premises import Conditions
from controlroom.engine.scenes import SceneMaker
from controlroom.plan.loader import parse_plan
from controlroom.plan.references import credentials_of
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.ports import AlertSource, LogSource, Notifier, Target
    from controlroom.run.events import PreflightResult

COMMANDS = ("migrate", "deploy", "check", "version", "ping", "switch", "smoke")
HEALTHY = Reading(series="database/health", value=1.0, at=0.0)
WINDOW = "window: {opens: 2026-12-01T03:00, closes: 2026-12-01T05:00, zone: UTC}\n"
LATENCY = """
  - {id: slow, metric: latency, services: [auth], above: 1s, for: 5m}
rollback:"""
WITH_LATENCY = WATCHED.replace(
    "errors: errors, requests: requests, unit: '%'}}",
    "errors: errors, requests: requests, unit: '%'}, "
    "latency: {source: prod, histogram: {name: latency_seconds}, unit: ms}}",
    1,
).replace("\nrollback:", LATENCY, 1)


@dataclass
class Answers:
    """A source with one list of readings for each time it is asked; the last one stays. None hangs."""

    answers: list[list[Reading] | None]
    every_s: float = 5.0
    asked: int = 0

    async def read(self) -> Sequence[Reading]:
        """What is due."""
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if found is None:
            await asyncio.Event().wait()
        return found or []

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass
class Field:
    """Everything that a preflight rests on, to be spoiled in one place at a time."""

    bin: Path
    plan: str = WATCHED
    world: FakeWorld = field(default_factory=lambda: FakeWorld(versions=dict(OLD)))
    errors: dict[str, float | None] = field(default_factory=lambda: {"auth": 0.4, "orders": 0.4})
    requests: float | None = 100
    extra: list[Answers] = field(default_factory=list)
    logs: dict[str, LogSource] = field(default_factory=dict)
    alerts: dict[str, AlertSource] = field(default_factory=dict)
    told: dict[str, Notifier] = field(default_factory=dict)
    places: list[Target] = field(default_factory=list)
    at_hand: list[Target] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    rehearsal: bool = False
    accept_breach: str = ""
    override_window: str = ""
    said: list[str] = field(default_factory=list)

    def sources(self) -> tuple[Answers, ...]:
        """Health and error rates, and what the test adds."""
        rates = [
            Reading(
                series=f"{service}/error_rate",
                value=value,
                at=0.0,
                requests=None if value is None else self.requests,
                cause="HTTP 503" if value is None else "",
            )
            for service, value in self.errors.items()
        ]
        return (Answers([[HEALTHY]]), Answers([rates]), *self.extra)

    async def look(self) -> Preflight:
        """The whole preflight, with as much time as it takes."""
        clock = ManualClock(START)
        plan = parse_plan(self.plan, "plan.yaml").plan
        conditions = Conditions(
            rehearsal=self.rehearsal,
            path=str(self.bin),
            accept_breach=self.accept_breach,
            override_window=self.override_window,
            credentials=credentials_of(plan, self.env, lambda _path: ""),
        )
        scenes = SceneMaker("r1", Path("/nowhere"), lambda *_: None)
        kit = FakeKit(self.world, self.sources(), self.logs, self.alerts, self.told, self.places, self.at_hand)
        looking = asyncio.ensure_future(Preflighter(plan, kit, clock, scenes, conditions).run(self.said.append))
        for _ in range(70):
            await clock.advance(1)
        assert looking.done()
        return await looking

    async def refusals(self) -> list[PreflightResult]:
        """The lines that refuse the run; every one says what to do."""
        found = [result for result in (await self.look()).results if not result.ok]
        assert all(result.fix for result in found)
        return found

    async def refusal(self) -> PreflightResult:
        """The one line that refuses the run."""
        (found,) = await self.refusals()
        return found
