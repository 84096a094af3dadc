"""Looking at the service of a step: the version that is live, its checks, and what both say to an operator."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from controlroom.engine.scenes import Cut, TimeIsOut, race
from controlroom.ports import Finding
from controlroom.run.phases import BACKWARDS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable

    from controlroom.engine.steps import Tools
    from controlroom.plan.service import Service
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.ports import Scene
    from controlroom.run.phases import Step
    from controlroom.run.state import ServiceStatus

AGAIN_S = 1.0
"""Plan seconds between two looks at a version that is not yet the target."""


class Looking:
    """Looks for one step; once `cut` is set it looks no more and says so."""

    def __init__(self, tools: Tools, service: Service, step: Step, cut: asyncio.Event) -> None:
        self._tools = tools
        self._service = service
        self._step = step
        self._cut = cut

    @property
    def status(self) -> ServiceStatus:
        """The service as the run has it now."""
        return self._tools.ledger.state.services[self._service.id]

    @property
    def target(self) -> str:
        """The version that the step goes to."""
        return self.status.origin if self._step in BACKWARDS else self.status.target

    def scene(self, timeout_s: float, *, job: str = "", grace_s: float = 10.0) -> Scene:
        """The scene of one action or check of the step."""
        name = job or f"{self._tools.ledger.state.seq:06d}-{self._service.id}-{self._step.value}-look"
        return self._tools.scenes.of_step(
            self.status, step=self._step.value, job=name, target=self.target, timeout_s=timeout_s, grace_s=grace_s
        )

    async def version(self) -> Finding:
        """The version that is live now, in `observed`."""
        spec = self._service.version.observe
        if spec is None:
            return Finding(ok=False, detail="the plan does not say how the version is observed")
        look = self._tools.kit.observer(spec).look(self.scene(spec.timeout))
        return await self._in_time(look, spec.timeout)

    async def settled(self) -> Finding:
        """The version, looked at again and again until it is the target or the time of one look is over.

        What answers right after a deploy may still be an old instance, or one behind a cache.
        """
        clock, spec = self._tools.clock, self._service.version.observe
        deadline = clock.monotonic() + (spec.timeout if spec is not None else 0.0)
        while True:
            finding = await self.version()
            if finding.observed == self.target or self._cut.is_set() or clock.monotonic() >= deadline:
                return finding
            pause = clock.sleep(self._tools.pace.real_period(AGAIN_S))
            with suppress(Cut):
                await race(clock, pause, cut=self._cut, limit_s=None)

    async def ask_once(self, spec: CheckSpec) -> Finding:
        """One answer of a check."""
        return await self._in_time(self._tools.kit.check(spec).look(self.scene(spec.timeout)), spec.timeout)

    async def is_satisfied(self) -> bool:
        """S10: the target is live already and everything that verifies it says yes."""
        if (await self.version()).observed != self.target:
            return False
        for spec in self._service.verify:
            if spec.kind == "manual" or not (await self.ask_once(spec)).ok:
                return False
        return True

    async def what_is_seen(self, observed: str) -> str:
        """What can be seen of a step whose outcome is unknown, for the operator who has to decide (S24)."""
        looks = [await self.ask_once(spec) for spec in self._service.verify if spec.kind != "manual"]
        failing = [look.detail for look in looks if not look.ok]
        version = f"live version {observed}" if observed else "the live version cannot be read"
        return f"{version}, " + (f"verification fails: {failing[0]}" if failing else "verification passes")

    async def _in_time(self, look: Awaitable[Finding], limit_s: float) -> Finding:
        try:
            return await race(self._tools.clock, look, cut=self._cut, limit_s=limit_s)
        except TimeIsOut:
            return Finding(ok=False, detail=f"no answer within {limit_s:g} s")
        except Cut:
            return Finding(ok=False, detail="cut off")
