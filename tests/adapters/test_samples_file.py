"""The file of kept samples: size, memory, crashes, damage, full disks, and what is read back."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.samples.file import SampleFile
from controlroom.adapters.samples.reading import older, sample_blocks
from controlroom.adapters.samples.store import SampleStore
from controlroom.errors import SamplesUnkept
from controlroom.run.columns import Columns
from controlroom.run.phases import DataState
from controlroom.run.rollup import Gatherer, KeptSpan, RollUp
from controlroom.run.samples import Sample, series_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERIES = "auth/error_rate"
HOUR = 3600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "samples.bin"


@pytest.fixture
def store(path: Path) -> Iterator[SampleStore]:
    kept = SampleStore(path)
    yield kept
    kept.close()


def span(number: int, value: float = 1.0, *series: str) -> KeptSpan:
    """A span in which every one of `series` was at `value`."""
    at = 1e6 + number * 10.0
    one = RollUp(at=at, low=value, mean=value, high=value, count=2)
    return KeptSpan(number=number, at=at, rollups=dict.fromkeys(series or (SERIES,), one))


def numbers(path: Path) -> list[int]:
    """The spans that the file holds, in its order."""
    return [block.number for _, block in sample_blocks(path)]


def highs(store: SampleStore, now: float, series: str = SERIES, *, columns: int = 4) -> tuple[float | None, ...]:
    """The highest of each of the last columns of 10 s."""
    return store.history(series, Columns(10.0, columns, now)).high


# -- what it costs


async def _written(store: SampleStore, clock: ManualClock, hours: float) -> None:
    """A plan of 60 services with 4 series each, sampled every 5 s and written every 10 s, for so long."""
    gatherer = Gatherer()
    names = [series_id(f"service-{n:02}", metric) for n in range(60) for metric in ("errors", "p95", "cpu", "memory")]
    for _ in range(round(hours * 360)):
        for _ in range(2):
            elapsed = clock.monotonic() - 1000
            at = clock.now().timestamp()
            for place, series in enumerate(names):
                value = 0.5 + place / 7 + elapsed % 60
                gatherer.take(Sample(series=series, at=at, elapsed=elapsed, value=value, state=DataState.OK))
            await clock.advance(5)
        store.write(gatherer.taken_out(clock.monotonic() - 1000, lambda elapsed: 1e6 + elapsed))


async def test_48_hours_of_60_services_fit(store: SampleStore, path: Path) -> None:
    """S22: 48 h of 60 services with 4 series each within 100 MB: every hour takes the same, so one says it for all."""
    clock = ManualClock(datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    await _written(store, clock, 0.5)
    first = path.stat().st_size
    await _written(store, clock, 0.5)
    half_hour = path.stat().st_size - first
    assert first - half_hour < 10_000  # the names, once
    assert first + 95 * half_hour < 70e6


async def test_memory_stays_flat(store: SampleStore, path: Path) -> None:
    """S22: what the writer holds does not grow with the hours."""
    clock = ManualClock(datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    await _written(store, clock, 0.05)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await _written(store, clock, 0.3)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 400_000
    assert grown < 50_000


def test_it_is_bounded(path: Path) -> None:
    """However long a run lasts: the newest are kept in two files, with their names, and read over both."""
    store = SampleStore(path, limit=5000)
    for number in range(400):
        store.write([span(number, float(number))])
    assert path.stat().st_size + older(path).stat().st_size < 2 * 5100
    assert numbers(path)[-1] == 399
    first = numbers(older(path))[0]
    assert 0 < first < numbers(path)[0]
    assert highs(store, 3999.0, columns=3) == (397.0, 398.0, 399.0)
    everything = highs(store, 3999.0, columns=400)
    assert everything[first:] == tuple(float(n) for n in range(first, 400))
    assert set(everything[:first]) == {None}
    store.close()


# -- what is read back


def test_what_is_written_is_read_back(store: SampleStore) -> None:
    """Lowest, mean, highest and count of each series by itself; what was not measured is not there."""
    one = RollUp(at=1e6, low=0.5, mean=1.25, high=5.3, count=10)
    store.write([KeptSpan(number=3, at=1e6, rollups={SERIES: one}), span(5, 7.0, "orders/cpu")])
    part = store.history(SERIES, Columns(10.0, 4, 65.0))
    assert (part.first, part.low, part.mean, part.high) == (
        3,
        (0.5, None, None, None),
        (1.25, None, None, None),
        (5.3, None, None, None),
    )
    assert highs(store, 65.0, "orders/cpu") == (None, None, 7.0, None)
    assert highs(store, 65.0, "nobody/knows") == (None, None, None, None)


def test_series_that_come_and_go_keep_apart(store: SampleStore) -> None:
    """Any subset of the series may have been measured in a span."""
    names = [f"s{n}/cpu" for n in range(9)]
    for number in range(40):
        there = [name for place, name in enumerate(names) if (number * 7 + place * place) % 3]
        store.write([KeptSpan(number=number, at=0.0, rollups={n: _of(names.index(n)) for n in there})])
    for place, name in enumerate(names):
        expected = tuple(float(place) if (n * 7 + place * place) % 3 else None for n in range(40))
        assert highs(store, 399.0, name, columns=40) == expected


def _of(value: float) -> RollUp:
    return RollUp(at=0.0, low=value, mean=value, high=value, count=1)


def test_the_recent_past_of_all_series(store: SampleStore) -> None:
    """What the trends of a new engine are filled with."""
    for number in range(100):
        store.write([span(number, float(number), SERIES, "auth/cpu")])
    parts = {part.series: part for part in store.recent(10.0, 3, 999.0)}
    assert set(parts) == {SERIES, "auth/cpu"}
    assert parts["auth/cpu"].high == (97.0, 98.0, 99.0)


def test_numbers_beyond_32_bits_are_cut(store: SampleStore) -> None:
    """A counter gone mad does not stop the file."""
    store.write([span(0, 1e300)])
    assert highs(store, 5.0, columns=1) == (3.4e38,)


def test_it_is_private(store: SampleStore, path: Path) -> None:
    """Like everything in a run's folder."""
    store.write([span(0)])
    assert path.stat().st_mode & 0o777 == 0o600


