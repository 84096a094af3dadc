"""What is said of an event in the thread of the run's message; most events are not worth a word there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.engine.messages import phrases as say
from controlroom.engine.messages.card import verdict_text
from controlroom.engine.messages.figures import because, hold_reason, lasting, name_of, names_of, voice_of
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.events import Record
    from controlroom.run.state import RunState


_SILENT_HOLDS = frozenset({"operator", "window", "disconnected"})


def detail(state: RunState, record: Record) -> str:
    """One line about `record`, empty for none; `state` is the one after it."""
    told = _TOLD.get(type(record.event))
    return told(state, record, record.event) if told is not None else ""


def _step_started(state: RunState, _record: Record, event: ev.StepStarted) -> str:
    voice, name = voice_of(state), name_of(state, event.service)
    if event.step is Step.ROLLBACK:
        return voice.say(say.GOES_BACK, name=name, target=event.target)
    if event.step is not Step.DEPLOY:
        return ""
    again = voice.say(say.AGAIN, attempt=event.attempt) if event.attempt > 1 else ""
    return voice.say(say.DEPLOYS, name=name, origin=event.origin or "?", target=event.target, again=again)


def _step_finished(state: RunState, _record: Record, event: ev.StepFinished) -> str:
    """A step that went wrong raises an alarm, which says so."""
    service = state.services[event.service]
    if event.status is not OutcomeStatus.PASSED:
        return ""
    phrase = {Step.VERIFY: say.VERIFIED, Step.VERIFY_ROLLBACK: say.BACK}.get(event.step)
    if event.satisfied:
        phrase = say.SATISFIED
    return voice_of(state).say(phrase, name=service.name, version=service.live or service.target) if phrase else ""


def _rollback_requested(state: RunState, _record: Record, event: ev.RollbackRequested) -> str:
    voice = voice_of(state)
    phrase = say.ROLLBACK_OF_ALL if event.everything else say.ROLLBACK_OF
    return voice.say(phrase, names=names_of(state, event.services), why=voice.engine(event.why))


def _hold_placed(state: RunState, _record: Record, event: ev.HoldPlaced) -> str:
    """Only for what no alarm, rollback or verdict speaks of already."""
    if event.reason not in _SILENT_HOLDS:
        return ""
    voice = voice_of(state)
    reason = hold_reason(state, event.reason, event.by)
    return voice.say(say.HELD, reason=because(reason, voice.engine(event.note)))


def _hold_lifted(state: RunState, _record: Record, event: ev.HoldLifted) -> str:
    return voice_of(state).say(say.RESUMED, reason=hold_reason(state, event.reason), by=event.by)


def _smoke(state: RunState, _record: Record, event: ev.SmokeFinished | ev.SmokeMarked) -> str:
    voice, item = voice_of(state), state.smoke[event.item]
    note = f": {event.note}" if event.note else ""
    return voice.say(say.SMOKE, title=item.title, state=voice.say(say.SMOKE_STATES[event.state]), note=note)


def _traffic_finished(state: RunState, _record: Record, event: ev.TrafficFinished) -> str:
    phrase = say.TRAFFIC_IS.get(event.state) if event.ok else None
    return voice_of(state).say(phrase) if phrase is not None else ""


def _watch_started(state: RunState, _record: Record, _event: ev.WatchStarted) -> str:
    watch = state.outline.watch
    return "" if watch is None else voice_of(state).say(say.WATCHES, whole=lasting(state, watch.for_s))


def _alert_opened(state: RunState, _record: Record, event: ev.AlertOpened) -> str:
    return voice_of(state).say(say.ALERT_BEFORE, text=event.title) if event.before else ""


def _incident(state: RunState, _record: Record, event: ev.IncidentRecorded) -> str:
    if event.kind == "rollback":
        return ""
    voice = voice_of(state)
    return voice.say(say.INCIDENT, text=voice.engine(event.text))


def _verdict(state: RunState, _record: Record, _event: ev.VerdictReached) -> str:
    return verdict_text(state, state.verdict) if state.verdict is not None else ""


def _lease_taken(state: RunState, _record: Record, event: ev.LeaseTaken) -> str:
    if not event.previous:
        return ""
    if event.handed_over:
        return voice_of(state).say(say.HANDED_OVER, operator=event.operator, previous=event.previous, note=event.reason)
    return voice_of(state).say(
        say.TAKEN_OVER, operator=event.operator, previous=event.previous, reason=event.reason or "-"
    )


def _offered(state: RunState, _record: Record, event: ev.HandOverOffered) -> str:
    return voice_of(state).say(say.OFFERED, by=event.by, to=event.to, note=event.note)


def _kept(state: RunState, _record: Record, event: ev.HandOverEnded) -> str:
    voice, known = voice_of(state), say.OFF.get(event.why)
    why = voice.say(known) if known is not None else event.why
    return voice.say(say.NOT_HANDED_OVER, to=event.to, why=why)


def _recovered(state: RunState, _record: Record, event: ev.GuardRecovered) -> str:
    voice = voice_of(state)
    return voice.say(say.RECOVERED, name=name_of(state, event.service), why=voice.engine(event.why))


def _called_off(state: RunState, _record: Record, event: ev.CountdownCancelled) -> str:
    voice = voice_of(state)
    return voice.say(say.CALLED_OFF, name=name_of(state, event.service), why=voice.engine(event.why))


def _stabilized(state: RunState, _record: Record, event: ev.StabilizeFinished) -> str:
    if event.verdict is not Verdict.PASS:
        return ""
    return voice_of(state).say(say.STABLE, names=names_of(state, event.services))


_TOLD: dict[type, Callable[[RunState, Record, Any], str]] = {
    ev.EngineStarted: lambda state, _, e: voice_of(state).say(say.ENGINE_BACK, host=e.host) if e.recovered else "",
    ev.AbortRequested: lambda state, _, e: voice_of(state).say(say.ABORTS, why=voice_of(state).engine(e.why)),
    ev.WindowOverridden: lambda state, _, e: voice_of(state).say(say.WINDOW_OVERRIDDEN, reason=e.reason),
    ev.VerdictReached: _verdict,
    ev.LeaseTaken: _lease_taken,
    ev.HandOverOffered: _offered,
    ev.HandOverEnded: _kept,
    ev.NoteAdded: lambda state, record, e: voice_of(state).say(say.NOTE, by=record.actor, text=e.text),
    ev.StepStarted: _step_started,
    ev.StepFinished: _step_finished,
    ev.RetryRequested: lambda state, record, e: voice_of(state).say(
        say.RETRIED, name=name_of(state, e.service), by=record.actor
    ),
    ev.ServiceMarkedDone: lambda state, _, e: voice_of(state).say(
        say.MARKED_DONE, name=name_of(state, e.service), reason=e.reason
    ),
    ev.ServiceSkipped: lambda state, _, e: voice_of(state).say(
        say.SKIPPED, name=name_of(state, e.service), reason=e.reason
    ),
    ev.HoldPlaced: _hold_placed,
    ev.HoldLifted: _hold_lifted,
    ev.RollbackRequested: _rollback_requested,
    ev.RollbackFinished: lambda state, _, e: voice_of(state).say(say.ROLLBACK_DONE) if e.ok else "",
    ev.StabilizeStarted: lambda state, _, e: voice_of(state).say(say.STABILIZES, names=names_of(state, e.services)),
    ev.StabilizeFinished: _stabilized,
    ev.GuardRecovered: _recovered,
    ev.CountdownCancelled: _called_off,
    ev.SmokeFinished: _smoke,
    ev.SmokeMarked: _smoke,
    ev.TrafficFinished: _traffic_finished,
    ev.WatchStarted: _watch_started,
    ev.IncidentRecorded: _incident,
    ev.AlertOpened: _alert_opened,
}
