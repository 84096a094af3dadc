"""The summary of the watch: a message of its own every day, and one at the end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from controlroom.engine.messages import phrases as say
from controlroom.engine.messages.card import verdict_text, waiting
from controlroom.engine.messages.figures import lasting, marked, percent, voice_of
from controlroom.run.notices import Notice, NoticeKind
from controlroom.run.times import parse, stamp
from controlroom.run.watch_standing import by_coverage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from controlroom.run.events import Record
    from controlroom.run.state import RunState

MOST_INCIDENTS = 5
"""Incidents that are told one by one, the newest; the report has all."""


def summary(state: RunState, record: Record | None = None) -> Notice:
    """How the watch stands now, or what it came to."""
    return Notice(
        kind=NoticeKind.SUMMARY,
        key=key_of(state),
        run=state.run,
        at=record.at if record is not None else state.at,
        headline=marked(state, _headline(state)),
        lines=tuple(_lines(state)),
        over=state.phase.terminal,
        record=record,
    )


def fresh(state: RunState, now: datetime, within_s: float) -> Notice | None:
    """The summary that an engine before this one may not have got through with; None when none was due of late."""
    watch = state.watch
    if watch is None or not watch.summarized or (now - parse(watch.summarized)).total_seconds() > within_s:
        return None
    return summary(state)


def key_of(state: RunState) -> str:
    """The key of the newest summary: one a day, one when the full time is over, one for the end of the run."""
    watch = state.watch
    if state.phase.terminal or watch is None:
        return "summary:end"
    return "summary:time" if watch.ended else f"summary:{watch.day}"


def _headline(state: RunState) -> str:
    voice, watch, outline = voice_of(state), state.watch, state.outline.watch
    if watch is None or outline is None:
        return state.outline.title
    watched_s = watch.elapsed_s if watch.elapsed_s >= outline.for_s else watch.elapsed_s // 60 * 60
    count = len(state.incidents)
    incidents = voice.say(say.INCIDENTS, count=count) if count else voice.say(say.NO_INCIDENT)
    over = state.phase.terminal or watch.ended
    return voice.say(
        say.WATCH_OVER if over else say.WATCH_DAY,
        title=state.outline.title,
        day=watch.day,
        watched=lasting(state, min(watched_s, outline.for_s)),
        whole=lasting(state, outline.for_s),
        incidents=incidents,
    )


def _lines(state: RunState) -> Iterator[str]:
    voice, watch, outline = voice_of(state), state.watch, state.outline.watch
    if watch is None or outline is None:
        return
    if state.verdict is not None:
        yield verdict_text(state, state.verdict)
    if shares := by_coverage(outline, watch.coverage):
        told = ", ".join(f"{indicator} {percent(state, share)}" for indicator, share in shares)
        yield voice.say(say.WITH_DATA, shares=told, wanted=percent(state, outline.coverage))
    for incident in state.incidents[-MOST_INCIDENTS:]:
        at = f"{parse(incident.at):%Y-%m-%d %H:%M} UTC"
        yield voice.say(say.INCIDENT_AT, at=at, text=voice.engine(incident.text))
    yield from waiting(state)
    if state.lease is not None and not state.phase.terminal:
        yield voice.say(say.DRIVES, operator=state.lease.operator)
    if state.verdict is None and not watch.ended:
        left = timedelta(seconds=(outline.for_s - watch.elapsed_s) / state.outline.speed)
        end = stamp(parse(state.at) + left)
        yield voice.say(say.WATCH_UNTIL, at=f"{parse(end):%Y-%m-%d %H:%M} UTC")
