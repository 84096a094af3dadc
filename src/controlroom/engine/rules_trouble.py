"""Commands when something went wrong: the failure menu (S12), rollback, abort, close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.engine.answers import Decision, View, accept, held_by, refuse
from controlroom.engine.rollback import begun
from controlroom.engine.verdicts import closing
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run import rollback
from controlroom.run.gates import AT_GATE, DONE, IN_TROUBLE
from controlroom.run.phases import BACKWARDS, ServiceState, Step, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.state import RunState, ServiceStatus


def _no_menu(state: RunState, service: ServiceStatus) -> str:
    """Why the failure menu does not stand open for `service`, empty when it does."""
    if _goes_back(state, service):
        return f"{service.id} is about to be rolled back"
    if service.state in IN_TROUBLE:
        return ""
    return f"{service.id} is {service.state.value}: nothing has failed there"


def _goes_back(state: RunState, service: ServiceStatus) -> bool:
    """Queued for a rollback that has not come to it: any other step would take it out of the queue."""
    queued = state.rollback is not None and service.id in state.rollback.queue
    return queued and (service.state is not ServiceState.ROLLBACK_FAILED or service.pending is not None)


def _retry(state: RunState, order: cmd.Order, _view: View) -> Decision:
    service = state.services[getattr(order.command, "service", "")]
    again = service.state is ServiceState.ROLLED_BACK
    if not again and (why := _no_menu(state, service)):
        return refuse(why)
    step = Step.DEPLOY if again else _failed_step(service)
    if step is Step.DEPLOY and (why := _no_deploy(state, service)):
        return refuse(why)
    return accept(f"{service.id}: {step.value} again", ev.RetryRequested(service=service.id, step=step))


def _no_deploy(state: RunState, service: ServiceStatus) -> str:
    """Why `service` may not be deployed again now, empty when it may."""
    if state.held:
        return f"held ({held_by(state)}): resume first"
    if state.rollback is not None:
        return "a rollback is under way"
    outline = state.outline.service(service.id)
    missing = [need for need in outline.needs if state.services[need].state not in DONE]
    if missing:
        return f"{service.id} needs {missing[0]}, which is {state.services[missing[0]].state.value}"
    if service.state in IN_TROUBLE and service.attempt >= outline.max_attempts:
        return f"{service.attempt} attempts of {outline.max_attempts} are spent: verify, mark done, skip, or roll back"
    return ""


def _failed_step(service: ServiceStatus) -> Step:
    """Where a retry begins; a verification that failed forwards means deploying again."""
    if service.failed_step in BACKWARDS:
        return Step.ROLLBACK
    return Step.DEPLOY


def _verify_again(state: RunState, order: cmd.Order, _view: View) -> Decision:
    service = state.services[getattr(order.command, "service", "")]
    if why := _no_menu(state, service):
        return refuse(why)
    back = service.state is ServiceState.ROLLBACK_FAILED
    step = Step.VERIFY_ROLLBACK if back else Step.VERIFY
    return accept(f"verifying {service.id} again", ev.RetryRequested(service=service.id, step=step))


def _mark_done(state: RunState, order: cmd.Order, _view: View) -> Decision:
    service = state.services[getattr(order.command, "service", "")]
    asked = _asked_by_hand(state, service)
    if asked is not None:
        return accept(f"{asked}: done")
    if why := _no_menu(state, service):
        return refuse(why)
    if not order.command.reason:
        return refuse("marking a step done needs a reason")
    done = ev.ServiceMarkedDone(service=service.id, reason=f"{order.command.reason} ({order.operator})")
    return accept(f"{service.id} is marked done", done)


def _mark_failed(state: RunState, order: cmd.Order, _view: View) -> Decision:
    service = state.services[getattr(order.command, "service", "")]
    asked = _asked_by_hand(state, service)
    if asked is None:
        return refuse(f"{service.id} waits for nothing that is done or seen by hand")
    if not order.command.reason:
        return refuse("saying no needs a reason")
    return accept(f"{asked}: failed")


def _asked_by_hand(state: RunState, service: ServiceStatus) -> str | None:
    """What the operator is asked to do or to see for `service` right now."""
    active = state.active
    waits = active is not None and active.service == service.id and active.kind == "manual" and active.in_action
    return active.label if active is not None and waits else None


def _skip(state: RunState, order: cmd.Order, _view: View) -> Decision:
    service = state.services[getattr(order.command, "service", "")]
    if state.outline.service(service.id).required:
        return refuse(f"{service.id} is required: it cannot be skipped")
    if _goes_back(state, service):
        return refuse(f"{service.id} is about to be rolled back")
    if service.state not in AT_GATE | (IN_TROUBLE - {ServiceState.ROLLBACK_FAILED}):
        return refuse(f"{service.id} is {service.state.value}: it cannot be skipped")
    if not order.command.reason:
        return refuse("skipping needs a reason")
    skipped = ev.ServiceSkipped(service=service.id, reason=f"{order.command.reason} ({order.operator})")
    return accept(f"{service.id} is skipped", skipped)


def _because(state: RunState, order: cmd.Order, services: tuple[str, ...]) -> str:
    """S15: the number that caused it, which only one that has fired did; the others are noted with the command."""
    fired = [g.why for g in state.guards.values() if g.service in services and g.fired]
    return order.command.reason or "; ".join(fired) or f"asked for by {order.operator}"


def _roll_back(state: RunState, order: cmd.Order, _view: View) -> Decision:
    command: Any = order.command
    if command.confirm != command.service:
        return refuse(f"not confirmed: type {command.service}")
    plan = rollback.plan_service(state, command.service, cascade=command.cascade)
    left = [] if command.cascade or not plan.services else rollback.staying(state, command.service)
    if left and not order.command.reason:
        return refuse(f"rolling back {command.service} alone needs a reason: {', '.join(left)} would stay")
    return _begin(state, order, plan, everything=False, with_database=False)


def _roll_back_all(state: RunState, order: cmd.Order, _view: View) -> Decision:
    command: Any = order.command
    if command.confirm != state.outline.environment:
        return refuse(f"not confirmed: type {state.outline.environment}")
    running = rollback.running(state)
    if running is not None and running.everything and (running.with_database or not command.with_database):
        return accept("everything is being rolled back already")
    plan = rollback.plan_everything(state, with_database=command.with_database)
    return _begin(state, order, plan, everything=True, with_database=command.with_database)


_LETS_IN = frozenset({Traffic.OPEN, Traffic.OPENING, Traffic.CLOSING})
"""Where the switch stands while the public is in, or may be."""


def _begin(
    state: RunState,
    order: cmd.Order,
    plan: rollback.RollbackPlan,
    *,
    everything: bool,
    with_database: bool,
) -> Decision:
    if state.aborting:
        return refuse("the run is being aborted")
    if plan.refused:
        return refuse(plan.refused)
    if plan.nothing:
        return accept(plan.nothing)
    why = _because(state, order, plan.services)
    events = begun(state, plan, why=why, by=order.operator, everything=everything, with_database=with_database)
    listed = ", ".join(plan.services) or rollback.why_none(state)
    public = ["traffic is closed first, and stays closed"] if everything and state.traffic in _LETS_IN else []
    return accept("; ".join([f"rolling back {listed}", *plan.stays, *public]), *events)


def _abort(state: RunState, order: cmd.Order, _view: View) -> Decision:
    command: Any = order.command
    if command.confirm != state.outline.environment:
        return refuse(f"not confirmed: type {state.outline.environment}")
    why = f"aborted by {order.operator}" + (f": {command.reason}" if command.reason else "")
    return accept("aborting: nothing is rolled back", ev.AbortRequested(why=why))


def _close(state: RunState, _order: cmd.Order, view: View) -> Decision:
    events = closing(state, view.watched_s, view.covered)
    if isinstance(events, str):
        return refuse(events)
    return accept("closed", *events)


TROUBLE_RULES: dict[type, Callable[[RunState, cmd.Order, View], Decision]] = {
    cmd.Retry: _retry,
    cmd.VerifyAgain: _verify_again,
    cmd.MarkDone: _mark_done,
    cmd.MarkFailed: _mark_failed,
    cmd.Skip: _skip,
    cmd.RollBack: _roll_back,
    cmd.RollBackAll: _roll_back_all,
    cmd.Abort: _abort,
    cmd.Close: _close,
}
