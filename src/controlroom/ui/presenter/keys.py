"""The two lines at the bottom: what was pressed and what it meant, and what can be pressed now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, fit, packed, sides, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence


class Hint(NamedTuple):
    """One key of the hint line."""

    key: str
    label: str
    enabled: bool
    weight: int = 5


class Said(NamedTuple):
    """The last answer to a key, shown until the next one."""

    text: str
    tone: Tone = Tone.TEXT


TRAIL = 6
"""Keys that the key line remembers at most."""
QUIET = Said("", Tone.QUIET)


def key_line(pressed: Sequence[str], said: Said, width: int, *, read_only: bool = False, hold: str = "p") -> Line:
    """`keys › a › 3   ✓ advancing to catalog` and, on the right, `hold`: the one key that always works.

    Without a `hold` other lines show it.
    """
    rights: list[Line] = [EMPTY]
    if hold and not read_only:
        words = (" HOLD, always one key ", " HOLD ")
        rights = [(Span("  "), Span(hold, Tone.KEY), Span(word, Tone.TEXT)) for word in words]
    # The answer must be read: the trail of keys, and the words beside the hold key, give way to it.
    least = width_of(rights[-1])
    kept = next((n for n in range(TRAIL, 0, -1) if width_of(_told(pressed[-n:], said)) + least <= width), 0)
    left = _told(pressed[-kept:] if kept else (), said)
    right = next((r for r in rights if width_of(r) + width_of(left) <= width), rights[-1])
    return sides(left, right, width)


def _told(pressed: Sequence[str], said: Said) -> Line:
    """The last keys, and what came of them."""
    spans: list[Span] = [Span(" keys", Tone.FAINT)] if pressed or not said.text else []
    for key in pressed:
        spans += [Span(" › ", Tone.FAINT), Span(clean(key), Tone.STRONG)]
    if said.text:
        spans += [Span("   " if spans else " "), Span(clean(said.text), said.tone)]
    return tuple(spans)


def answered(said: Said, keys: Sequence[Hint], width: int) -> Line:
    """The last answer in place of the hints, with `keys` beside it."""
    left: Line = (Span(" "), Span(clean(said.text), said.tone))
    return sides(left, tuple(span for hint in keys for span in (Span("  "), *_hint(hint))), width)


def _hint(hint: Hint) -> Line:
    key_tone = Tone.KEY if hint.enabled else Tone.FAINT
    label_tone = Tone.TEXT if hint.enabled else Tone.FAINT
    return (Span(hint.key, key_tone), Span(f" {hint.label}", label_tone))


def hints(subject: str, keys: Sequence[Hint], width: int) -> Line:
    """` auth │ a advance  p HOLD  r roll back…`: the most useful keys that fit, disabled ones in grey."""
    parts: list[tuple[int, Line]] = []
    if subject:
        parts.append((6, (Span(clean(subject), Tone.STRONG), Span(" │", Tone.FAINT))))
    parts += [(hint.weight, _hint(hint)) for hint in keys]
    return fit((Span(" "), *packed(parts, width - 2, "  ")), width)
