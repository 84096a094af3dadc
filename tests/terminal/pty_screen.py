"""A screen in a real pseudo-terminal, over a run that is played on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ui.terminal_emulator import Emulator

from controlroom.control.client import Connection
from controlroom.control.protocol import Hello, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.run.state import RunState

ROOT = Path(__file__).parents[2]
SCREEN = """
import sys
from pathlib import Path
from controlroom.ui.entry import run_screen
sys.exit(run_screen(Path(sys.argv[1])) or 0)
"""
PATIENCE_S = 20.0
_QUERIES = re.compile(r"\x1b\[\?\d+\$p|\x1b\][^\x07]*\x07|\x18")


class Feed:
    """A played run in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "run.sock"
        self._process = subprocess.Popen([sys.executable, "-m", "bench.feed", str(self.socket)], cwd=ROOT)
        until = time.monotonic() + PATIENCE_S
        while not self.socket.exists():
            assert time.monotonic() < until, "the feed did not start"
            select.select([], [], [], 0.02)

    def state(self) -> RunState:
        """The run as it stands."""

        async def ask() -> RunState:
            async with await Connection.open(self.socket, Hello(role="watch", pid=os.getpid())) as connection:
                async for reply in connection:
                    if isinstance(reply, Snapshot):
                        return reply.state
            raise AssertionError("no snapshot")

        return asyncio.run(ask())

    def commands(self) -> list[str]:
        """The answers to every command that was given."""
        return [answer.message for answer in self.state().answers.values()]

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)


class Terminal:
    """The other side of the screen's terminal."""

    def __init__(self, feed: Feed, size: tuple[int, int] = (160, 48)) -> None:
        self.master, slave = pty.openpty()
        self._size(*size)
        self.before = termios.tcgetattr(slave)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        environment |= {"COLUMNS": "80", "LINES": "24"}  # from a shell that exports them: not the size of this terminal
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCREEN, str(feed.socket)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - only an ioctl
        )
        self.slave = slave
        self.screen = Emulator(*size)
        self.raw = ""
        self._decoder = ""

    def _size(self, width: int, height: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width: int, height: int) -> None:
        """Another size."""
        self._size(width, height)
        self.screen = Emulator(width, height)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def send(self, data: bytes | str) -> None:
        """Keys."""
        os.write(self.master, data if isinstance(data, bytes) else data.encode())

    def pump(self, seconds: float) -> None:
        """Read for `seconds`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                return
            try:
                data = os.read(self.master, 65536).decode("utf-8", "replace")
            except OSError:
                return
            self.raw += data
            self._feed(data)

    def _feed(self, data: str) -> None:
        pending = self._decoder + data
        cut = pending.rfind("\x1b")
        if cut >= 0 and not re.match(r"\x1b\[[0-9;?]*[$]?[A-Za-z]", pending[cut:]):
            pending, self._decoder = pending[:cut], pending[cut:]
        else:
            self._decoder = ""
        self.screen.feed(_QUERIES.sub("", pending))

    def sees(self, words: str, within: float = PATIENCE_S) -> None:
        """Wait until `words` are on screen."""
        until = time.monotonic() + within
        while words not in self.screen.text():
            assert time.monotonic() < until, f"{words!r} is not on screen:\n{self.screen.text()}"
            assert self.process.poll() is None, f"the screen ended with {self.process.returncode}"
            self.pump(0.05)

    def sees_in_row(self, row: int, words: str, within: float = PATIENCE_S) -> None:
        """Wait until `words` are in one row of the screen."""
        until = time.monotonic() + within
        while words not in self.screen.text().split("\n")[row]:
            assert time.monotonic() < until, f"{words!r} is not in row {row}:\n{self.screen.text()}"
            self.pump(0.05)

    def ends(self, within: float) -> int:
        """Wait for the screen to end; its exit code."""
        until = time.monotonic() + within
        while self.process.poll() is None:
            assert time.monotonic() < until, "the screen goes on"
            self.pump(0.05) if self.master >= 0 else select.select([], [], [], 0.02)
        return self.process.returncode

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def cpu_s(self) -> float:
        """CPU seconds of the screen so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(PATIENCE_S)
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)


@contextlib.contextmanager
def terminal(feed: Feed, size: tuple[int, int] = (160, 48)) -> Iterator[Terminal]:
    """A screen that shows the run."""
    there = Terminal(feed, size)
    try:
        there.sees("AT GATE")
        yield there
    finally:
        there.close()
