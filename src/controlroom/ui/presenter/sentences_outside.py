"""Sentences for what other systems say and for who was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.run import events as ev
from controlroom.run.phases import Severity
from controlroom.ui.presenter.figures import age, clock
from controlroom.ui.presenter.sentence import Sentence
from controlroom.ui.presenter.text import Tone

if TYPE_CHECKING:
    from collections.abc import Callable


def _opened(e: ev.AlertOpened) -> Sentence:
    before = ", open since before the run" if e.before else ""
    grave = e.severity is Severity.CRITICAL and not e.before
    tone = Tone.QUIET if e.before else Tone.BREACH if grave else Tone.WARN
    return Sentence("ALERT", tone, "", f"{e.severity.value}: {e.title}{before}")


def _baseline(e: ev.BaselineCounted) -> Sentence:
    return Sentence("LOG", Tone.QUIET, "", f"{e.rule}: {e.count} entries in {age(e.span_s)} are normal")


def _anomaly(e: ev.AnomalyBegan) -> Sentence:
    return Sentence("LOG", Tone.BREACH, "", f"{e.rule}: {e.count} entries in {age(e.span_s)}, limit {e.limit:.0f}")


def _calm(e: ev.AnomalyEnded) -> Sentence:
    return Sentence("LOG", Tone.OK, "", f"{e.rule}: {e.count} entries, limit {e.limit:.0f}")


def _countdown(e: ev.CountdownStarted) -> Sentence:
    return Sentence("COUNTDOWN", Tone.BREACH, e.service, f"guard {e.guard} rolls it back in {clock(e.for_s)}")


OUTSIDE: dict[type, Callable[[Any], Sentence]] = {
    ev.AlertOpened: _opened,
    ev.AlertClosed: lambda e: Sentence("ALERT", Tone.QUIET, "", f"closed: {e.rule} {e.id}"),
    ev.BaselineCounted: _baseline,
    ev.AnomalyBegan: _anomaly,
    ev.AnomalyEnded: _calm,
    ev.CountdownStarted: _countdown,
    ev.CountdownCancelled: lambda e: Sentence("COUNTDOWN", Tone.WARN, e.service, f"called off: {e.why}"),
    ev.NotifierFailed: lambda e: Sentence("NOTIFY", Tone.WARN, "", f"{e.notifier} cannot be told: {e.why}"),
    ev.NotifierRecovered: lambda e: Sentence("NOTIFY", Tone.OK, "", f"{e.notifier} is told again"),
    ev.MessagePosted: lambda e: Sentence("NOTIFY", Tone.QUIET, "", f"{e.notifier} was told: {e.key}"),
}
