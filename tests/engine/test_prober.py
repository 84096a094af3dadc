"""The prober: every source at its beat, whatever the others do, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.clock import ManualClock
from controlroom.engine.judge import Bounds
from controlroom.engine.prober import Prober
from controlroom.run.pace import Pace
from controlroom.run.phases import DataState
from controlroom.run.samples import Reading, Sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class Gauge:
    """A source of one series: it takes `slow_s` to answer, and raises what it is told to."""

    def __init__(self, clock: ManualClock, series: str, every_s: float = 5.0) -> None:
        self.every_s = every_s
        self.value: float | None = 1.0
        self.slow_s = 0.0
        self.fails: Exception | None = None
        self.at: float | None = None
        self.asked: list[float] = []
        self.under_way = 0
        self._clock = clock
        self._series = series
        self._began = clock.monotonic()

    async def read(self) -> Sequence[Reading]:
        """One reading, or the failure."""
        self.asked.append(round(self._clock.monotonic() - self._began, 6))
        self.under_way += 1
        assert self.under_way == 1, "a source must not be asked while it still answers"
        try:
            await self._clock.sleep(self.slow_s)
            if self.fails is not None:
                raise self.fails
        finally:
            self.under_way -= 1
        at = self._clock.now().timestamp() if self.at is None else self.at
        return [Reading(series=self._series, value=self.value, at=at)]

    async def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def clock() -> ManualClock:
    """Time that the test moves."""
    return ManualClock(datetime(2026, 12, 1, 3, tzinfo=UTC))


@asynccontextmanager
async def probing(
    clock: ManualClock, *sources: Gauge, speed: float = 1.0, base_s: float = 0.0
) -> AsyncIterator[tuple[Prober, list[Sample]]]:
    """A prober at work, and the samples that come."""
    seen: list[Sample] = []
    bounds = {"a/error_rate": Bounds(above=5.0)}
    prober = Prober(sources, clock=clock, pace=Pace(speed), bounds=bounds, on_samples=seen.extend, base_s=base_s)
    task = asyncio.create_task(prober.run())
    await clock.settle()
    yield prober, seen
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_each_source_has_its_own_beat(clock: ManualClock) -> None:
    """Periods are the sources' own, and their first beats are spread so that they do not all come at once."""
    quick, slow = Gauge(clock, "a/health", 1.0), Gauge(clock, "a/error_rate", 5.0)
    async with probing(clock, quick, slow) as (_, seen):
        await clock.advance(10)
    assert quick.asked == [float(at) for at in range(11)]
    assert slow.asked == [2.5, 7.5]
    assert len(seen) == 13


async def test_samples_are_judged_and_kept(clock: ManualClock) -> None:
    """The newest sample of each series is there for whoever asks, and its past as a trail."""
    errors = Gauge(clock, "a/error_rate")
    async with probing(clock, errors) as (prober, seen):
        errors.value = 6.2
        await clock.advance(5)
        assert (seen[-1].state, seen[-1].value) == (DataState.BREACH, 6.2)
        assert prober.newest == {"a/error_rate": seen[-1]}
        errors.value = None
        await clock.advance(5)
        assert prober.newest["a/error_rate"].state is DataState.NO_DATA
        assert prober.trails["a/error_rate"].part("a/error_rate").values == (1.0, 6.2, None)


async def test_beats_do_not_drift(clock: ManualClock) -> None:
    """S9: a source that takes a while is asked at 0, 5, 10, … all the same, hours later too."""
    errors = Gauge(clock, "a/error_rate")
    errors.slow_s = 1.3
    async with probing(clock, errors):
        await clock.advance(3600)
    assert errors.asked == [5.0 * turn for turn in range(721)]


async def test_a_slow_source_skips_beats_and_never_overlaps(clock: ManualClock) -> None:
    """Answers that take 12 s of a 5 s period come every 15 s, one at a time, and the others do not wait for them."""
    slow, other = Gauge(clock, "a/error_rate"), Gauge(clock, "b/error_rate")
    slow.slow_s = 12.0
    async with probing(clock, slow, other) as (_, seen):
        await clock.advance(60)
    assert slow.asked == [0.0, 15.0, 30.0, 45.0, 60.0]
    assert len(other.asked) == 12
    assert [one.elapsed for one in seen if one.series == "a/error_rate"] == [0.0, 15.0, 30.0, 45.0]


