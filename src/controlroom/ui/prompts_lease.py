"""The prompt about who drives: what it asks depends on who sits at the screen, and whether a hand-over is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run import commands as cmd
from controlroom.run.gates import is_meant
from controlroom.ui.presenter.figures import utc_of
from controlroom.ui.presenter.prompt import Prompt, Row, Word
from controlroom.ui.presenter.text import Span, Tone, clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.state import HandOverStatus
    from controlroom.ui.presenter.view import View
    from controlroom.ui.situation import Situation


def lease(at: Situation) -> Prompt:
    """Accept what is offered, withdraw what one has offered, hand over, or take."""
    state, operator = at.view.state, at.view.operator
    offer = state.handover
    if offer is not None and is_meant(offer.to, operator):
        return _accept(offer)
    if state.lease is None or state.lease.operator != operator:
        return _take(at)
    return _hand_over(at) if offer is None else _keep(offer)


def _take(at: Situation) -> Prompt:
    """Become the driver in place of somebody else."""
    held = at.view.state.lease
    holder = clean(held.operator) if held else "nobody"

    def body(_view: View, _choice: int) -> list[Row]:
        since = f" since {held.since[11:19]}Z from {clean(held.host)}" if held else ""
        return [
            Row("Drives", (Span(f"{holder}{since}", Tone.STRONG),)),
            Row("Then", (Span(f"you drive, and {holder} is told", Tone.TEXT),)),
        ]

    return Prompt(action="lease", title="TAKE THE LEASE", body=body, command=lambda f: cmd.TakeLease(reason=f.reason))


def _hand_over(at: Situation) -> Prompt:
    """Offer the lease: the name of the next one, a colon, and what that one has to know."""
    others = [clean(name) for name in at.view.screens if name != at.view.operator]

    def body(_view: View, _choice: int) -> list[Row]:
        return [
            Row("Type", (Span("NAME: what the next one has to know", Tone.STRONG),)),
            Row("At hand", (Span(", ".join(others) or "nobody else has a screen open", Tone.TEXT),)),
            Row("Then", (Span("you drive until it is accepted there, with L", Tone.TEXT),)),
        ]

    def command(text: str) -> cmd.Command:
        name, _, note = text.partition(":")
        return cmd.HandOver(to=name.strip(), reason=note.strip())

    return Prompt(
        action="lease",
        title="HAND OVER",
        body=body,
        text_label="to: note",
        command=lambda f: command(f.reason),
    )


def _accept(offer: HandOverStatus) -> Prompt:
    """Drive from now on, or say no."""
    words = (
        Word("accept", "drive from now on", lambda _: cmd.AcceptLease()),
        Word("decline", "leave it where it is", lambda f: cmd.KeepLease(reason=f.reason)),
    )
    return Prompt(
        action="lease", title="HAND-OVER TO YOU", body=_rows(offer, "you drive"), words=words, moved=_moved(offer)
    )


def _keep(offer: HandOverStatus) -> Prompt:
    """Take the offer back."""
    words = (Word("keep", "withdraw the hand-over", lambda f: cmd.KeepLease(reason=f.reason)),)
    return Prompt(
        action="lease", title="KEEP THE LEASE", body=_rows(offer, "you drive on"), words=words, moved=_moved(offer)
    )


def _rows(offer: HandOverStatus, then: str) -> Callable[[View, int], list[Row]]:
    rows = [
        Row("From", (Span(f"{clean(offer.by)} to {clean(offer.to)}, at {utc_of(offer.at)}", Tone.STRONG),)),
        Row("Note", (Span(clean(offer.note), Tone.TEXT),)),
        Row("Then", (Span(then, Tone.TEXT),)),
    ]
    return lambda _view, _choice: rows


def _moved(offer: HandOverStatus) -> Callable[[View], str]:
    return lambda view: "" if view.state.handover == offer else "the hand-over is not what it was"
