"""What is said of an alarm: a message of its own, which follows the alarm until it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.engine.messages import phrases as say
from controlroom.engine.messages.figures import because, lasting, marked, name_of, voice_of
from controlroom.run.notices import Notice, NoticeKind
from controlroom.run.phases import ServiceState, Step
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.run.events import Record
    from controlroom.run.state import AlarmStatus, RunState


_CALM = frozenset({"samples"})
"""Alarms that can wait until somebody looks anyway."""


def key_of(alarm: AlarmStatus) -> str:
    """The key of the message for this time that the alarm stands, and no other."""
    return f"alarm:{alarm.id}@{alarm.since}"


def raised(state: RunState, alarm: AlarmStatus, record: Record | None = None) -> Notice:
    """The message about an alarm that stands; in a rehearsal nobody is called."""
    return Notice(
        kind=NoticeKind.ALARM,
        key=key_of(alarm),
        run=state.run,
        at=alarm.since,
        headline=marked(state, _headline(state, alarm)),
        lines=tuple(line for line in _lines(state, alarm) if line),
        loud=not state.outline.rehearsal and not alarm.acknowledged_by and alarm.id not in _CALM,
        acknowledged_by=alarm.acknowledged_by,
        record=record,
    )


def _headline(state: RunState, alarm: AlarmStatus) -> str:
    voice, (kind, _, subject) = voice_of(state), alarm.id.partition(":")
    if kind == "step" and subject in state.services:
        service = state.services[subject]
        unknown = service.state is ServiceState.UNKNOWN
        phrase = say.OUTCOME_UNKNOWN if unknown else say.STEP_FAILED[service.failed_step or Step.DEPLOY]
        return voice.say(phrase, name=service.name, detail=voice.engine(service.why))
    if kind == "smoke" and subject in state.smoke:
        item = state.smoke[subject]
        return because(voice.say(say.SMOKE_ALARM, title=item.title), voice.engine(item.note))
    if kind == "stabilize":
        hold = state.hold("stabilize")
        return voice.say(say.UNSTABLE, why=voice.engine(hold.note if hold is not None else alarm.text))
    if kind == "traffic":
        now = voice.say(say.TRAFFIC_STATES[state.traffic])
        return voice.say(say.TRAFFIC_STUCK, detail=voice.engine(state.traffic_why), state=now)
    # Guards begin their sentence with the service's id, after its name that is once too often.
    return voice.engine(alarm.text.replace(f": {alarm.service} ", ": ", 1) if alarm.service else alarm.text)


def _lines(state: RunState, alarm: AlarmStatus) -> Iterator[str]:
    voice, (kind, _, subject) = voice_of(state), alarm.id.partition(":")
    if kind == "guard":
        guard, _, service = subject.partition("/")
        outline = next((one for one in state.outline.guards if one.id == guard), None)
        yield outline.title if outline is not None and outline.title != guard else ""
        countdown = state.countdowns.get(subject)
        if countdown is not None:
            yield voice.say(say.COUNTDOWN, span=lasting(state, countdown.for_s))
        elif state.hold(f"guard:{guard}") is None:
            yield voice.say(say.SUGGEST["guard-notify"])
        else:
            yield voice.say(say.SUGGEST["guard"], name=name_of(state, service))
        return
    backwards = kind == "step" and state.services[subject].state is ServiceState.ROLLBACK_FAILED
    phrase = say.SUGGEST.get("rollback" if backwards else kind)
    yield voice.say(phrase) if phrase is not None else ""
    if kind == "logs" and subject in state.logs:
        yield from state.logs[subject].lines
    if kind == "alert":
        _, _, known = alarm.id.partition(":")
        yield state.alerts[known].link if known in state.alerts else ""


def standing(state: RunState, alarm: AlarmStatus, record: Record | None) -> Notice:
    """The message about an alarm that stands on, as it reads now: who has seen it, and what is still proposed."""
    notice, by = raised(state, alarm, record), alarm.acknowledged_by
    return replace(notice, lines=(*notice.lines, *_seen_by(state, by)))


def follows(state: RunState, notice: Notice, record: Record) -> Notice:
    """The message once its alarm's cause is gone, or the run is over with it."""
    voice, by = voice_of(state), notice.acknowledged_by
    seen = _seen_by(state, by)
    if state.phase.terminal:
        lines = (*seen, voice.say(say.RUN_OVER))
    else:
        lines = (*seen, voice.say(say.OVER, time=f"{parse(record.at):%H:%M}"))
    return Notice(
        kind=notice.kind,
        key=notice.key,
        run=notice.run,
        at=record.at,
        headline=notice.headline,
        lines=lines,
        over=True,
        acknowledged_by=by,
        record=record,
    )


def _seen_by(state: RunState, by: str) -> tuple[str, ...]:
    return (voice_of(state).say(say.ACKNOWLEDGED, by=by),) if by else ()
