"""Sentences for what happens to the run, its operators and its services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus
from controlroom.ui.presenter.figures import clock
from controlroom.ui.presenter.sentence import STEP_WORD, Sentence
from controlroom.ui.presenter.text import Tone
from controlroom.ui.presenter.words import OUTCOME, PHASE

if TYPE_CHECKING:
    from collections.abc import Callable


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _by(reason: str, who: str) -> str:
    """Who it was, unless the reason says it."""
    return f", by {who}" if who != reason else ""


def _created(e: ev.RunCreated) -> Sentence:
    accepted = f"; a breach accepted{_because(e.accepted_breach)}" if e.accepted_breach else ""
    return Sentence(
        "RUN", Tone.STRONG, "", f"{e.outline.plan} @{e.plan_sha256[:7]} in {e.outline.environment}{accepted}"
    )


def _engine_started(e: ev.EngineStarted) -> Sentence:
    what = "a new engine took the run over" if e.recovered else "engine started"
    return Sentence("ENGINE", Tone.WARN if e.recovered else Tone.QUIET, "", f"{what} on {e.host} (pid {e.pid})")


def _phase(e: ev.PhaseChanged) -> Sentence:
    sign = PHASE[e.phase]
    return Sentence("PHASE", sign.tone, "", f"{sign.word.lower()}{_because(e.why)}")


def _verdict(e: ev.VerdictReached) -> Sentence:
    sign = PHASE[e.phase]
    return Sentence("VERDICT", sign.tone, "", f"{sign.word}{_because(e.why)}")


def _lease(e: ev.LeaseTaken) -> Sentence:
    how = "handed over by" if e.handed_over else "taken from"
    over = f", {how} {e.previous}{_because(e.reason)}" if e.previous else ""
    return Sentence("LEASE", Tone.STRONG if e.previous else Tone.QUIET, "", f"{e.operator} drives from {e.host}{over}")


def _accepted(e: ev.CommandAccepted) -> Sentence:
    words = f"{_command_word(e.command)} {e.target}".strip()
    return Sentence("COMMAND", Tone.QUIET, "", f"{words}: {e.message}{_because(e.reason)}")


def _refused(e: ev.CommandRefused) -> Sentence:
    words = f"{_command_word(e.command)} {e.target}".strip()
    return Sentence("REFUSED", Tone.WARN, "", f"{words}: {e.message}")


def _command_word(name: str) -> str:
    """`RollBackAll` as `roll back all`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def _step_started(e: ev.StepStarted) -> Sentence:
    again = f", attempt {e.attempt}" if e.attempt > 1 else ""
    return Sentence("START", Tone.ACTIVE, e.service, f"{STEP_WORD[e.step]} to {e.target}{again}")


def _action_started(e: ev.ActionStarted) -> Sentence:
    return Sentence("RUNS", Tone.QUIET, e.service, f"{e.kind}: {e.label}")


def _action_finished(e: ev.ActionFinished) -> Sentence:
    sign = OUTCOME[e.status]
    fine = e.status is OutcomeStatus.PASSED
    code = f" (exit {e.exit_code})" if e.exit_code else ""
    # Of what was interrupted nobody knows how long it took.
    after = f" after {clock(e.took_s)}" if e.took_s or e.status is not OutcomeStatus.UNKNOWN else ""
    words = f"{sign.word}{after}{code}{_because(e.detail)}"
    return Sentence("DONE" if fine else sign.word.upper(), Tone.QUIET if fine else sign.tone, e.service, words)


def _step_finished(e: ev.StepFinished) -> Sentence:
    sign = OUTCOME[e.status]
    if e.satisfied:
        return Sentence("LIVE", Tone.OK, e.service, f"already satisfied{_because(e.detail)}")
    seen = f", {e.observed} is live" if e.observed else ""
    word = "PASSED" if e.status is OutcomeStatus.PASSED else sign.word.upper()
    return Sentence(word, sign.tone, e.service, f"{STEP_WORD[e.step]} {sign.word.lower()}{seen}{_because(e.detail)}")


def _rollback_requested(e: ev.RollbackRequested) -> Sentence:
    what = "everything" if e.everything else " then ".join(e.services)
    database = ", with the database" if e.with_database else ""
    return Sentence("ROLL BACK", Tone.WARN, "", f"{what}{database}{_because(e.why)}")


def _rollback_finished(e: ev.RollbackFinished) -> Sentence:
    if e.ok:
        return Sentence("ROLL BACK", Tone.OK, "", f"done{_because(e.detail)}")
    return Sentence("ROLL BACK", Tone.BREACH, "", f"STOPPED{_because(e.detail)}")


RUN: dict[type, Callable[[Any], Sentence]] = {
    ev.RunCreated: _created,
    ev.EngineStarted: _engine_started,
    ev.EngineStopped: lambda e: Sentence("ENGINE", Tone.WARN, "", f"engine stopped{_because(e.why)}"),
    ev.PhaseChanged: _phase,
    ev.PlanFileChanged: lambda _: Sentence(
        "PLAN", Tone.WARN, "", "the file on disk has changed; this run keeps its own copy"
    ),
    ev.AbortRequested: lambda e: Sentence("ABORT", Tone.BREACH, "", e.why),
    ev.WindowOverridden: lambda e: Sentence("WINDOW", Tone.WARN, "", f"overridden{_because(e.reason)}"),
    ev.VerdictReached: lambda e: Sentence(
        "VERDICT", PHASE[e.phase].tone, "", f"{PHASE[e.phase].word}{_because(e.why)}"
    ),
    ev.LeaseTaken: _lease,
    ev.HandOverOffered: lambda e: Sentence("HAND-OVER", Tone.STRONG, "", f"{e.by} to {e.to}{_because(e.note)}"),
    ev.HandOverEnded: lambda e: Sentence("HAND-OVER", Tone.QUIET, "", f"to {e.to} is off{_because(e.why)}"),
    ev.OperatorLost: lambda e: Sentence("LOST", Tone.WARN, "", f"{e.operator}'s screen vanished"),
    ev.CommandAccepted: _accepted,
    ev.CommandRefused: _refused,
    ev.NoteAdded: lambda e: Sentence("NOTE", Tone.STRONG, "", e.text),
    ev.GatePassed: lambda e: Sentence("GATE", Tone.ACTIVE, "" if e.gate == "traffic" else e.gate, f"{e.gate} may go"),
    ev.StepStarted: _step_started,
    ev.ActionStarted: _action_started,
    ev.ActionFinished: _action_finished,
    ev.StepFinished: _step_finished,
    ev.VersionObserved: lambda e: Sentence("VERSION", Tone.QUIET, e.service, f"{e.version} is live"),
    ev.RetryRequested: lambda e: Sentence("RETRY", Tone.WARN, e.service, f"{STEP_WORD[e.step]} again"),
    ev.ServiceMarkedDone: lambda e: Sentence("VOUCHED", Tone.WARN, e.service, f"marked done{_because(e.reason)}"),
    ev.ServiceSkipped: lambda e: Sentence("SKIPPED", Tone.WARN, e.service, f"left out{_because(e.reason)}"),
    ev.HoldPlaced: lambda e: Sentence("HOLD", Tone.WARN, "", f"{e.reason}{_by(e.reason, e.by)}{_because(e.note)}"),
    ev.HoldLifted: lambda e: Sentence("RESUMED", Tone.OK, "", f"{e.reason}{_by(e.reason, e.by)}"),
    ev.RollbackRequested: _rollback_requested,
    ev.RollbackFinished: _rollback_finished,
}
