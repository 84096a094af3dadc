"""The rollbacks that a journal tells of: who asked and why, what was done, whether it stayed stable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.report.model import DatabaseEffect, Rollback, Stabilization
from controlroom.report.steps import FORWARDS
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from controlroom.report.model import StepRun
    from controlroom.run.events import Record
    from controlroom.run.outline import RunOutline, ServiceOutline


def rollbacks_of(outline: RunOutline, records: Iterable[Record], steps: Sequence[StepRun]) -> tuple[Rollback, ...]:
    """Every rollback, as they were asked for; one that was widened ends where the wider one begins."""
    found: list[Rollback] = []
    numbers: dict[str, tuple[str, ...]] = {}
    for record in records:
        event = record.event
        if isinstance(event, ev.CommandAccepted):
            numbers[event.id] = event.numbers
        elif isinstance(event, ev.RollbackRequested):
            if found and not found[-1].ended:
                found[-1] = replace(found[-1], ended=record.at)
            found.append(_requested(record, event, numbers.get(record.cause, ())))
        elif isinstance(event, ev.RollbackFinished) and found:
            found[-1] = replace(found[-1], ended=record.at, ok=event.ok, detail=event.detail)
        elif isinstance(event, ev.StabilizeStarted) and found:
            found[-1] = replace(found[-1], stabilization=Stabilization(started=record.at))
        elif isinstance(event, ev.StabilizeFinished) and found and found[-1].stabilization is not None:
            over = replace(found[-1].stabilization, ended=record.at, verdict=event.verdict, why=event.why)
            found[-1] = replace(found[-1], stabilization=over)
    return tuple(_with_steps(rollback, outline, steps) for rollback in found)


def _requested(record: Record, event: ev.RollbackRequested, numbers: tuple[str, ...]) -> Rollback:
    return Rollback(
        requested=record.at,
        by=record.actor,
        why=event.why,
        services=event.services,
        everything=event.everything,
        with_database=event.with_database,
        numbers=numbers,
    )


def _with_steps(rollback: Rollback, outline: RunOutline, steps: Sequence[StepRun]) -> Rollback:
    """Its own steps, and the databases that it undid or that stay at what was deployed to them before."""
    mine = tuple(
        step
        for step in steps
        if step.step not in FORWARDS
        and step.started >= rollback.requested
        and (not rollback.ended or step.started <= rollback.ended)
    )
    before = [step for step in steps if not rollback.ended or step.started <= rollback.ended]
    databases = [_effect(service, before, rollback) for service in outline.services if service.database]
    return replace(rollback, steps=mine, databases=tuple(effect for effect in databases if effect is not None))


def _effect(database: ServiceOutline, steps: Sequence[StepRun], rollback: Rollback) -> DatabaseEffect | None:
    """What became of a database; None for one that this run had not changed."""
    of_it = [step for step in steps if step.service == database.id]
    deployed = any(
        step.step is Step.DEPLOY and step.status is OutcomeStatus.PASSED and not step.satisfied for step in of_it
    )
    seen = [step.observed for step in of_it if step.observed]
    live = seen[-1] if seen else ""
    if database.id in rollback.services:
        return DatabaseEffect(name=database.name, undone=True, live=live, effect=database.database_effect)
    # One that an earlier rollback took back is at its old version and not this one's concern.
    if deployed and live == database.target:
        return DatabaseEffect(name=database.name, undone=False, live=live, effect=database.database_effect)
    return None
