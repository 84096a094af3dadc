"""How a go-live ends (S22): what the watch comes to, and what closing a run needs; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run import events as ev
from controlroom.run.closing import doubts, span, why_open
from controlroom.run.phases import Phase
from controlroom.run.watch_standing import SUMMARY_S

if TYPE_CHECKING:
    from controlroom.run.events import Event
    from controlroom.run.state import RunState


def watch_over(state: RunState, watched_s: float, coverage: dict[str, float]) -> list[Event]:
    """The verdict once the watch has run its full time; nothing before that, or when there is one already.

    Success ends the run. Anything less holds it: it stays open to a rollback until the operator closes it.
    """
    watch = state.outline.watch
    if state.phase is not Phase.WATCHING or state.verdict is not None or state.rollback is not None:
        return []
    if watch is not None and watched_s < watch.for_s:
        return []
    checkpoint: list[Event] = [ev.WatchCheckpoint(elapsed_s=watched_s, coverage=coverage)]
    doubtful = doubts(state, coverage)
    if doubtful:
        why = "; ".join(doubtful)
        held = ev.HoldPlaced(reason="verdict", by="engine", note=f"inconclusive: {why}")
        return [*checkpoint, ev.VerdictReached(phase=Phase.INCONCLUSIVE, why=why), held]
    return [*checkpoint, *_success(f"no major incident in {span(watch.for_s if watch else 0.0)}")]


def incident(state: RunState, kind: str, text: str, service: str = "", evidence: tuple[str, ...] = ()) -> list[Event]:
    """A major incident: recorded while watching, where it settles the verdict as failed and holds the run."""
    if state.phase is not Phase.WATCHING:
        return []
    events: list[Event] = [ev.IncidentRecorded(kind=kind, text=text, service=service, evidence=evidence)]
    if state.verdict is None or state.verdict.phase is not Phase.FAILED:
        events.append(ev.VerdictReached(phase=Phase.FAILED, why=text))
        events.append(ev.HoldPlaced(reason="verdict", by="engine", note=f"failed: {text}"))
    return events


def breach(state: RunState, guard: str, text: str, service: str) -> list[Event]:
    """The incident that a fired guard is, unless the plan's watch leaves that guard out."""
    watch = state.outline.watch
    if watch is not None and watch.guards is not None and guard not in watch.guards:
        return []
    return incident(state, "guard", text, service)


def summary(state: RunState, watched_s: float, coverage: dict[str, float]) -> list[Event]:
    """The summary that is due after `watched_s` plan seconds: once for each day, and once when the time is over.

    Days that passed without an engine are told as one. A success ends the run, and the end has a summary of its own.
    """
    watch, outline = state.watch, state.outline.watch
    if watch is None or outline is None or watch.ended or state.phase is not Phase.WATCHING:
        return []
    ended, day = watched_s >= outline.for_s, int(watched_s // SUMMARY_S)
    if not ended and day <= watch.day:
        return []
    return [ev.WatchSummarized(day=day, elapsed_s=watched_s, coverage=coverage, ended=ended)]


def closing(state: RunState, watched_s: float, coverage: dict[str, float]) -> list[Event] | str:
    """The events that close the run, or the sentence that says why it cannot be closed now."""
    why = why_open(state, watched_s)
    if why:
        return why
    if state.verdict is not None:
        return [ev.PhaseChanged(phase=state.verdict.phase, why=state.verdict.why)]
    watch = state.outline.watch
    why = f"no major incident; closed after {span(watched_s)} of {span(watch.for_s if watch else 0.0)}"
    return [ev.WatchCheckpoint(elapsed_s=round(watched_s, 3), coverage=coverage), *_success(why)]


def _success(why: str) -> list[Event]:
    return [
        ev.VerdictReached(phase=Phase.SUCCEEDED, why=why),
        ev.PhaseChanged(phase=Phase.SUCCEEDED, why=why),
    ]
