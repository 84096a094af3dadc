"""Waiting for a process that need not be a child of this one, and signalling it without hitting another."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from controlroom.adapters.jobs import proc

_POLL_S = 0.15
"""Where the kernel has no pidfd (before 5.3), the process is looked at this often."""


class Handle:
    """A process that was seen alive; `close` it when done. One waiter at a time."""

    def __init__(self, pid: int, start: int) -> None:
        """Take hold of the process; raises ProcessLookupError when it is gone or is another one by now."""
        self._pid, self._start = pid, start
        self._fd = -1
        with suppress(OSError):
            self._fd = os.pidfd_open(pid)
        # Only now, as the file keeps pointing to the process that is looked at here.
        if not proc.is_alive(pid, start):
            self.close()
            raise ProcessLookupError(f"process {pid} is gone")

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process is gone."""
        with suppress(ProcessLookupError):
            if self._fd >= 0:
                signal.pidfd_send_signal(self._fd, number)
            elif proc.is_alive(self._pid, self._start):
                os.kill(self._pid, number)

    async def gone(self, within_s: float) -> bool:
        """Whether the process has ended, waiting up to `within_s` real seconds for it.

        Processes keep real time whatever clock the engine runs on.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                if self._fd >= 0:
                    await readable(self._fd)
                while self._fd < 0 and proc.is_alive(self._pid, self._start):  # noqa: ASYNC110 - nobody would tell
                    await asyncio.sleep(_POLL_S)
                return True
        return False

    def close(self) -> None:
        """Let go of the process, which goes on."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


async def readable(fd: int) -> None:
    """Wait until `fd` can be read or has come to its end. One waiter at a time for a file."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
