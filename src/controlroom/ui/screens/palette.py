"""The palette: an action found by its name; offers only what can be done now, and takes no shortcut past a prompt.

What was meant by its name and cannot be done now is shown with the reason, and cannot be chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui import actions, keymap
from controlroom.ui.presenter.frames import framed, window
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, fit, lit, pad, wrapped
from controlroom.ui.presenter.typed import Move, Typed
from controlroom.ui.screens.overlay import Overlay
from controlroom.ui.situation import Situation

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View

WIDTH, ROWS = 74, 12
KEY, LABEL = 7, 18
INDENT = 1 + KEY + LABEL
NOT_HERE = {"palette", "back"}


class Palette(Overlay[str]):
    """Ends with the id of an action, or with None."""

    typing = True

    def __init__(self, at: Situation, opened: float) -> None:
        super().__init__()
        self._at = at
        self._typed = Typed(opened)
        self._chosen = 0

    def found(self, view: View) -> list[actions.Action]:
        """The actions that can be taken now and that answer to what was typed."""
        return [action for action, barred in self._meant(view) if not barred]

    def _meant(self, view: View) -> list[tuple[actions.Action, str]]:
        """The actions that answer to what was typed, each with why it cannot be taken now."""
        at = Situation(view=view, service=self._at.service, item=self._at.item, pane=self._at.pane)
        return [
            (action, action.disabled_reason(at))
            for action in keymap.available(read_only=view.read_only)
            if action.friction is not actions.Friction.NONE
            and action.id not in NOT_HERE
            and action.pane in {"", at.pane}
            and action.answers_to(self._typed.texts[0])
        ]

    def draw(self, view: View, width: int, height: int) -> list[Line]:
        """The field, and what was found."""
        outer = min(width, WIDTH)
        found = self.found(view)
        self._chosen = min(self._chosen, max(0, len(found) - 1))
        rows: list[Line] = []
        for at, action in enumerate(found):
            line = fit((*_named(action, Tone.KEY, Tone.STRONG), Span(action.tooltip, Tone.QUIET)), outer - 2)
            rows.append(lit(line) if at == self._chosen else line)
        if self._typed.texts[0]:
            rows += [row for action, why in self._meant(view) if why for row in _barred(action, why, outer - 2)]
        room = max(1, min(ROWS, height - 6))
        shown = window(rows.__getitem__, len(rows), room, self._chosen) or [
            (Span("  nothing that can be done now", Tone.QUIET),)
        ]
        field: Line = (Span(" › ", Tone.KEY), Span(self._typed.texts[0], Tone.STRONG), Span("▏", Tone.KEY))
        body = [field, EMPTY, *shown, *([EMPTY] * (room - len(shown)))]
        title: Line = (Span("What to do", Tone.STRONG),)
        right: Line = (Span("Esc", Tone.KEY), Span(" back", Tone.QUIET))
        return framed(body, outer, len(body) + 2, title=title, right=right, focused=True)

    def key(self, name: str, character: str | None, when: float) -> None:
        """Type, choose, take."""
        if name in {"down", "up"}:
            self._chosen = max(0, self._chosen + (1 if name == "down" else -1))
            self.tick()
            return
        move = self._typed.key(name, character, when)
        if move is Move.CANCEL:
            self.dismiss(None)
        elif move is Move.SUBMIT:
            view = self.room.mirror.view(self.room.timing.monotonic())
            found = self.found(view) if view else []
            if self._chosen < len(found):
                self.dismiss(found[self._chosen].id)
        else:
            self.tick()

    def pasted(self) -> None:
        """Pasted text finds nothing."""
        self._typed.pasted()
        self.tick()


def _named(action: actions.Action, key: Tone, label: Tone) -> Line:
    return (Span(f" {pad(action.keys[0], KEY)}", key), Span(pad(action.label, LABEL), label))


def _barred(action: actions.Action, why: str, width: int) -> list[Line]:
    """An action with why it cannot be taken now, all of it."""
    told = wrapped(f"not now: {why}", max(LABEL, width - INDENT))
    names: list[Line] = [_named(action, Tone.FAINT, Tone.QUIET), *([(Span(" " * INDENT),)] * (len(told) - 1))]
    return [fit((*name, Span(row, Tone.WARN)), width) for name, row in zip(names, told, strict=True)]
