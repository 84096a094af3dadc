"""What a command prints, on its way from the pipe to the log: made safe, then redacted.

Runs in the supervisor, so it imports little.
"""

from __future__ import annotations

import os
import time

from controlroom.adapters.neutralise import Neutraliser
from controlroom.adapters.redaction import Redactor

TYPE_CHECKING = False  # see proc.py
if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.adapters.jobs.log import Log

SHOW_S = 0.1
"""The unfinished line is brought up to date this often at most."""
_READ = 2**18
_REST = 4 * 2**20
"""Bytes that may still lie in the pipe once it is over: more than any pipe holds."""


class Output:
    """Reads `pipe` into `log`."""

    def __init__(self, pipe: int, log: Log, secrets: Sequence[str]) -> None:
        self.pipe = pipe
        self.ended = False
        self._log = log
        self._neutraliser = Neutraliser()
        self._redactor = Redactor(secrets)
        self._stale = False
        self._shown = 0.0

    @property
    def lost(self) -> int:
        """Bytes that the disk did not take."""
        return self._log.lost

    def read(self) -> int:
        """Take what the pipe holds, up to a limit, waiting for it; how many bytes that were."""
        chunk = os.read(self.pipe, _READ)
        self.ended = not chunk
        text = self._redactor.feed(self._neutraliser.feed(chunk).encode())
        if text:
            self._log.append(text)
        self._stale = True
        return len(chunk)

    def show(self) -> float | None:
        """Bring the unfinished line in the log up to date when it is time; seconds until it is, None when it is."""
        if not self._stale:
            return None
        wait = self._shown + SHOW_S - time.monotonic()
        if wait > 0:
            return wait
        self._log.show(self._redactor.peek(self._neutraliser.line.encode()))
        self._stale = False
        self._shown = time.monotonic()
        return None

    def close(self) -> None:
        """Take what is left in the pipe, without waiting for whoever may still hold it open."""
        os.set_blocking(self.pipe, False)
        taken = 0
        try:
            while not self.ended and taken < _REST:
                taken += self.read()
        except BlockingIOError:
            pass
        self._log.append(self._redactor.feed(self._neutraliser.flush().encode()) + self._redactor.flush())
        self._log.close()
