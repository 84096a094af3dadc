"""Every figure beside its target, in one table for docs/performance.md.

    python -m bench [--minutes 10] [--only starts,keys,streams,trouble,rehearsal,idle,samples]

Half an hour; with `--minutes 1` a short look of six minutes, with fewer starts and keys. It runs unattended;
what cannot be measured is a row of the table too. The table goes to standard output, what is going on to standard
error. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench import rehearsal, samples
from bench.screen import ScreenBench
from bench.targets import Broken, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.targets import Row

LONG_MINUTES = 5
"""From here on starts and keys are as many as figures for the record need."""

BUSY_CORES = 0.3
"""What others may use without being mentioned: engine and stage of a rehearsal are no children of the bench, either."""


def parts(bench: ScreenBench, minutes: float) -> dict[str, Callable[[], Sequence[Row]]]:
    """Every part by its name, in the order of the table."""
    long = minutes >= LONG_MINUTES
    return {
        "starts": lambda: bench.starts(15 if long else 9),
        "keys": lambda: bench.keys(100 if long else 30),
        "streams": lambda: bench.streams(minutes),
        "trouble": bench.trouble,
        "rehearsal": lambda: rehearsal.starts(5 if long else 3),
        "idle": lambda: rehearsal.idle(minutes),
        "samples": samples.kept,
    }


def measure(name: str, part: Callable[[], Sequence[Row]]) -> Sequence[Row | Broken]:
    """The rows of a part; one that breaks must not cost the others."""
    began = time.monotonic()
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    try:
        rows: Sequence[Row | Broken] = part()
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as exc:
        rows = [Broken(name, f"{type(exc).__name__}: {exc}")]
    missed = sum(not row.met for row in rows)
    print(f"{time.monotonic() - began:.0f} s, {missed or 'none'} missed", file=sys.stderr, flush=True)
    return rows


class Load:
    """How busy others keep the machine: figures from a busy one are suspect."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy_s(), _own_s()

    def told(self) -> str:
        """A sentence on what others used since then."""
        seconds = time.monotonic() - self._began
        others = max(0.0, _busy_s() - self._busy - (_own_s() - self._own)) / seconds
        warning = " Taken under load: read times as upper bounds." if others > BUSY_CORES else ""
        return f"Others used {others:.1f} of {os.cpu_count()} cores in those {seconds / 60:.0f} minutes.{warning}"


def _own_s() -> float:
    return sum(os.times()[:4])


def _busy_s() -> float:
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to watch streams, and an idle engine")
    parser.add_argument("--only", default="", help="which parts, with commas")
    options = parser.parse_args()
    rows: list[Row | Broken] = []
    load = Load()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        every = parts(ScreenBench(Path(folder), stack), options.minutes)
        chosen = options.only.split(",") if options.only else list(every)
        if unknown := set(chosen) - set(every):
            parser.error(f"there is no part {', '.join(sorted(unknown))}: {', '.join(every)}")
        for name in chosen:
            rows += measure(name, every[name])
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" Textual {version('textual')}, `python -m bench --minutes {options.minutes:g}`. {load.told()}\n"
    )
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
