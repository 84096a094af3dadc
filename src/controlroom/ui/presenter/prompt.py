"""What a prompt asks and shows: its words, its fields, its preview; and the dialog drawn from them."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from controlroom.run.commands import Command
from controlroom.ui.presenter.frames import framed
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, fit, packed, pad, plain, sides, width_of
from controlroom.ui.presenter.view import View

if TYPE_CHECKING:
    from controlroom.ui.presenter.typed import Typed

LABEL = 10
DIALOG_WIDTH = 92
ROOMY = 48
"""Cells inside from which on there is room for whole words."""


class Filled(NamedTuple):
    """What the operator chose and typed."""

    reason: str = ""
    choice: int = 0


class Word(Struct, frozen=True):
    """A word that confirms, what it does, and whether it wants a reason; `disabled` says why it cannot be used."""

    word: str
    label: str
    command: Callable[[Filled], Command]
    reason: bool = False
    disabled: str = ""


class Choice(Struct, frozen=True):
    """Alternatives that the left and right keys go through; `reason_for` are those that want a reason."""

    label: str
    options: tuple[str, ...]
    reason_for: tuple[int, ...] = ()


class Row(NamedTuple):
    """One line of a prompt's body."""

    label: str
    words: Line


class Prompt(Struct, frozen=True, kw_only=True):
    """One question to the operator; its target is fixed when it opens.

    `words` empty: the only field is free text, and `command` takes it. `moved` says that the target is no longer what
    it was (S18), or is empty while it is. `danger` frames the dialog as one that takes something down.
    """

    action: str
    title: str
    body: Callable[[View, int], list[Row]]
    words: tuple[Word, ...] = ()
    command: Callable[[Filled], Command] | None = None
    text_label: str = "reason"
    choice: Choice | None = None
    moved: Callable[[View], str] = lambda _: ""
    danger: bool = False

    def wants_reason(self, typed: str, choice: int) -> bool:
        """Whether a reason is due, given the word typed so far and the choice made."""
        if self.choice is not None and choice in self.choice.reason_for:
            return True
        return any(w.reason for w in self.words if w.word == typed.strip()) or (
            len(self.words) == 1 and self.words[0].reason
        )


class Ready(NamedTuple):
    """Either the command to give, or why not yet."""

    command: Command | None
    why: str = ""


def objection(prompt: Prompt, text: str) -> str:
    """What is wrong with the word typed; empty if it confirms, or if the prompt wants none."""
    typed = text.strip()
    word = next((w for w in prompt.words if w.word == typed), None)
    if word is not None:
        return f"{word.word}: {word.disabled}" if word.disabled else ""
    if not prompt.words:
        return ""
    wanted = " or ".join(w.word for w in prompt.words if not w.disabled)
    return f"{typed!r} is not the word: type {wanted}" if typed else f"type {wanted}"


def filled(prompt: Prompt, texts: list[str], choice: int, view: View) -> Ready:
    """What Enter comes to, with `texts` typed."""
    gone = prompt.moved(view)
    if gone:
        return Ready(None, f"{gone}: Esc, and look again")
    if not prompt.words:
        text = texts[0].strip()
        if not text:
            return Ready(None, f"a {prompt.text_label} is needed")
        return Ready(prompt.command(Filled(text)) if prompt.command else None)
    typed = texts[0].strip()
    wrong = objection(prompt, typed)
    if wrong:
        return Ready(None, wrong)
    word = next(w for w in prompt.words if w.word == typed)
    reason = texts[1].strip() if len(texts) > 1 else ""
    if prompt.wants_reason(typed, choice) and not reason:
        return Ready(None, "a reason is needed")
    return Ready(word.command(Filled(reason, choice)))


def dialog(
    prompt: Prompt, typed: Typed, choice: int, view: View, now: float, width: int, height: int = 200
) -> list[Line]:
    """The dialog, at most `width` by `height` cells; what it has to say gives way, never the field."""
    outer = min(width, DIALOG_WIDTH)
    inner = outer - 4
    tone = Tone.BREACH if prompt.danger else Tone.FRAME_FOCUS
    title: Line = (Span(clean(prompt.title), tone if prompt.danger else Tone.STRONG),)
    said = [_row(row, inner) for row in prompt.body(view, choice)]
    body = _body(prompt, typed, choice, view, now, inner, said, height - 2)
    rows = [(Span(" "), *line) for line in body]
    return framed(rows, outer, len(rows) + 2, title=title, right=_mark(view), tone=tone)


