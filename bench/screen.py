"""The screen from outside, beside a Textual hello-world in the same minutes: start, keys, streams, stalls, the end.

Every figure is taken on a real terminal of 160x48 against a scripted engine on a real socket. Sessions of the programs
take turns, so that a busy minute hits them alike; ratios to hello-world mean more than times.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from bench.latencies import latencies
from bench.programs import CLOCK, Program, attach, hello
from bench.scripted_engine import ScriptedEngine
from bench.starts import Start, start_and_quit
from bench.streams import streams
from bench.targets import MEGA, Row, median, p95
from bench.trouble import closing, stall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack
    from pathlib import Path

FEW, MANY = 5, 60
KEY_ROUNDS = 5
STALL_S = 20.0
SETTLED_MINUTES = 5
"""A young process grows until its caches are full: only what it does after that says whether its memory is flat."""


class ScreenBench:
    """Three engines, and the programs that are measured against them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        few, many, still = (folder / name for name in ("few", "many", "still"))
        stack.enter_context(ScriptedEngine(few, FEW))
        self.many_engine = stack.enter_context(ScriptedEngine(many, MANY))
        stack.enter_context(ScriptedEngine(still, FEW, still=True))
        self.hello = hello()
        self.few = attach(f"{FEW} services", few)
        self.many = attach(f"{MANY} services", many, steps=25)
        self.still = attach("idle", still, painted=CLOCK)

    @property
    def turns(self) -> tuple[Program, Program, Program]:
        """Those that take turns."""
        return self.hello, self.few, self.many

    def starts(self, rounds: int) -> list[Row]:
        """First picture and end."""
        lives: dict[str, list[Start]] = {program.name: [] for program in self.turns}
        for program in self.turns:  # files into the page cache, byte code compiled
            start_and_quit(program)
        for _ in range(rounds):
            for program in self.turns:
                lives[program.name].append(start_and_quit(program))
        floor = lives[self.hello.name]
        rows = []
        for program in self.turns[1:]:
            found, name = lives[program.name], program.name

            rows += [
                _against(f"first live paint, {name}", found, floor, lambda one: one.paint_ms),
                _against(f"… its CPU time, {name}", found, floor, lambda one: one.paint_cpu_ms, limit=None),
                Row(f"to the terminal by then, {name}", max(one.paint_bytes for one in found) / 1000, "KB", 30),
                _against(f"quit, {name}", found, floor, lambda one: one.quit_ms),
                Row(f"wrong exit codes, {name}", sum(one.code != 0 for one in found), "", 0),
                Row(f"terminal modes left set, {name}", max(len(one.left_set) for one in found), "", 0),
            ]
        return rows

    def keys(self, count: int) -> list[Row]:
        """Key to paint."""
        random = Random(1)  # noqa: S311 - moments, not secrets
        times: dict[str, list[float]] = {program.name: [] for program in self.turns}
        for _ in range(KEY_ROUNDS):
            for program in self.turns:
                times[program.name] += latencies(program, -(-count // KEY_ROUNDS), random)
        floor = times[self.hello.name]
        rows = []
        for program, limit in ((self.few, 1.3), (self.many, 1.5)):
            found = times[program.name]
            rows += [
                Row(f"key to paint p95, {program.name}", p95(found), "ms", limit, p95(floor)),
                Row(f"… median, {program.name}", median(found), "ms", None, median(floor)),
            ]
        return rows

    def streams(self, minutes: float) -> list[Row]:
        """Bytes, CPU and memory."""
        floor, few, many, idle = streams((self.hello, self.few, self.many, self.still), 60 * minutes)
        rows = []
        flat = 1.0 if minutes >= SETTLED_MINUTES else None
        for program, found, kilobytes, percent in ((self.few, few, 1.5, 1.5), (self.many, many, 6.0, 3.0)):
            rows += [
                Row(f"to the terminal at 1 Hz, {program.name}", found.bytes_per_s / 1000, "KB/s", kilobytes),
                Row(f"CPU of the screen, {program.name}", found.cpu_percent, "%", percent),
                Row(f"memory, {program.name}", found.memory[-1] / MEGA, "MB", 1.5, floor.memory[-1] / MEGA),
                Row(f"memory grown in {minutes:g} min, {program.name}", found.growth / MEGA, "MB", flat),
            ]
        return [*rows, Row("to the terminal, idle", idle.bytes_per_s / 1000, "KB/s", 0.3)]

    def trouble(self) -> list[Row]:
        """Stalled and closed terminals."""
        stalled = stall(self.many, self.many_engine, STALL_S)
        closed = closing(self.many)
        after = f"after {STALL_S:g} s unread"
        return [
            Row(f"catches up {after}", stalled.caught_up_s, "s", 1),
            Row(f"picture broken {after}", float(not stalled.whole), "", 0),
            Row("memory of the screen meanwhile", stalled.screen_growth / MEGA, "MB", 5),
            Row("memory of the engine meanwhile", stalled.engine_growth / MEGA, "MB", 5),
            Row("longest gap between the engine's beats", stalled.beat_gap_s, "s", 1.5),
            Row("longest answer of the engine", stalled.ping_ms, "ms", 250),
            Row("gone after the terminal closed", closed.gone_s, "s", 2),
            Row("CPU spent on that", closed.cpu_s, "s", 0.5),
            Row("wrong exit code then", float(closed.code != 129), "", 0),
        ]


def _against(
    what: str,
    found: Sequence[Start],
    floor: Sequence[Start],
    of: Callable[[Start], float],
    *,
    limit: float | None = 1.2,
) -> Row:
    mine, theirs = [of(one) for one in found], [of(one) for one in floor]
    paired = median([one / other for one, other in zip(mine, theirs, strict=True)])
    return Row(what, median(mine), "ms", limit, median(theirs), paired)
