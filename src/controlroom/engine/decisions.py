"""What becomes of an operator's command: pure functions from state and command to events and an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.answers import Decision, View, refuse
from controlroom.engine.rules_checklist import CHECKLIST_RULES
from controlroom.engine.rules_gates import GATE_RULES
from controlroom.engine.rules_lease import LEASE_RULES, foreign
from controlroom.engine.rules_trouble import TROUBLE_RULES
from controlroom.run import commands as cmd
from controlroom.run.fold_sequence import TRAFFIC_GATE
from controlroom.run.gates import gate_revision, waiting_gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.state import RunState

_RULES: dict[type, Callable[[RunState, cmd.Order, View], Decision]] = {
    **GATE_RULES,
    **TROUBLE_RULES,
    **CHECKLIST_RULES,
    **LEASE_RULES,
}


def decide(state: RunState, order: cmd.Order, view: View) -> Decision:
    """What becomes of `order` in `state`. Lease, target and revision are judged before the command itself."""
    command = order.command
    known = state.answers.get(order.id)
    if known is not None:
        return Decision(ok=known.ok, message=known.message)
    if state.phase.terminal and not isinstance(command, cmd.Note):
        return refuse(f"the run is over: {state.phase.value}")
    refused = foreign(state, order)
    if refused is not None:
        return refused
    missing = _unknown_target(state, command)
    if missing:
        return refuse(missing)
    stale = _stale(state, command)
    if stale:
        return refuse(stale)
    return _RULES[type(command)](state, order, view)


def target_of(command: cmd.Command) -> str:
    """What a command aims at, for the journal."""
    for name in ("service", "to", "item", "alarm"):
        value = getattr(command, name, None)
        if value:
            return str(value)
    return ", ".join(getattr(command, "items", ()))


def _unknown_target(state: RunState, command: cmd.Command) -> str:
    service = getattr(command, "service", None)
    if service is not None and service not in state.services:
        return f"no service {service!r}; there are {', '.join(state.services)}"
    wanted = [command.item] if isinstance(command, cmd.MarkSmoke | cmd.UndoSmoke) else getattr(command, "items", ())
    unknown = [item for item in wanted if item not in state.smoke]
    if unknown:
        return f"no smoke test {unknown[0]!r}; there are {', '.join(state.smoke)}"
    return ""


def _stale(state: RunState, command: cmd.Command) -> str:
    """S18: the target has moved on since the operator looked."""
    if command.seen is None:
        return ""
    service = getattr(command, "service", None)
    item = getattr(command, "item", None)
    if service is not None:
        now, words = state.services[service].revision, f"{service} is {state.services[service].state.value} now"
    elif item is not None:
        now, words = state.smoke[item].revision, f"{item} is {state.smoke[item].state.value} now"
    elif isinstance(command, cmd.Advance | cmd.OpenTraffic):
        gate = command.to if isinstance(command, cmd.Advance) else TRAFFIC_GATE
        known = gate == TRAFFIC_GATE or gate in state.services
        now, words = (gate_revision(state, gate) if known else -1), f"the gate is {waiting_gate(state) or 'none'} now"
    elif isinstance(command, cmd.Acknowledge):
        alarm = state.alarms.get(command.alarm)
        now, words = (alarm.revision if alarm else -1), "the alarm has changed"
    else:
        return ""
    return "" if now == command.seen else f"out of date: {words}; look again"
