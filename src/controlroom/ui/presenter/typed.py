"""Tells deliberate keys from pasted text, stray bursts and keys typed before the eye could see.

A raw paste walks straight through ordinary dialogs; keys typed while a link is stuck all arrive at once afterwards.
Times are those at which the terminal delivered a key (monotonic seconds), so that a busy screen cannot blur them.
"""

from __future__ import annotations

from enum import Enum, auto

EARLY_S = 0.4
"""Keys that came before a prompt could be read are dropped."""

ENTER_AFTER_S = 0.15
"""Enter counts only this long after the last character: a paste that contains Enter confirms nothing."""

EXPIRES_S = 30.0
"""A prompt that nobody touches closes."""

OPEN_SETTLE_S = 0.05
MARK_SETTLE_S = 0.12
BURST_GAP_S = 0.03
BURST_KEYS = 3

LONGEST = 200
"""Characters of a reason."""


class Move(Enum):
    """What a key did to a prompt."""

    NOTHING = auto()
    CHANGED = auto()
    SUBMIT = auto()
    CANCEL = auto()


class Typed:
    """The text fields of one prompt, as typed by a human; `due` is how many of them must be gone through."""

    def __init__(self, opened: float, fields: int = 1) -> None:
        self.texts = [""] * fields
        self.due = 1
        self.at = 0
        self.notice = ""
        self._opened = opened
        self._touched = opened
        self._last_key = opened

    def key(self, name: str, character: str | None, when: float) -> Move:
        """Take one key that the terminal delivered at `when`."""
        if name == "escape":
            return Move.CANCEL
        if when < self._opened + EARLY_S:
            self.notice = "typed before the prompt could be read: dropped"
            return Move.NOTHING
        self._touched = max(self._touched, when)
        if name == "enter":
            return self._enter(when)
        if name in {"tab", "shift+tab", "down", "up"}:
            self.at = (self.at + (1 if name in {"tab", "down"} else -1)) % len(self.texts)
            return Move.CHANGED
        return self._edit(name, character, when)

    def pasted(self) -> Move:
        """A bracketed paste came."""
        self.notice = "pasted text is refused: type it"
        return Move.CHANGED

    def refuse(self, why: str, *, clears: bool) -> None:
        """Enter came to nothing; `clears` the first field, so that the right word can be typed at once."""
        self.notice = why
        if clears:
            self.texts[0] = ""
            self.at = 0

    def left_s(self, now: float) -> float:
        """Seconds until the prompt closes; 0.0 or less when it must."""
        return EXPIRES_S - (now - self._touched)

    def ready(self, now: float) -> bool:
        """Whether keys count already."""
        return now >= self._opened + EARLY_S

    def _enter(self, when: float) -> Move:
        hasty = when - self._last_key < ENTER_AFTER_S
        self._last_key = when
        if hasty:
            self.notice = "Enter came with the text, as in a paste: press Enter again"
            return Move.NOTHING
        if self.at < self.due - 1:
            self.at += 1
            return Move.CHANGED
        return Move.SUBMIT

    def _edit(self, name: str, character: str | None, when: float) -> Move:
        text = self.texts[self.at]
        if name == "backspace":
            text = text[:-1]
        elif name == "ctrl+u":
            text = ""
        elif character is not None and character.isprintable() and len(text) < LONGEST:
            text += character
        else:
            return Move.NOTHING
        self._last_key = when
        self.notice = ""
        self.texts[self.at] = text
        return Move.CHANGED


class Pressed:
    """Keys of the main screen that wait a moment, to see whether they are one key or a burst."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, int]] = []
        self._group = 0
        self._size = 0
        self._last = float("-inf")

    def add(self, key: str, when: float) -> None:
        """A key that would open or mark something."""
        if self.note(when):
            self._waiting.append((key, self._group))

    def note(self, when: float) -> bool:
        """Any other character counts towards a burst as well; False when this one makes or continues a burst."""
        if when - self._last < BURST_GAP_S:
            self._size += 1
        else:
            self._group, self._size = self._group + 1, 1
        self._last = when
        if self._size < BURST_KEYS:
            return True
        self._waiting = [(key, group) for key, group in self._waiting if group != self._group]
        return False

    def settled(self) -> list[str]:
        """The keys that are no burst, in order; forgets them."""
        keys = [key for key, _ in self._waiting]
        self._waiting.clear()
        return keys
