"""The tail of the journal: one line an event, newest at the bottom."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from controlroom.run import events as ev
from controlroom.ui.presenter.figures import utc_of
from controlroom.ui.presenter.frames import framed
from controlroom.ui.presenter.sentence import Sentence
from controlroom.ui.presenter.sentences import sentence
from controlroom.ui.presenter.text import Line, Span, Tone, clean, fit, pad
from controlroom.ui.presenter.words import SERVICE, SMOKE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.events import Record
    from controlroom.run.state import RunState
    from controlroom.ui.presenter.view import View


def journal(
    view: View, width: int, height: int, *, focused: bool = False, back: int = 0, title: Line | None = None
) -> list[Line]:
    """The pane, exactly `width` by `height` cells; `back` rows above the newest."""
    inner, room = width - 2, height - 2
    rows = journal_rows(view, inner, room + back)
    end = max(min(room, len(rows)), len(rows) - back)
    body = rows[max(0, end - room) : end]
    head = title or (Span("Journal", Tone.STRONG),)
    right: Line = (Span(f"event {view.state.seq}", Tone.QUIET),)
    if back:
        right = (Span("scrolled back · end returns", Tone.WARN),)
    return framed(body, width, height, title=head, right=right, focused=focused)


def journal_rows(view: View, width: int, count: int) -> list[Line]:
    """The newest `count` or more lines, oldest first; what came before this screen is told from the state."""
    names = max((len(s) for s in view.state.services), default=8)
    rows: list[Line] = []
    kept = _folded(view.records, count)
    missed = {r.seq: r.seq - before.seq - 1 for before, r in pairwise(view.records)}
    for record in kept:
        if missed.get(record.seq):
            rows.append(_gap(missed[record.seq], width))
        rows.append(_row(utc_of(record.at), sentence(record), width, min(names, 12)))
    if len(rows) < count:
        first = kept[0].seq if kept else view.state.seq + 1
        if first > 1:
            before = [_row(at, said, width, min(names, 12)) for at, said in _so_far(view.state, kept)]
            rows = [*before, _gap_before(first, width), *rows]
    return rows


def _folded(records: Sequence[Record], count: int) -> list[Record]:
    """The newest records; a breach or a watch that is reported again and again takes one line, its newest."""
    out: list[Record] = []
    checked = False
    for record in reversed(records):
        event = record.event
        if isinstance(event, ev.WatchCheckpoint):
            if checked:
                continue
            checked = True
        if isinstance(event, ev.GuardChanged) and any(
            isinstance(o.event, ev.GuardChanged)
            and (o.event.guard, o.event.service, o.event.verdict) == (event.guard, event.service, event.verdict)
            for o in out[-3:]
        ):
            continue
        out.append(record)
        if len(out) >= count:
            break
    return out[::-1]


def _gap(missing: int, width: int) -> Line:
    return fit((Span(f" ┄ {missing} events passed while this screen was away", Tone.FAINT),), width)


def _gap_before(first: int, width: int) -> Line:
    words = f" ┄ this screen came at event {first - 1}; controlroom events shows all"
    return fit((Span(words, Tone.FAINT),), width)


def _row(at: str, said: Sentence, width: int, names: int) -> Line:
    return fit(
        (
            Span(f" {at}  ", Tone.FAINT),
            Span(pad(said.word, 9) + " ", said.tone),
            Span(pad(clean(said.service), names) + "  ", Tone.QUIET),
            Span(clean(said.text), Tone.TEXT if said.tone is not Tone.QUIET else Tone.QUIET),
            Span(f"  {clean(said.who)}" if said.who else "", Tone.FAINT),
        ),
        width,
    )


def _so_far(state: RunState, kept: Sequence[Record]) -> list[tuple[str, Sentence]]:
    """What the state itself remembers of the time before this screen came."""
    told: list[tuple[str, Sentence]] = [(state.started, Sentence("RUN", Tone.STRONG, "", state.outline.title))]
    for service in state.services.values():
        if service.finished:
            sign = SERVICE[service.state]
            told.append((service.finished, Sentence(sign.word.split()[0], sign.tone, service.id, service.why)))
    for item in state.smoke.values():
        if item.at:
            sign = SMOKE[item.state]
            told.append((item.at, Sentence("SMOKE", sign.tone, "", f"{item.title}: {sign.word}", item.by)))
    told += [(n.at, Sentence("NOTE", Tone.STRONG, "", n.text, n.by)) for n in state.notes]
    told += [(h.at, Sentence("HOLD", Tone.WARN, "", h.reason, h.by)) for h in state.holds]
    told += [(i.at, Sentence("INCIDENT", Tone.BREACH, i.service, i.text)) for i in state.incidents]
    told += [(a.since, Sentence("ALARM", Tone.BREACH, a.service, a.text)) for a in state.alarms.values()]
    first = kept[0].at if kept else "9999"
    return [(utc_of(at), said) for at, said in sorted(told, key=lambda t: t[0]) if at < first]
