"""What an engine keeps of its samples, and that nothing of it ever stops a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.kept_samples import DirectLog

from controlroom.engine.recorder import PAUSE_S, WRITE_S
from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import LaunchWatched
    from tests.engine.watched_engine import WatchedEngine

    from controlroom.run.columns import HistoryPart

SERIES = "auth/error_rate"


@pytest.fixture
def log(tmp_path: Path) -> DirectLog:
    return DirectLog(tmp_path / "samples.bin")


async def kept(engine: WatchedEngine, log: DirectLog, columns: int = 12) -> HistoryPart:
    """The last columns of 10 s of the series that the tests look at."""
    return await log.history(SERIES, 10.0, columns, engine.monitor.elapsed())


async def test_what_is_measured_is_kept(launch_watched: LaunchWatched, log: DirectLog) -> None:
    """S22: 10 s roll-ups of every series, on disk within seconds."""
    engine = await launch_watched(log=log)
    await engine.wait(40)
    engine.dials[SERIES] = 8.0
    await engine.wait(40)
    part = await kept(engine, log)
    values = [value for value in part.high if value is not None]
    assert values[0] == 0.4
    assert values[-1] == 8.0
    assert part.high[-1] is None  # the span that is open
    # The series and the health probe, both.
    assert {one.series for one in await log.recent(10.0, 12, 80.0)} == {*engine.dials}


async def test_no_data_leaves_no_row(launch_watched: LaunchWatched, log: DirectLog) -> None:
    """S5: while there is no data the chart has a gap, whatever came before and after."""
    engine = await launch_watched(log=log)
    await engine.wait(30)
    engine.dials[SERIES] = "connection refused"
    await engine.wait(40)
    engine.dials[SERIES] = 0.6
    await engine.wait(40)
    part = await kept(engine, log)
    begun = [value is not None for value in part.high]
    first, last = begun.index(True), len(begun) - 1 - begun[::-1].index(True)
    assert begun[first : last + 1].count(False) == 3


async def test_a_new_engine_goes_on_and_knows_the_recent_past(launch_watched: LaunchWatched, log: DirectLog) -> None:
    """S24: kill -9 costs the open span and those seconds; trends and history reach over the restart."""
    engine = await launch_watched(log=log)
    await engine.wait(60)
    new = DirectLog(log.path)
    again = await launch_watched(after=engine, log=new)
    trail = next(part for part in again.monitor.trails() if part.series == SERIES)
    assert trail.values[:10] == (0.4,) * 10
    await again.wait(60)
    part = await kept(again, new)
    assert part.high == (*[0.4] * 4, None, *[0.4] * 5, None, None)


async def test_an_end_in_order_keeps_the_rest(launch_watched: LaunchWatched, log: DirectLog) -> None:
    """What is open when the engine takes its leave is written."""
    engine = await launch_watched(log=log)
    await engine.wait(34)
    assert engine.recorder is not None
    await engine.recorder.close()
    assert (await kept(engine, log)).high[-1] == 0.4


async def test_a_full_disk_is_an_alarm_and_nothing_more(launch_watched: LaunchWatched, log: DirectLog) -> None:
    """S22: a badge says that samples are not kept; the run goes on, and the alarm clears once they are again."""
    engine = await launch_watched(log=log)
    await engine.wait(30)
    log.trouble = OSError(28, "No space left on device")
    await engine.wait(5 * PAUSE_S)
    alarm = engine.state.alarms["samples"]
    assert alarm.text == "samples cannot be written: no space left on device"
    assert len(engine.happened(ev.AlarmRaised)) == 1
    await engine.advance("database")
    assert engine.service("database").live == "42"
    log.trouble = None
    await engine.wait(2 * PAUSE_S + WRITE_S)
    assert engine.state.alarms["samples"].cleared
    assert (await kept(engine, log)).high[-3] == 0.4


async def test_a_writer_that_breaks_stops_no_engine(launch_watched: LaunchWatched, log: DirectLog) -> None:
    """Whatever it raises."""
    engine = await launch_watched(log=log)
    log.trouble = RuntimeError("a bug")
    await engine.wait(30)
    assert engine.state.alarms["samples"].text == "samples cannot be written: RuntimeError"
    await engine.advance("database")
    assert engine.service("database").live == "42"


async def test_a_damaged_file_is_said_and_replaced(launch_watched: LaunchWatched, log: DirectLog) -> None:
    """A new engine finds rubbish: it says so once, and keeps what comes from now on."""
    log.path.write_bytes(b"rubbish" * 1000)
    engine = await launch_watched(log=log)
    await engine.wait(40)
    alarm = engine.state.alarms["samples"]
    assert (alarm.cleared, "lies aside as samples.bin.damaged" in alarm.text) == (True, True)
    assert (await kept(engine, log)).high[-3] == 0.4
