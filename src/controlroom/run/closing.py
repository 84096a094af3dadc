"""When a run may be closed (S22), and what speaks against success; pure, for engine and screen alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.gates import failed_smoke
from controlroom.run.phases import Phase, Traffic

if TYPE_CHECKING:
    from controlroom.run.state import RunState

HOUR_S = 3600.0


def span(seconds: float) -> str:
    """Hours for long spans and minutes for short ones: `24 h`, `1.5 h`, `10 min`, `30 s`."""
    for unit_s, unit in ((HOUR_S, "h"), (60.0, "min")):
        if seconds >= unit_s:
            return f"{seconds / unit_s:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def thin(state: RunState, coverage: dict[str, float]) -> list[str]:
    """One sentence for each indicator that had too little data."""
    watch = state.outline.watch
    if watch is None:
        return []
    return [
        f"{indicator}: data for {coverage.get(indicator, 0.0):.1%} of the time, {watch.coverage:.0%} needed"
        for indicator in watch.indicators
        if coverage.get(indicator, 0.0) < watch.coverage
    ]


def doubts(state: RunState, coverage: dict[str, float]) -> list[str]:
    """Why a watch without an incident is no success all the same: too little data, or the public is kept out."""
    failed = [f"smoke test failed: {item.title}" for item in failed_smoke(state)]
    shut = [] if state.traffic in {Traffic.OPEN, Traffic.NONE} else [f"traffic is {state.traffic.value}"]
    return [*failed, *shut, *thin(state, coverage)]


def why_open(state: RunState, watched_s: float) -> str:
    """Why the run cannot be closed now, after `watched_s` plan seconds of watch; empty if it can."""
    if state.rollback is not None and state.rollback.stopped:
        return "the rollback stopped at a failure: retry, mark done, or abort"
    if state.active is not None or state.rollback is not None:
        return "something is under way: wait for it to end"
    if state.stabilize is not None and state.stabilize.everything:
        return "everything is rolled back and watched until it is stable: wait, or abort"
    if state.verdict is not None:
        return ""
    watch = state.outline.watch
    if state.phase is not Phase.WATCHING or watch is None:
        return "there is no verdict yet (abort ends the run as it stands)"
    if watched_s < watch.at_least_s:
        return f"the watch has run {span(watched_s)} of at least {span(watch.at_least_s)}"
    doubtful = doubts(state, state.watch.coverage if state.watch else {})
    return f"too early for a verdict: {'; '.join(doubtful)}" if doubtful else ""
