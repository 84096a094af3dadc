"""CPU and memory of a process tree, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """CPU seconds used so far and resident bytes now."""

    cpu_s: float
    rss: int


def usage(pid: int) -> Usage:
    """Of one process; raises FileNotFoundError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    rss = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    return Usage((int(fields[11]) + int(fields[12])) / TICKS, rss)


def tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def usage_of_tree(root: int) -> Usage:
    """Summed over a process and all that descend from it now."""
    total = Usage(0.0, 0)
    for pid in tree(root):
        try:
            one = usage(pid)
        except (OSError, IndexError):
            continue
        total = Usage(total.cpu_s + one.cpu_s, total.rss + one.rss)
    return total
