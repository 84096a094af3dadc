"""A job's output on its way to the screen as it is written: never more than a screen can use, and cheap to wait for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERY_S = 0.2
"""How often `look` is meant to be called."""
LINES = 20
"""Lines given away in one look; of more, the newest are."""
WIDTH = 400
"""Characters of a line that are given away."""
_WINDOW = 65_536
"""Bytes read in one look; of more, the newest are."""
_PATIENCE = 5
"""An unfinished line, such as a progress bar, is given away in every fifth look at most."""


class Follow:
    """Reads the log at `path`, whose last line may still change, and calls `emit` with each line that is new."""

    def __init__(self, path: Path, emit: Callable[[str], None]) -> None:
        self._path = path
        self._emit = emit
        self._at = 0
        self._seen = (-1, -1)
        self._unfinished = ""
        self._emitted = ""
        self._waited = _PATIENCE

    def look(self, *, last: bool = False) -> None:
        """Give away what is new; with `last` also the unfinished line, however new."""
        lines = self._new_lines(even_if_unchanged=last)
        if lines:
            if lines[0] == self._emitted != "":
                del lines[0]  # given away before its end already
            self._emitted = ""
        if len(lines) > LINES:
            lines[:-LINES] = ["… more was printed than can be shown here; the job's log has it"]
        for line in lines:
            self._emit(line)
        self._waited += 1
        if self._unfinished not in {"", self._emitted} and (last or self._waited > _PATIENCE):
            self._emitted = self._unfinished
            self._emit(self._unfinished)
            self._waited = 0

    def _new_lines(self, *, even_if_unchanged: bool) -> list[str]:
        """The lines that ended since the last look, shortened; the unfinished one is kept."""
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                if (status.st_size, status.st_mtime_ns) == self._seen and not even_if_unchanged:
                    return []
                self._seen = (status.st_size, status.st_mtime_ns)
                # A log that shrank had its middle left out.
                at = self._at if self._at <= status.st_size else 0
                skipped = status.st_size - at > _WINDOW
                self._at = max(at, status.st_size - _WINDOW)
                file.seek(self._at)
                text = file.read(_WINDOW)
        except OSError:
            return []
        whole, _, rest = text.rpartition(b"\n")
        self._at += len(text) - len(rest)
        self._unfinished = _shortened(rest)
        if not whole and len(text) == len(rest):
            return []
        lines = whole.split(b"\n")
        # What was skipped ended in the middle of a line.
        return [_shortened(line) for line in lines[skipped:][-LINES - 1 :]]


def _shortened(line: bytes) -> str:
    text = line[: 4 * WIDTH + 4].decode("utf-8", "replace").expandtabs(4)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
