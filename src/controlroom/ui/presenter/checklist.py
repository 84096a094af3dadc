"""The smoke-test checklist: every item with its state, who set it, when, and what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.phases import SmokeState
from controlroom.ui.presenter.figures import utc_of
from controlroom.ui.presenter.frames import framed, window
from controlroom.ui.presenter.tally import counted, shuts_out
from controlroom.ui.presenter.text import (
    Line,
    Span,
    Tone,
    cells,
    clean,
    crop,
    fit,
    lit,
    packed,
    pad,
    pad_left,
    sides,
    width_of,
)
from controlroom.ui.presenter.words import SMOKE, traffic_sign

if TYPE_CHECKING:
    from controlroom.run.outline import SmokeOutline
    from controlroom.run.state import SmokeStatus
    from controlroom.ui.presenter.view import View

_WORTH = 10
"""Cells below which a few letters of a note say nothing."""


def checklist(
    view: View, width: int, height: int, *, selected: str = "", focused: bool = False, title: Line | None = None
) -> list[Line]:
    """The pane, exactly `width` by `height` cells."""
    inner = width - 2
    rows: list[Line] = []
    anchor = 0
    titles = max((cells(_title(item)) for item in view.state.smoke.values()), default=0) + 1
    for number, outline in enumerate(view.state.outline.smoke, 1):
        item = view.state.smoke[outline.id]
        row = _row(number, item, outline, inner, titles)
        if item.id == selected and focused:
            anchor = len(rows)
            row = lit(row)
        rows.append(row)
        if item.id == selected and focused:
            rows.extend(_under(item, outline, inner))
    if not rows:
        rows = [(Span("  the plan has no smoke tests", Tone.QUIET),)]
    body = window(rows.__getitem__, len(rows), height - 2, anchor)
    room = height - 2 - len(body)
    if focused and room > 0:
        keys = _keys(view, selected, inner)[:room]
        body += [()] * (room - len(keys)) + keys
    head = title or (Span("Smoke tests", Tone.STRONG),)
    return framed(body, width, height, title=head, right=_summary(view), focused=focused)


def _summary(view: View) -> Line:
    traffic = traffic_sign(view.state)
    return (*counted(view.state, short=True), Span(f" · traffic {traffic.word}", traffic.tone))


def _row(number: int, item: SmokeStatus, outline: SmokeOutline, inner: int, titles: int) -> Line:
    sign = SMOKE[item.state]
    word = "queued" if item.queued and item.state is not SmokeState.RUNNING else sign.word
    who = clean(item.by) if item.state is not SmokeState.TODO else ""
    right: Line = ()
    if inner >= 60:  # noqa: PLR2004 - below it, state and title are what counts
        stamp = utc_of(item.at)[:8] if who else ""
        right = (Span(f" {pad_left(stamp, 8)} {pad(who, 12)}", Tone.QUIET),)
    room = max(0, inner - 16 - width_of(right))
    title_room = min(titles, room)
    how = f"{'by hand' if outline.kind == 'manual' else 'auto':<8}" if room - title_room >= 9 else ""  # noqa: PLR2004
    said = clean(item.note) or (clean(item.evidence[-1].detail) if item.evidence else "")
    if room - title_room - len(how) - 1 < min(len(said), _WORTH):
        said = ""
    left: Line = (
        Span(f" {number:>2} ", Tone.QUIET),
        Span(f"[{sign.shape}] ", sign.tone),
        Span(pad(word, 8), sign.tone),
        Span(pad(crop(_title(item), title_room), title_room), _title_tone(item)),
        Span(f" {how}" if how else " ", Tone.FAINT),
        Span(said, Tone.QUIET),
    )
    return sides(left, right, inner)


def _title(item: SmokeStatus) -> str:
    return clean(item.title) if item.mandatory else f"{clean(item.title)} (optional)"


def _title_tone(item: SmokeStatus) -> Tone:
    return Tone.QUIET if item.state is SmokeState.NOT_APPLICABLE else Tone.TEXT


def _under(item: SmokeStatus, outline: SmokeOutline, inner: int) -> list[Line]:
    """What the selected item asks for, or what it saw at its newest attempt."""
    rows: list[Line] = []
    for piece in item.evidence:
        if piece.attempt < item.attempts:
            continue
        mark, tone = ("✓", Tone.OK) if piece.ok else ("✗", Tone.BREACH)
        words = f"{clean(piece.title)}  {clean(piece.detail)}"
        took = f"{piece.took_s * 1000:.0f} ms" if piece.took_s else ""
        rows.append(
            sides((Span(f"        {mark} ", tone), Span(words, Tone.QUIET)), (Span(f" {took} ", Tone.FAINT),), inner)
        )
    if not item.evidence:
        told = [words for words in (outline.instructions, outline.link) if words]
        rows.extend(fit((Span(f"        {clean(words)}", Tone.QUIET),), inner) for words in told)
    return rows


def _keys(view: View, selected: str, inner: int) -> list[Line]:
    """What can be done with the selected item; `…` as everywhere for what asks first, and what it asks for."""
    evidence: Line = (Span("v", Tone.KEY), Span(" evidence", Tone.QUIET))
    if not view.drives:
        return [fit((Span("  observers cannot tick   ", Tone.QUIET), *evidence), inner)]
    item = view.state.smoke.get(selected)
    automatic = item is not None and item.kind != "manual"
    closes = item is not None and shuts_out(view.state, item)
    mark, fail = "…" if automatic else "", "…" if automatic or closes else ""
    keys = [(8, "y", f"pass{mark}"), (8, "n", f"fail{fail}"), (7, "b", f"blocked{mark}")]
    keys += [(4, "s", "n/a…"), (6, "w", "note…"), (5, "z", "undo")]
    if automatic:
        keys.insert(0, (9, "enter", "run…" if closes else "run"))
    parts = [(weight, (Span(key, Tone.KEY), Span(f" {word}", Tone.QUIET))) for weight, key, word in keys]
    told = [fit((Span("  "), *packed([*parts, (3, evidence)], inner - 2, "  ")), inner)]
    if automatic:
        why = "  … asks for the word and a reason: the mark stands in place of what the test says"
        told.append(fit((Span(why, Tone.FAINT),), inner))
    return told
