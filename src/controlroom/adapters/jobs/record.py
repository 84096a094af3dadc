"""The two files by which a job is known to whoever comes later, written so that they are whole or not there.

Runs in the supervisor, so it imports little.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False  # see proc.py
if TYPE_CHECKING:
    from typing import Any

JOB = "job.json"
EXIT = "exit.json"
OUTPUT = "output.log"
_RESERVED = 4096


class Record:
    """The record in a job's `folder`; the methods are to be called in their order."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._room = -1

    def reserve(self) -> None:
        """Set room on disk aside for the outcome: a disk that fills up later must not cost it. Raises OSError."""
        self._room = os.open(f"{self._folder}/{EXIT}.part", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.posix_fallocate(self._room, 0, _RESERVED)

    def begin(self, facts: dict[str, Any]) -> None:
        """Make `facts` durable as job.json. Raises OSError, also when the job was begun before."""
        file = os.open(f"{self._folder}/{JOB}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(file, json.dumps(facts).encode())
        os.fsync(file)
        os.close(file)
        self._sync_folder()

    def end(self, facts: dict[str, Any]) -> None:
        """Make `facts` durable as exit.json, which appears at once and whole. Raises OSError."""
        os.pwrite(self._room, json.dumps(facts).encode().ljust(_RESERVED), 0)
        os.fsync(self._room)
        os.close(self._room)
        os.rename(f"{self._folder}/{EXIT}.part", f"{self._folder}/{EXIT}")  # noqa: PTH104 - see proc.py
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
