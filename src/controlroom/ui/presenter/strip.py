"""What must not be overlooked: alarms until acknowledged, breaches while they grow, and why the run is held."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from controlroom.run.closing import span
from controlroom.run.gates import is_meant
from controlroom.run.samples import series_id
from controlroom.run.state import guard_key
from controlroom.ui.presenter.figures import clock, epoch, measure, utc_of
from controlroom.ui.presenter.layout import ROOMY
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, fit, packed, sides, width_of
from controlroom.ui.presenter.view import Freshness
from controlroom.ui.presenter.words import metric_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.outline import GuardOutline
    from controlroom.run.outside import LogStatus
    from controlroom.run.state import AlarmStatus, GuardStatus
    from controlroom.ui.presenter.view import View

_WORDY = 110
_SECONDS = 120
"""A countdown of no more is read in seconds."""
RECOVER_AFTER_S = 5
"""An engine that restarts is back sooner; after this somebody has to look."""


def strip(view: View, width: int, room: int, *, hold: str = "p") -> list[Line]:
    """At most `room` lines of `width` cells, the gravest first; the last of several counts what found no place.

    `hold` is the key that holds now, which also calls a countdown off.
    """
    lines = [*_lost(view, width), *_ended(view, width), *_countdowns(view, width, hold), *_alarms(view, width)]
    lines += (
        _handover(view, width)
        + _growing(view, width)
        + _holds(view, width)
        + _acknowledged(view, width)
        + _notices(view, width)
    )
    if len(lines) > room > 1:
        hidden = len(lines) - room + 1
        lines = [*lines[: room - 1], fit((Span(f" ▲ {hidden} more", Tone.WARN),), width)]
    return lines[:room]


def breach_seconds(view: View, guard: GuardOutline, status: GuardStatus) -> float:
    """Plan seconds of breach: the last report carried on to the newest sample (S1: time passes between samples).

    Never past the guard's limit before it has fired.
    """
    sample = view.samples.get(series_id(status.service, guard.metric))
    if status.breach_s <= 0 or status.frozen or sample is None:
        return status.breach_s
    reported = view.breaches.get(guard_key(status.guard, status.service), sample.elapsed)
    grown = status.breach_s + max(0.0, sample.elapsed - reported)
    return grown if status.fired else min(grown, guard.for_s)


def _lost(view: View, width: int) -> list[Line]:
    if view.link.freshness is Freshness.LIVE or view.state.phase.terminal:
        return []
    seconds = int(view.link.age_s)
    if view.link.freshness is Freshness.LOST:
        left: Line = (Span(f" ✗ LOST  no engine for {seconds} s: what you see is old ", Tone.ALARM),)
        named = f" {view.state.run}" if width > _WORDY else ""  # without a name it is the newest that was interrupted
        recover = "controlroom status" if seconds < RECOVER_AFTER_S else f"controlroom recover{named}"
        return [sides(left, (Span(f" elsewhere: {recover} ", Tone.WARN),), width)]
    return [fit((Span(f" ◔ STALE  nothing heard from the engine for {seconds} s", Tone.WARN),), width)]


def _ended(view: View, width: int) -> list[Line]:
    state = view.state
    if not state.phase.terminal:
        return []
    why = clean(state.verdict.why) if state.verdict else ""
    words = f" ■ RUN ENDED  {state.phase.value.replace('_', ' ').upper()}  {why}"
    return [sides((Span(words, Tone.STRONG),), (Span(" "), Span("q", Tone.KEY), Span(" leaves ")), width)]


def _countdowns(view: View, width: int, hold: str) -> list[Line]:
    """A guard that is about to roll back by itself: seconds matter, so it stands above the alarm, and what stops it."""
    lines = []
    stops: Line = (Span(" "), Span(hold, Tone.KEY), Span(" HOLD calls it off " if width >= ROOMY else " stops it "))
    for countdown in view.state.countdowns.values():
        left_s = ceil(countdown.for_s - view.since(epoch(countdown.started)))
        name = clean(view.state.services[countdown.service].name)
        # At zero it waits for a breach that is seen right now (S5): without fresh data nothing is rolled back.
        left = f"{left_s} s" if left_s <= _SECONDS else clock(left_s)
        when = f"in {left}" if left_s > 0 else "as soon as fresh data shows the breach"
        said: Line = (
            Span(" ◀ ROLLS BACK ", Tone.ALARM),
            Span(f" {when}  {name}", Tone.STRONG),
            Span(f"  by itself, guard {clean(countdown.guard)}", Tone.QUIET),
        )
        lines.append(sides(said, EMPTY if view.read_only or not view.may_drive else stops, width))
    return lines


def _alarms(view: View, width: int) -> list[Line]:
    waiting = [a for a in view.state.alarms.values() if not a.acknowledged_by]
    waiting.sort(key=lambda alarm: alarm.since)
    return [_alarm(view, alarm, width) for alarm in waiting]


def _seen(view: View, alarm: AlarmStatus, width: int) -> Line:
    """The key that says that somebody has seen it, for who may press it; it also calls the guard's rollback off."""
    if not view.acts:
        return EMPTY
    counting = alarm.id.partition(":")[2] in view.state.countdowns
    words = "" if not counting else ", which calls it off" if width >= ROOMY else ", stops it"
    return (Span("!", Tone.KEY), Span(f" acknowledge{words}", Tone.TEXT))


