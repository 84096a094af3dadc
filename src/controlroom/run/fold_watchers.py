"""The part of the fold that follows what watches the run: guards, alarms, smoke tests, traffic, watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controlroom.run import events as ev
from controlroom.run.phases import SmokeState, Traffic, Verdict
from controlroom.run.state import AlarmStatus, Incident, RunState, SmokeStatus, WatchStatus, guard_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.events import Record


def _guard_changed(state: RunState, record: Record, event: ev.GuardChanged) -> RunState:
    key = guard_key(event.guard, event.service)
    guard = state.guards[key]
    begins = event.breach_s > 0 and guard.breach_s == 0
    guard = replace(
        guard,
        verdict=event.verdict,
        breach_s=event.breach_s,
        value=event.value,
        why=event.why,
        frozen=event.frozen,
        since=record.at if begins else guard.since if event.breach_s > 0 else "",
    )
    return replace(state, guards={**state.guards, key: guard})


def _guard_tripped(state: RunState, _record: Record, event: ev.GuardTripped) -> RunState:
    key = guard_key(event.guard, event.service)
    guard = replace(
        state.guards[key],
        verdict=Verdict.FAIL,
        breach_s=event.breach_s,
        value=event.value,
        why=event.why,
        frozen=False,
        fired=True,
    )
    return replace(state, guards={**state.guards, key: guard})


def _guard_recovered(state: RunState, _record: Record, event: ev.GuardRecovered) -> RunState:
    key = guard_key(event.guard, event.service)
    guard = replace(
        state.guards[key],
        verdict=Verdict.PASS,
        breach_s=0.0,
        value=event.value,
        why=event.why,
        frozen=False,
        fired=False,
        since="",
    )
    return replace(state, guards={**state.guards, key: guard})


def _alarm_raised(state: RunState, record: Record, event: ev.AlarmRaised) -> RunState:
    known = state.alarms.get(event.alarm)
    if known is not None and not known.cleared:
        alarm = replace(known, text=event.text, suggest=event.suggest)
    else:
        alarm = AlarmStatus(
            id=event.alarm,
            text=event.text,
            service=event.service,
            suggest=event.suggest,
            since=record.at,
            revision=known.revision + 1 if known else 0,
        )
    return replace(state, alarms={**state.alarms, event.alarm: alarm})


def _alarm_cleared(state: RunState, _record: Record, event: ev.AlarmCleared) -> RunState:
    alarm = state.alarms.get(event.alarm)
    if alarm is None:
        return state
    if alarm.acknowledged_by:
        return replace(state, alarms={k: a for k, a in state.alarms.items() if k != event.alarm})
    return replace(state, alarms={**state.alarms, event.alarm: replace(alarm, cleared=True)})


def _alarm_acknowledged(state: RunState, _record: Record, event: ev.AlarmAcknowledged) -> RunState:
    alarm = state.alarms.get(event.alarm)
    if alarm is None:
        return state
    if alarm.cleared:
        return replace(state, alarms={k: a for k, a in state.alarms.items() if k != event.alarm})
    alarm = replace(alarm, acknowledged_by=event.by, revision=alarm.revision + 1)
    return replace(state, alarms={**state.alarms, event.alarm: alarm})


def _with(state: RunState, item: SmokeStatus) -> RunState:
    return replace(state, smoke={**state.smoke, item.id: item})


def _smoke_requested(state: RunState, _record: Record, event: ev.SmokeRequested) -> RunState:
    for item_id in event.items:
        state = _with(state, replace(state.smoke[item_id], queued=True))
    return state


def _smoke_started(state: RunState, record: Record, event: ev.SmokeStarted) -> RunState:
    item = state.smoke[event.item]
    previous = item.previous if item.state is SmokeState.RUNNING else item.state
    item = replace(
        item,
        state=SmokeState.RUNNING,
        previous=previous,
        by=record.actor,
        at=record.at,
        queued=False,
        runs=item.runs + 1,
        note="",
        evidence=(),
        attempts=0,
        revision=item.revision + 1,
    )
    return _with(state, item)


def _settled(state: RunState, item: SmokeStatus) -> RunState:
    """A mandatory item that does not stand takes the word back that traffic may be opened (S21)."""
    fine = item.state.stands or not item.mandatory
    return replace(_with(state, item), traffic_cleared=state.traffic_cleared and fine)


def _smoke_finished(state: RunState, record: Record, event: ev.SmokeFinished) -> RunState:
    item = state.smoke[event.item]
    if item.state is not SmokeState.RUNNING:
        # A result that comes after the item went stale says nothing about what runs now.
        return _with(state, replace(item, evidence=event.evidence))
    item = replace(
        item,
        state=event.state,
        by=record.actor,
        at=record.at,
        note=event.note,
        evidence=event.evidence,
        attempts=event.attempts,
        revision=item.revision + 1,
    )
    return _settled(state, item)


def _smoke_marked(state: RunState, record: Record, event: ev.SmokeMarked) -> RunState:
    item = state.smoke[event.item]
    item = replace(
        item,
        state=event.state,
        previous=None if event.undo else item.state,
        by=record.actor,
        at=record.at,
        note=event.note,
        queued=False,
        revision=item.revision + 1,
    )
    return _settled(state, item)


def _traffic_started(state: RunState, _record: Record, event: ev.TrafficStarted) -> RunState:
    moving = Traffic.OPENING if event.to is Traffic.OPEN else Traffic.CLOSING
    return replace(state, traffic=moving, traffic_why=event.why)


def _traffic_finished(state: RunState, _record: Record, event: ev.TrafficFinished) -> RunState:
    return replace(
        state,
        traffic=event.state,
        traffic_why=event.detail,
        traffic_cleared=state.traffic_cleared and event.ok and event.state is Traffic.OPEN,
        closure="" if event.state is Traffic.CLOSED or not event.ok else state.closure,
        unclosed=event.detail if state.traffic is Traffic.CLOSING and not event.ok else "",
        revision=state.revision + 1,
    )


def _closure_requested(state: RunState, _record: Record, event: ev.ClosureRequested) -> RunState:
    return replace(state, closure=event.why, unclosed="", traffic_cleared=False)


def _watch_started(state: RunState, record: Record, _event: ev.WatchStarted) -> RunState:
    return replace(state, watch=WatchStatus(started=record.at))


def _watch_checkpoint(state: RunState, _record: Record, event: ev.WatchCheckpoint) -> RunState:
    if state.watch is None:
        return state
    return replace(state, watch=replace(state.watch, elapsed_s=event.elapsed_s, coverage=event.coverage))


def _watch_summarized(state: RunState, record: Record, event: ev.WatchSummarized) -> RunState:
    if state.watch is None:
        return state
    watch = replace(
        state.watch,
        elapsed_s=event.elapsed_s,
        coverage=event.coverage,
        day=event.day,
        summarized=record.at,
        ended=event.ended,
    )
    return replace(state, watch=watch)


def _incident_recorded(state: RunState, record: Record, event: ev.IncidentRecorded) -> RunState:
    incident = Incident(kind=event.kind, text=event.text, service=event.service, at=record.at, evidence=event.evidence)
    return replace(state, incidents=(*state.incidents, incident))


WATCHERS: dict[type, Callable[[RunState, Record, Any], RunState]] = {
    ev.GuardChanged: _guard_changed,
    ev.GuardTripped: _guard_tripped,
    ev.GuardRecovered: _guard_recovered,
    ev.AlarmRaised: _alarm_raised,
    ev.AlarmCleared: _alarm_cleared,
    ev.AlarmAcknowledged: _alarm_acknowledged,
    ev.SmokeRequested: _smoke_requested,
    ev.SmokeStarted: _smoke_started,
    ev.SmokeFinished: _smoke_finished,
    ev.SmokeMarked: _smoke_marked,
    ev.TrafficStarted: _traffic_started,
    ev.TrafficFinished: _traffic_finished,
    ev.ClosureRequested: _closure_requested,
    ev.WatchStarted: _watch_started,
    ev.WatchCheckpoint: _watch_checkpoint,
    ev.WatchSummarized: _watch_summarized,
    ev.IncidentRecorded: _incident_recorded,
}
