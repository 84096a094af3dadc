"""Commands at gates: advance, traffic, hold, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.engine import countdown
from controlroom.engine.answers import Decision, View, accept, held_by, refuse
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.fold_sequence import TRAFFIC_GATE
from controlroom.run.gates import open_smoke, waiting_gate
from controlroom.run.phases import Phase, Traffic
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from controlroom.run.events import Event
    from controlroom.run.state import HoldStatus, RunState


def _advance(state: RunState, order: cmd.Order, view: View) -> Decision:
    command: Any = order.command
    target = command.to if isinstance(command, cmd.Advance) else TRAFFIC_GATE
    gate = waiting_gate(state)
    if target == TRAFFIC_GATE and gate != TRAFFIC_GATE:
        return refuse(_why_no_traffic(state))
    if gate is None:
        return refuse("no gate waits now")
    if target != gate:
        return refuse(f"the gate that waits is {gate}, not {target}")
    if state.held:
        return refuse(f"held ({held_by(state)}): resume first")
    if gate in view.shut:
        return refuse(f"the gate of {gate} is shut: {view.shut[gate]}")
    return accept(f"advancing to {gate}", ev.GatePassed(gate=gate))


def _why_no_traffic(state: RunState) -> str:
    if state.traffic in {Traffic.OPENING, Traffic.CLOSING}:
        return f"traffic is {state.traffic.value} already"
    if state.traffic is Traffic.OPEN and state.phase is Phase.WATCHING:
        return "traffic is open already"
    waiting = open_smoke(state)
    if waiting:
        listed = ", ".join(f"{item.title} ({item.state.value})" for item in waiting)
        stays = {Traffic.NONE: "the watch does not begin", Traffic.OPEN: "traffic is open, the watch does not begin"}
        shut = stays.get(state.traffic, "traffic stays closed")
        return f"{shut}: mandatory smoke tests are not passed: {listed}"
    return f"the gate that waits is {waiting_gate(state) or 'none'}, not traffic"


def _close_traffic(state: RunState, order: cmd.Order, _view: View) -> Decision:
    if state.traffic is Traffic.NONE:
        return refuse("the plan has no traffic gate")
    if state.traffic in {Traffic.CLOSED, Traffic.CLOSING}:
        return accept(f"traffic is {state.traffic.value} already")
    later = "closing traffic as soon as the switch has come to rest: it is being opened"
    why = order.command.reason or f"closed by {order.operator}"
    return accept(later if state.traffic is Traffic.OPENING else "closing traffic", ev.ClosureRequested(why=why))


def _hold(state: RunState, order: cmd.Order, _view: View) -> Decision:
    stopped = countdown.called_off(state, order.operator)
    listed = ", ".join(one.service for one in state.countdowns.values())
    also = f"; the rollback of {listed} is called off" if stopped else ""
    if state.hold("operator"):
        return accept(f"held already{also}", *stopped)
    message = "holding: the service under way completes first" if state.active else "held"
    held = ev.HoldPlaced(reason="operator", by=order.operator, note=order.command.reason)
    return accept(f"{message}{also}", held, *stopped)


def _resume(state: RunState, order: cmd.Order, view: View) -> Decision:
    if not state.held:
        return refuse("nothing is held")
    events: list[Event] = []
    stays: list[str] = []
    for hold in state.holds:
        why = _still_holds(state, hold, order.command.reason, view)
        if why:
            stays.append(why)
            continue
        if hold.reason == "window" and order.command.reason and not _window_open(state, view.now):
            events.append(ev.WindowOverridden(reason=order.command.reason))
        events.append(ev.HoldLifted(reason=hold.reason, by=order.operator))
    if not events:
        return refuse("still held: " + "; ".join(stays))
    return accept("resumed" if not stays else "still held: " + "; ".join(stays), *events)


def _window_open(state: RunState, now: datetime) -> bool:
    window = state.outline.window
    return window is None or parse(window.opens) <= now < parse(window.closes)


def _still_holds(state: RunState, hold: HoldStatus, reason: str, view: View) -> str:
    kind, _, subject = hold.reason.partition(":")
    if kind == "guard":
        return _firing(state, subject, reason)
    if kind == "no-data" and not reason and subject in view.shut:
        return f"{subject} is still without data: {view.shut[subject]} (resume with a reason overrides it)"
    if kind == "rollback" and state.rollback is not None:
        return "the rollback is under way"
    if kind == "window" and not _window_open(state, view.now) and not reason:
        return "the window is closed (resume with a reason overrides it)"
    return ""


def _firing(state: RunState, guard: str, reason: str) -> str:
    """S7: a guard that fires holds on. A reason overrides it where it may never recover: blind, or accepted before."""
    firing = [g for g in state.guards.values() if g.guard == guard and g.fired]
    overridable = bool(state.accepted_breach) or all(g.frozen for g in firing)
    if overridable and reason:
        return ""
    told = "; ".join(g.why for g in firing)
    return f"{told} (resume with a reason overrides it)" if told and overridable else told


GATE_RULES: dict[type, Callable[[RunState, cmd.Order, View], Decision]] = {
    cmd.Advance: _advance,
    cmd.OpenTraffic: _advance,
    cmd.CloseTraffic: _close_traffic,
    cmd.Hold: _hold,
    cmd.Resume: _resume,
}
