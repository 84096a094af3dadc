"""The help page: every key with its meaning, and why some cannot be used now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, fit, pad, width_of, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence


class Entry(NamedTuple):
    """One action: its keys, what it is called and does, and why not now."""

    keys: str
    label: str
    tooltip: str
    group: str
    disabled: str = ""


_KEYS, _LABEL = 12, 17
_INDENT = 3 + _KEYS + _LABEL
_LEAST = 12
"""Cells that words get in any case."""

SIGNS: tuple[tuple[str, str], ...] = (
    ("◆ AT GATE", "waits for you"),
    ("▶ ▷", "deploying, verifying"),
    ("✓ ✗ ?", "good, failed, nobody knows"),
    ("◀ ◁", "rolling back, rolled back"),
    ("─ ▁▃▇", "healthy; a seventh of the limit each"),
    ("█", "beyond the limit, or unhealthy"),
    ("·", "no data: never read as healthy; blank: nothing to measure"),
    ("┊", "a step of that service began"),
)


def help_rows(entries: Sequence[Entry], width: int) -> list[Line]:
    """The page's rows."""
    rows: list[Line] = []
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            rows += [EMPTY] if rows else []
            rows.append((Span(f" {group}", Tone.STRONG),))
        rows += _entry_rows(entry, width)
    rows += [EMPTY, (Span(" Signs", Tone.STRONG),)]
    rows += [fit((Span(f"   {pad(sign, 12)}", Tone.TEXT), Span(meaning, Tone.QUIET)), width) for sign, meaning in SIGNS]
    return rows


def _entry_rows(entry: Entry, width: int) -> list[Line]:
    """One row, or where it has no room the words and the reason below one another: none of them is cut."""
    head: Line = (
        Span(f"   {pad(entry.keys, _KEYS)}", Tone.FAINT if entry.disabled else Tone.KEY),
        Span(pad(entry.label, _LABEL), Tone.QUIET if entry.disabled else Tone.TEXT),
    )
    why = f"not now: {clean(entry.disabled)}" if entry.disabled else ""
    whole = (*head, Span(entry.tooltip, Tone.QUIET), Span(f"   {why}" if why else "", Tone.WARN))
    if width_of(whole) <= width:
        return [fit(whole, width)]
    room = max(_LEAST, width - _INDENT)
    told = [Span(row, Tone.QUIET) for row in wrapped(entry.tooltip, room)]
    told += [Span(row, Tone.WARN) for row in wrapped(why, room)]
    below: Line = (Span(" " * _INDENT),)
    return [fit((*(below if at else head), words), width) for at, words in enumerate(told)]
