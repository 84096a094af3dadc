"""Ending a command with everything that it started: asked first, then forced, then looked for.

Runs in the supervisor, so it imports little.
"""

from __future__ import annotations

import os
import signal
import time

from controlroom.adapters.jobs import proc

_FORCE_S = 5.0
"""How long the kernel gets to carry out SIGKILL: a process that waits for a broken disk does not go."""


class Ending:
    """Under way from its construction on; `finished` must be called until it says so.

    `forced` tells whether SIGKILL was needed, `survivors` who is left nevertheless.
    """

    def __init__(self, group: int, grace_s: float) -> None:
        self._group = group
        self._force_at = time.monotonic() + grace_s
        self.forced = False
        self.survivors: list[int] = []
        self._send(signal.SIGTERM, signal.SIGCONT)  # a stopped process would not notice the request

    def finished(self) -> bool:
        """Look again, forcing those who are left once the grace is over; whether nothing remains to be done."""
        self.survivors = [process.pid for process in proc.descendants(os.getpid())]
        late = time.monotonic() - self._force_at
        if self.survivors and late >= 0:
            self.forced = True
            self._send(signal.SIGKILL)
        return not self.survivors or late > _FORCE_S

    def _send(self, *signals: signal.Signals) -> None:
        outside = [process.pid for process in proc.descendants(os.getpid()) if process.group != self._group]
        for number in signals:
            for pid in (-self._group, *outside):
                try:
                    os.kill(pid, number)
                except (ProcessLookupError, PermissionError):
                    continue  # gone already, or another user's: then it shows up among the survivors
