"""Asking a check until it has said yes often enough, or its time is out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.scenes import Cut, TimeIsOut, race
from controlroom.ports import Outcome
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    import asyncio

    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.ports import Check, Clock, Finding, Scene
    from controlroom.run.events import Evidence
    from controlroom.run.pace import Pace


async def ask(check: Check, spec: CheckSpec, scene: Scene, *, clock: Clock, pace: Pace, cut: asyncio.Event) -> Outcome:
    """PASSED after `times` yes (in a row, when `consecutive`), FAILED with the last answer when `timeout` is over.

    `every` is a period and follows the pace; `timeout` is real time. A manual check has no timeout, and the operator's
    first no is the end of it.
    """
    deadline = None if spec.kind == "manual" else clock.monotonic() + spec.timeout
    said_yes = 0
    last = "no answer yet"
    evidence: tuple[Evidence, ...] = ()
    while True:
        left = None if deadline is None else deadline - clock.monotonic()
        try:
            finding = await race(clock, check.look(scene), cut=cut, limit_s=left)
            last, evidence = finding.detail, _beyond(finding)
            if finding.ok:
                said_yes += 1
            elif spec.kind == "manual":
                return Outcome(status=OutcomeStatus.FAILED, detail=last)
            elif spec.consecutive:
                said_yes = 0
            if said_yes >= spec.times:
                return Outcome(status=OutcomeStatus.PASSED, detail=last, evidence=evidence)
            scene.emit(f"{check.label} {said_yes} of {spec.times} · {last}" if spec.times > 1 else last)
            await race(clock, clock.sleep(pace.real_period(spec.every)), cut=cut, limit_s=left)
        except TimeIsOut:
            detail = f"{last} (asked for {spec.timeout:g} s)"
            return Outcome(status=OutcomeStatus.FAILED, detail=detail, evidence=evidence)
        except Cut:
            return Outcome(status=OutcomeStatus.CANCELLED, detail="cut off")


def _beyond(finding: Finding) -> tuple[Evidence, ...]:
    """The evidence that says more than the finding itself: a picture, or what went on beside it."""
    return tuple(piece for piece in finding.evidence if piece.picture or finding.detail not in piece.detail)
