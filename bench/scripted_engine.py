"""A process that looks to `controlroom attach` like an engine half-way through a run: state folder, journal, socket.

    python -m bench.scripted_engine HOME --services N [--still]

Half of the services are live, the next gate waits, ten minutes of every series are known and go on at 1 Hz. With
`--still` there is nothing to measure: the engine only shows once a second that it lives.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bench.feed import RUN, Player
from bench.plans import many_services, s5
from msgspec.structs import replace

from controlroom.adapters.journal.sqlite import SqliteJournal
from controlroom.control.home import RunFolder
from controlroom.control.peer import Access
from controlroom.control.process import introduce
from controlroom.control.server import ControlServer
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Phase, Step
from controlroom.run.times import stamp

if TYPE_CHECKING:
    from controlroom.run.outline import RunOutline

PAST_S = 660
"""Longer than a trail remembers, so that every column of it is full."""


class HalfWay(Player):
    """A run that has a past, and waits at the gate in its middle."""

    def __init__(self, outline: RunOutline) -> None:
        self.records: list[ev.Record] = []
        self._ago_s = PAST_S
        super().__init__(outline, breach=False)
        self.happen(ev.PhaseChanged(phase=Phase.DEPLOYING))
        for service in outline.services[: len(outline.services) // 2]:
            for step in (Step.DEPLOY, Step.VERIFY):
                self._pass(service.id, step)
        for self._ago_s in range(PAST_S, -1, -1):
            self._measure()

    @property
    def elapsed(self) -> float:
        """Plan seconds since the run began, which was a while before this process."""
        return super().elapsed + PAST_S - self._ago_s

    def happen(self, event: ev.Event, actor: str = "engine") -> ev.Record:
        """Keep it for the journal too."""
        record = super().happen(event, actor)
        self.records.append(record)
        return record

    def _pass(self, service: str, step: Step) -> None:
        outline, status = self.outline.service(service), self.state.services[service]
        target, passed = outline.target, OutcomeStatus.PASSED
        labels = outline.deploy if step is Step.DEPLOY else outline.verify
        self.happen(ev.StepStarted(service=service, step=step, attempt=1, target=target, origin=status.origin))
        for at, label in enumerate(labels):
            self.happen(ev.ActionStarted(service=service, step=step, index=at, kind="run", label=label, job=service))
            self.happen(
                ev.ActionFinished(
                    service=service, step=step, index=at, status=passed, detail="", exit_code=0, took_s=9.0
                )
            )
        self.happen(ev.StepFinished(service=service, step=step, status=passed, detail="", observed=target))


def without_series(outline: RunOutline) -> RunOutline:
    """The same run, with nothing in it to measure."""
    quiet = tuple(replace(service, metrics=(), health_every_s=None) for service in outline.services)
    return replace(outline, services=quiet, guards=())


async def serve(home: Path, services: int, *, still: bool) -> None:
    """Be the engine of a run in `home` until ended."""
    outline = s5() if services == 5 else many_services(services)
    run = HalfWay(without_series(outline) if still else outline)
    folder = RunFolder(home / "runs" / RUN)
    folder.path.mkdir(parents=True, mode=0o700)
    journal = SqliteJournal(folder.journal)
    await journal.append(run.records)
    run.server = ControlServer(run, run=RUN, access=Access(owner=os.geteuid()))
    await run.server.start(folder.socket)
    introduce(folder.engine, run=RUN, started=stamp(datetime.now(UTC)))
    await run.numbers()


class ScriptedEngine:
    """Such a process as a child of the bench; leaving the context ends it."""

    def __init__(self, home: Path, services: int, *, still: bool = False) -> None:
        self.home = home
        self.socket = RunFolder(home / "runs" / RUN).socket
        args = [sys.executable, "-m", "bench.scripted_engine", str(home), "--services", str(services)]
        self._process = subprocess.Popen([*args, "--still"] if still else args)
        until = time.monotonic() + 60
        while not RunFolder(home / "runs" / RUN).engine.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the scripted engine did not start")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)


def main() -> None:
    """Serve a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--services", type=int, default=5)
    parser.add_argument("--still", action="store_true", help="no series")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.home, options.services, still=options.still))


if __name__ == "__main__":
    main()
