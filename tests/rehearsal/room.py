"""A control room as an operator without a screen has it: runs started headless, driven by commands, killed at will."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from tests.rehearsal.e2e_plans import SECRET
from tests.rehearsal.processes import group_of, kill, tree

from controlroom.adapters.jobs.folder import JobFolder, JobRecord
from controlroom.adapters.journal.sqlite_file import read_records
from controlroom.control.home import Home, RunFolder
from controlroom.control.process import EngineIdentity, find_engine
from controlroom.rehearsal.life import alive, started
from controlroom.rehearsal.process import StageHandle, find_stage, start_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from controlroom.run.events import Event, Record

CONTROLROOM = Path(sys.executable).with_name("controlroom")
S5 = Path(__file__).parents[2] / "plans" / "s5-hardening.yaml"
SERVICES = ("database", "auth", "catalog", "orders", "frontend")
PATIENCE_S = 60.0
"""Longest time that one command, or the beginning or the end of a run, may take on a busy machine."""

_PAUSE = threading.Event()


def until(condition: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Wait for something that no command can wait for; fails when it does not hold within so many seconds."""
    latest = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < latest, f"not within {within_s} s"
        _PAUSE.wait(0.02)


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Job(NamedTuple):
    """A job on record: its folder, and who runs it."""

    folder: JobFolder
    record: JobRecord

    @property
    def group(self) -> dict[int, int]:
        """The living processes of its process group, with their start times."""
        return group_of(self.record)

    @property
    def over(self) -> bool:
        """Whether it ended, and how is known."""
        return self.folder.ended() is not None

    def kill(self, *, command: bool) -> None:
        """SIGKILL for its supervisor, with or without the command."""
        os.kill(self.record.supervisor.pid, signal.SIGKILL)
        until(lambda: not alive(self.record.supervisor.pid, self.record.supervisor.start))
        if command:
            kill(self.group)
            until(lambda: not self.group)


class Front:
    """A front end in the background: `run`, `rehearse` or `attach`, its output in files."""

    def __init__(self, name: Path, words: Sequence[str], environ: dict[str, str]) -> None:
        self._out, self._err = name.with_suffix(".out"), name.with_suffix(".err")
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [CONTROLROOM, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environ
            )

    @property
    def out(self) -> str:
        """What it printed so far: one event a line."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it told the operator so far."""
        return self._err.read_text()

    def ended(self, code: int, within_s: float = PATIENCE_S) -> str:
        """Wait for its end, which must have this exit code; what it told the operator."""
        try:
            found = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"goes on after {within_s} s; it said:\n{self.err}") from None
        assert found == code, self.err
        return self.err


