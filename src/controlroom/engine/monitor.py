"""Everything that looks at samples while a run goes on: guards, sight, stabilize and watch, and what follows."""

from __future__ import annotations

import asyncio
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from controlroom.engine import consequences, guards
from controlroom.engine.answers import View
from controlroom.engine.attempt import attempt
from controlroom.engine.averages import PARTS, Average
from controlroom.engine.blindness import Sight, watched_of
from controlroom.engine.countdown import Countdowns
from controlroom.engine.figures import compact
from controlroom.engine.guard_rules import rules_of
from controlroom.engine.outside import Outside
from controlroom.engine.stabilizer import Stabilizer
from controlroom.engine.watch import Watch
from controlroom.run.phases import Phase, Step
from controlroom.run.samples import Sample, series_id
from controlroom.run.state import guard_key
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from controlroom.engine.blindness import Blind
    from controlroom.engine.guards import GuardFact, GuardTimer
    from controlroom.engine.prober import Prober
    from controlroom.engine.steps import Tools
    from controlroom.plan.model import Plan
    from controlroom.ports import SampleLog
    from controlroom.run.events import Event
    from controlroom.run.state import GuardStatus, RunState, WatchStatus
    from controlroom.run.trail import TrailPart

TICK_S = 0.5
"""Real seconds between two looks at what depends on time alone."""
REPLACING = frozenset({Step.DEPLOY, Step.ROLLBACK})


