"""One word, one shape and one tone for every state: status is never colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controlroom.run.phases import DataState, OutcomeStatus, Phase, ServiceState, SmokeState, Traffic, Verdict
from controlroom.ui.presenter.text import Tone

if TYPE_CHECKING:
    from controlroom.run.state import RunState


class Sign(NamedTuple):
    """How a state reads: a shape of one cell, a word, and a tone for both."""

    shape: str
    word: str
    tone: Tone


SERVICE: dict[ServiceState, Sign] = {
    ServiceState.WAITING: Sign("·", "waiting", Tone.QUIET),
    ServiceState.DEPLOYING: Sign("▶", "DEPLOYING", Tone.ACTIVE),
    ServiceState.VERIFYING: Sign("▷", "VERIFYING", Tone.ACTIVE),
    ServiceState.LIVE: Sign("✓", "LIVE", Tone.OK),
    ServiceState.FAILED: Sign("✗", "FAILED", Tone.BREACH),
    ServiceState.UNKNOWN: Sign("?", "UNKNOWN", Tone.WARN),
    ServiceState.ROLLING_BACK: Sign("◀", "ROLLING BACK", Tone.WARN),
    ServiceState.ROLLED_BACK: Sign("◁", "ROLLED BACK", Tone.WARN),
    ServiceState.ROLLBACK_FAILED: Sign("✗", "ROLLBACK FAILED", Tone.ALARM),
    ServiceState.SKIPPED: Sign("–", "SKIPPED", Tone.WARN),
}

GATE = Sign("◆", "AT GATE", Tone.STRONG)
QUEUED = Sign("◁", "TO GO BACK", Tone.WARN)

DATA: dict[DataState, Sign] = {
    DataState.OK: Sign("●", "OK", Tone.QUIET),
    DataState.BREACH: Sign("▲", "BREACH", Tone.BREACH),
    DataState.NO_DATA: Sign("○", "NO DATA", Tone.WARN),
    DataState.NO_TRAFFIC: Sign("◌", "NO TRAFFIC", Tone.QUIET),
    DataState.TOO_FEW: Sign("◔", "TOO FEW", Tone.QUIET),
}

SMOKE: dict[SmokeState, Sign] = {
    SmokeState.TODO: Sign(" ", "to do", Tone.QUIET),
    SmokeState.RUNNING: Sign("▸", "RUNNING", Tone.ACTIVE),
    SmokeState.PASS: Sign("✓", "PASS", Tone.OK),
    SmokeState.FLAKY: Sign("≈", "FLAKY", Tone.WARN),
    SmokeState.FAIL: Sign("✗", "FAIL", Tone.BREACH),
    SmokeState.BLOCKED: Sign("!", "BLOCKED", Tone.WARN),
    SmokeState.NOT_APPLICABLE: Sign("–", "N/A", Tone.QUIET),
    SmokeState.STALE: Sign("↻", "STALE", Tone.WARN),
}

TRAFFIC: dict[Traffic, Sign] = {
    Traffic.CLOSED: Sign("·", "CLOSED", Tone.QUIET),
    Traffic.OPENING: Sign("▶", "OPENING", Tone.ACTIVE),
    Traffic.OPEN: Sign("✓", "OPEN", Tone.OK),
    Traffic.CLOSING: Sign("◀", "CLOSING", Tone.WARN),
    Traffic.UNKNOWN: Sign("?", "UNKNOWN", Tone.WARN),
    Traffic.NONE: Sign("–", "no gate", Tone.QUIET),
}

PHASE: dict[Phase, Sign] = {
    Phase.READY: Sign("·", "READY", Tone.STRONG),
    Phase.DEPLOYING: Sign("▶", "DEPLOYING", Tone.ACTIVE),
    Phase.SMOKE: Sign("▸", "SMOKE TESTS", Tone.ACTIVE),
    Phase.OPENING: Sign("▶", "OPENING TRAFFIC", Tone.ACTIVE),
    Phase.WATCHING: Sign("●", "WATCHING", Tone.ACTIVE),
    Phase.SUCCEEDED: Sign("✓", "SUCCEEDED", Tone.OK),
    Phase.FAILED: Sign("✗", "FAILED", Tone.BREACH),
    Phase.INCONCLUSIVE: Sign("?", "INCONCLUSIVE", Tone.WARN),
    Phase.ROLLED_BACK: Sign("◁", "ROLLED BACK", Tone.WARN),
    Phase.ABORTED: Sign("✗", "ABORTED", Tone.BREACH),
}

OUTCOME: dict[OutcomeStatus | None, Sign] = {
    None: Sign("▶", "running", Tone.ACTIVE),
    OutcomeStatus.PASSED: Sign("✓", "passed", Tone.OK),
    OutcomeStatus.FAILED: Sign("✗", "FAILED", Tone.BREACH),
    OutcomeStatus.TIMED_OUT: Sign("✗", "TIMED OUT", Tone.BREACH),
    OutcomeStatus.CANCELLED: Sign("–", "cancelled", Tone.WARN),
    OutcomeStatus.UNKNOWN: Sign("?", "UNKNOWN", Tone.WARN),
}

VERDICT: dict[Verdict, Tone] = {
    Verdict.PASS: Tone.QUIET,
    Verdict.FAIL: Tone.BREACH,
    Verdict.INCONCLUSIVE: Tone.WARN,
    Verdict.ERROR: Tone.WARN,
}

_KEEPS_OUT = frozenset({Traffic.CLOSED, Traffic.CLOSING, Traffic.UNKNOWN})


def traffic_sign(state: RunState) -> Sign:
    """The traffic gate; a watch behind a closed one is out of the ordinary, and looks like it."""
    sign = TRAFFIC[state.traffic]
    return sign._replace(tone=Tone.WARN) if kept_out(state) else sign


def kept_out(state: RunState) -> bool:
    """Whether the watch goes on without the public."""
    return state.phase is Phase.WATCHING and state.traffic in _KEEPS_OUT


METRIC: dict[str, str] = {"error_rate": "error", "latency_p95": "p95", "health": "health", "memory": "mem"}


def metric_word(metric: str) -> str:
    """The short name of a metric, for narrow columns."""
    return METRIC.get(metric, metric.replace("_", " "))
