"""What keeping samples costs: bytes on disk and memory for 48 hours, time to write a span, time to look at one series.

In a process of its own, so that its memory is its own: `python -m bench.samples HOURS` prints the figures as JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.targets import MEGA, Row

from controlroom.adapters.samples.store import SampleStore
from controlroom.run.columns import Columns
from controlroom.run.phases import DataState
from controlroom.run.rollup import KEPT_SPAN_S, Gatherer
from controlroom.run.samples import Sample, series_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SERVICES, METRICS = 60, ("error_rate", "latency_p95", "cpu", "memory")
HOURS = 48.0
EVERY_S = 5.0
HOUR_S = 3600.0


def kept() -> Sequence[Row]:
    """Rows for the table: 48 hours of 60 services with four series each, written as fast as the machine can."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.samples", f"{HOURS:g}"], check=True, capture_output=True, text=True, timeout=900
    )
    found: dict[str, float] = json.loads(done.stdout)
    what = f"{HOURS:g} h of {SERVICES} services with {len(METRICS)} series each"
    return [
        Row(f"samples on disk, {what}", found["disk"] / MEGA, "MB", 100),
        Row("memory that all but the first hour add", found["grown"] / MEGA, "MB", 5),
        Row("gathering and writing a span of 10 s", found["span_ms"], "ms of CPU", None),
        Row("opening them, with the last 10 min of all series", found["open_ms"], "ms", None),
        Row("one series over 1 h", found["hour_ms"], "ms", None),
        Row("one series over all of it", found["whole_ms"], "ms", None),
    ]


def measured(hours: float) -> dict[str, float]:
    """Write so many hours, then read them."""
    names = [series_id(f"service-{n:02}", metric) for n in range(SERVICES) for metric in METRICS]
    with tempfile.TemporaryDirectory() as folder:
        path, end = Path(folder, "samples.bin"), hours * HOUR_S
        store = SampleStore(path)
        began = time.process_time()
        _write(store, names, 0.0, HOUR_S)
        before = _memory()
        _write(store, names, HOUR_S, end)
        span_ms = (time.process_time() - began) * 1000 / (end / KEPT_SPAN_S)
        grown = _memory() - before
        store.close()
        store = SampleStore(path)
        found = {
            "disk": path.stat().st_size,
            "grown": grown,
            "span_ms": span_ms,
            "open_ms": _ms(lambda: store.recent(KEPT_SPAN_S, 60, end)),
            "hour_ms": _ms(lambda: store.history(names[-1], Columns(30.0, 120, end))),
            "whole_ms": _ms(lambda: store.history(names[-1], Columns(720.0, 240, end))),
        }
        store.close()
    return found


def _write(store: SampleStore, names: Sequence[str], begins: float, ends: float) -> None:
    gatherer, elapsed = Gatherer(), begins
    while elapsed < ends:
        for place, series in enumerate(names):
            value = 0.5 + place / 7 + elapsed % 60
            gatherer.take(Sample(series=series, at=elapsed, elapsed=elapsed, value=value, state=DataState.OK))
        elapsed += EVERY_S
        if spans := gatherer.taken_out(elapsed, lambda at: 1e9 + at):
            store.write(spans)


def _memory() -> float:
    """The most that the process has had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    print(json.dumps(measured(float(sys.argv[1]))))
