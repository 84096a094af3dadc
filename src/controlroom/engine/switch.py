"""The traffic gate (S21): opening and closing it by the plan's actions, and looking whether it moved."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine import actions
from controlroom.engine.scenes import TimeIsOut, race
from controlroom.engine.sequence import MoveTraffic, next_move
from controlroom.ports import Outcome
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Traffic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.engine.scenes import SceneMaker
    from controlroom.engine.steps import Tools
    from controlroom.plan.model import Traffic as TrafficPlan
    from controlroom.ports import Clock, Kit
    from controlroom.run.events import Event
    from controlroom.run.state import RunState


async def look(tools: Tools, plan: TrafficPlan | None) -> Traffic:
    """What governs the edge now: NONE without a gate in the plan, UNKNOWN when it cannot be read."""
    state, _ = await look_with(tools.kit, tools.clock, tools.scenes, plan)
    return state


async def look_with(kit: Kit, clock: Clock, scenes: SceneMaker, plan: TrafficPlan | None) -> tuple[Traffic, str]:
    """As `look`, and why it cannot be read."""
    if plan is None:
        return Traffic.NONE, ""
    if plan.observe is None:
        return Traffic.UNKNOWN, "the plan does not observe it"
    spec = plan.observe
    scene = scenes.of_run(subject="traffic", step="look", job="traffic-look", timeout_s=spec.timeout)
    try:
        finding = await race(clock, kit.observer(spec).look(scene), cut=asyncio.Event(), limit_s=spec.timeout)
    except TimeIsOut:
        return Traffic.UNKNOWN, f"no answer within {spec.timeout:g} s"
    if not finding.observed:
        return Traffic.UNKNOWN, finding.detail
    return Traffic.OPEN if finding.observed == spec.open else Traffic.CLOSED, ""


async def move(tools: Tools, plan: TrafficPlan, wanted: MoveTraffic) -> None:
    """Carry out `wanted`, if it still is what comes next, and record what the edge says afterwards."""

    def intent(state: RunState) -> Sequence[Event]:
        return (ev.TrafficStarted(to=wanted.to, why=wanted.why),) if next_move(state) == wanted else ()

    if not await tools.ledger.commit(intent):
        return
    outcome = await _act(tools, plan, wanted.to)
    seen = await look(tools, plan)
    ok = outcome.status is OutcomeStatus.PASSED and seen in {wanted.to, Traffic.UNKNOWN}
    now = wanted.to if ok else seen
    detail = outcome.detail if outcome.status is not OutcomeStatus.PASSED else f"the edge says {seen.value}"
    await tools.ledger.commit(lambda state: finished(state, wanted.to, now, detail, ok=ok))


def finished(state: RunState, wanted: Traffic, now: Traffic, detail: str, *, ok: bool) -> list[Event]:
    """The end of a move, and the alarm of one that did not do what it should, until one does."""
    events: list[Event] = [ev.TrafficFinished(state=now, ok=ok, detail=detail)]
    if ok and "traffic" in state.alarms:
        events.append(ev.AlarmCleared(alarm="traffic"))
    if not ok:
        verb = "open" if wanted is Traffic.OPEN else "close"
        text = f"traffic did not {verb}: {detail}; it is {now.value}"
        events.append(ev.AlarmRaised(alarm="traffic", text=text, suggest="look at the edge, then open or close again"))
    return events


async def _act(tools: Tools, plan: TrafficPlan, to: Traffic) -> Outcome:
    specs = plan.open if to is Traffic.OPEN else plan.close
    outcome = Outcome(status=OutcomeStatus.PASSED, detail="done")
    for index, spec in enumerate(specs):
        name = f"{tools.ledger.state.seq:06d}-traffic-{to.value}-{index}"
        scene = tools.scenes.of_run(subject="traffic", step=to.value, job=name, timeout_s=spec.timeout)
        job = await actions.begin(tools.kit.action(spec), scene)
        if isinstance(job, Outcome):
            return job
        outcome = await actions.finish(job, spec, clock=tools.clock, cut=asyncio.Event())
        if outcome.status is not OutcomeStatus.PASSED:
            return outcome
    return outcome
