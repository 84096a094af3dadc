"""What comes next: the one place that reads a state and says what the engine starts or writes down; pure."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.engine.verdicts import breach
from controlroom.run import events as ev
from controlroom.run.gates import AT_GATE, DONE, IN_TROUBLE, failed_smoke, next_service, open_smoke, waiting_gate
from controlroom.run.phases import BACKWARDS, Phase, ServiceState, SmokeState, Step, Traffic
from controlroom.run.rollback import left_behind
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from controlroom.run.events import Event
    from controlroom.run.state import RunState

MOST_TOGETHER = 8
"""Checklist items that run at the same time, at the most."""
DEPLOYING_PHASES = frozenset({Phase.READY, Phase.DEPLOYING, Phase.SMOKE, Phase.OPENING})
_MOVING = frozenset({Traffic.OPENING, Traffic.CLOSING})


class RunStep(Struct, frozen=True):
    """Carry out a step of a service."""

    service: str
    step: Step


class MoveTraffic(Struct, frozen=True):
    """Open or close the traffic gate."""

    to: Traffic
    why: str


Move = RunStep | MoveTraffic


def next_move(state: RunState) -> Move | None:
    """The next thing to start, None while something is under way, an operator is needed, or a hold stands.

    Only the closing of traffic is due also while a step is under way: every second of it keeps users on an environment
    that is bad (S21). It waits for the switch alone, and no step begins while the switch moves.
    """
    if state.phase.terminal or state.aborting or state.traffic in _MOVING:
        return None
    if why := _closing(state):
        return MoveTraffic(Traffic.CLOSED, why)
    if state.active is not None:
        return None
    if state.rollback is not None:
        return _next_backwards(state)
    for service in state.services.values():
        if service.pending is Step.VERIFY or service.pending in BACKWARDS:
            return RunStep(service.id, service.pending)
    return None if state.held else _next_forwards(state)


def _next_forwards(state: RunState) -> Move | None:
    for asked in state.services.values():
        if asked.pending is Step.DEPLOY:
            return RunStep(asked.id, Step.DEPLOY)
    service = next_service(state)
    if service is not None:
        ready = service.state in AT_GATE and service.cleared
        return RunStep(service.id, Step.DEPLOY) if ready else None
    if state.traffic_cleared and state.traffic in {Traffic.CLOSED, Traffic.UNKNOWN} and not open_smoke(state):
        return MoveTraffic(Traffic.OPEN, "the traffic gate was passed")
    return None


def _next_backwards(state: RunState) -> Move | None:
    rollback = state.rollback
    if rollback is None or rollback.stopped:
        return None
    for service_id in rollback.queue:
        pending = state.services[service_id].pending
        if pending in BACKWARDS:
            return RunStep(service_id, pending)
    return None


def _closing(state: RunState) -> str:
    """Why traffic is to be closed now, empty when it is not."""
    if state.closure and state.traffic in {Traffic.OPEN, Traffic.UNKNOWN}:
        return state.closure
    rollback = state.rollback
    if rollback is not None and rollback.everything and not rollback.stopped and _to_be_closed(state):
        return "everything is being rolled back"
    return ""


def _to_be_closed(state: RunState) -> bool:
    """Open, and not in vain tried to be closed: a rollback does not wait for an edge that cannot be reached."""
    return state.traffic is Traffic.OPEN and not state.unclosed


def cancels(state: RunState) -> str | None:
    """Why the step under way must be cut off now, None when it may go on (S13).

    What may not be killed midway, such as a migration, still comes to its end; nothing else of the step begins then.
    """
    active = state.active
    if active is None:
        return None
    if state.aborting:
        return state.aborting
    if active.step not in BACKWARDS and state.rollback is not None and active.service in state.rollback.queue:
        return state.rollback.why or "rolled back by the operator"
    return None


def next_smoke(state: RunState) -> tuple[str, ...]:
    """The automatic items that run next: the first in the queue, and together with it those that may run beside it."""
    if state.phase.terminal or any(item.state is SmokeState.RUNNING for item in state.smoke.values()):
        return ()
    queue = [item for item in state.outline.smoke if state.smoke[item.id].queued]
    together = tuple(item.id for item in takewhile(lambda item: item.parallel, queue))
    return together[:MOST_TOGETHER] or tuple(item.id for item in queue[:1])


def bookkeeping(state: RunState, now: datetime, shut: Collection[str] = ()) -> list[Event]:
    """The events that follow from the state alone; `shut` are services whose gate is shut for want of data (S5).

    Repeating it after folding its events gives nothing, so the engine may call it at any time, also after a crash.
    """
    if state.phase.terminal:
        return []
    for rule in _RULES:
        events = rule(state, now)
        if events:
            return events
    return _auto_gate(state, shut)


def _abort_done(state: RunState, _now: datetime) -> list[Event]:
    if not state.aborting or state.active is not None or state.traffic in _MOVING:
        return []
    return [
        ev.VerdictReached(phase=Phase.ABORTED, why=state.aborting),
        ev.PhaseChanged(phase=Phase.ABORTED, why=state.aborting),
    ]


def _rollback_done(state: RunState, _now: datetime) -> list[Event]:
    rollback = state.rollback
    if rollback is None or rollback.queue or rollback.stopped or state.active is not None:
        return []
    if rollback.everything and (state.traffic in _MOVING or _to_be_closed(state)):
        return []
    events: list[Event] = [ev.RollbackFinished(ok=True, detail=f"rolled back: {', '.join(rollback.done) or 'nothing'}")]
    back = tuple(s.id for s in state.services.values() if s.state is ServiceState.ROLLED_BACK and s.stable is None)
    if _can_stabilize(state, back):
        events.append(ev.StabilizeStarted(services=back, everything=rollback.everything))
    elif rollback.everything:
        events += rolled_back(state, everything_but(state), rollback.why)
    return events


def _can_stabilize(state: RunState, services: Collection[str]) -> bool:
    """Whether a guard that stabilize waits for watches any of `services`; without one there is nothing to wait for."""
    outline = state.outline
    named = [guard for guard in outline.guards if guard.id in outline.stabilize_guards]
    return outline.stabilize_s > 0 and any(set(guard.services) & set(services) for guard in named)


def everything_but(state: RunState) -> str:
    """What a rollback of everything came to: `everything is rolled back, but for auth` where that could not go back."""
    left = left_behind(state)
    return "everything is rolled back" + (f", but for {', '.join(left)}" if left else "")


def rolled_back(state: RunState, outcome: str, why: str) -> list[Event]:
    """The end of a run that took everything back; nobody opens the traffic after it, so it says how that stands."""
    text = f"{outcome}: {why}" if why else outcome
    if state.traffic is not Traffic.NONE:
        text += f"; traffic is {state.traffic.value}"
    return [
        ev.VerdictReached(phase=Phase.ROLLED_BACK, why=text),
        ev.PhaseChanged(phase=Phase.ROLLED_BACK, why=text),
    ]


def _phase(state: RunState, _now: datetime) -> list[Event]:
    complete = all(s.state in DONE for s in state.services.values())
    match state.phase:
        case Phase.READY if state.active is not None or any(s.attempt for s in state.services.values()):
            return [ev.PhaseChanged(phase=Phase.DEPLOYING)]
        case Phase.READY | Phase.DEPLOYING if complete and state.rollback is None:
            return [ev.PhaseChanged(phase=Phase.SMOKE)]
        case Phase.SMOKE if not complete:
            return [ev.PhaseChanged(phase=Phase.DEPLOYING)]
        case Phase.SMOKE if state.traffic is Traffic.OPENING:
            return [ev.PhaseChanged(phase=Phase.OPENING)]
        case Phase.SMOKE if state.traffic_cleared and state.traffic is Traffic.OPEN:
            return [ev.PhaseChanged(phase=Phase.WATCHING), ev.WatchStarted()]
        case Phase.SMOKE if state.traffic_cleared and state.traffic is Traffic.NONE and not state.held:
            return [ev.PhaseChanged(phase=Phase.WATCHING), ev.WatchStarted()]
        case Phase.OPENING if state.traffic is Traffic.OPEN and not state.closure:
            return [ev.PhaseChanged(phase=Phase.WATCHING), ev.WatchStarted()]
        case Phase.OPENING if state.traffic in {Traffic.CLOSED, Traffic.UNKNOWN}:
            return [ev.PhaseChanged(phase=Phase.SMOKE, why=state.traffic_why)]
    return []


def _window(state: RunState, now: datetime) -> list[Event]:
    window = state.outline.window
    if window is None or state.window_override or state.hold("window") or state.phase not in DEPLOYING_PHASES:
        return []
    if now < parse(window.closes):
        return []
    return [ev.HoldPlaced(reason="window", by="engine", note=f"the window closed at {window.closes}")]


def _close_traffic(state: RunState, _now: datetime) -> list[Event]:
    failed = failed_smoke(state)
    if not failed or state.closure or not _to_be_closed(state):
        return []
    return [ev.ClosureRequested(why=f"mandatory smoke test failed: {', '.join(item.title for item in failed)}")]


def _standing_breach(state: RunState, _now: datetime) -> list[Event]:
    """S22: a guard that had fired before the watch began, and still does, fails it as one that fires now."""
    if state.verdict is not None:
        return []
    fired = [guard for guard in state.guards.values() if guard.fired]
    return next((events for guard in fired if (events := breach(state, guard.guard, guard.why, guard.service))), [])


def _auto_close(state: RunState, _now: datetime) -> list[Event]:
    """A headless rehearsal has nobody who closes it."""
    if not state.outline.auto_close or state.verdict is None or state.stabilize is not None:
        return []
    if state.active is not None or state.rollback is not None:
        return []
    return [ev.PhaseChanged(phase=state.verdict.phase, why=state.verdict.why)]


def _spent_alarms(state: RunState, _now: datetime) -> list[Event]:
    """Alarms whose cause is gone; they stand on screen until acknowledged."""
    spent: list[Event] = []
    for alarm in state.alarms.values():
        kind, _, subject = alarm.id.partition(":")
        over = (
            (kind == "step" and subject in state.services and state.services[subject].state not in IN_TROUBLE)
            or (kind == "smoke" and subject in state.smoke and state.smoke[subject].state is not SmokeState.FAIL)
            or (kind == "stabilize" and all(service.stable is not False for service in state.services.values()))
        )
        if over and not alarm.cleared:
            spent.append(ev.AlarmCleared(alarm=alarm.id))
    return spent


def _auto_gate(state: RunState, shut: Collection[str]) -> list[Event]:
    gate = waiting_gate(state)
    if gate is None or gate not in state.services or state.held or gate in shut:
        return []
    again = state.services[gate].state is ServiceState.ROLLED_BACK
    return [] if again or not state.outline.service(gate).auto else [ev.GatePassed(gate=gate)]


_RULES = (
    _abort_done,
    _rollback_done,
    _close_traffic,
    _phase,
    _window,
    _spent_alarms,
    _standing_breach,
    _auto_close,
)
