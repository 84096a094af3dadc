"""Rows of text in columns as wide as they need to be."""

from __future__ import annotations

import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def aligned(rows: Iterable[Sequence[str]], *, indent: str = "  ") -> list[str]:
    """One line a row, columns two blanks apart, nothing trailing."""
    listed = [list(row) for row in rows]
    widths = [max(map(_cells, column)) for column in zip_longest(*listed, fillvalue="")]
    return [
        (
            indent + "  ".join(cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=False))
        ).rstrip()
        for row in listed
    ]


def _cells(text: str) -> int:
    """Cells that a terminal gives `text`: two for wide characters, none for combining ones."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)
