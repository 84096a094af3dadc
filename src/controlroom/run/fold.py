"""The one reducer: `fold(state, record)` serves engine, recovery, screen and report alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controlroom.run import events as ev
from controlroom.run.fold_outside import OUTSIDE
from controlroom.run.fold_rollback import ROLLBACK
from controlroom.run.fold_sequence import SEQUENCE
from controlroom.run.fold_watchers import WATCHERS
from controlroom.run.phases import Traffic
from controlroom.run.state import (
    Answer,
    EngineStatus,
    GuardStatus,
    HandOverStatus,
    HoldStatus,
    LeaseStatus,
    NoteStatus,
    RunState,
    ServiceStatus,
    SmokeStatus,
    VerdictStatus,
    guard_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controlroom.run.events import Record
    from controlroom.run.outline import GuardOutline


def fold(state: RunState | None, record: Record) -> RunState:
    """The state after `record`; the first record of a run must hold RunCreated and `state` be None then.

    Raises ValueError when a record does not follow the state (a gap, a repetition, a run without a beginning).
    """
    event = record.event
    if state is None:
        if not isinstance(event, ev.RunCreated):
            raise ValueError(f"a run begins with RunCreated, not {ev.event_name(event)}")
        return _created(record, event)
    if record.seq != state.seq + 1:
        raise ValueError(f"event {record.seq} does not follow event {state.seq}")
    state = replace(state, seq=record.seq, head=record.hash, at=record.at)
    return _REDUCERS[type(event)](state, record, event)


def fold_all(records: Iterable[Record]) -> RunState | None:
    """The state after all of `records`, None for none."""
    state: RunState | None = None
    for record in records:
        state = fold(state, record)
    return state


def _created(record: Record, event: ev.RunCreated) -> RunState:
    outline = event.outline
    return RunState(
        run=record.run,
        seq=record.seq,
        head=record.hash,
        at=record.at,
        started=record.at,
        outline=outline,
        plan_sha256=event.plan_sha256,
        plan_path=event.plan_path,
        preflight=event.preflight,
        accepted_breach=event.accepted_breach,
        window_override=event.window_override,
        services={
            s.id: ServiceStatus(
                id=s.id,
                name=s.name,
                target=s.target,
                origin=event.versions.get(s.id, ""),
                live=event.versions.get(s.id, ""),
            )
            for s in outline.services
        },
        guards={
            guard_key(g.id, service): _not_judged_yet(g, service) for g in outline.guards for service in g.services
        },
        smoke={
            item.id: SmokeStatus(id=item.id, title=item.title, kind=item.kind, mandatory=item.mandatory)
            for item in outline.smoke
        },
        traffic=event.traffic if outline.has_traffic else Traffic.NONE,
    )


def _not_judged_yet(guard: GuardOutline, service: str) -> GuardStatus:
    if guard.during == "watch":
        return GuardStatus(guard=guard.id, service=service, why="begins with the watch")
    return GuardStatus(guard=guard.id, service=service)


def _engine_started(state: RunState, record: Record, event: ev.EngineStarted) -> RunState:
    return replace(state, engine=EngineStatus(pid=event.pid, host=event.host, started=record.at))


def _engine_stopped(state: RunState, _record: Record, event: ev.EngineStopped) -> RunState:
    if state.engine is None:
        return state
    return replace(state, engine=replace(state.engine, stopped=event.why))


def _phase_changed(state: RunState, _record: Record, event: ev.PhaseChanged) -> RunState:
    return replace(state, phase=event.phase, revision=state.revision + 1)


def _plan_file_changed(state: RunState, _record: Record, event: ev.PlanFileChanged) -> RunState:
    return replace(state, plan_changed=event.sha256 != state.plan_sha256)


def _abort_requested(state: RunState, _record: Record, event: ev.AbortRequested) -> RunState:
    return replace(state, aborting=event.why)


def _window_overridden(state: RunState, _record: Record, event: ev.WindowOverridden) -> RunState:
    return replace(state, window_override=event.reason)


def _verdict(state: RunState, record: Record, event: ev.VerdictReached) -> RunState:
    return replace(state, verdict=VerdictStatus(phase=event.phase, why=event.why, at=record.at))


def _lease_taken(state: RunState, record: Record, event: ev.LeaseTaken) -> RunState:
    lease = LeaseStatus(operator=event.operator, host=event.host, uid=event.uid, since=record.at)
    return replace(state, lease=lease, handover=None)


def _handover_offered(state: RunState, record: Record, event: ev.HandOverOffered) -> RunState:
    return replace(state, handover=HandOverStatus(by=event.by, to=event.to, note=event.note, at=record.at))


def _handover_ended(state: RunState, _record: Record, _event: ev.HandOverEnded) -> RunState:
    return replace(state, handover=None)


def _operator_lost(state: RunState, _record: Record, _event: ev.OperatorLost) -> RunState:
    return state


def _accepted(state: RunState, _record: Record, event: ev.CommandAccepted) -> RunState:
    return replace(state, answers={**state.answers, event.id: Answer(ok=True, message=event.message)})


def _refused(state: RunState, _record: Record, event: ev.CommandRefused) -> RunState:
    return replace(state, answers={**state.answers, event.id: Answer(ok=False, message=event.message)})


def _note_added(state: RunState, record: Record, event: ev.NoteAdded) -> RunState:
    return replace(state, notes=(*state.notes, NoteStatus(text=event.text, by=record.actor, at=record.at)))


def _hold_placed(state: RunState, record: Record, event: ev.HoldPlaced) -> RunState:
    if state.hold(event.reason):
        holds = tuple(replace(h, note=event.note or h.note) if h.reason == event.reason else h for h in state.holds)
        return replace(state, holds=holds)
    hold = HoldStatus(reason=event.reason, by=event.by, at=record.at, note=event.note)
    return replace(state, holds=(*state.holds, hold), revision=state.revision + 1)


def _hold_lifted(state: RunState, _record: Record, event: ev.HoldLifted) -> RunState:
    if not state.hold(event.reason):
        return state
    holds = tuple(h for h in state.holds if h.reason != event.reason)
    return replace(state, holds=holds, revision=state.revision + 1)


_REDUCERS: dict[type, Callable[[RunState, Record, Any], RunState]] = {
    ev.EngineStarted: _engine_started,
    ev.EngineStopped: _engine_stopped,
    ev.PhaseChanged: _phase_changed,
    ev.PlanFileChanged: _plan_file_changed,
    ev.AbortRequested: _abort_requested,
    ev.WindowOverridden: _window_overridden,
    ev.VerdictReached: _verdict,
    ev.LeaseTaken: _lease_taken,
    ev.HandOverOffered: _handover_offered,
    ev.HandOverEnded: _handover_ended,
    ev.OperatorLost: _operator_lost,
    ev.CommandAccepted: _accepted,
    ev.CommandRefused: _refused,
    ev.NoteAdded: _note_added,
    ev.HoldPlaced: _hold_placed,
    ev.HoldLifted: _hold_lifted,
    **SEQUENCE,
    **ROLLBACK,
    **WATCHERS,
    **OUTSIDE,
}
