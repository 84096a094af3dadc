"""Starting, finding and ending a stage from outside its process tree."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from controlroom.errors import StageError
from controlroom.rehearsal.client import StageClient
from controlroom.rehearsal.faults import parse_fault
from controlroom.rehearsal.life import alive

IDLE_S: Final = 600.0
"""How long a stage waits for somebody to hold it, in seconds."""

OWN_EDGE: Final = "own"
_END_S: Final = 3.0
_LOG_TAIL: Final = 2000


@dataclass(frozen=True, slots=True)
class StageHandle:
    """A stage that was up when its description was read from `folder`/stage.json.

    `endpoints` holds what a plan's `${stage.NAME}` stands for, by NAME; `bin` the folder for a rehearsal's PATH.
    """

    folder: Path
    pid: int
    started: int
    socket: Path
    scratch: Path
    bin: Path
    speed: float
    endpoints: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From the description in `folder`; OSError, ValueError or KeyError when there is none that can be used."""
        described = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
        return cls(
            folder=folder,
            pid=described["pid"],
            started=described["started"],
            socket=Path(described["socket"]),
            scratch=Path(described["scratch"]),
            bin=Path(described["bin"]),
            speed=described["speed"],
            endpoints=described["endpoints"],
        )

    @property
    def identity(self) -> str:
        """What tells this stage from another one that has its folder later."""
        return f"{self.pid}.{self.started}"

    @property
    def alive(self) -> bool:
        """Whether its parent process runs."""
        return alive(self.pid, self.started)

    @property
    def client(self) -> StageClient:
        """A client of its socket."""
        return StageClient(self.socket)

    def end(self, timeout_s: float = _END_S) -> None:
        """End it and wait until it is gone; StageError when it does not go."""
        with suppress(StageError):
            self.client.end()
        until = time.monotonic() + timeout_s
        while self.alive:
            if time.monotonic() > until:
                raise StageError(f"the stage (pid {self.pid}) has not ended within {timeout_s:.0f} s")
            time.sleep(0.02)


def find_stage(folder: Path) -> StageHandle | None:
    """The stage that was started in `folder` and is alive, or None."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        handle = StageHandle.read(folder)
        if handle.alive:
            return handle
    return None


def start_stage(
    folder: Path,
    faults: Sequence[str] = (),
    speed: float = 1.0,
    on_progress: Callable[[str], None] = lambda _: None,
    *,
    idle_s: float = IDLE_S,
    public: bool = False,
    edge: str = OWN_EDGE,
) -> StageHandle:
    """Start a stage, detached, and return once it is up; its output goes to `folder`/stage.log.

    `on_progress` gets a line for each thing done; `public` lets the public in from the start;
    `edge` says what caches the frontend: `own` or `varnish`.
    FaultError for an unknown fault, StageError when it does not come up.
    """
    for text in faults:
        parse_fault(text)
    folder = folder.absolute()
    if (running := find_stage(folder)) is not None:
        raise StageError(f"a stage runs already in {folder} (pid {running.pid})")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / "stage.log"
    reading, writing = os.pipe()
    settings = {
        "folder": str(folder),
        "faults": list(faults),
        "speed": speed,
        "idle_s": idle_s,
        "public": public,
        "edge": edge,
        "report_to": writing,
    }
    with os.fdopen(reading, encoding="utf-8") as reports, log.open("ab") as output:
        try:
            # This process detaches itself and leaves at once, so that nothing is left for us to reap.
            subprocess.run(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-m", "controlroom.rehearsal", json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(writing,),
                cwd="/",
                check=False,
            )
        finally:
            os.close(writing)
        _await_ready(reports, on_progress, log)
    return StageHandle.read(folder)


def _await_ready(reports: IO[str], on_progress: Callable[[str], None], log: Path) -> None:
    for line in reports:
        match json.loads(line):
            case {"say": text}:
                on_progress(text)
            case {"ready": True}:
                return
            case {"failed": why}:
                raise StageError(f"the stage did not start: {why}")
    tail = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
    raise StageError(f"the stage did not start; the end of {log}:\n{tail}")
