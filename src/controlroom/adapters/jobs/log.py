"""The output of a job on disk: its beginning and its end, in bounded room, with the unfinished line at the end.

Runs in the supervisor, so it imports little.
"""

from __future__ import annotations

import os

HEAD = 32 * 2**20
"""Bytes of output that are always kept, from the beginning."""
TAIL = 8 * 2**20
"""Bytes of room for the newest output beyond HEAD; at least half of it is kept."""
_NEAR = 65_536
"""How far from a cut a line's end is looked for."""
_BLOCK = 2**20


class Log:
    """Writes `output.log`. A disk that refuses costs output, never the command: `lost` counts the bytes."""

    def __init__(self, path: str, head: int = HEAD, tail: int = TAIL) -> None:
        """Create the file at `path`; raises OSError when that cannot be done or it is there already."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._head, self._tail = head, tail
        self._end = 0
        self._size = 0
        self._cut = 0
        self._left_out = 0
        self.lost = 0
        self._trouble = ""

    def append(self, text: bytes) -> None:
        """Add `text` for good, in the place of what `show` last put there."""
        taken = self._put(text)
        self.lost += len(text) - taken
        self._end += taken
        self._shorten()
        if self._end > self._head + self._tail:
            try:
                self._compact()
            except OSError as exc:
                self._trouble = _words(exc)

    def show(self, line: bytes) -> None:
        """Put the unfinished `line` at the end, to be replaced later."""
        shown = self._put(line)
        self._shorten(shown)

    def close(self) -> None:
        """Note what was lost, if there is room for that now, and let go of the file."""
        self._shorten()
        if self.lost:
            self._put(f"[{self.lost:,} bytes of output could not be written: {self._trouble}]\n".encode())
        os.close(self._fd)

    def _put(self, text: bytes) -> int:
        """Write `text` at the end; how many bytes the disk took."""
        done = 0
        try:
            while done < len(text):
                done += os.pwrite(self._fd, text[done : done + _BLOCK], self._end + done)
        except OSError as exc:
            self._trouble = _words(exc)
        self._size = max(self._size, self._end + done)
        return done

    def _shorten(self, beyond: int = 0) -> None:
        if self._size > self._end + beyond:
            self._size = self._end + beyond
            os.ftruncate(self._fd, self._size)

    def _compact(self) -> None:
        """Leave out the middle: what lies between the head and the newest half of the tail."""
        if not self._cut:
            begin = max(0, self._head - _NEAR)
            near = os.pread(self._fd, self._head - begin, begin)
            self._cut = begin + (near.rfind(b"\n") + 1 or len(near))
            source = self._cut
        else:
            source = self._cut + len(self._mark())
        keep = self._end - self._tail // 2
        keep += os.pread(self._fd, min(_NEAR, self._tail // 2), keep).find(b"\n") + 1
        self._left_out += keep - source
        target = self._cut + os.pwrite(self._fd, self._mark(), self._cut)
        while block := os.pread(self._fd, min(_BLOCK, self._end - keep), keep):
            keep += len(block)
            target += os.pwrite(self._fd, block, target)
        self._end = target
        self._shorten()

    def _mark(self) -> bytes:
        """Always of the same length, so that it can be brought up to date in place."""
        return f"[... {self._left_out:>19,} bytes of output left out ...]\n".encode()


def _words(exc: OSError) -> str:
    return exc.strerror or str(exc)
