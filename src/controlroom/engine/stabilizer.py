"""Watching what was rolled back until it counts as stable (S16), and that no version comes back by itself (S13)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine import stabilize
from controlroom.engine.endings import stabilize_finished
from controlroom.engine.scenes import TimeIsOut, race
from controlroom.run import events as ev
from controlroom.run.phases import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controlroom.engine.guard_rules import GuardRule
    from controlroom.engine.steps import Tools
    from controlroom.plan.model import Plan
    from controlroom.run.events import Event
    from controlroom.run.samples import Sample
    from controlroom.run.state import RunState, StabilizeStatus

LOOK_AGAIN_S = 10.0
"""Plan seconds between two looks at the live version."""


class Stabilizer:
    """Follows the stabilize that the state says is under way, if one is."""

    def __init__(self, tools: Tools, plan: Plan, rules: Iterable[GuardRule], elapsed: Callable[[], float]) -> None:
        self._tools = tools
        self._plan = plan
        self._rules = tuple(rules)
        self._elapsed = elapsed
        self._status: StabilizeStatus | None = None
        self._wait: stabilize.Stabilize | None = None
        self._look_at = 0.0

    def take(self, samples: Iterable[Sample]) -> None:
        """Count what was measured towards the quiet."""
        self._follow()
        for sample in samples:
            if self._wait is not None:
                self._wait = stabilize.take(self._wait, sample)

    async def tick(self) -> None:
        """Look at the live versions now and then, and record the judgement once there is one."""
        self._follow()
        if self._wait is None or self._status is None:
            return
        wait, status = self._wait, self._status
        relapsed = await self._relapsed(status)
        found = stabilize.judgement(wait, self._elapsed())
        if relapsed:
            await self._finish(status, Verdict.FAIL, self._told(relapsed), relapsed)
        elif found is not None:
            await self._finish(status, found.verdict, found.why)

    def _follow(self) -> None:
        state = self._tools.ledger.state
        if state.stabilize == self._status:
            return
        self._status = state.stabilize
        self._wait = None
        if state.stabilize is not None:
            services = state.stabilize.services
            self._wait = stabilize.begin(self._rules, state.outline, services, self._elapsed())
            self._look_at = 0.0

    async def _relapsed(self, status: StabilizeStatus) -> dict[str, str]:
        """The services whose old version did not stay, each with the one that is live instead."""
        now = self._tools.clock.monotonic()
        if now < self._look_at:
            return {}
        self._look_at = now + self._tools.pace.real_period(LOOK_AGAIN_S)
        services = self._tools.ledger.state.services
        seen = {service_id: await self._observe(service_id) for service_id in status.services}
        return {service: version for service, version in seen.items() if version not in {"", services[service].origin}}

    def _told(self, relapsed: dict[str, str]) -> str:
        services = self._tools.ledger.state.services
        return "; ".join(
            f"{service}: {version} is live again after the rollback to {services[service].origin}"
            for service, version in relapsed.items()
        )

    async def _observe(self, service_id: str) -> str:
        spec = self._plan.service(service_id).version.observe
        if spec is None:
            return ""
        status = self._tools.ledger.state.services[service_id]
        scene = self._tools.scenes.of_step(
            status, step="stabilize", job=f"stabilize-{service_id}", target=status.origin, timeout_s=spec.timeout
        )
        look = self._tools.kit.observer(spec).look(scene)
        try:
            finding = await race(self._tools.clock, look, cut=asyncio.Event(), limit_s=spec.timeout)
        except TimeIsOut:
            return ""
        return finding.observed

    async def _finish(
        self, status: StabilizeStatus, verdict: Verdict, why: str, relapsed: dict[str, str] | None = None
    ) -> None:
        def finishing(state: RunState) -> Sequence[Event]:
            if state.stabilize != status:
                return ()
            seen = [ev.VersionObserved(service=service, version=now) for service, now in (relapsed or {}).items()]
            finished = ev.StabilizeFinished(services=status.services, verdict=verdict, why=why)
            return [*seen, *stabilize_finished(state, finished)]

        await self._tools.ledger.commit(finishing)
