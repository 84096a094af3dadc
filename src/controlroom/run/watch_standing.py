"""How a watch stands, in the few numbers that people ask for: coverage worst first, and what comes next; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.run.phases import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.run.outline import WatchOutline
    from controlroom.run.state import RunState

SUMMARY_S = 86_400.0
"""Plan seconds of the watch between two summaries."""


class Milestone(Struct, frozen=True, kw_only=True):
    """What the watch comes to next: `summary`, `closable` or `verdict`, in so many plan seconds."""

    what: str
    in_s: float


def next_milestone(state: RunState, elapsed_s: float) -> Milestone | None:
    """The nearest of them, `elapsed_s` into the watch; None once there is a verdict, or when nothing is watched."""
    outline = state.outline.watch
    if outline is None or state.watch is None or state.verdict is not None or state.phase is not Phase.WATCHING:
        return None
    summary_s = (elapsed_s // SUMMARY_S + 1) * SUMMARY_S
    moments = [(outline.for_s, "verdict"), (outline.at_least_s, "closable"), (summary_s, "summary")]
    ahead = [(at_s - elapsed_s, what) for at_s, what in moments if elapsed_s < at_s <= outline.for_s]
    if not ahead:
        return Milestone(what="verdict", in_s=0.0)
    # Of several at one moment the one that decides more.
    in_s, what = min(ahead, key=lambda one: one[0])
    return Milestone(what=what, in_s=in_s)


def by_coverage(outline: WatchOutline, coverage: Mapping[str, float]) -> list[tuple[str, float]]:
    """Each indicator with its covered share, the worst first; nothing before anything was counted."""
    if not coverage:
        return []
    shares = [(indicator, coverage.get(indicator, 0.0)) for indicator in outline.indicators]
    return sorted(shares, key=lambda one: one[1])
