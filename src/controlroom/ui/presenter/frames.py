"""Frames around panes: a title on the left of the upper edge, a summary on its right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, fit, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def edge(width: int, title: Line, right: Line = EMPTY, *, tone: Tone = Tone.FRAME, corners: str = "╭╮") -> Line:
    """The upper edge of a frame, exactly `width` cells."""
    room = width - 4
    if right and width_of(title) + width_of(right) + 5 <= room:
        middle = room - width_of(title) - width_of(right) - 4
        return (
            Span(f"{corners[0]}─ ", tone),
            *title,
            Span(" " + "─" * middle + " ", tone),
            *right,
            Span(f" ─{corners[1]}", tone),
        )
    title = fit(title, room - 2) if width_of(title) > room - 2 else title
    rest = room - 2 - width_of(title)
    return (Span(f"{corners[0]}─ ", tone), *title, Span(" " + "─" * (rest + 1) + corners[1], tone))


def framed(
    body: Sequence[Line],
    width: int,
    height: int,
    *,
    title: Line,
    right: Line = EMPTY,
    focused: bool = False,
    tone: Tone | None = None,
) -> list[Line]:
    """`body` in a frame of exactly `width` by `height` cells; what does not fit below is left out."""
    tone = tone or (Tone.FRAME_FOCUS if focused else Tone.FRAME)
    side = Span("│", tone)
    lines = [edge(width, title, right, tone=tone)]
    for row in range(height - 2):
        content = body[row] if row < len(body) else EMPTY
        lines.append((side, *fit(content, width - 2), side))
    if height > 1:
        lines.append((Span("╰" + "─" * (width - 2) + "╯", tone),))
    return lines[:height]


class Scroll:
    """Where a list of rows stands; it moves by pages, and only when the selected row would be out of sight."""

    def __init__(self) -> None:
        self.first = 0

    def follow(self, count: int, height: int, anchor: int) -> int:
        """The first row to show so that `anchor` is seen, with a row to spare for what says how many are hidden."""
        last = max(0, count - height)
        self.first = min(self.first, last)
        above = 1 if self.first else 0
        below = 1 if self.first < last else 0
        if anchor < self.first + above:
            self.first = max(0, anchor - height + 3)
        elif anchor > self.first + height - 1 - below:
            self.first = min(last, anchor - 2)
        return self.first


def window(
    draw: Callable[[int], Line], count: int, height: int, anchor: int, scroll: Scroll | None = None
) -> list[Line]:
    """The rows around row `anchor` of `count` that fit in `height`; no other is drawn, and edges say what is hidden."""
    if count <= height or height <= 0:
        return [draw(at) for at in range(min(count, max(height, 0)))]
    if scroll is None or height < 5:  # noqa: PLR2004 - no room to move in
        first = min(max(anchor - height // 2, 0), count - height)
    else:
        first = scroll.follow(count, height, anchor)
    last = first + height - 1
    rows: list[Line] = []
    for at in range(first, last + 1):
        if at == first and first and at != anchor:
            rows.append((Span(f"  ↑ {first + 1} more", Tone.QUIET),))
        elif at == last and last < count - 1 and at != anchor:
            rows.append((Span(f"  ↓ {count - last} more", Tone.QUIET),))
        else:
            rows.append(draw(at))
    return rows
