"""The part of the fold that takes services back: what is asked for, what goes on, and the quiet afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controlroom.run import events as ev
from controlroom.run.phases import BACKWARDS, ServiceState, Step
from controlroom.run.state import RollbackStatus, RunState, ServiceStatus, StabilizeStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.events import Record


def _rollback_requested(state: RunState, record: Record, event: ev.RollbackRequested) -> RunState:
    rollback = RollbackStatus(
        queue=event.services,
        everything=event.everything,
        with_database=event.with_database,
        why=event.why,
        by=record.actor,
        started=record.at,
        done=state.rollback.done if state.rollback is not None else (),
    )
    services = {
        key: _going_back(state, service) if key in event.services else _staying(service)
        for key, service in state.services.items()
    }
    unclosed = "" if event.everything else state.unclosed
    countdowns = {key: one for key, one in state.countdowns.items() if one.service not in event.services}
    return replace(
        state, rollback=rollback, services=services, stabilize=None, unclosed=unclosed, countdowns=countdowns
    )


def _going_back(state: RunState, service: ServiceStatus) -> ServiceStatus:
    """A service that is on its way back already goes on from where it is."""
    active = state.active
    under_way = active is not None and active.service == service.id and active.step in BACKWARDS
    if under_way or service.pending is Step.VERIFY_ROLLBACK:
        return service
    return replace(service, pending=Step.ROLLBACK, revision=service.revision + 1)


def _staying(service: ServiceStatus) -> ServiceStatus:
    """What was allowed before the rollback and has not begun wants to be asked for again."""
    if service.state in {ServiceState.WAITING, ServiceState.ROLLED_BACK}:
        service = replace(service, cleared=False)
    return service if service.pending is Step.VERIFY else replace(service, pending=None)


def _rollback_finished(state: RunState, _record: Record, _event: ev.RollbackFinished) -> RunState:
    return replace(state, rollback=None)


def _stabilize_started(state: RunState, record: Record, event: ev.StabilizeStarted) -> RunState:
    return replace(
        state, stabilize=StabilizeStatus(services=event.services, everything=event.everything, started=record.at)
    )


def _stabilize_finished(state: RunState, _record: Record, event: ev.StabilizeFinished) -> RunState:
    services = dict(state.services)
    for service_id in event.services:
        services[service_id] = replace(services[service_id], stable=event.verdict.value == "PASS")
    return replace(state, stabilize=None, services=services)


ROLLBACK: dict[type, Callable[[RunState, Record, Any], RunState]] = {
    ev.RollbackRequested: _rollback_requested,
    ev.RollbackFinished: _rollback_finished,
    ev.StabilizeStarted: _stabilize_started,
    ev.StabilizeFinished: _stabilize_finished,
}