# -- crashes and damage


def test_a_torn_tail_costs_the_torn_span_only(path: Path, tmp_path: Path) -> None:
    """S24: cut anywhere, the file yields every whole span, says nothing is wrong, and takes new ones."""
    store = SampleStore(path)
    ends = []
    for number in range(3):
        store.write([span(number, float(number))])
        ends.append(path.stat().st_size)
    store.close()
    whole = path.read_bytes()
    for cut in range(len(whole)):
        torn = tmp_path / "torn.bin"
        torn.write_bytes(whole[:cut])
        again = SampleStore(torn)
        assert again.write([span(7, 7.0)]) == ""
        again.close()
        assert numbers(torn) == [*(n for n, end in enumerate(ends) if end <= cut), 7]


def test_damage_in_the_middle_stays_there(path: Path) -> None:
    """A bit that turned costs the span that it is in."""
    store = SampleStore(path)
    for number in range(5):
        store.write([span(number, float(number))])
    store.close()
    block = path.stat().st_size - 3 * 44 + 30
    data = bytearray(path.read_bytes())
    data[block] ^= 1
    path.write_bytes(data)
    store = SampleStore(path)
    assert store.write([span(5, 5.0)]) == ""
    assert highs(store, 59.0, columns=6) == (0.0, 1.0, None, 3.0, 4.0, 5.0)
    store.close()


def test_a_file_that_is_none_of_ours_is_laid_aside(path: Path) -> None:
    """Nothing is lost, and the run goes on with a new one."""
    path.write_bytes(b"SQLite format 3\0" * 100)
    store = SampleStore(path)
    assert "makes no sense: it lies aside as samples.bin.damaged" in store.write([span(1)])
    assert store.write([span(2)]) == ""
    assert numbers(path) == [1, 2]
    assert path.with_name("samples.bin.damaged").read_bytes() == b"SQLite format 3\0" * 100
    store.close()


def test_a_file_that_was_taken_away_is_begun_again(path: Path) -> None:
    """Whoever cleans up under a running engine costs it what he removed, and hears of it."""
    store = SampleStore(path)
    store.write([span(1)])
    path.unlink()
    assert store.write([span(2)]) == "the file of samples was taken away, and a new one begun"
    assert numbers(path) == [2]
    store.close()


async def test_what_the_system_refuses_is_said(tmp_path: Path) -> None:
    """A folder that is not there, for one: an error of our own, with the reason."""
    log = SampleFile(tmp_path / "nowhere" / "samples.bin")
    with pytest.raises(SamplesUnkept, match="samples cannot be written: no such file or directory"):
        await log.write([span(0)])
    with pytest.raises(SamplesUnkept, match="samples cannot be read"):
        await log.history(SERIES, 10.0, 4, 0.0)
    await log.close()


def test_a_full_disk_tears_nothing(path: Path) -> None:
    """No room for a write: it fails whole, and once there is room again the next ones follow what was there."""
    store = SampleStore(path)
    store.write([span(0)])
    room = path.stat().st_size + 60
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        with pytest.raises(OSError, match="too large"):
            store.write([span(1, 1.0, "some/new", "more/new")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.stat().st_size == room
    store.write([span(2, 2.0, "more/new")])
    assert numbers(path) == [0, 2]
    assert highs(store, 29.0, "more/new", columns=2) == (None, 2.0)
    store.close()


WRITER = """
import sys
from pathlib import Path
from tests.adapters.test_samples_file import span
from controlroom.adapters.samples.store import SampleStore
store, number = SampleStore(Path(sys.argv[1])), int(sys.argv[2])
while True:
    store.write([span(number, float(number))])
    print(number, flush=True)
    number += 1
"""


def test_kill_9_loses_nothing_that_was_written(path: Path) -> None:
    """S24: whatever a write has returned for is there, also after several deaths."""
    first = 0
    for _ in range(4):
        command = [sys.executable, "-c", WRITER, str(path), str(first)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "src:."})
        assert writer.stdout is not None
        for _ in range(50):
            last = int(writer.stdout.readline())
        writer.kill()
        last = max([last, *map(int, writer.stdout.read().split(b"\n")[:-1])])
        writer.stdout.close()
        writer.wait()
        found = numbers(path)
        assert found[: last + 1] == list(range(last + 1))
        assert len(found) in {last + 1, last + 2}
        first = len(found)
