"""The preflight page: everything that was looked at before the run, what one should know first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from controlroom.ui.presenter.text import Line, Span, Tone, clean, fit, pad
from controlroom.ui.presenter.words import Sign

if TYPE_CHECKING:
    from controlroom.run.fact import PreflightResult
    from controlroom.ui.presenter.view import View

FAILED = Sign("✗", "FAIL", Tone.BREACH)
WARNED = Sign("!", "warn", Tone.WARN)
PASSED = Sign("✓", "ok", Tone.OK)
_SIGN = 9
_WIDEST_SUBJECT = 28
_NARROWEST_DETAIL = 20


def preflight_rows(view: View, width: int) -> list[Line]:
    """The page's rows, each `width` cells; long details go on below."""
    results = sorted(view.state.preflight, key=lambda result: (result.ok, not result.warn))
    subjects = min(_WIDEST_SUBJECT, max((len(result.subject) for result in results), default=0))
    return [row for result in results for row in _rows(result, subjects, width)]


def preflight_heading(view: View) -> Line:
    """`Preflight   43 checks, 2 to know of`."""
    results = view.state.preflight
    known = sum(result.warn or not result.ok for result in results)
    words = f"   {len(results)} checks" + (f", {known} to know of" if known else "")
    return (Span("Preflight", Tone.STRONG), Span(words, Tone.QUIET))


def _rows(result: PreflightResult, subjects: int, width: int) -> list[Line]:
    sign = FAILED if not result.ok else WARNED if result.warn else PASSED
    column = _SIGN + subjects + 2
    room = max(_NARROWEST_DETAIL, width - column - 1)
    said = [(line, Tone.TEXT if result.ok else sign.tone) for line in _wrapped(result.detail, room)]
    said += [(line, Tone.KEY) for line in _wrapped(f"→ {result.fix}" if result.fix else "", room)]
    first, *more = said or [("", Tone.TEXT)]
    mark = Span(f" {sign.shape} {pad(sign.word, _SIGN - 3)}", sign.tone)
    rows: list[Line] = [(mark, Span(f"{pad(clean(result.subject), subjects)}  ", Tone.QUIET), Span(*first))]
    rows += [(Span(" " * column), Span(*line)) for line in more]
    return [fit(row, width) for row in rows]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(clean(text), width, break_on_hyphens=False)