class Monitor:
    """Judges samples against the plan; its facts go to the ledger from one task, in the order in which they arose."""

    def __init__(self, tools: Tools, plan: Plan, prober: Prober, publish: Callable[[Sequence[Sample]], None]) -> None:
        state = tools.ledger.state
        self._tools = tools
        self._prober = prober
        self._publish = publish
        self._rules = rules_of(state.outline)
        rules = [rule for several in self._rules.values() for rule in several]
        self._timers: dict[str, GuardTimer] = {key: guards.restore(known) for key, known in state.guards.items()}
        self._averages = {
            guard_key(rule.guard, rule.service): Average(rule.over_s, rule.interval_s, rule.min_requests)
            for rule in rules
            if rule.over_s
        }
        self._sight = Sight(watched_of(state.outline), prober.elapsed())
        self._stabilizer = Stabilizer(tools, plan, rules, prober.elapsed)
        self._watch = Watch(tools, prober.elapsed)
        self._countdowns = Countdowns(tools, prober.elapsed, lambda key: self._timers[key].standing)
        self._told: dict[str, Sample] = {}
        self._outside = Outside(
            tools, elapsed=prober.elapsed, watched=lambda: self._watch.watched_s, on_samples=self._hear
        )
        self._facts: list[GuardFact] = []
        self._something = asyncio.Event()

    def elapsed(self) -> float:
        """Plan seconds since the run began."""
        return self._prober.elapsed()

    @property
    def newest(self) -> dict[str, Sample]:
        """The newest sample of each series."""
        return {**self._prober.newest, **self._told}

    def trails(self) -> list[TrailPart]:
        """The recent past of each series."""
        return [trail.part(series) for series, trail in self._prober.trails.items()]

    def guard_statuses(self) -> dict[str, GuardStatus]:
        """Every guard as it stands right now, between two facts."""
        known = self._tools.ledger.state.guards
        return {key: guards.status_of(timer, known[key]) for key, timer in self._timers.items()}

    def judgements(self, samples: Sequence[Sample]) -> dict[str, GuardStatus]:
        """The guards on the series of `samples` as they stand right now."""
        known = self._tools.ledger.state.guards
        rules = (rule for sample in samples for rule in self._rules.get(sample.series, ()))
        keys = (guard_key(rule.guard, rule.service) for rule in rules)
        return {key: guards.status_of(self._timers[key], known[key]) for key in keys}

    def watch_status(self) -> WatchStatus | None:
        """The watch as it stands right now, between two checkpoints."""
        return self._watch.status()

    def view(self) -> View:
        """What a decision may know: the numbers on screen, gates shut for want of data, the watch's time."""
        now = self.elapsed()
        shut = {s: why for s in self._tools.ledger.state.services if (why := self._sight.gate_shut(s, now))}
        watch = self._watch.status()
        return View(
            now=self._tools.clock.now(),
            numbers=self._numbers(),
            shut=shut,
            watched_s=self._watch.watched_s,
            covered=watch.coverage if watch else {},
        )

    def take(self, samples: Sequence[Sample]) -> None:
        """Judge what the prober measured, and pass it on to whoever looks."""
        for sample in samples:
            self._sight.see(sample)
            self._guard(sample)
        self._stabilizer.take(samples)
        self._watch.take(samples)
        self._publish(samples)
        if self._facts:
            self._something.set()

    def _guard(self, sample: Sample) -> None:
        watching = self._tools.ledger.state.phase is Phase.WATCHING
        for rule in self._rules.get(sample.series, ()):
            if rule.watch_only and not watching:
                continue
            key = guard_key(rule.guard, rule.service)
            average = self._averages.get(key)
            judged = sample if average is None else average.take(sample)
            self._timers[key], facts = guards.observe(self._timers[key], judged, rule)
            self._facts += facts

    async def recollect(self, log: SampleLog) -> None:
        """Let guards over a long span go on from what an engine before this one kept; without that they begin anew."""
        now, watch = self.elapsed(), self._tools.ledger.state.watch
        since = now
        if watch is not None:
            since -= self._tools.pace.plan((self._tools.clock.now() - parse(watch.started)).total_seconds())
        for rule in (rule for several in self._rules.values() for rule in several if rule.over_s):
            average = self._averages[guard_key(rule.guard, rule.service)]
            part = await attempt(log.history(rule.series, average.part_s, PARTS, now))
            if not isinstance(part, BaseException):
                average.recollect(part, since if rule.watch_only else -inf)

    def _hear(self, samples: Sequence[Sample]) -> None:
        """Take what other systems said."""
        self._told.update({sample.series: sample for sample in samples})
        self._watch.take(samples)
        self._publish(samples)

    async def run(self) -> None:
        """Write facts as they come and look at the time now and then, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._outside.run())
            group.create_task(self._write())
            group.create_task(self._tick())

    async def _write(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._facts:
                fact = self._facts.pop(0)
                await self._tools.ledger.commit(partial(_of_guard, fact=fact), actor=f"guard:{fact.guard}")

    async def _tick(self) -> None:
        while True:
            await self._tools.clock.sleep(TICK_S)
            self._excuse()
            blind, unseen = self._sight.blind(self.elapsed()), self._sight.unseen
            await self._tools.ledger.commit(partial(_of_blindness, blind=blind, unseen=unseen))
            await self._countdowns.tick()
            await self._stabilizer.tick()
            await self._watch.tick()

    def _excuse(self) -> None:
        """A service that the run itself is replacing is away for a reason."""
        active = self._tools.ledger.state.active
        if active is not None and active.step in REPLACING:
            self._sight.excuse(active.service, self.elapsed())

    def _numbers(self) -> dict[str, str]:
        """`error_rate 6.2 %` for each service, from the metrics that guards watch."""
        found: dict[str, str] = {}
        for service in self._tools.ledger.state.outline.services:
            words = []
            for metric in service.metrics:
                sample = self.newest.get(series_id(service.id, metric.id))
                if metric.limit is not None and sample is not None:
                    value = sample.state.value if sample.value is None else compact(sample.value, metric.unit)
                    words.append(f"{metric.id} {value}")
            found[service.id] = ", ".join(words)
        return found


def _of_guard(state: RunState, fact: GuardFact) -> Sequence[Event]:
    return () if state.phase.terminal else consequences.of_guard(state, fact)


def _of_blindness(state: RunState, blind: Sequence[Blind], unseen: Collection[str]) -> Sequence[Event]:
    return () if state.phase.terminal else consequences.of_blindness(state, blind, unseen)
