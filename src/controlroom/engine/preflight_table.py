"""The table of a preflight, for a terminal: what passed, what one should know, what failed with its fix, the count."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from controlroom.run.events import PreflightResult

WIDTH = 80
"""Columns of the narrowest terminal that is designed for."""
_WIDEST_SUBJECT = 26
_MARK = 6
"""Columns of `ok`, `warn` and `FAIL` with the blanks behind."""
_ARROW = "→ "


def table(results: Sequence[PreflightResult], width: int = WIDTH) -> str:
    """The results in at most `width` columns, words longer than that excepted.

    Failures come last: on a terminal that scrolls they are what stays in sight.
    """
    subjects = min(_WIDEST_SUBJECT, max((len(result.subject) for result in results), default=0))
    lines: list[str] = []
    for result in sorted(results, key=lambda result: (not result.ok, result.warn)):
        lines += _rows(result, subjects, width)
    return "\n".join([*lines, count_of(results)])


def count_of(results: Sequence[PreflightResult]) -> str:
    """How many failed: `42 checks passed, 2 warnings`, `3 of 42 checks failed`."""
    failed, warned = sum(not result.ok for result in results), sum(result.warn for result in results)
    said = f"{failed} of {len(results)} checks failed" if failed else f"{_number(len(results), 'check')} passed"
    return f"{said}, {_number(warned, 'warning')}" if warned else said


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _rows(result: PreflightResult, subjects: int, width: int) -> Iterator[str]:
    column = _MARK + subjects + 2
    mark = f"{'FAIL' if not result.ok else 'warn' if result.warn else 'ok':{_MARK}}"
    detail = _wrapped(result.detail, column, "", width)
    if len(result.subject) > subjects:
        yield f"{mark}{result.subject}"
    else:
        yield f"{mark}{result.subject:{subjects}}  {detail.pop(0).strip()}".rstrip()
    yield from detail
    if result.fix:
        yield from _wrapped(result.fix, column, _ARROW, width)


def _wrapped(text: str, column: int, sign: str, width: int) -> list[str]:
    """`text` from `column` on, `sign` before its first line."""
    return textwrap.wrap(
        text,
        width=max(width, column + 20),
        initial_indent=" " * column + sign,
        subsequent_indent=" " * (column + len(sign)),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