async def test_a_sample_is_as_old_as_its_question(clock: ManualClock) -> None:
    """S5: data that took four seconds to come was four seconds old when it came."""
    errors = Gauge(clock, "a/error_rate")
    errors.slow_s = 4.0
    async with probing(clock, errors) as (prober, seen):
        await clock.advance(4)
        assert (seen[0].elapsed, prober.elapsed()) == (0.0, 4.0)


async def test_a_source_that_raises_is_no_data_and_goes_on(clock: ManualClock) -> None:
    """S5: a broken source is NO DATA with its cause in every series it fed, and no end of the others."""
    broken, other = Gauge(clock, "a/error_rate"), Gauge(clock, "b/error_rate")
    async with probing(clock, broken, other) as (prober, _):
        broken.fails = RuntimeError("secret in here")
        await clock.advance(5)
        newest = prober.newest["a/error_rate"]
        assert (newest.state, newest.cause) == (DataState.NO_DATA, "the source broke: RuntimeError")
        await clock.advance(60)
        broken.fails = None
        await clock.advance(5)
        assert prober.newest["a/error_rate"].state is DataState.OK
    assert len(other.asked) == 14


async def test_a_source_that_raises_from_the_start_harms_nobody(clock: ManualClock) -> None:
    """What a source feeds is known from its first answer; before that it can only be missed."""
    broken, other = Gauge(clock, "a/error_rate"), Gauge(clock, "b/error_rate")
    broken.fails = RuntimeError()
    async with probing(clock, broken, other) as (prober, _):
        await clock.advance(20)
        assert list(prober.newest) == ["b/error_rate"]


async def test_a_time_that_stands_still_is_noticed(clock: ManualClock) -> None:
    """S5: the second reading with the same time of its own is no data, and so on until it moves."""
    errors = Gauge(clock, "a/error_rate")
    errors.at = 1000.0
    async with probing(clock, errors) as (_, seen):
        await clock.advance(10)
        errors.at = 1060.0
        await clock.advance(5)
    assert [one.state for one in seen] == [DataState.OK, DataState.NO_DATA, DataState.NO_DATA, DataState.OK]


async def test_a_failure_does_not_set_the_time(clock: ManualClock) -> None:
    """S5: only answers say what time the source has."""
    errors = Gauge(clock, "a/error_rate")
    async with probing(clock, errors) as (_, seen):
        errors.value, errors.at = None, 9e9
        await clock.advance(5)
        errors.value, errors.at = 1.0, None
        await clock.advance(5)
    assert [one.state for one in seen] == [DataState.OK, DataState.NO_DATA, DataState.OK]


async def test_a_step_of_the_wall_clock_changes_no_beat_and_no_time(clock: ManualClock) -> None:
    """S9: an hour forwards or back: beats and plan time go on; at most one sample is lost to the step."""
    errors = Gauge(clock, "a/error_rate")
    async with probing(clock, errors) as (prober, seen):
        await clock.advance(10)
        clock.step_wall(-3600)
        await clock.advance(10)
        clock.step_wall(7200)
        await clock.advance(10)
        assert prober.elapsed() == 30.0
    assert [one.elapsed for one in seen] == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]
    assert sum(one.state is DataState.NO_DATA for one in seen) == 1


async def test_at_speed_periods_shrink_to_a_floor(clock: ManualClock) -> None:
    """`--speed` divides periods, but to no less than 200 ms real; samples are stamped in plan time."""
    errors = Gauge(clock, "a/error_rate")
    async with probing(clock, errors, speed=60.0) as (prober, seen):
        await clock.advance(1)
        assert prober.elapsed() == 60.0
    assert errors.asked == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert [one.elapsed for one in seen] == pytest.approx([0, 12, 24, 36, 48, 60])


async def test_plan_time_goes_on_after_a_restart(clock: ManualClock) -> None:
    """S9, S24: an engine that takes a run up counts from where it stood."""
    errors = Gauge(clock, "a/error_rate")
    async with probing(clock, errors, base_s=3600.0) as (prober, seen):
        await clock.advance(5)
        assert prober.elapsed() == 3605.0
    assert [one.elapsed for one in seen] == [3600.0, 3605.0]


async def test_whoever_takes_the_samples_may_not_fail_unnoticed(clock: ManualClock) -> None:
    """An error of the engine itself ends the prober; it is no NO DATA."""

    def refuse(_: list[Sample]) -> None:
        raise ZeroDivisionError

    prober = Prober([Gauge(clock, "a/x")], clock=clock, pace=Pace(), bounds={}, on_samples=refuse)
    with pytest.raises(ExceptionGroup) as caught:
        await prober.run()
    assert caught.group_contains(ZeroDivisionError)
