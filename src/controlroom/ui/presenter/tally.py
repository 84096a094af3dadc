"""How the checklist stands, counted honestly: passed is what passed, and nothing else counts as that."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from controlroom.run.phases import SmokeState, Traffic
from controlroom.ui.presenter.text import Line, Span, Tone

if TYPE_CHECKING:
    from controlroom.run.state import RunState, SmokeStatus

_LET_IN = frozenset({Traffic.OPEN, Traffic.OPENING})
_ALSO = (
    (SmokeState.FLAKY, "FLAKY", Tone.WARN),
    (SmokeState.NOT_APPLICABLE, "n/a", Tone.QUIET),
    (SmokeState.FAIL, "FAILED", Tone.BREACH),
    (SmokeState.BLOCKED, "BLOCKED", Tone.WARN),
    (SmokeState.STALE, "STALE", Tone.WARN),
)
"""What is named beside those that passed; the rest has not been done."""


def passed(state: RunState) -> int:
    """How many items passed."""
    return sum(item.state is SmokeState.PASS for item in state.smoke.values())


def shuts_out(state: RunState, item: SmokeStatus) -> bool:
    """Whether public traffic closes as soon as `item` fails (S21)."""
    return item.mandatory and state.traffic in _LET_IN


def settled(state: RunState) -> bool:
    """Whether every item passed, on a retry or not, or does not apply."""
    return all(item.state.stands for item in state.smoke.values())


def counted(state: RunState, *, short: bool = False) -> Line:
    """`3 of 5 passed  1 n/a  1 FAILED`, or short `3/5  1 n/a  1 FAILED`."""
    count = Counter(item.state for item in state.smoke.values())
    total = len(state.smoke)
    words = f"{passed(state)}/{total}" if short else f"{passed(state)} of {total} passed"
    spans = [Span(words, Tone.QUIET if short else Tone.STRONG)]
    spans += [Span(f"  {count[kind]} {word}", tone) for kind, word, tone in _ALSO if count[kind]]
    return tuple(spans)
