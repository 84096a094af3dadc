"""Letting plan time pass between two actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.adapters.task_job import TaskJob
from controlroom.plan.units import format_duration
from controlroom.ports import Outcome
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.ports import Clock, Job, Scene
    from controlroom.run.pace import Pace


class WaitAction:
    """Waits for some seconds of the plan."""

    kind = "wait"

    def __init__(self, spec: ActionSpec, clock: Clock, pace: Pace) -> None:
        assert spec.wait is not None  # noqa: S101 - the registry's key says so
        self._seconds = spec.wait
        self._clock = clock
        self._pace = pace
        self.label = spec.title or f"wait {format_duration(spec.wait)}"

    async def start(self, scene: Scene) -> Job:
        """Begin to wait."""
        del scene
        return TaskJob(self._pass_time(), self._cut_short)

    async def adopt(self, scene: Scene) -> Job | None:
        """Wait anew, all of it: longer than planned does no harm, shorter might."""
        return await self.start(scene)

    async def _pass_time(self) -> Outcome:
        await self._clock.sleep(self._pace.real(self._seconds))
        return Outcome(status=OutcomeStatus.PASSED, detail=f"waited {format_duration(self._seconds)}")

    def _cut_short(self) -> Outcome:
        return Outcome(status=OutcomeStatus.CANCELLED, detail=f"cut short, of {format_duration(self._seconds)}")
