"""The steps that a journal tells of, each with its actions, and what became of each service and smoke test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.report.model import ActionRun, ServiceRun, SmokeResult, SmokeTurn, StepRun
from controlroom.run import events as ev
from controlroom.run.phases import SmokeState, Step
from controlroom.run.times import seconds_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from controlroom.run.events import Record
    from controlroom.run.state import RunState

FORWARDS = frozenset({Step.DEPLOY, Step.VERIFY})


def steps_of(records: Iterable[Record]) -> list[StepRun]:
    """Every step that began, in order; one step runs at a time, and what died without a word has no end."""
    steps: list[StepRun] = []
    for record in records:
        event = record.event
        if isinstance(event, ev.StepStarted):
            steps.append(
                StepRun(
                    service=event.service,
                    step=event.step,
                    attempt=event.attempt,
                    target=event.target,
                    started=record.at,
                )
            )
        elif isinstance(event, ev.EngineStarted) and event.recovered and steps and not steps[-1].ended:
            steps[-1] = replace(steps[-1], interrupted=True)
        elif isinstance(event, ev.ActionStarted | ev.ActionFinished | ev.StepFinished):
            place = _latest(steps, event.service, event.step)
            if place is not None:
                steps[place] = _further(steps[place], record, event)
    return steps


def _latest(steps: list[StepRun], service: str, step: Step) -> int | None:
    for place in range(len(steps) - 1, -1, -1):
        if steps[place].service == service and steps[place].step is step:
            return place
    return None


def _further(step: StepRun, record: Record, event: ev.ActionStarted | ev.ActionFinished | ev.StepFinished) -> StepRun:
    if isinstance(event, ev.StepFinished):
        return replace(
            step,
            ended=record.at,
            status=event.status,
            detail=event.detail,
            observed=event.observed,
            satisfied=event.satisfied,
        )
    if isinstance(event, ev.ActionStarted):
        return replace(step, actions=(*step.actions, ActionRun(kind=event.kind, label=event.label, started=record.at)))
    if not step.actions:
        return step
    # Actions of a step run one after another, so that what ends is the last that began.
    ended = replace(
        step.actions[-1],
        status=event.status,
        detail=event.detail,
        exit_code=event.exit_code,
        took_s=event.took_s,
        evidence=event.evidence,
    )
    return replace(step, actions=(*step.actions[:-1], ended))


def services_of(state: RunState, steps: Sequence[StepRun]) -> tuple[ServiceRun, ...]:
    """Each service in the order of the sequence."""
    return tuple(_service(state, name, [step for step in steps if step.service == name]) for name in state.services)


def _service(state: RunState, name: str, steps: list[StepRun]) -> ServiceRun:
    status, outline = state.services[name], state.outline.service(name)
    forwards = [step for step in steps if step.step in FORWARDS]
    return ServiceRun(
        id=name,
        name=outline.name,
        origin=status.origin,
        target=outline.target,
        live=status.live,
        state=status.state,
        stable=status.stable,
        attempts=max((step.attempt for step in steps), default=0),
        estimate_s=outline.estimate_s,
        took_s=sum(_lasted(step) for step in forwards if step.ended),
        started=forwards[0].started if forwards else "",
        ended=forwards[-1].ended if forwards else "",
        why=status.why,
        deploy=outline.deploy,
        verify=outline.verify,
        steps=tuple(steps),
    )


def _lasted(step: StepRun) -> float:
    """Without the time in which no engine was there: of a step that was taken up again, what its actions took."""
    if step.interrupted:
        return sum(action.took_s for action in step.actions)
    return seconds_between(step.started, step.ended)


def smoke_of(state: RunState, records: Iterable[Record]) -> tuple[SmokeResult, ...]:
    """Each item of the checklist with everything that was said of it."""
    turns: dict[str, list[SmokeTurn]] = {item: [] for item in state.smoke}
    links = {outline.id: outline.link for outline in state.outline.smoke}
    for record in records:
        event = record.event
        if isinstance(event, ev.SmokeFinished | ev.SmokeMarked):
            turn = SmokeTurn(at=record.at, by=record.actor, state=event.state, note=event.note)
            turns[event.item].append(turn)
    return tuple(
        SmokeResult(
            id=item.id,
            title=item.title,
            kind=item.kind,
            mandatory=item.mandatory,
            state=item.state,
            by=item.by if item.state is not SmokeState.TODO else "",
            at=item.at,
            note=item.note,
            evidence=item.evidence,
            turns=tuple(turns[item.id]),
            attempts=item.attempts,
            link=links[item.id],
        )
        for item in state.smoke.values()
    )
