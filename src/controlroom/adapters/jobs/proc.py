"""What the kernel says about processes: who is alive, in which group, descended from whom.

A process is dead once it is a zombie, and is only itself while its start time is the same: pids are used again. Runs in
the supervisor too, so it imports little.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing would take a third of the time that a supervisor needs to start
if TYPE_CHECKING:
    from collections.abc import Iterator

_DEAD = {"Z", "X", "x"}


class Process:
    """One living process; `start` is in clock ticks since the machine came up."""

    __slots__ = ("group", "parent", "pid", "session", "start")

    def __init__(self, pid: int, parent: int, group: int, session: int, start: int) -> None:
        self.pid, self.parent, self.group, self.session, self.start = pid, parent, group, session, start


def find(pid: int) -> Process | None:
    """The living process `pid`, if there is one."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib takes 6 ms to import
            line = file.read().decode("ascii", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in parentheses, which may hold anything.
    fields = line[line.rindex(")") + 2 :].split()
    if fields[0] in _DEAD:
        return None
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def is_alive(pid: int, start: int) -> bool:
    """Whether the process that began at `start` as `pid` still runs."""
    found = find(pid)
    return found is not None and found.start == start


def everyone() -> Iterator[Process]:
    """Every living process that can be seen."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - as above
        if name.isdigit() and (found := find(int(name))):
            yield found


def members(group: int, session: int) -> list[Process]:
    """The living processes of `group` within `session`."""
    return [process for process in everyone() if process.group == group and process.session == session]


def descendants(pid: int) -> list[Process]:
    """The living processes that `pid` and its children brought forth; complete if `pid` is a subreaper."""
    children: dict[int, list[Process]] = {}
    for process in everyone():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    parents = [pid]
    while parents:
        born = children.pop(parents.pop(), [])
        found += born
        parents += [process.pid for process in born]
    return found


def boot() -> str:
    """What tells this boot of the machine from any other: start times begin anew with each."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 - as above
        return file.read().strip()
