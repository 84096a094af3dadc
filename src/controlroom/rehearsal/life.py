"""Who a process is and whether it still lives, and how a child dies with its parent."""

import contextlib
import ctypes
import os
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_DEAD: Final = frozenset("ZX")
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def started(pid: int) -> int | None:
    """When `pid` began, in clock ticks since boot; None when it is dead, a zombie included.

    Together with the pid this names one process for good: a reused pid has another start.
    """
    with contextlib.suppress(OSError):
        # The name is in parentheses and may hold spaces and parentheses itself.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        if fields[0] not in _DEAD:
            return int(fields[19])
    return None


def alive(pid: int, since: int) -> bool:
    """Whether the process that had `pid` and began at `since` still runs."""
    return started(pid) == since


def die_with_parent(signal_number: int, parent: int) -> None:
    """Have the kernel send this process `signal_number` when the thread of `parent` that forked it ends.

    Called in the child. It leaves at once when `parent` died before the request was made.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
