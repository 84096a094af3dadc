"""One active run per environment: a file lock that the engine holds for life and that dies with it."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from msgspec import Struct

from controlroom.control.process import is_alive
from controlroom.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PATIENCE_S = 2.0
"""Longest time between an engine's taking the lock and its name standing in the file."""
_LONGEST = 65536


class Holder(Struct, frozen=True, kw_only=True):
    """The engine that holds an environment; `start_time` as in EngineIdentity, `since` RFC 3339 UTC."""

    run: str
    plan: str
    plan_sha256: str
    environment: str
    rehearsal: bool
    pid: int
    start_time: int
    host: str
    since: str


class Held(Refused):
    """The environment has an active run already: `holder`."""

    def __init__(self, holder: Holder) -> None:
        kind = "a rehearsal" if holder.rehearsal else f"the environment {holder.environment}"
        super().__init__(
            f"{kind} has an active run already: {holder.run}, of plan {holder.plan},"
            f" by engine {holder.pid} on {holder.host}; see it with: controlroom attach {holder.run}"
        )
        self.holder = holder


def _file(locks: Path, environment: str, *, rehearsal: bool) -> Path:
    # Two keys, not one name: a rehearsal must never be taken for production, whatever its environment is called.
    return locks / f"{quote(environment, safe='')}.{'rehearsal' if rehearsal else 'live'}.lock"


class EnvironmentLock:
    """Held from `acquire` until `release` or the death of the process, however it dies."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def acquire(cls, locks: Path, holder: Holder) -> EnvironmentLock:
        """Take the lock; of two at once exactly one process gets it. Raises Held when another engine has it."""
        locks.mkdir(mode=0o700, exist_ok=True)
        path = _file(locks, holder.environment, rehearsal=holder.rehearsal)
        # Never unlinked: a lock on a file that no longer has its name would exclude nobody.
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with ExitStack() as undo:
            undo.callback(os.close, fd)
            _take(fd, path)
            os.ftruncate(fd, 0)
            os.pwrite(fd, msgspec.json.encode(holder), 0)
            undo.pop_all()
            return cls(fd)

    def release(self) -> None:
        """Let the environment go. Calling it twice is fine."""
        if self._fd < 0:
            return
        os.ftruncate(self._fd, 0)
        os.close(self._fd)
        self._fd = -1


@contextmanager
def one_start(locks: Path, environment: str, *, rehearsal: bool, on_wait: Callable[[], None]) -> Iterator[None]:
    """Of several starts in an environment one goes on at a time; the next waits, told so, and then finds its run."""
    locks.mkdir(mode=0o700, exist_ok=True)
    path = _file(locks, environment, rehearsal=rehearsal).with_suffix(".start")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _try(fd, fcntl.LOCK_EX):
            on_wait()
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def read_holder(locks: Path, environment: str, *, rehearsal: bool) -> Holder | None:
    """Who holds the environment; None when it is free, whatever a dead engine left in the file."""
    path = _file(locks, environment, rehearsal=rehearsal)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while not _try(fd, fcntl.LOCK_SH):
            if holder := _living(path):
                return holder
            _pause(deadline, path)
        return None
    finally:
        os.close(fd)


def _take(fd: int, path: Path) -> None:
    """A failed try without a living name in the file is somebody who is just taking, reading or leaving it."""
    deadline = time.monotonic() + _PATIENCE_S
    while not _try(fd, fcntl.LOCK_EX):
        if holder := _living(path):
            raise Held(holder)
        _pause(deadline, path)


def _try(fd: int, how: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(fd, how | fcntl.LOCK_NB)
        return True
    return False


def _living(path: Path) -> Holder | None:
    try:
        with path.open("rb") as file:
            holder = msgspec.json.decode(file.read(_LONGEST), type=Holder)
    except ValueError:
        return None
    elsewhere = holder.host != socket.gethostname()
    return holder if elsewhere or is_alive(holder.pid, holder.start_time) else None


def _pause(deadline: float, path: Path) -> None:
    if time.monotonic() > deadline:
        raise Refused(f"{path} is locked by a process that does not say who it is: fuser {path}")
    time.sleep(0.01)