class Room:
    """A state folder of its own and what runs in it; leaving the block ends all of that, by pid, whatever happened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.home = Home(folder / "home")
        ours = {name: value for name, value in os.environ.items() if not name.startswith("CONTROLROOM_")}
        self.environ = {**ours, "CONTROLROOM_HOME": str(self.home.path), "E2E_TOKEN": SECRET}
        self.fronts: list[Front] = []
        self._stages: list[StageHandle] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        stages = [*self._stages, find_stage(self.home.path / "stage")]
        spared = {pid for stage in stages if stage for pid in tree(stage.pid)}
        kill({pid: since for pid, since in self.processes().items() if pid not in spared})
        for run in self.home.runs():
            for job in jobs_of(run):
                kill({job.record.supervisor.pid: job.record.supervisor.start, **job.group})
        for stage in stages:
            if stage is not None and stage.alive:
                _end(stage)
        kill(self.processes())
        for front in self.fronts:
            front.process.wait()

    def processes(self) -> dict[int, int]:
        """Whatever works in this folder: its command line or its environment names it."""
        ours, found = os.fsencode(self.folder), {}
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and ours in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                    found[int(entry.name)] = started(int(entry.name))
        return {pid: since for pid, since in found.items() if since is not None}

    # -- starting

    def start(self, *words: str) -> Front:
        """A front end in the background."""
        name = self.folder / f"front-{len(self.fronts)}"
        self.fronts.append(Front(name, words, self.environ))
        return self.fronts[-1]

    def rehearse(self, *words: str, plan: Path | None = None, speed: int = 60) -> Front:
        """A headless rehearsal, once its engine can be driven; of the S5 go-live unless `plan` is another."""
        named = [str(plan)] if plan else []
        front = self.start("rehearse", *named, "--headless", "--speed", str(speed), *words)
        self.has_begun(front)
        return front

    def has_begun(self, front: Front) -> None:
        """Wait until the run of `front` can be driven, and `front`, which is headless, follows it."""
        until(lambda: front.process.poll() is not None or front.out)
        assert front.process.poll() is None, f"exit code {front.process.returncode}: {front.err}"

    def own_stage(self) -> StageHandle:
        """A stage that no rehearsal owns, for a plan of production to find."""
        self._stages.append(start_stage(self.folder / "stage"))
        return self._stages[-1]

    # -- commands

    def say(self, *words: str) -> Said:
        """Give a command, whatever comes of it."""
        done = subprocess.run(
            [CONTROLROOM, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            env=self.environ,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def ctl(self, *words: str, code: int = 0) -> Said:
        """Give a command, which must end with `code`."""
        said = self.say(*words)
        assert said.code == code, f"{words}: exit code {said.code}, not {code}: {said.err or said.out}"
        return said

    def refused(self, *words: str) -> str:
        """Give a command that is refused (exit code 5); why."""
        return self.ctl(*words, code=5).err

    def wait(self, *words: str, within: str = "60s") -> None:
        """`controlroom wait`."""
        self.ctl("wait", *words, "--timeout", within)

    def go(self, *services: str) -> None:
        """Let each service at its gate begin, and wait until it is live."""
        for service in services:
            self.wait("--gate", service)
            self.ctl("advance", "--to", service)
            self.wait("--service", f"{service}=live")

    def recover(self) -> None:
        """Take the interrupted run up."""
        self.ctl("recover")

    # -- looking

    def status(self, *words: str) -> dict[str, Any]:
        """`status --json`."""
        found: dict[str, Any] = json.loads(self.ctl("status", "--json", *words).out)
        return found

    def service(self, name: str) -> dict[str, Any]:
        """A service in the status."""
        return next(service for service in self.status()["services"] if service["id"] == name)

    def stage(self) -> dict[str, Any]:
        """`stage --json`: what the stage itself saw."""
        found: dict[str, Any] = json.loads(self.ctl("stage", "--json").out)
        return found

    def deploys(self, service: str) -> list[str]:
        """The versions of a service that went live on the stage since its start, in order."""
        return [deploy["version"] for deploy in self.stage()["services"][service]["deploys"]]

    @property
    def run(self) -> RunFolder:
        """The only active run, else the newest."""
        return self.home.find()

    @property
    def records(self) -> list[Record]:
        """The journal, read without the engine."""
        return read_records(self.run.journal)

    def events(self, *kinds: type[Event]) -> list[Any]:
        """The events of these kinds in the journal."""
        return [record.event for record in self.records if isinstance(record.event, kinds)]

    @property
    def stage_handle(self) -> StageHandle:
        """The stage of the rehearsal."""
        stage = find_stage(self.home.path / "stage")
        assert stage is not None, "there is no stage"
        return stage

    @property
    def engine(self) -> EngineIdentity:
        """The living engine."""
        engine = find_engine(self.run.engine)
        assert engine is not None, "there is no engine"
        return engine

    def job(self, step: str) -> Job:
        """The newest job of a step, such as `auth-deploy`, once its command has said something."""

        def found() -> list[Job]:
            return [job for job in self.jobs() if f"-{step}-" in job.folder.path.name and job.folder.last_line()]

        until(found)
        return found()[-1]

    def jobs(self) -> list[Job]:
        """The jobs of the run that are on record, oldest first."""
        return jobs_of(self.run)

    # -- killing

    def kill_engine(self, number: int = signal.SIGKILL) -> None:
        """End the engine by a signal, and wait until it is gone."""
        engine = self.engine
        os.kill(engine.pid, number)
        until(lambda: not alive(engine.pid, engine.start_time))


def jobs_of(run: RunFolder) -> list[Job]:
    """The jobs of a run that are on record, oldest first."""
    paths = sorted(run.jobs.iterdir()) if run.jobs.is_dir() else []
    return [Job(folder, record) for folder in map(JobFolder, paths) if (record := folder.record())]


def _end(stage: StageHandle) -> None:
    processes = tree(stage.pid)
    try:
        stage.end()
    finally:
        kill(processes)
