"""The dialog of a prompt: drawn by the presenter, filled in by a human."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.commands import Command
from controlroom.ui.presenter.prompt import Prompt, dialog, filled, objection
from controlroom.ui.presenter.text import clean
from controlroom.ui.presenter.typed import EXPIRES_S, Move, Typed
from controlroom.ui.screens.overlay import Overlay

if TYPE_CHECKING:
    from controlroom.ui.presenter.text import Line
    from controlroom.ui.presenter.view import View


class PromptScreen(Overlay[Command]):
    """Asks one question; ends with the command to give, or with None and, in `ended`, why."""

    typing = True

    def __init__(self, prompt: Prompt, opened: float) -> None:
        super().__init__()
        self._prompt = prompt
        self._choice = 0
        self._typed = Typed(opened, fields=2 if prompt.words else 1)
        self.ended = "cancelled"

    @property
    def word(self) -> str:
        """The word that was typed, for the key line; a reason is nobody's business there."""
        return self._typed.texts[0].strip() if self._prompt.words else "…"

    @property
    def asked_for(self) -> str:
        """What would have been done."""
        return clean(self._prompt.title)

    def draw(self, view: View, width: int, height: int) -> list[Line]:
        """The dialog."""
        now = self.room.timing.monotonic()
        return dialog(self._prompt, self._typed, self._choice, view, now, width, height)

    def tick(self) -> None:
        """Close when nobody has touched it for too long."""
        if self._typed.left_s(self.room.timing.monotonic()) <= 0:
            self.ended = f"left alone for {EXPIRES_S:.0f} s"
            self.dismiss(None)
            return
        super().tick()

    def pasted(self) -> None:
        """Pasted text never confirms."""
        self._typed.pasted()
        self.tick()

    def key(self, name: str, character: str | None, when: float) -> None:
        """Type, choose, confirm or cancel."""
        choice = self._prompt.choice
        if choice is not None and name in {"left", "right"}:
            self._choice = (self._choice + (1 if name == "right" else -1)) % len(choice.options)
        word = self._typed.texts[0]
        asks_why = self._prompt.wants_reason(word, self._choice) and not objection(self._prompt, word)
        self._typed.due = 2 if asks_why else 1
        move = self._typed.key(name, character, when)
        if move is Move.CANCEL:
            self.dismiss(None)
        elif move is Move.SUBMIT:
            self._submit()
        else:
            self.tick()
            self.paint([(self.box, self._lines)])

    def _submit(self) -> None:
        view = self.room.mirror.view(self.room.timing.monotonic())
        if view is None:
            return
        ready = filled(self._prompt, self._typed.texts, self._choice, view)
        if ready.command is None:
            self._typed.refuse(ready.why, clears=bool(objection(self._prompt, self._typed.texts[0])))
            self.tick()
            return
        self.dismiss(ready.command)
