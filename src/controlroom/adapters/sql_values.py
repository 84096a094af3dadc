"""The one value that a query is asked for: of its only row, the newest of its numbers, or how many rows there are."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final, Protocol

from controlroom.errors import ActionError


class Taker(Protocol):
    """Takes rows one by one and keeps only what the value needs; raises ActionError when there is none."""

    def add(self, column: object) -> None:
        """The first column of the next row."""

    def value(self) -> str:
        """The value, as text."""


class _Only:
    """The first column of the only row."""

    def __init__(self) -> None:
        self._values: list[object] = []

    def add(self, column: object) -> None:
        self._values.append(column)
        if len(self._values) > 1:
            raise ActionError("the query found more than one row; take: newest or take: count would say which")

    def value(self) -> str:
        if not self._values:
            raise ActionError("the query found no row")
        return _text(self._values[0])


class _Newest:
    """The largest first column, compared as a number, in its own spelling."""

    def __init__(self) -> None:
        self._newest: tuple[Decimal, str] | None = None

    def add(self, column: object) -> None:
        text = _text(column)
        size = number(text)
        if size is None:
            raise ActionError(f"{text!r} is no number, so there is no newest")
        if self._newest is None or size > self._newest[0]:
            self._newest = size, text

    def value(self) -> str:
        if self._newest is None:
            raise ActionError("the query found no row")
        return self._newest[1]


class _Count:
    """How many rows there are."""

    def __init__(self) -> None:
        self._rows = 0

    def add(self, _column: object) -> None:
        self._rows += 1

    def value(self) -> str:
        return str(self._rows)


TAKERS: Final[dict[str, type[Taker]]] = {"only": _Only, "newest": _Newest, "count": _Count}


def number(text: str) -> Decimal | None:
    """The number that `text` is, None when it is none."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _text(value: object) -> str:
    """A column as the plan compares it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
