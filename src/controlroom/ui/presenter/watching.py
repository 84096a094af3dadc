"""How the watch stands, in pieces for one line: how far, with how much data, what happened, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.phases import Phase
from controlroom.run.watch_standing import by_coverage, next_milestone
from controlroom.ui.presenter.figures import epoch, long_clock
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, packed
from controlroom.ui.presenter.words import metric_word

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View

SHOWN_SHARES = 2
_COMES = {"summary": "summary", "closable": "may be closed", "verdict": "verdict"}


def watch_line(view: View, width: int) -> Line:
    """All of it, in at most `width` cells; empty before and after the watch."""
    if view.state.phase is not Phase.WATCHING:
        return EMPTY
    parts = [(9, watched(view)), (6, covered(view)), (7, incidents(view)), (4, comes_next(view))]
    return packed([part for part in parts if part[1]], width)


def watched_s(view: View) -> float:
    """Plan seconds of the watch, at most its full time; those of a run that is over end with its verdict."""
    state = view.state
    if state.watch is None or state.outline.watch is None:
        return 0.0
    began = epoch(state.watch.started)
    verdict = state.verdict if state.phase.terminal else None
    passed = view.since(began) if verdict is None else view.pace.plan(epoch(verdict.at) - began)
    return min(passed, state.outline.watch.for_s)


def watched(view: View) -> Line:
    """`12:05:10 of 48:00:00`."""
    watch, outline = view.state.watch, view.state.outline.watch
    if watch is None or outline is None:
        return EMPTY
    passed = watched_s(view)
    return (Span(f"{long_clock(passed)} of {long_clock(outline.for_s)}", Tone.STRONG),)


def covered(view: View, *, short: bool = False) -> Line:
    """`coverage cpu 93 %, error 99 %`: the indicators with the least data; `short`, the worst alone, which decides."""
    watch, outline = view.state.watch, view.state.outline.watch
    if watch is None or outline is None or view.state.phase is not Phase.WATCHING:
        return EMPTY
    shares = by_coverage(outline, watch.coverage)[:SHOWN_SHARES]
    if not shares:
        return EMPTY
    words = ", ".join(f"{metric_word(clean(name))} {int(share * 100)} %" for name, share in shares)
    words = f"{int(shares[0][1] * 100)} %" if short else words
    thin = shares[0][1] < outline.coverage
    return (Span("coverage ", Tone.QUIET), Span(words, Tone.WARN if thin else Tone.TEXT))


def incidents(view: View) -> Line:
    """`no incident`, or how many."""
    if view.state.phase is not Phase.WATCHING:
        return EMPTY
    count = len(view.state.incidents)
    if not count:
        return (Span("no incident", Tone.QUIET),)
    return (Span(f"{count} incident{'s' if count > 1 else ''}", Tone.BREACH),)


def comes_next(view: View) -> Line:
    """What the watch comes to, and when."""
    watch = view.state.watch
    coming = next_milestone(view.state, view.since(epoch(watch.started))) if watch is not None else None
    if coming is None:
        return EMPTY
    return (Span(f"{_COMES[coming.what]} in {long_clock(coming.in_s)}", Tone.QUIET),)
