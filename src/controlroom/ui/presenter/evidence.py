"""Everything about one item of the checklist: how it stands, what it asks for, and all that its newest run saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.phases import SmokeState
from controlroom.ui.presenter.figures import utc_of
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, fit, pad, wrapped
from controlroom.ui.presenter.words import SMOKE

if TYPE_CHECKING:
    from controlroom.run.fact import Evidence
    from controlroom.run.outline import SmokeOutline
    from controlroom.run.state import SmokeStatus
    from controlroom.ui.presenter.view import View

LABEL = 11
INSET = 5


def evidence_rows(view: View, item: str, width: int) -> list[Line]:
    """The page's rows, each exactly `width` cells."""
    status = view.state.smoke[item]
    outline = next(outline for outline in view.state.outline.smoke if outline.id == item)
    rows = [*_standing(status), *_about(status, outline, width)]
    attempt = 0
    for piece in status.evidence:
        if piece.attempt != attempt:
            attempt = piece.attempt
            title = f" Attempt {attempt} of {status.attempts}" if status.attempts > 1 else " What it saw"
            rows += [EMPTY, (Span(title, Tone.STRONG),)]
        rows += _seen(piece, width)
    if not status.evidence:
        rows += [EMPTY, (Span(" Nothing was seen by the program itself", Tone.QUIET),)]
    return [fit(row, width) for row in rows]


def _standing(status: SmokeStatus) -> list[Line]:
    sign = SMOKE[status.state]
    words = [Span(f"{sign.shape} {sign.word}".strip(), sign.tone)]
    if status.state is not SmokeState.TODO and status.at:
        words.append(Span(f"   by {clean(status.by)} at {utc_of(status.at)}", Tone.TEXT))
    kind = "by hand" if status.kind == "manual" else status.kind
    kind += ", mandatory" if status.mandatory else ", optional"
    return [_pair("State", *words), _pair("Kind", Span(kind, Tone.TEXT))]


def _about(status: SmokeStatus, outline: SmokeOutline, width: int) -> list[Line]:
    covers = ", ".join(outline.services) or "every service"
    told = (("Says", status.note), ("Asks", outline.instructions), ("Link", outline.link), ("Covers", covers))
    rows: list[Line] = []
    for label, words in told:
        for number, row in enumerate(wrapped(words, width - LABEL - 2)):
            rows.append(_pair("" if number else label, Span(row, Tone.TEXT)))
    return rows


def _pair(label: str, *words: Span) -> Line:
    return (Span(f" {pad(label, LABEL)}", Tone.QUIET), *words)


def _seen(piece: Evidence, width: int) -> list[Line]:
    mark, tone = ("✓", Tone.OK) if piece.ok else ("✗", Tone.BREACH)
    took = f"   {piece.took_s * 1000:.0f} ms" if piece.took_s else ""
    rows: list[Line] = [
        (Span(f"   {mark} ", tone), Span(clean(piece.title), Tone.STRONG), Span(took, Tone.QUIET)),
    ]
    for label, words in (("", piece.detail), ("sent", piece.sent), ("got", piece.got), ("picture", piece.picture)):
        inset = INSET + (LABEL - 3 if label else 0)
        for number, row in enumerate(wrapped(words, width - inset)):
            head = Span(" " * INSET + pad("" if number else label, inset - INSET), Tone.FAINT)
            rows.append((head, Span(row, Tone.QUIET if label or piece.ok else Tone.TEXT)))
    return rows
