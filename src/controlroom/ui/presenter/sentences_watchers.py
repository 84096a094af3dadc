"""Sentences for what watches the run: guards, alarms, smoke tests, traffic and the watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.run import events as ev
from controlroom.run.phases import Traffic, Verdict
from controlroom.ui.presenter.figures import clock, long_clock, measure
from controlroom.ui.presenter.sentence import Sentence
from controlroom.ui.presenter.text import Tone
from controlroom.ui.presenter.words import SMOKE, TRAFFIC, VERDICT

if TYPE_CHECKING:
    from collections.abc import Callable


def _guard_changed(e: ev.GuardChanged) -> Sentence:
    if e.breach_s > 0:
        timer = clock(e.breach_s)
        told = [*([] if timer in e.why else [timer]), *(["timer frozen"] if e.frozen else [])]
        return Sentence("BREACH", Tone.BREACH, e.service, f"{e.why} ({', '.join(told)})" if told else e.why)
    return Sentence(
        e.verdict.value if e.verdict is not Verdict.INCONCLUSIVE else "GUARD", VERDICT[e.verdict], e.service, e.why
    )


def _tripped(e: ev.GuardTripped) -> Sentence:
    return Sentence("FIRED", Tone.BREACH, e.service, f"guard {e.guard}: {e.why}")


def _recovered(e: ev.GuardRecovered) -> Sentence:
    return Sentence("RECOVERED", Tone.OK, e.service, f"guard {e.guard}: {e.why} ({measure(e.value, '')} now)")


def _alarm_raised(e: ev.AlarmRaised) -> Sentence:
    hint = f" → {e.suggest}" if e.suggest else ""
    return Sentence("ALARM", Tone.BREACH, e.service, f"{e.text}{hint}")


def _smoke_finished(e: ev.SmokeFinished) -> Sentence:
    sign = SMOKE[e.state]
    seen = e.note or (e.evidence[-1].detail if e.evidence else "")
    return Sentence("SMOKE", sign.tone, "", f"{e.item}: {sign.word}{f', {seen}' if seen else ''}")


def _smoke_marked(e: ev.SmokeMarked) -> Sentence:
    sign = SMOKE[e.state]
    how = "taken back to" if e.undo else "marked"
    note = f": {e.note}" if e.note and not e.undo else ""
    return Sentence("SMOKE", sign.tone, "", f"{e.item} {how} {sign.word}{note}")


def _traffic_started(e: ev.TrafficStarted) -> Sentence:
    word = "opening" if e.to is Traffic.OPEN else "closing"
    return Sentence("TRAFFIC", Tone.ACTIVE, "", f"{word}{f': {e.why}' if e.why else ''}")


def _traffic_finished(e: ev.TrafficFinished) -> Sentence:
    sign = TRAFFIC[e.state]
    tone = sign.tone if e.ok else Tone.BREACH
    failed = "" if e.ok else "FAILED, it is "
    return Sentence("TRAFFIC", tone, "", f"{failed}{sign.word}{f': {e.detail}' if e.detail else ''}")


def _checkpoint(e: ev.WatchCheckpoint) -> Sentence:
    return Sentence("WATCH", Tone.QUIET, "", f"{long_clock(e.elapsed_s)} done, coverage {_shares(e.coverage)}")


def _summarized(e: ev.WatchSummarized) -> Sentence:
    what = "its time is over" if e.ended else f"day {e.day}"
    return Sentence("SUMMARY", Tone.STRONG, "", f"{what}: {long_clock(e.elapsed_s)}, coverage {_shares(e.coverage)}")


def _shares(coverage: dict[str, float]) -> str:
    """Those of the indicators, the worst first; the shares of single series are for the report."""
    found = sorted((share, name) for name, share in coverage.items() if "/" not in name)
    return ", ".join(f"{name} {int(share * 100)} %" for share, name in found) or "none yet"


def _stabilized(e: ev.StabilizeFinished) -> Sentence:
    tone = Tone.OK if e.verdict is Verdict.PASS else Tone.BREACH
    return Sentence("STABLE" if e.verdict is Verdict.PASS else "UNSTABLE", tone, ", ".join(e.services), e.why)


WATCHERS: dict[type, Callable[[Any], Sentence]] = {
    ev.StabilizeStarted: lambda e: Sentence(
        "STABILIZE", Tone.ACTIVE, ", ".join(e.services), "watching the metrics before it counts as stable"
    ),
    ev.StabilizeFinished: _stabilized,
    ev.GuardChanged: _guard_changed,
    ev.GuardTripped: _tripped,
    ev.GuardRecovered: _recovered,
    ev.AlarmRaised: _alarm_raised,
    ev.AlarmCleared: lambda e: Sentence("CLEARED", Tone.WARN, "", f"the cause of alarm {e.alarm} is gone"),
    ev.AlarmAcknowledged: lambda e: Sentence("SEEN", Tone.QUIET, "", f"alarm {e.alarm} acknowledged by {e.by}"),
    ev.SmokeRequested: lambda e: Sentence("SMOKE", Tone.QUIET, "", f"to run: {', '.join(e.items)}"),
    ev.SmokeStarted: lambda e: Sentence("SMOKE", Tone.ACTIVE, "", f"{e.item}: running"),
    ev.SmokeFinished: _smoke_finished,
    ev.SmokeMarked: _smoke_marked,
    ev.ClosureRequested: lambda e: Sentence("TRAFFIC", Tone.WARN, "", f"to be closed: {e.why}"),
    ev.TrafficStarted: _traffic_started,
    ev.TrafficFinished: _traffic_finished,
    ev.WatchStarted: lambda _: Sentence("WATCH", Tone.ACTIVE, "", "the watch begins"),
    ev.WatchCheckpoint: _checkpoint,
    ev.WatchSummarized: _summarized,
    ev.IncidentRecorded: lambda e: Sentence("INCIDENT", Tone.BREACH, e.service, f"{e.kind}: {e.text}"),
}
