"""The prompts of the checklist: marks that go against a test's own word, and whatever may shut the public out.

What is done by hand is marked at once and can be taken back. A mark on an automatic item stands in place of what the
test itself says, so it wants a word and a reason; and public traffic, once closed, is not opened again by an undo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run import commands as cmd
from controlroom.run.phases import SmokeState, Traffic
from controlroom.ui.presenter.figures import utc_of
from controlroom.ui.presenter.prompt import Prompt, Row, Word
from controlroom.ui.presenter.tally import shuts_out
from controlroom.ui.presenter.text import Line, Span, Tone, clean
from controlroom.ui.presenter.words import SMOKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.state import RunState, SmokeStatus
    from controlroom.ui.presenter.prompt import Filled
    from controlroom.ui.presenter.view import View
    from controlroom.ui.situation import Situation

WORDS = {SmokeState.PASS: "pass", SmokeState.FAIL: "fail", SmokeState.BLOCKED: "blocked"}
"""What is typed for each mark."""


def mark(at: Situation, to: SmokeState) -> Prompt | None:
    """What must be asked before the selected item is marked; None where the mark acts at once."""
    state, item = at.view.state, at.view.state.smoke[at.item]
    automatic = item.kind != "manual"
    closes = to is SmokeState.FAIL and shuts_out(state, item)
    if not automatic and not closes:
        return None

    def body(view: View, _choice: int) -> list[Row]:
        now = view.state.smoke[item.id]
        rows = [_found(now)] if automatic else []
        return [*rows, *_follows(view.state, now, to)]

    def command(filled: Filled) -> cmd.Command:
        return cmd.MarkSmoke(item=item.id, state=to, reason=filled.reason, seen=item.revision)

    word = WORDS[to]
    return Prompt(
        action="mark",
        title=f"MARK AS {SMOKE[to].word}: {clean(item.title)}",
        body=body,
        words=(Word(word, f"mark it {word}", command, reason=automatic),),
        moved=_moved(item),
        danger=closes,
    )


def with_note(at: Situation) -> Prompt:
    """A mark with words of one's own: what was looked at, on which device, who else saw it."""
    state, item = at.view.state, at.view.state.smoke[at.item]
    outline = next(each for each in state.outline.smoke if each.id == item.id)
    closes = shuts_out(state, item)

    def body(view: View, _choice: int) -> list[Row]:
        told = (("Asks", outline.instructions), ("Link", outline.link))
        rows = [Row(label, (Span(clean(words), Tone.TEXT),)) for label, words in told if words]
        rows += [] if item.kind == "manual" else [_found(view.state.smoke[item.id])]
        return [*rows, _closes(view.state, "if it is marked fail")] if closes else rows

    def word_for(to: SmokeState, word: str) -> Word:
        def command(filled: Filled) -> cmd.Command:
            return cmd.MarkSmoke(item=item.id, state=to, reason=filled.reason, seen=item.revision)

        stands = f"it is {SMOKE[to].word} already; z takes that back" if item.state is to else ""
        return Word(word, f"mark it {word} (note)", command, reason=True, disabled=stands)

    return Prompt(
        action="mark",
        title=f"MARK WITH A NOTE: {clean(item.title)}",
        body=body,
        words=tuple(word_for(to, word) for to, word in WORDS.items()),
        moved=_moved(item),
        danger=closes,
    )


def run(at: Situation) -> Prompt | None:
    """What must be asked before the selected item runs: its result may shut the public out."""
    item = at.view.state.smoke[at.item]
    if not shuts_out(at.view.state, item):
        return None

    def body(view: View, _choice: int) -> list[Row]:
        runs = Row("Runs", (Span("the test, against what the public uses now", Tone.STRONG),))
        return [runs, _closes(view.state, "if it fails")]

    word = Word("run", "run it", lambda _: cmd.RunSmoke(items=(item.id,)))
    return Prompt(action="run", title=f"RUN: {clean(item.title)}", body=body, words=(word,), moved=_moved(item))


def undo(at: Situation) -> Prompt | None:
    """What must be asked before the last mark is taken back: a failure that comes to light again."""
    state, item = at.view.state, at.view.state.smoke[at.item]
    if item.previous is not SmokeState.FAIL or not shuts_out(state, item):
        return None

    def body(view: View, _choice: int) -> list[Row]:
        return [Row("Back to", (Span("FAIL", Tone.BREACH),)), *_follows(view.state, item, SmokeState.FAIL)]

    word = Word("undo", "take it back", lambda f: cmd.UndoSmoke(item=item.id, seen=item.revision, reason=f.reason))
    title = f"UNDO: {clean(item.title)}"
    return Prompt(action="undo", title=title, body=body, words=(word,), moved=_moved(item), danger=True)


def not_applicable(at: Situation) -> Prompt:
    """An item that does not apply wants a reason."""
    item = at.view.state.smoke[at.item]

    def command(filled: Filled) -> cmd.Command:
        return cmd.MarkSmoke(item=item.id, state=SmokeState.NOT_APPLICABLE, reason=filled.reason, seen=item.revision)

    return Prompt(
        action="smoke_na",
        title=f"NOT APPLICABLE: {clean(item.title)}",
        body=lambda view, _choice: _follows(view.state, item, SmokeState.NOT_APPLICABLE),
        moved=_moved(item),
        command=command,
    )


def _moved(item: SmokeStatus) -> Callable[[View], str]:
    """S18: says that `item` is no longer as it was when the prompt opened, or nothing."""

    def moved(view: View) -> str:
        now = view.state.smoke[item.id]
        return "" if now.revision == item.revision else f"{item.id} is {SMOKE[now.state].word} now"

    return moved


def _found(item: SmokeStatus) -> Row:
    """What the test itself said last."""
    sign = SMOKE[item.state]
    if not item.runs:
        return Row("The test", (Span("has not been run: enter runs it", Tone.WARN),))
    said = clean(item.note) or (clean(item.evidence[-1].detail) if item.evidence else "")
    words: Line = (
        Span(f"{sign.shape} {sign.word}".strip(), sign.tone),
        Span(f"  {said}" if said else "", Tone.TEXT),
        Span(f"  {utc_of(item.at)} {clean(item.by)}", Tone.QUIET),
    )
    return Row("It says", words)


def _follows(state: RunState, item: SmokeStatus, to: SmokeState) -> list[Row]:
    """What a mark brings about."""
    if to is SmokeState.FAIL and item.mandatory:
        alarm = Row("Then", (Span("an alarm; r offers the way back", Tone.TEXT),))
        return [_closes(state, "with this mark"), alarm] if shuts_out(state, item) else [_stays_closed()]
    if to in {SmokeState.PASS, SmokeState.NOT_APPLICABLE} and item.mandatory:
        words = "the item no longer keeps traffic out"
        return [Row("Then", (Span(words, Tone.TEXT),))]
    if to is SmokeState.BLOCKED and item.mandatory:
        return [Row("Then", (Span("nobody knows whether it works: traffic waits for it", Tone.TEXT),))]
    return [Row("Then", (Span("the item is optional: traffic does not wait for it", Tone.QUIET),))]


def _closes(state: RunState, when: str) -> Row:
    at_once = "" if state.traffic is Traffic.OPEN else " as soon as it is open,"
    return Row("CLOSES", (Span(f"PUBLIC TRAFFIC,{at_once} {when}; undo does not open it again", Tone.BREACH),))


def _stays_closed() -> Row:
    return Row("Then", (Span("an alarm; traffic stays closed", Tone.WARN),))
