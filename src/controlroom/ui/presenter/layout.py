"""Where each pane goes at each size: four designed forms, from 160x48 down to a few lines."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

HEADER, STATUS, STRIP = "header", "status", "strip"
SEQUENCE, TRENDS, CHECKLIST, JOURNAL = "sequence", "trends", "checklist", "journal"
KEYLINE, HINTS = "keyline", "hints"
PANES = (SEQUENCE, TRENDS, CHECKLIST, JOURNAL)
"""The panes that `tab` goes through, in this order."""

ROOMY = 80
"""Columns from which on lines have room for whole words."""
KEYLINE_FROM = 10
"""Rows from which on the smallest form has a key line; below, an answer takes the place of the hints."""


class Form(StrEnum):
    """A designed arrangement."""

    WIDE = "wide"
    MEDIUM = "medium"
    SMALL = "small"
    TINY = "tiny"


class Box(NamedTuple):
    """A rectangle in cells."""

    x: int
    y: int
    width: int
    height: int


class Demand(NamedTuple):
    """Rows that the run's own contents would like to have."""

    strip: int = 0
    sequence: int = 10
    trends: int = 10
    checklist: int = 5


def form_of(width: int, height: int) -> Form:
    """The form for a terminal of `width` by `height`."""
    if width >= 140 and height >= 40:  # noqa: PLR2004 - the designed sizes, with some slack
        return Form.WIDE
    if width >= 100 and height >= 30:  # noqa: PLR2004
        return Form.MEDIUM
    if width >= 64 and height >= 18:  # noqa: PLR2004
        return Form.SMALL
    return Form.TINY


def strip_room(form: Form) -> int:
    """Most lines that the alarm strip may take."""
    return {Form.WIDE: 4, Form.MEDIUM: 4, Form.SMALL: 2, Form.TINY: 2}[form]


def strip_rows(form: Form, height: int, demand: int) -> int:
    """Lines of the alarm strip: never so many that no row is left for the step under way."""
    around = sum(tiny_edges(height)) + 1 if form is Form.TINY else 4
    return min(demand, strip_room(form), max(0, height - around))


def body_box(width: int, height: int, strip: int) -> Box:
    """What lies between the strip and the key line: where detail, log, chart and help are shown."""
    form = form_of(width, height)
    strip = strip_rows(form, height, strip)
    top, bottom = tiny_edges(height) if form is Form.TINY else (2, 2)
    return Box(0, top + strip, width, max(1, height - top - bottom - strip))


def centred(width: int, height: int, inner_width: int, inner_height: int) -> Box:
    """A dialog of the given size in the middle."""
    return Box((width - inner_width) // 2, max(0, (height - inner_height) // 2), inner_width, inner_height)


def arrange(width: int, height: int, demand: Demand, lower: str = TRENDS) -> dict[str, Box]:
    """The boxes of everything that is shown.

    `lower` is the pane below the sequence where only one has room, and in the smallest form the only pane.
    """
    form = form_of(width, height)
    strip = strip_rows(form, height, demand.strip)
    if form is Form.TINY:
        return _tiny(width, height, strip, lower if lower in PANES else SEQUENCE)
    boxes = {
        HEADER: Box(0, 0, width, 1),
        STATUS: Box(0, 1, width, 1),
        KEYLINE: Box(0, height - 2, width, 1),
        HINTS: Box(0, height - 1, width, 1),
    }
    if strip:
        boxes[STRIP] = Box(0, 2, width, strip)
    top, body = 2 + strip, height - 4 - strip
    if form is Form.SMALL:
        upper = max(5, min(demand.sequence + 2, body - 8))
        boxes[SEQUENCE] = Box(0, top, width, upper)
        boxes[lower if lower in PANES[1:] else TRENDS] = Box(0, top + upper, width, body - upper)
        return boxes
    return boxes | _two_columns(form, width, top, body, demand)


def tiny_edges(height: int) -> tuple[int, int]:
    """Rows above and below everything else: the second one on either side only where there is room for it."""
    return (2 if height > 4 else 1), (2 if height >= KEYLINE_FROM else 1)  # noqa: PLR2004 - alarm, step and hold first


def _two_columns(form: Form, width: int, top: int, body: int, demand: Demand) -> dict[str, Box]:
    left = width * (42 if form is Form.WIDE else 44) // 100
    journal_least = 8 if form is Form.WIDE else 6
    right = demand.trends + 3 + demand.checklist + 3
    upper = min(body - journal_least, max(demand.sequence + 2, right, body * 6 // 10))
    checklist = max(5, min(demand.checklist + 3, upper // 2))
    trends = upper - checklist
    if trends > demand.trends + 3:
        trends = demand.trends + 3
        checklist = upper - trends
    return {
        SEQUENCE: Box(0, top, left, upper),
        TRENDS: Box(left, top, width - left, trends),
        CHECKLIST: Box(left, top + trends, width - left, checklist),
        JOURNAL: Box(0, top + upper, width, body - upper),
    }


def _tiny(width: int, height: int, strip: int, pane: str) -> dict[str, Box]:
    """Header, phase and hold, alarms, the running step and the hold key: what must stay when almost nothing fits."""
    above, below = tiny_edges(height)
    boxes = {HEADER: Box(0, 0, width, 1)}
    if above > 1:
        boxes[STATUS] = Box(0, 1, width, 1)
    if strip and height > 2:  # noqa: PLR2004 - header and hints come first
        boxes[STRIP] = Box(0, above, width, strip)
    rest = height - above - below - strip
    if rest > 0:
        boxes[pane] = Box(0, above + strip, width, rest)
    if below > 1:
        boxes[KEYLINE] = Box(0, height - 2, width, 1)
    if height > 1:
        boxes[HINTS] = Box(0, height - 1, width, 1)
    return boxes
