"""The part of the fold that moves services: gates, steps and marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controlroom.run import events as ev
from controlroom.run.phases import BACKWARDS, OutcomeStatus, ServiceState, SmokeState, Step
from controlroom.run.state import ActionStatus, ActiveStep, RunState, ServiceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.events import Record

TRAFFIC_GATE = "traffic"

_STATE_WHILE = {
    Step.DEPLOY: ServiceState.DEPLOYING,
    Step.VERIFY: ServiceState.VERIFYING,
    Step.ROLLBACK: ServiceState.ROLLING_BACK,
    Step.VERIFY_ROLLBACK: ServiceState.ROLLING_BACK,
}

_VERIFIES = frozenset({Step.VERIFY, Step.VERIFY_ROLLBACK})
_RESTS = frozenset({SmokeState.PASS, SmokeState.FLAKY, SmokeState.FAIL, SmokeState.BLOCKED, SmokeState.RUNNING})
"""Results that rest on the versions that were live."""


def _with(state: RunState, service: ServiceStatus) -> RunState:
    return replace(state, services={**state.services, service.id: service})


def _gate_passed(state: RunState, _record: Record, event: ev.GatePassed) -> RunState:
    if event.gate == TRAFFIC_GATE:
        return replace(state, traffic_cleared=True)
    service = state.services[event.gate]
    return _with(state, replace(service, cleared=True, revision=service.revision + 1))


def _step_started(state: RunState, record: Record, event: ev.StepStarted) -> RunState:
    service = state.services[event.service]
    fresh = event.step in {Step.DEPLOY, Step.ROLLBACK}
    service = replace(
        service,
        state=_STATE_WHILE[event.step],
        attempt=event.attempt,
        pending=None,
        failed_step=None,
        touched=True,
        satisfied=False,
        why="",
        stable=None,
        started=record.at if event.step is not Step.VERIFY or not service.started else service.started,
        finished="",
        actions=() if fresh else tuple(a for a in service.actions if a.step is not event.step),
        revision=service.revision + 1 if fresh else service.revision,
    )
    active = ActiveStep(
        service=event.service,
        step=event.step,
        attempt=event.attempt,
        target=event.target,
        origin=event.origin,
        started=record.at,
    )
    state = replace(_with(state, service), active=active)
    if event.step is Step.DEPLOY:
        state = _no_longer_stabilizing(state, event.service)
    return replace(_stale_smoke(state, event.service), traffic_cleared=False) if fresh else state


def _no_longer_stabilizing(state: RunState, service: str) -> RunState:
    """What is deployed again is no longer watched for the old version to stay, and not everything is back any more."""
    if state.stabilize is None:
        return state
    left = tuple(s for s in state.stabilize.services if s != service)
    return replace(state, stabilize=replace(state.stabilize, services=left, everything=False) if left else None)


def _stale_smoke(state: RunState, service: str) -> RunState:
    """S20: what was tested rests on a service that changes now."""
    covering = {item.id for item in state.outline.smoke if not item.services or service in item.services}
    smoke = {
        key: replace(item, state=SmokeState.STALE, previous=None, queued=False, revision=item.revision + 1)
        if key in covering and item.state in _RESTS
        else item
        for key, item in state.smoke.items()
    }
    return replace(state, smoke=smoke)


def _action_started(state: RunState, record: Record, event: ev.ActionStarted) -> RunState:
    service = state.services[event.service]
    action = ActionStatus(
        step=event.step, index=event.index, kind=event.kind, label=event.label, job=event.job, started=record.at
    )
    state = _with(state, replace(service, actions=(*service.actions, action)))
    if state.active is None:
        return state
    active = replace(state.active, index=event.index, kind=event.kind, label=event.label, job=event.job, in_action=True)
    return replace(state, active=active)


def _action_finished(state: RunState, _record: Record, event: ev.ActionFinished) -> RunState:
    service = state.services[event.service]
    actions = list(service.actions)
    for place in range(len(actions) - 1, -1, -1):
        if actions[place].step is event.step and actions[place].index == event.index:
            actions[place] = replace(
                actions[place],
                status=event.status,
                detail=event.detail,
                exit_code=event.exit_code,
                took_s=event.took_s,
            )
            break
    state = _with(state, replace(service, actions=tuple(actions)))
    return replace(state, active=replace(state.active, in_action=False, job="") if state.active else None)


def _step_finished(state: RunState, record: Record, event: ev.StepFinished) -> RunState:
    service = replace(
        state.services[event.service],
        live=event.observed or _verified(state.services[event.service], event),
        why=event.detail,
        satisfied=event.satisfied,
    )
    passed = event.status is OutcomeStatus.PASSED
    state = replace(state, active=None)
    if event.step in {Step.DEPLOY, Step.VERIFY} and state.rollback and service.id in state.rollback.queue:
        # S13: however the step ended, the rollback behind it goes on; a late success flips nothing.
        return _with(state, replace(service, state=ServiceState.FAILED, partial=True, pending=Step.ROLLBACK))
    if passed and event.step is Step.DEPLOY and not event.satisfied:
        return _with(state, replace(service, pending=Step.VERIFY))
    if passed and event.step is Step.ROLLBACK:
        return _with(state, replace(service, pending=Step.VERIFY_ROLLBACK))
    service = replace(service, pending=None, finished=record.at, revision=service.revision + 1)
    if passed and event.step is Step.VERIFY_ROLLBACK:
        return _rolled_back(state, service)
    if passed:
        # What was live already was not deployed by this run, and there is nothing to take it back to.
        touched = not (event.satisfied and service.origin == service.live)
        return _with(state, replace(service, state=ServiceState.LIVE, partial=False, touched=touched))
    return _broken(state, service, event)


def _verified(service: ServiceStatus, event: ev.StepFinished) -> str:
    """The version that is live after a step at whose end none was seen: the verified one, otherwise not known."""
    if event.status is not OutcomeStatus.PASSED or event.step not in _VERIFIES:
        return ""
    return service.origin if event.step in BACKWARDS else service.target


def _rolled_back(state: RunState, service: ServiceStatus) -> RunState:
    service = replace(
        service, state=ServiceState.ROLLED_BACK, cleared=False, touched=False, partial=False, failed_step=None
    )
    state = _with(state, service)
    if state.rollback is None:
        return state
    queue = tuple(s for s in state.rollback.queue if s != service.id)
    return replace(state, rollback=replace(state.rollback, queue=queue, done=(*state.rollback.done, service.id)))


def _broken(state: RunState, service: ServiceStatus, event: ev.StepFinished) -> RunState:
    backwards = event.step in BACKWARDS
    if event.status is OutcomeStatus.UNKNOWN and not backwards:
        end = ServiceState.UNKNOWN
    else:
        end = ServiceState.ROLLBACK_FAILED if backwards else ServiceState.FAILED
    cut_off = event.status in {OutcomeStatus.CANCELLED, OutcomeStatus.UNKNOWN, OutcomeStatus.TIMED_OUT}
    service = replace(service, state=end, failed_step=event.step, partial=service.partial or cut_off)
    state = _with(state, service)
    if backwards and state.rollback is not None:
        return replace(state, rollback=replace(state.rollback, stopped=event.detail or event.status.value))
    return state


def _version_observed(state: RunState, _record: Record, event: ev.VersionObserved) -> RunState:
    service = state.services[event.service]
    came_back = service.state is ServiceState.ROLLED_BACK and event.version != service.origin
    return _with(state, replace(service, live=event.version, touched=service.touched or came_back))


def _retry_requested(state: RunState, _record: Record, event: ev.RetryRequested) -> RunState:
    service = state.services[event.service]
    state = _with(state, replace(service, pending=event.step, cleared=True, revision=service.revision + 1))
    if event.step in BACKWARDS and state.rollback is not None:
        return replace(state, rollback=replace(state.rollback, stopped=""))
    return state


def _marked_done(state: RunState, record: Record, event: ev.ServiceMarkedDone) -> RunState:
    service = state.services[event.service]
    if service.state is ServiceState.ROLLBACK_FAILED:
        done = replace(service, why=event.reason, failed_step=None, finished=record.at, revision=service.revision + 1)
        state = _rolled_back(state, done)
        return replace(state, rollback=replace(state.rollback, stopped="") if state.rollback else None)
    return _with(
        state,
        replace(
            service,
            state=ServiceState.LIVE,
            pending=None,
            failed_step=None,
            partial=False,
            why=event.reason,
            finished=record.at,
            revision=service.revision + 1,
        ),
    )


def _skipped(state: RunState, record: Record, event: ev.ServiceSkipped) -> RunState:
    service = state.services[event.service]
    return _with(
        state,
        replace(
            service,
            state=ServiceState.SKIPPED,
            pending=None,
            why=event.reason,
            finished=record.at,
            revision=service.revision + 1,
        ),
    )


SEQUENCE: dict[type, Callable[[RunState, Record, Any], RunState]] = {
    ev.GatePassed: _gate_passed,
    ev.StepStarted: _step_started,
    ev.ActionStarted: _action_started,
    ev.ActionFinished: _action_finished,
    ev.StepFinished: _step_finished,
    ev.VersionObserved: _version_observed,
    ev.RetryRequested: _retry_requested,
    ev.ServiceMarkedDone: _marked_done,
    ev.ServiceSkipped: _skipped,
}
