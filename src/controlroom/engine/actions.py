"""Carrying out one action: intent, job, time limit, cancellation, outcome."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine.scenes import Cut, TimeIsOut, race
from controlroom.errors import ControlroomError
from controlroom.ports import Outcome
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.ports import Action, Clock, Job, Kit, Scene

UNTIMED = frozenset({"manual", "wait"})
_SAID_ITSELF = frozenset({OutcomeStatus.PASSED, OutcomeStatus.FAILED})


def time_limit(spec: ActionSpec) -> float | None:
    """Real seconds that the action may take; None for those that wait on purpose."""
    return None if spec.kind in UNTIMED else spec.timeout


async def begin(action: Action, scene: Scene) -> Job | Outcome:
    """The job of a started action, or why it could not be started."""
    try:
        return await action.start(scene)
    except ControlroomError as refusal:
        return Outcome(status=OutcomeStatus.FAILED, detail=str(refusal))


async def finish(job: Job, spec: ActionSpec, *, clock: Clock, cut: asyncio.Event) -> Outcome:
    """The outcome of a job: its own, TIMED_OUT, or CANCELLED when `cut` is set; the job is gone in each case.

    When the job cannot say whether it ended, the outcome is UNKNOWN.
    """
    return (await see_out(job, spec, clock=clock, cut=cut))[0]


async def see_out(job: Job, spec: ActionSpec, *, clock: Clock, cut: asyncio.Event) -> tuple[Outcome, bool]:
    """As `finish`, and whether the job was stopped before it said anything itself."""
    limit = time_limit(spec)
    try:
        return await race(clock, job.wait(), cut=cut, limit_s=limit), False
    except TimeIsOut:
        ended = await asyncio.shield(job.cancel())
        if ended.status is OutcomeStatus.CANCELLED:
            ended = Outcome(status=OutcomeStatus.TIMED_OUT, detail=f"no end after {limit:g} s; {ended.detail}")
    except Cut:
        ended = await asyncio.shield(job.cancel())
    return ended, ended.status not in _SAID_ITSELF


async def call_off(spec: ActionSpec, scene: Scene, kit: Kit, clock: Clock) -> Outcome | None:
    """Run the action's own `cancel:` (S13), which stops what a local kill does not reach; None when it has none."""
    if spec.cancel is None:
        return None
    job = await begin(kit.action(spec.cancel), scene)
    if isinstance(job, Outcome):
        return job
    return await finish(job, spec.cancel, clock=clock, cut=asyncio.Event())