def _suggested(view: View, alarm: AlarmStatus) -> str:
    """What the alarm suggests now: a rollback by itself has a line of its own while it counts, or is called off."""
    kind, _, key = alarm.id.partition(":")
    guard = next((one for one in view.state.outline.guards if key == guard_key(one.id, alarm.service)), None)
    if kind != "guard" or guard is None or "rollback" not in guard.on_breach:
        return alarm.suggest
    return "" if key in view.state.countdowns else f"roll back {alarm.service}"


def _alarm(view: View, alarm: AlarmStatus, width: int) -> Line:
    """The alarm with what can be done. Its numbers count most: time, long names and the suggestion give way to them."""
    tone = Tone.WARN if alarm.cleared else Tone.ALARM
    head = Span(f" ▲ {'RECOVERED' if alarm.cleared else 'ALARM'} ", tone)
    suggest, seen = "" if alarm.cleared else _suggested(view, alarm), _seen(view, alarm, width)
    arrow: Line = (Span(f"→ {clean(suggest)}", Tone.WARN),) if suggest else EMPTY
    actions = packed([(2, arrow), (3, seen)], width // 2)
    since: Line = (Span(f"since {utc_of(alarm.since)}   ", Tone.QUIET),)
    full, short = clean(alarm.text), _shortened(view, alarm.service, clean(alarm.text))
    forms = ((full, (*since, *actions)), (full, actions), (short, actions), (short, seen))
    lines = [((head, Span(f"  {said}", Tone.STRONG)), (Span(" "), *right, Span(" "))) for said, right in forms]
    return _roomiest(lines, width)


def _roomiest(forms: Sequence[tuple[Line, Line]], width: int) -> Line:
    """The first of the forms, each a left and a right side, that fits in `width` cells uncut; else the last."""
    fitting = (form for form in forms if width_of(form[0]) + width_of(form[1]) <= width)
    return sides(*next(fitting, forms[-1]), width)


def _shortened(view: View, service: str, words: str) -> str:
    """`words` with the id of `service` in place of its name, and once only."""
    if service not in view.state.services:
        return words
    said = words.replace(clean(view.state.services[service].name), service)
    return said.removeprefix(f"{service}: ") if said.startswith(f"{service}: {service} ") else said


def _handover(view: View, width: int) -> list[Line]:
    """The lease on offer: whom it is for must not overlook it, and everybody may know."""
    offer = view.state.handover
    if offer is None or view.state.phase.terminal:
        return []
    mine = is_meant(offer.to, view.operator) and not view.read_only
    to = "to you" if mine else f"to {clean(offer.to)}, not accepted yet"
    left: Line = (Span(" ▲ HAND-OVER", Tone.WARN), Span(f"  {clean(offer.by)} {to}: {clean(offer.note)}", Tone.STRONG))
    right: Line = (Span(" "), Span("L", Tone.KEY), Span(" answer ")) if mine else EMPTY
    return [sides(left, right, width)]


def _growing(view: View, width: int) -> list[Line]:
    """S7: a breach that has not fired yet shows how long it has been growing."""
    lines = []
    for guard in view.state.outline.guards:
        for service in guard.services:
            status = view.state.guards[guard_key(guard.id, service)]
            if status.fired or status.breach_s <= 0:
                continue
            name = clean(view.state.services[service].name)
            value = measure(status.value, guard.unit) if status.value is not None else "no value"
            beyond = "<" if guard.below else ">"
            words = f"{metric_word(guard.metric)} {value} {beyond} {measure(guard.limit, guard.unit)}"
            if guard.over_s:
                words += f" on average over {span(guard.over_s)}"
            timer = f"{clock(breach_seconds(view, guard, status))} / {clock(guard.for_s)}"
            frozen: Line = (Span("  timer frozen: no data", Tone.WARN),) if status.frozen else EMPTY
            forms = [
                (
                    (Span(" ▲ BREACH", Tone.BREACH), Span(f"  {who}  {words}", Tone.STRONG), *frozen),
                    (Span(f" {timer}", Tone.BREACH), Span(then, Tone.QUIET)),
                )
                for who, then in ((name, "  then the guard fires "), (name, " "), (service, " "))
            ]
            lines.append(_roomiest(forms, width))
    return lines


def _holds(view: View, width: int) -> list[Line]:
    state = view.state
    if not state.held or state.phase.terminal:
        return []
    reasons = " · ".join(_reason(h.reason, h.by, h.note, h.at) for h in state.holds)
    busy = state.active is not None and state.rollback is None
    word = "HOLDING…" if busy else "HELD"
    note = "  the service under way completes first" if busy else ""
    left: Line = (Span(f" ■ {word} ", Tone.HOLD), Span(f"  {reasons}{note}", Tone.TEXT))
    resume: Line = (Span(" "), Span("u", Tone.KEY), Span(" resume ")) if view.acts else EMPTY
    return [sides(left, resume, width)]


def _reason(reason: str, by: str, note: str, at: str) -> str:
    kind, _, subject = clean(reason).partition(":")
    words = f"{kind} {subject}".strip().replace("-", " ") if kind != "operator" else f"{clean(by)}"
    said = f": {clean(note)}" if note else ""
    return f"{words}{said} since {utc_of(at)}"


def _acknowledged(view: View, width: int) -> list[Line]:
    lines = []
    for alarm in view.state.alarms.values():
        if alarm.acknowledged_by:
            words = f" △ {clean(alarm.text)}   acknowledged by {clean(alarm.acknowledged_by)}, still standing"
            lines.append(fit((Span(words, Tone.QUIET),), width))
    return lines


def _notices(view: View, width: int) -> list[Line]:
    state = view.state
    words: list[str] = []
    if state.unclosed:
        words.append(f"traffic could not be closed: {clean(state.unclosed)}")
    words += [f"{clean(name)} cannot be told: {clean(why)}" for name, why in state.notifiers.items()]
    opened = [alert for alert in state.alerts.values() if alert.open and not alert.before]
    words += [f"alert {alert.severity.value}: {clean(alert.title)}" for alert in opened]
    words += [f"log {clean(log.rule)}: {log.count} entries, limit {log.limit:.0f}" for log in _anomalies(view)]
    if state.plan_changed:
        words.append("the plan file has changed on disk; this run keeps its own copy")
    return [fit((Span(f" ◔ {line}", Tone.WARN),), width) for line in words]


def _anomalies(view: View) -> list[LogStatus]:
    return [log for log in view.state.logs.values() if log.anomalous]