def _body(
    prompt: Prompt, typed: Typed, choice: int, view: View, now: float, inner: int, said: list[Line], room: int
) -> list[Line]:
    """At most `room` rows: blank ones go first, then what explains, then the list of words, which the field repeats."""
    chosen = [_chooser(prompt.choice, choice, inner)] if prompt.choice is not None else []
    words = [_word(word, inner) for word in prompt.words] if len(prompt.words) > 1 else []
    fields = _fields(prompt, typed, choice, inner, ready=typed.ready(now))
    notice = [_notice(prompt, typed, view, inner)]
    keys = [_keys(prompt, typed.left_s(now), inner)]
    full = [*said, *chosen, *words, EMPTY, *fields, *notice, *keys]
    if len(full) <= room:
        return full
    if not plain(notice[0]):
        notice = []
    least = [*chosen, *fields, *notice, *keys]
    if len(least) + len(words) > room - min(1, len(said)):
        words = []
        fields = _fields(prompt, typed, choice, inner, ready=typed.ready(now), named=True)
    left = room - len(least) - len(words)
    if len(said) > left:
        kept = max(0, left - 1)
        more = _row(Row("", (Span(f"and {len(said) - kept} more lines", Tone.WARN),)), inner)
        said = [*said[:kept], more][: max(0, left)]
    return [*said, *chosen, *words, *fields, *notice, *keys]


def _keys(prompt: Prompt, left_s: float, inner: int) -> Line:
    hints: list[tuple[int, Line]] = [
        (2, (Span("Esc", Tone.KEY), Span(" cancels", Tone.QUIET))),
        (3, (Span("ctrl+g", Tone.KEY), Span(" HOLD", Tone.QUIET))),
    ]
    if prompt.words:
        hints.append((1, (Span("tab", Tone.KEY), Span(" reason", Tone.QUIET))))
    seconds = f"{max(0, ceil(left_s))} s"
    right = (Span(f"closes in {seconds}" if inner >= ROOMY else seconds, Tone.QUIET),)
    return sides(packed(hints, inner - width_of(right) - 1), right, inner)


def _mark(view: View) -> Line:
    outline = view.state.outline
    if outline.rehearsal:
        return (Span(" REHEARSAL ", Tone.REHEARSAL),)
    return (Span(f" {clean(outline.environment).upper()} ", Tone.PRODUCTION),)


def _row(row: Row, inner: int) -> Line:
    return fit((Span(pad(row.label, LABEL), Tone.QUIET), *row.words), inner)


def _chooser(choice: Choice, chosen: int, inner: int) -> Line:
    """All alternatives where there is room, else the one chosen."""
    changes: Line = (Span("←→", Tone.KEY), Span(" changes", Tone.QUIET))
    spans: list[Span] = []
    for at, option in enumerate(choice.options):
        mark = "(•)" if at == chosen else "( )"
        spans.append(Span(f"{mark} {option}   ", Tone.STRONG if at == chosen else Tone.QUIET))
    if LABEL + width_of((*spans, *changes)) <= inner:
        return _row(Row(choice.label, (*spans, *changes)), inner)
    one: Line = (Span(pad(choice.label, LABEL), Tone.QUIET), Span(choice.options[chosen], Tone.STRONG))
    return sides(one, (Span(f" {chosen + 1} of {len(choice.options)} ", Tone.QUIET), changes[0]), inner)


def _word(word: Word, inner: int) -> Line:
    tone = Tone.FAINT if word.disabled else Tone.STRONG
    words = f"{word.label}" if not word.disabled else f"{word.label} — no: {word.disabled}"
    return fit((Span(pad("", LABEL)), Span(pad(word.word, 10), tone), Span(clean(words), Tone.QUIET)), inner)


def _fields(prompt: Prompt, typed: Typed, choice: int, inner: int, *, ready: bool, named: bool = False) -> list[Line]:
    """What to type, and the fields; `named` where the words are not listed above."""
    if not prompt.words:
        return [_field(prompt.text_label.capitalize(), typed.texts[0], inner, active=ready)]
    usable = [word.word for word in prompt.words if not word.disabled]
    wanted = " or ".join(usable) if named or len(prompt.words) == 1 else "one of these words"
    ask: Line = (
        Span(pad("Type", LABEL), Tone.QUIET),
        Span(f"{clean(wanted)}", Tone.STRONG),
        Span("  and press Enter", Tone.TEXT),
    )
    lines = [fit(ask, inner), _field("", typed.texts[0], inner, active=ready and typed.at == 0)]
    if len(typed.texts) > 1 and (typed.at or typed.texts[1] or prompt.wants_reason(typed.texts[0], choice)):
        lines.append(_field("Reason", typed.texts[1], inner, active=ready and typed.at == 1))
    return lines


def _field(label: str, text: str, inner: int, *, active: bool) -> Line:
    room = inner - LABEL - 3
    shown = clean(text)[-room:]
    cursor = Span("▏", Tone.KEY) if active else Span(" ")
    tone = Tone.KEY if active else Tone.FAINT
    return fit((Span(pad(label, LABEL), Tone.QUIET), Span("› ", tone), Span(shown, Tone.STRONG), cursor), inner)


def _notice(prompt: Prompt, typed: Typed, view: View, inner: int) -> Line:
    gone = prompt.moved(view)
    if gone:
        return fit((Span(pad("", LABEL)), Span(f"{gone}: Esc, and look again", Tone.WARN)), inner)
    return fit((Span(pad("", LABEL)), Span(typed.notice, Tone.WARN)), inner)
