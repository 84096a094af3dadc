"""Figures beside their targets, and the table that says which are met."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Row:
    """A figure beside its target: at most `limit` times the floor, or `limit` itself where there is no floor.

    Without a limit it is there to explain the one above it.
    """

    what: str
    measured: float
    unit: str
    limit: float | None
    floor: float | None = None
    paired: float | None = None
    """The median of the ratios of neighbours in time, where there are such: a busy minute spoils it least."""

    @property
    def ratio(self) -> float | None:
        """To the floor."""
        if self.floor is None:
            return None
        return self.measured / self.floor if self.paired is None else self.paired

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.limit is None or (self.measured if self.ratio is None else self.ratio) <= self.limit

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        floor = "" if self.floor is None else f"{_number(self.floor)} {self.unit}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x"
        what, measured = self.what, f"{_number(self.measured)} {self.unit}"
        if self.limit is None:
            return what, measured, floor, ratio, "", ""
        target = f"≤ {self.limit:g} {self.unit}" if self.floor is None else f"≤ {self.limit:g} x"
        return what, measured, floor, ratio, target, "ok" if self.met else "MISSED"


@dataclass(frozen=True)
class Broken:
    """What could not be measured, and why: it must not hide the other figures."""

    what: str
    why: str
    met: bool = False

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        return self.what, " ".join(self.why.split())[:LONGEST_WHY].replace("|", "/"), "", "", "", "MISSED"


LONGEST_WHY = 80
MEGA = 1e6
HEAD = ("figure", "measured", "floor: hello", "ratio", "target", "")


def table(rows: Sequence[Row | Broken]) -> str:
    """A Markdown table that is also readable as it stands."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The smallest that 95 % of the values do not exceed."""
    return sorted(values)[-(-len(values) * 95 // 100) - 1]


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 0.001 else "0"
