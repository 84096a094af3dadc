"""A program in a terminal of its own: its output is taken at once and stamped, its picture is made when there is time.

Making the picture while a latency runs would delay the very stamps that are measured; so bytes are only read and kept,
and looked at once the program is silent. Nothing inside a synchronized update counts as seen before its end.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from typing import TYPE_CHECKING, Self

from bench.processes import usage
from bench.terminal.answers import Answers
from bench.terminal.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SIZE = (160, 48)
_CHUNK = 65536
_QUIET_S = 0.03
"""Silence after which there is time to make the picture."""


def _cpu_clock(pid: int) -> int:
    """The clock of a process's CPU time, as Linux numbers it (CPUCLOCK_SCHED): nanoseconds, where /proc has ticks."""
    return (~pid << 3) | 2


class Session:
    """A program on a terminal of `size`; leaving the context ends it. Times are `time.perf_counter()` seconds."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], size: tuple[int, int] = SIZE) -> None:
        self.picture = Picture(*size)
        self.received = 0
        """Bytes so far."""
        self.code: int | None = None
        """The exit code (negative: the signal), once the program has ended."""
        self._spent_s = 0.0
        self._answers = Answers()
        self._waiting: list[tuple[float, bytes]] = []
        self._master, self._slave = pty.openpty()  # the slave stays open, so that its settings can be read at the end
        columns, lines = size
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._settings = termios.tcgetattr(self._slave)
        os.set_blocking(self._master, False)
        terminal = os.ttyname(self._slave)
        environ = {**environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.began = time.perf_counter()
        # Spawned, not forked: a copy of the bench would be in the program's figures. In a new session the first
        # terminal opened is the controlling one.
        self.pid = os.posix_spawn(
            argv[0],
            list(argv),
            environ,
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, terminal, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
                (os.POSIX_SPAWN_CLOSE, self._master),
                (os.POSIX_SPAWN_CLOSE, self._slave),
            ],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        if not self.ended_within(2.0):
            os.kill(self.pid, 9)
            self.ended_within(5.0)

    # -- output

    def take(self, seconds: float) -> bool:
        """Wait up to `seconds` for output and keep it; whether there was any."""
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._master, _CHUNK)
        except OSError:  # nobody has the terminal open any more
            return False
        self._waiting.append((time.perf_counter(), data))
        self.received += len(data)
        if answers := self._answers.to(data):
            os.write(self._master, answers)
        return True

    def take_for(self, seconds: float) -> None:
        """Keep what comes for `seconds`, or until the program ends."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0 and not self.ended:
            self.take(min(left, 0.5))

    def settle(self, quiet_s: float, most_s: float) -> None:
        """Keep what comes until nothing has come for `quiet_s`, for at most `most_s`."""
        until = time.perf_counter() + most_s
        while (left := until - time.perf_counter()) > 0 and self.take(min(quiet_s, left)):
            pass

    def look(self, seen: Callable[[float, str], object] | None = None) -> str:
        """Bring the picture up to date; `seen` is given the time and the text after each piece that a person saw."""
        for at, data in self._waiting:
            self.picture.feed(data)
            if seen is not None and self.picture.whole:
                seen(at, self.picture.text())
        self._waiting.clear()
        return self.picture.text()

    def wait_for(self, match: Callable[[str], object], most_s: float) -> float:
        """When `match` of the text was first true. Raises TimeoutError, with the picture."""
        found: list[float] = []

        def seen(at: float, text: str) -> None:
            if not found and match(text):
                found.append(at)

        until = time.perf_counter() + most_s
        while not found:
            if time.perf_counter() > until or self.ended:
                raise TimeoutError(f"exit code {self.code}, waited {most_s} s; on screen:\n{self.picture.text()}")
            if self.take(0.05):
                self.settle(_QUIET_S, 0.5)
                self.look(seen)
        return found[0]

    def fileno(self) -> int:
        """For `select`."""
        return self._master

    # -- what it costs

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the process so far; the sum once it has ended."""
        if self.code is not None:
            return self._spent_s
        return time.clock_gettime(_cpu_clock(self.pid))

    @property
    def memory(self) -> int:
        """Resident bytes of the process now."""
        return usage(self.pid).rss

    # -- input and the end

    def press(self, key: str) -> float:
        """Type; when that was."""
        at = time.perf_counter()
        os.write(self._master, key.encode())
        return at

    @property
    def ended(self) -> bool:
        """Whether the program has ended; `code` is known then."""
        if self.code is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.code, self._spent_s = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
        return self.code is not None

    def ended_within(self, most_s: float) -> bool:
        """Wait for the end, for at most `most_s`, taking what the program still has to say."""
        until = time.perf_counter() + most_s
        while not self.ended and time.perf_counter() < until:
            if self._master < 0 or not self.take(0.001):
                time.sleep(0.001)
        return self.ended

    def left_set(self) -> list[str]:
        """What the program did not put back: terminal modes by number, and `settings` for those of the line."""
        self.settle(0.05, 0.5)
        self.look()
        same = termios.tcgetattr(self._slave) == self._settings
        return self.picture.left_set() + ([] if same else ["settings"])

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1
