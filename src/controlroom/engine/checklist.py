"""Running automatic items of the smoke-test checklist, one alone or several at the same time (S20)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine.endings import smoke_finished
from controlroom.engine.scenes import Cut, TimeIsOut, race
from controlroom.engine.sequence import next_smoke
from controlroom.ports import SmokeResult
from controlroom.run import events as ev
from controlroom.run.phases import SmokeState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.engine.steps import Tools
    from controlroom.plan.observation import SmokeItem
    from controlroom.ports import Scene
    from controlroom.run.events import Event
    from controlroom.run.state import RunState

CLEANUP_S = 60.0
"""Real seconds that the clean-up of an attempt may take beyond the attempt itself."""


async def run_items(tools: Tools, specs: Sequence[SmokeItem], cut: asyncio.Event) -> None:
    """Run `specs` together, if they still are the next that are asked for, and record what each came to.

    They begin and are recorded in the order of the plan, whichever ends first, so that the journal of the same results
    is the same journal; a failed one stops no other. `cut` ends them early, once they have cleaned up: the run is over.
    """
    wanted = tuple(spec.id for spec in specs)

    def intent(state: RunState) -> Sequence[Event]:
        return [ev.SmokeStarted(item=item) for item in wanted] if next_smoke(state) == wanted else ()

    if not await tools.ledger.commit(intent):
        return
    number = tools.ledger.state.seq
    async with asyncio.TaskGroup() as group:
        under_way = [group.create_task(_result(tools, spec, _scene(tools, spec, number), cut)) for spec in specs]
        for spec, task in zip(specs, under_way, strict=True):
            await _record(tools, spec.id, await task)


def _scene(tools: Tools, spec: SmokeItem, number: int) -> Scene:
    name = f"{number:06d}-smoke-{spec.id}"
    return tools.scenes.of_run(subject=spec.id, step="smoke", job=name, timeout_s=spec.timeout)


async def _result(tools: Tools, spec: SmokeItem, scene: Scene, cut: asyncio.Event) -> SmokeResult:
    limit = (spec.timeout + CLEANUP_S) * (spec.retries + 1)
    try:
        return await race(tools.clock, tools.kit.smoke(spec).run(scene), cut=cut, limit_s=limit)
    except Cut:
        return SmokeResult(state=SmokeState.BLOCKED, note="cut off: the run is over")
    except TimeIsOut:
        return SmokeResult(state=SmokeState.FAIL, note=f"no end after {limit:g} s")


async def _record(tools: Tools, item: str, result: SmokeResult) -> None:
    finished = ev.SmokeFinished(
        item=item, state=result.state, note=result.note, evidence=result.evidence, attempts=result.attempts
    )
    await tools.ledger.commit(lambda state: smoke_finished(state, finished))
