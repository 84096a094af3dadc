"""What a person would see: the characters on a terminal, and the modes a program has set, from the bytes it wrote.

Kept to what programs here send, so that it can refuse the rest: a sequence that it does not know is an error, for a
picture that is silently wrong would make wrong figures.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f]+)"
    r"|\x1b\[(?P<mark>[<=>?]?)(?P<numbers>[0-9;:]*)(?P<between>[ -/]*)(?P<end>[@-~])"
    r"|\x1b[\]P^_X].*?(?:\x07|\x1b\\)"
    r"|(?P<cut>\x1b(?:\[[0-?]*[ -/]*)?[\x18\x1a])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|\x1b(?P<short>[=>78cDM])",
    re.DOTALL,
)
_LONGEST = 4096
"""Characters that may wait for the end of their sequence."""

_ALTERNATE = frozenset({"47", "1047", "1049"})
_SYNC = "2026"
_AT_START = frozenset({"7", "25"})
"""Line wrap and cursor are on in a fresh terminal."""

_LEAVES_NO_MARK = frozenset("mctnpqu")
"""Colours, and questions to the terminal."""


class UnknownSequenceError(ValueError):
    """The program wrote something that this terminal was not made for."""


class Picture:
    """A terminal of `columns` by `lines` characters."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.modes = set(_AT_START)
        self.keyboard = 0
        """How many kitty keyboard modes are stacked."""
        self._rows = self._blank()
        self._x = self._y = 0
        self._before: tuple[list[list[str]], int, int] | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    @property
    def whole(self) -> bool:
        """False inside a synchronized update, whose middle nobody sees."""
        return _SYNC not in self.modes

    def text(self) -> str:
        """The rows, without the blanks at their ends."""
        return "\n".join("".join(row).rstrip() for row in self._rows)

    def left_set(self) -> list[str]:
        """The modes that are not as they were at the start."""
        left = sorted(self.modes ^ _AT_START)
        return [*left, "kitty keyboard"] if self.keyboard else left

    def feed(self, data: bytes) -> None:
        """Take the next bytes in. Raises UnknownSequenceError."""
        text = self._rest + self._decoder.decode(data)
        at = 0
        while at < len(text) and (token := _TOKEN.match(text, at)):
            at = token.end()
            if token["text"]:
                self._put(token["text"])
            elif token["end"]:
                self._sequence(token["mark"], token["numbers"], token["between"], token["end"])
            elif token["control"]:
                self._control(token["control"])
        self._rest = text[at:]
        if len(self._rest) > _LONGEST:
            raise UnknownSequenceError(repr(self._rest[:40]))

    def _blank(self) -> list[list[str]]:
        return [[" "] * self.columns for _ in range(self.lines)]

    def _put(self, text: str) -> None:
        for character in text:
            width = _width(character)
            if not width:
                continue
            if self._x + width > self.columns:
                if "7" not in self.modes:
                    self._x = self.columns - width
                else:
                    self._x, self._y = 0, min(self._y + 1, self.lines - 1)
            self._rows[self._y][self._x : self._x + width] = [character, ""][:width]
            self._x += width

    def _control(self, character: str) -> None:
        if character == "\r":
            self._x = 0
        elif character == "\n":
            if self._y == self.lines - 1:
                self._rows = [*self._rows[1:], [" "] * self.columns]
            self._y = min(self._y + 1, self.lines - 1)
        elif character == "\b":
            self._x = max(0, self._x - 1)

    def _sequence(self, mark: str, numbers: str, between: str, end: str) -> None:
        if mark:
            self._private(mark, numbers, end)
            return
        if end in _LEAVES_NO_MARK or between:
            return
        move = _MOVES.get(end)
        if move is None:
            raise UnknownSequenceError(f"ESC [ {numbers} {end}")
        move(self, [int(number or 0) for number in numbers.split(";")])
        self._x, self._y = min(self._x, self.columns - 1), min(self._y, self.lines - 1)

    def _private(self, mark: str, numbers: str, end: str) -> None:
        if mark in "<>" and end == "u":
            self.keyboard = max(0, self.keyboard + (1 if mark == ">" else -1))
        elif mark == "?" and end in "hl":
            for mode in numbers.split(";"):
                self._switch(mode, on=end == "h")

    def _switch(self, mode: str, *, on: bool) -> None:
        (self.modes.add if on else self.modes.discard)(mode)
        if mode not in _ALTERNATE:
            return
        if on and self._before is None:
            self._before, self._rows = (self._rows, self._x, self._y), self._blank()
        elif not on and self._before is not None:
            (self._rows, self._x, self._y), self._before = self._before, None

    def _to(self, at: list[int]) -> None:
        self._y, self._x = max(1, at[0]) - 1, (max(1, at[1]) if len(at) > 1 else 1) - 1

    def _up(self, by: list[int]) -> None:
        self._y = max(0, self._y - max(1, by[0]))

    def _down(self, by: list[int]) -> None:
        self._y += max(1, by[0])

    def _right(self, by: list[int]) -> None:
        self._x += max(1, by[0])

    def _left(self, by: list[int]) -> None:
        self._x = max(0, self._x - max(1, by[0]))

    def _wipe_line(self, which: list[int]) -> None:
        first, last = ((self._x, self.columns), (0, self._x + 1), (0, self.columns))[which[0]]
        self._rows[self._y][first:last] = [" "] * (last - first)

    def _wipe(self, which: list[int]) -> None:
        blank = self._blank()
        if which[0] == 0:
            self._rows[self._y + 1 :] = blank[self._y + 1 :]
        elif which[0] == 1:
            self._rows[: self._y] = blank[: self._y]
        else:
            self._rows = blank
        if which[0] < 2:
            self._wipe_line(which)


_MOVES: dict[str, Callable[[Picture, list[int]], None]] = {
    "H": Picture._to,  # noqa: SLF001 - the table belongs to the class
    "A": Picture._up,  # noqa: SLF001
    "B": Picture._down,  # noqa: SLF001
    "C": Picture._right,  # noqa: SLF001
    "D": Picture._left,  # noqa: SLF001
    "J": Picture._wipe,  # noqa: SLF001
    "K": Picture._wipe_line,  # noqa: SLF001
}


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
