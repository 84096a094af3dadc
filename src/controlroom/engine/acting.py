"""The actions of one step, in order, each with its intent and its outcome in the journal (S13, S24)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine import actions
from controlroom.engine.scenes import Cut, race
from controlroom.ports import Outcome
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Step
from controlroom.run.times import parse

if TYPE_CHECKING:
    from controlroom.engine.looking import Looking
    from controlroom.engine.steps import Tools
    from controlroom.plan.service import Service
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.ports import Job, Scene
    from controlroom.run.state import ActionStatus, ActiveStep

PASSED = OutcomeStatus.PASSED


class Acting:
    """Carries out actions for one step; `cut` ends those that may be killed, and no other begins then.

    `done` counts the actions of the step that have ended, those under an earlier engine included.
    """

    def __init__(self, tools: Tools, service: Service, step: Step, looking: Looking, cut: asyncio.Event) -> None:
        self.done = 0
        self._tools = tools
        self._service = service
        self._step = step
        self._looking = looking
        self._cut = cut

    @property
    def specs(self) -> tuple[ActionSpec, ...]:
        """The actions of the step as the plan has them."""
        return self._service.rollback if self._step is Step.ROLLBACK else self._service.deploy

    async def run(self, *, first: int = 0) -> Outcome:
        """The actions in order, from where the step stands; the first that does not pass ends them.

        `first` is the number of the first action within the step, which goes on counting when a step repeats them.
        """
        outcome = Outcome(status=PASSED, detail="done")
        for index, spec in enumerate(self.specs, start=first):
            if index < self.done:
                continue
            outcome = await self._insist(spec, index)
            self.done = index + 1
            if outcome.status is not PASSED:
                break
        return outcome

    async def take_up(self, active: ActiveStep) -> Outcome:
        """How the newest action of a step that an earlier engine began ended: from its job, or from the journal."""
        self.done = active.index + 1
        if active.in_action:
            outcome = await self._adopt(active)
            await self.finished(active.index, outcome, self._lasted(active, outcome))
            return outcome
        newest = self._newest(active)
        return Outcome(status=newest.status or OutcomeStatus.UNKNOWN, detail=newest.detail, exit_code=newest.exit_code)

    def _newest(self, active: ActiveStep) -> ActionStatus:
        actions = reversed(self._looking.status.actions)
        return next(action for action in actions if (action.step, action.index) == (self._step, active.index))

    def _lasted(self, active: ActiveStep, outcome: Outcome) -> float:
        """Real seconds of an action that an earlier engine began: by its job's record, else by the wall clock.

        The clock of durations began anew with this engine. Of what left no trace nobody knows when it ended: 0.0.
        """
        if outcome.took_s is not None:
            return outcome.took_s
        if outcome.status is OutcomeStatus.UNKNOWN:
            return 0.0
        return max(0.0, (self._tools.clock.now() - parse(self._newest(active).started)).total_seconds())

    async def started(self, index: int, kind: str, label: str, job: str = "") -> None:
        """Make the intent of an action or check durable."""
        event = ev.ActionStarted(
            service=self._service.id, step=self._step, index=index, kind=kind, label=label, job=job
        )
        await self._tools.ledger.record(event)

    async def finished(self, index: int, outcome: Outcome, took_s: float) -> None:
        """Make the outcome of an action or check durable."""
        event = ev.ActionFinished(
            service=self._service.id,
            step=self._step,
            index=index,
            status=outcome.status,
            detail=outcome.detail,
            exit_code=outcome.exit_code,
            took_s=round(took_s, 3),
            evidence=outcome.evidence,
        )
        await self._tools.ledger.record(event)

    async def _insist(self, spec: ActionSpec, index: int) -> Outcome:
        outcome = Outcome(status=OutcomeStatus.CANCELLED, detail="cut off before it began")
        for chance in range(spec.retries + 1):
            if self._cut.is_set():
                return outcome
            outcome = await self._attempt(spec, index)
            if outcome.status is not OutcomeStatus.FAILED or chance == spec.retries:
                break
            try:
                await race(self._tools.clock, self._tools.clock.sleep(spec.retry_every), cut=self._cut, limit_s=None)
            except Cut:
                break
        return outcome

    async def _attempt(self, spec: ActionSpec, index: int) -> Outcome:
        action = self._tools.kit.action(spec)
        job_id = f"{self._tools.ledger.state.seq:06d}-{self._service.id}-{self._step.value}-{index}"
        await self.started(index, spec.kind, action.label, job_id)
        began = self._tools.clock.monotonic()
        scene = self._looking.scene(spec.timeout, job=job_id, grace_s=spec.grace)
        job = await actions.begin(action, scene)
        outcome = job if isinstance(job, Outcome) else await self._finish(job, spec, scene)
        await self.finished(index, outcome, self._tools.clock.monotonic() - began)
        return outcome

    async def _adopt(self, active: ActiveStep) -> Outcome:
        spec = self.specs[active.index % len(self.specs)]
        scene = self._looking.scene(spec.timeout, job=active.job, grace_s=spec.grace)
        job = await self._tools.kit.action(spec).adopt(scene)
        if job is not None:
            return await self._finish(job, spec, scene)
        return Outcome(status=OutcomeStatus.UNKNOWN, detail=f"{active.label}: interrupted, its outcome is unknown")

    async def _finish(self, job: Job, spec: ActionSpec, scene: Scene) -> Outcome:
        cut = self._cut if self._service.is_killable(spec) else asyncio.Event()
        outcome, stopped = await actions.see_out(job, spec, clock=self._tools.clock, cut=cut)
        if not stopped:
            return outcome
        called_off = await actions.call_off(spec, scene, self._tools.kit, self._tools.clock)
        if called_off is None:
            return outcome
        return Outcome(status=outcome.status, detail=f"{outcome.detail}; cancel: {called_off.detail}")
