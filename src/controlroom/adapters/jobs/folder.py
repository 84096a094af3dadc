"""Reading a job folder: who runs the job, whether still, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from controlroom.adapters.jobs import proc
from controlroom.adapters.jobs.record import EXIT, JOB, OUTPUT

if TYPE_CHECKING:
    from pathlib import Path

_TAIL = 65_536
T = TypeVar("T")


class Identity(Struct, frozen=True):
    """A process; `start` in clock ticks since the boot tells it from a later one with the same pid."""

    pid: int
    start: int


class JobRecord(Struct, frozen=True, kw_only=True):
    """Who runs a job: durable before its command begins. The command's process group has its pid as number."""

    boot: str
    supervisor: Identity
    command: Identity
    session: int
    started: str


class ExitRecord(Struct, frozen=True, kw_only=True):
    """How a job ended: `trouble` says why its command could not be executed, `left` which processes it left behind."""

    exit_code: int | None
    signal: int | None
    trouble: str
    cancelled: bool
    forced: bool
    left: tuple[int, ...]
    output_lost: int
    started: str
    finished: str
    took_s: float


class JobFolder:
    """The folder of one job."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def output(self) -> Path:
        """What the command printed, redacted and neutralised."""
        return self.path / OUTPUT

    def record(self) -> JobRecord | None:
        """Who runs the job; None when it is not on record, and then its command never began."""
        return self._read(JOB, JobRecord)

    def ended(self) -> ExitRecord | None:
        """How the job ended; None while it runs, and for ever if its supervisor was killed."""
        return self._read(EXIT, ExitRecord)

    def last_line(self) -> str:
        """The last line of the output that says anything."""
        try:
            with self.output.open("rb") as file:
                file.seek(max(0, self.output.stat().st_size - _TAIL))
                lines = file.read().decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if any(map(str.isalnum, line))), "")

    def _read(self, name: str, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode((self.path / name).read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError):
            return None


def is_running(record: JobRecord) -> bool:
    """Whether the job's supervisor lives: the same process of the same boot."""
    return record.boot == proc.boot() and proc.is_alive(record.supervisor.pid, record.supervisor.start)
