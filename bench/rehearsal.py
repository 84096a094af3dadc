"""The rehearsal from outside: how fast it starts, what an idle engine costs, whether its memory stays flat."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from bench.processes import usage, usage_of_tree
from bench.programs import NUMBER
from bench.starts import PATIENCE_S
from bench.targets import MEGA, Row, median
from bench.terminal.session import Session

from controlroom.control.home import Home

CONTROLROOM = [str(Path(sys.executable).with_name("controlroom"))]
WARM_UP_S = 10.0
"""Imports, pools and the first windows of a young engine."""


class Rehearsal:
    """A headless rehearsal in a state folder of its own."""

    def __init__(self, home: Path, *args: str) -> None:
        self.env = {**os.environ, "CONTROLROOM_HOME": str(home)}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*CONTROLROOM, "rehearse", "--headless", *args],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._wait_for_first_event()
        self.ready_s = time.monotonic() - self.began

    def _wait_for_first_event(self) -> None:
        stdout: IO[str] | None = self.process.stdout
        if stdout is None or not stdout.readline():
            raise SystemExit("the rehearsal did not start")

    def ctl(self, *args: str) -> str:
        """The output of a command of the operator."""
        return subprocess.run(
            [*CONTROLROOM, *args], env=self.env, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def status(self) -> dict[str, object]:
        """`status --json`."""
        found: dict[str, object] = json.loads(self.ctl("status", "--json"))
        return found

    @property
    def engine(self) -> int:
        """The engine's pid."""
        engine = self.status()["engine"]
        if not isinstance(engine, dict):
            raise SystemExit("no engine")
        return int(engine["pid"])

    def end(self) -> None:
        """Abort the run and wait for the end of it."""
        self.ctl("abort", "--confirm", "rehearsal", "--reason", "bench is done")
        self.process.communicate(timeout=30)


def starts(count: int) -> list[Row]:
    """From the command to the picture on a terminal, to the first number in it, and to the first event without one."""
    on_screen, measured, headless = [], [], []
    for number in range(count + 1):
        with tempfile.TemporaryDirectory() as home:
            up, live = _on_a_terminal(Path(home))
        with tempfile.TemporaryDirectory() as home:
            rehearsal = Rehearsal(Path(home))
            rehearsal.end()
        if number:  # the first may have to fetch files from the disk, and to make a database
            on_screen.append(up)
            measured.append(live)
            headless.append(rehearsal.ready_s)
    return [
        Row("rehearsal: stage and screen up, a later start", median(on_screen), "s", 3),
        Row("… the slowest", max(on_screen), "s", None),
        Row("… until a rate is known, which takes two scrapes", median(measured), "s", None),
        Row("… stage and engine, without a screen", median(headless), "s", None),
    ]


def _on_a_terminal(home: Path) -> tuple[float, float]:
    """Seconds to the picture of the run at its first gate, and to one with a number of the stage's in it."""
    environ = {**os.environ, "CONTROLROOM_HOME": str(home)}
    with Session([*CONTROLROOM, "rehearse"], environ) as session:
        up = session.wait_for(re.compile("AT GATE").search, PATIENCE_S) - session.began
        seen = session.wait_for(re.compile(NUMBER).search, PATIENCE_S) - session.began
        session.press("q")
        session.ended_within(PATIENCE_S)
    subprocess.run(
        [*CONTROLROOM, "abort", "--confirm", "rehearsal", "--reason", "bench is done"],
        env=environ,
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    until = time.monotonic() + PATIENCE_S
    while Home(home).find().active or (home / "stage" / "stage.json").exists():
        if time.monotonic() > until:
            raise TimeoutError("the rehearsal does not end")
        time.sleep(0.05)
    return up, seen


def idle(minutes: float) -> list[Row]:
    """CPU and memory of engine and stage while the first gate waits."""
    with tempfile.TemporaryDirectory() as home:
        rehearsal = Rehearsal(Path(home))
        try:
            engine = rehearsal.engine
            stage = json.loads((Path(home) / "stage" / "stage.json").read_text(encoding="utf-8"))["pid"]
            time.sleep(WARM_UP_S)
            samples = [(time.monotonic(), usage(engine), usage_of_tree(stage))]
            while samples[-1][0] - samples[0][0] < minutes * 60:
                time.sleep(min(15.0, minutes * 60))
                samples.append((time.monotonic(), usage(engine), usage_of_tree(stage)))
        finally:
            rehearsal.end()
    first, last = samples[0], samples[-1]
    span = last[0] - first[0]
    memory = [engine.rss / MEGA for _, engine, _ in samples]
    return [
        Row("idle engine with the S5 plan", 100 * (last[1].cpu_s - first[1].cpu_s) / span, "%", 3),
        Row("… its memory", memory[-1], "MB", None),
        Row(f"… grown in {minutes:g} min", memory[-1] - memory[0], "MB", 3),
        Row("stage under its permanent load", 100 * (last[2].cpu_s - first[2].cpu_s) / span, "%", None),
        Row("… its memory, all processes", last[2].rss / MEGA, "MB", None),
    ]
