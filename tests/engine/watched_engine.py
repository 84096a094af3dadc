"""The fake engine with eyes: prober, monitor, guards and watch, fed by dials that a test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.engine.fake_engine import PLAN, FakeEngine

from controlroom.adapters.fakes import FakeKit
from controlroom.engine.history import recollected
from controlroom.engine.judge import bounds_of
from controlroom.engine.monitor import Monitor
from controlroom.engine.prober import Prober
from controlroom.engine.recorder import Recorder
from controlroom.engine.runner import Runner
from controlroom.run.events import GuardTripped
from controlroom.run.samples import Reading, Sample
from controlroom.run.state import guard_key
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engine.kept_samples import DirectLog

    from controlroom.adapters.clock import ManualClock
    from controlroom.adapters.fakes import FakeWorld
    from controlroom.run.state import GuardStatus

EVERY_S = 5.0
"""Plan seconds between two scrapes of the watched plan; its health is probed every second."""

WATCHED = (
    PLAN.replace(
        "    rollback: [{run: migrate down}]\n",
        "    rollback: [{run: migrate down}]\n    health: {run: ping database}\n",
    )
    .replace(
        '    rollback: [{run: "deploy auth ${version.target}"}]\n',
        '    rollback: [{run: "deploy auth ${version.target}"}]\n'
        "    metrics: {error_rate: {source: prod, errors: errors, requests: requests, unit: '%'}}\n",
    )
    .replace(
        '    rollback: [{run: "deploy orders ${version.target}"}]\n',
        '    rollback: [{run: "deploy orders ${version.target}"}]\n'
        "    metrics: {error_rate: {source: prod, errors: errors, requests: requests, unit: '%'}}\n",
    )
    + """
sources:
  prod: {openmetrics: {url: "http://127.0.0.1/metrics", every: 5s}}
guards:
  - {id: error-rate, metric: error_rate, services: [auth, orders], above: 5%, for: 5m}
rollback:
  stabilize: {guards: [error-rate], for: 5m}
watch: {for: 48h, at_least: 24h, coverage: 95%, indicators: [error_rate]}
"""
)

Dial = float | str | Callable[[], float]
"""A value, or what gives it; `idle` for no traffic at all, any other word as the cause of there being no data."""
Dials = dict[str, Dial]
CALM: Dials = {"auth/error_rate": 0.4, "orders/error_rate": 0.4, "database/health": 1.0}


class DialSource:
    """A source that reads the dials of its series."""

    def __init__(self, clock: ManualClock, dials: Dials, every_s: float, series: tuple[str, ...]) -> None:
        self._clock = clock
        self._dials = dials
        self.every_s = every_s
        self.series = series

    async def read(self) -> Sequence[Reading]:
        """One reading for each series."""
        return [self._reading(series, self._dials[series]) for series in self.series]

    async def close(self) -> None:
        """Nothing to let go of."""

    def _reading(self, series: str, dial: Dial) -> Reading:
        at = self._clock.now().timestamp()
        dial = dial() if callable(dial) else dial
        if dial == "idle":
            return Reading(series=series, value=None, at=at, requests=0)
        if isinstance(dial, str):
            return Reading(series=series, value=None, at=at, cause=dial)
        return Reading(series=series, value=dial, at=at, requests=100)


class WatchedEngine(FakeEngine):
    """A fake engine whose monitor judges what the dials say; hand the same dials on to recover."""

    def __init__(
        self, world: FakeWorld, clock: ManualClock, *, plan: str = WATCHED, dials: Dials | None = None, **kept: Any
    ) -> None:
        self.log: DirectLog | None = kept.pop("log", None)
        super().__init__(world, kept.pop("journal"), clock, plan, **kept)
        self.dials: Dials = dict(CALM) if dials is None else dials
        self.samples: list[Sample] = []
        self.kit = FakeKit(
            world,
            (
                DialSource(clock, self.dials, EVERY_S, ("auth/error_rate", "orders/error_rate")),
                DialSource(clock, self.dials, 1.0, ("database/health",)),
            ),
        )
        self.monitor: Monitor
        self.prober: Prober
        self.recorder: Recorder | None = None

    def _assemble(self) -> None:
        away = (self.clock.now() - parse(self.state.started)).total_seconds()
        self.prober = Prober(
            self.kit.sources(),
            clock=self.clock,
            pace=self.pace,
            bounds=bounds_of(self.state.outline),
            on_samples=self._sampled,
            base_s=self.pace.plan(max(0.0, away)),
        )
        self.monitor = Monitor(self.tools, self.loaded.plan, self.prober, self._keep)
        if self.log is not None:
            self.recorder = Recorder(self.log, self.ledger, self.clock, self.pace, self.prober.elapsed)
        self.runner = Runner(self.tools, self.loaded.plan, self.monitor, reply=self._reply)

    def _keep(self, samples: Sequence[Sample]) -> None:
        self.samples.extend(samples)
        if self.recorder is not None:
            self.recorder.take(samples)

    def _sampled(self, samples: list[Sample]) -> None:
        self.monitor.take(samples)

    async def _live(self) -> None:
        if self.log is not None:
            self.prober.recollect(await recollected(self.log, self.prober.elapsed()))
            await self.monitor.recollect(self.log)
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(self.prober.run()), group.create_task(self.monitor.run())]
            if self.recorder is not None:
                others.append(group.create_task(self.recorder.run()))
            await group.create_task(self.runner.run())
            for task in others:
                task.cancel()

    def guard(self, service: str, guard: str = "error-rate") -> GuardStatus:
        """A guard as it stands between two facts."""
        return self.monitor.guard_statuses()[guard_key(guard, service)]

    def trips(self) -> list[str]:
        """The services whose guards fired, in order."""
        return [event.service for event in self.happened(GuardTripped) if isinstance(event, GuardTripped)]

    async def breach(self, *services: str, seconds: float = 320.0, value: float = 8.0) -> None:
        """Let the error rate of `services` rise, for so many plan seconds."""
        for service in services:
            self.dials[f"{service}/error_rate"] = value
        await self.wait(seconds)

    async def wait(self, seconds: float) -> None:
        """Let plan seconds pass."""
        await self.clock.advance(self.pace.real(seconds))
