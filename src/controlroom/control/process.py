"""The engine as a process: started apart from the terminal, introduced in a file, told alive from dead."""

from __future__ import annotations

import os
import select
import socket
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping, Sequence

STATUS_FD = "CONTROLROOM_STATUS_FD"
"""Names the descriptor on which a starting engine reports to whoever started it."""

_DEAD = frozenset("ZXx")
_LONGEST_NEWS = 1 << 20
_STOP_S = 5.0
"""Real seconds that an engine may take to end when it is told to."""


class EngineIdentity(Struct, frozen=True, kw_only=True):
    """The engine of a run: `start_time` in clock ticks since boot tells it from a later process with its pid."""

    run: str
    pid: int
    start_time: int
    host: str
    started: str


class Progress(Struct, frozen=True, tag_field="type", tag=True):
    """One line on what the engine is doing while it starts."""

    text: str


class Ready(Struct, frozen=True, tag_field="type", tag=True):
    """The engine drives `run` and listens."""

    run: str


class NotStarted(Struct, frozen=True, tag_field="type", tag=True):
    """The engine will not drive; `exit_code` and `message` are for the operator."""

    exit_code: int
    message: str


News = Progress | Ready | NotStarted
_news_decoder = msgspec.json.Decoder(News)


def start_time(pid: int) -> int | None:
    """When `pid` started, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0].decode() in _DEAD else int(fields[19])


def is_alive(pid: int, started: int) -> bool:
    """Whether the very process that started then still lives; a zombie does not."""
    return start_time(pid) == started


def introduce(path: Path, *, run: str, started: str) -> EngineIdentity:
    """Write who drives `run` (this process) to `path`, whole or not at all."""
    pid = os.getpid()
    identity = EngineIdentity(
        run=run, pid=pid, start_time=start_time(pid) or 0, host=socket.gethostname(), started=started
    )
    draft = path.with_name(f".{path.name}.{pid}")
    draft.write_bytes(msgspec.json.encode(identity))
    draft.chmod(0o644)  # the folder decides who may look
    draft.replace(path)
    return identity


def find_engine(path: Path) -> EngineIdentity | None:
    """The living engine that introduced itself at `path`; None when it is dead, unknown or on another host."""
    try:
        identity = msgspec.json.decode(path.read_bytes(), type=EngineIdentity)
    except (OSError, ValueError):
        return None
    here = identity.host == socket.gethostname()
    return identity if here and is_alive(identity.pid, identity.start_time) else None


class StatusPipe:
    """The engine's end of the pipe; whoever reads may be gone, which is nobody's concern."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd

    @classmethod
    def inherited(cls, environ: MutableMapping[str, str]) -> StatusPipe:
        """The pipe that the starter left open, taken out of `environ` so that no child writes to it."""
        try:
            fd = int(environ.pop(STATUS_FD, ""))
            if not stat.S_ISFIFO(os.fstat(fd).st_mode):
                return cls(None)
            os.set_inheritable(fd, False)
        except (ValueError, OSError):
            return cls(None)
        return cls(fd)

    def tell(self, news: News) -> None:
        """Report; Ready and NotStarted are the last word."""
        if self._fd is None:
            return
        with suppress(OSError):
            os.write(self._fd, msgspec.json.encode(news) + b"\n")
        if not isinstance(news, Progress):
            os.close(self._fd)
            self._fd = None


class Launch:
    """An engine that was just started, until it says how that went."""

    def __init__(self, process: subprocess.Popen[bytes], fd: int, log: Path) -> None:
        self._process = process
        self._fd = fd
        self._log = log

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._process.pid

    def news(self, timeout_s: float | None = None) -> Iterator[News]:
        """Progress as it comes, then Ready or NotStarted: the latter also when the engine dies or takes too long.

        Blocks the thread; `timeout_s` is for all of it.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        held = b""
        try:
            while True:
                *lines, held = held.split(b"\n")
                for line in lines:
                    news = _news_decoder.decode(line)
                    yield news
                    if not isinstance(news, Progress):
                        return
                chunk = self._read(deadline)
                if not chunk or len(held) > _LONGEST_NEWS:
                    yield self._failed("ended" if chunk == b"" else "did not get ready")
                    return
                held += chunk
        finally:
            os.close(self._fd)

    def call_off(self) -> None:
        """End an engine that nobody waits for any more; one that drives a run already stops in good order."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)

    def _read(self, deadline: float | None) -> bytes | None:
        wait_ms = None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return os.read(self._fd, 65536) if poll.poll(wait_ms) else None

    def _failed(self, how: str) -> NotStarted:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.returncode
        exited = "" if code is None else f" (exit code {code})"
        return NotStarted(exit_code=1, message=f"the engine {how}{exited} before the run began; its log: {self._log}")


def spawn_engine(argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> Launch:
    """Start `argv` apart from this terminal: own session, no stdin, output appended to `log`, cwd /, umask 077.

    No descriptor is passed on but the status pipe, which `env` names to it. Raises OSError when it cannot be started.
    """
    reading, writing = os.pipe()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(  # noqa: S603 - the program is this one, started again
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={**env, STATUS_FD: str(writing)},
            pass_fds=(writing,),
            start_new_session=True,
            umask=0o077,
        )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(output)
        os.close(writing)
    return Launch(process, reading, log)
