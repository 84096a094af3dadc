"""The clocks: real time, and time moved by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.clock import ManualClock, SystemClock

if TYPE_CHECKING:
    from controlroom.ports import Clock

START = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


async def test_system_clock_is_aware_and_moves() -> None:
    """The system clock speaks UTC and sleeps real seconds; a negative sleep returns at once."""
    real: Clock = SystemClock()
    before = real.monotonic()
    await real.sleep(0.01)
    await real.sleep(-5)
    assert 0.009 < real.monotonic() - before < 2
    assert real.now().utcoffset() == timedelta(0)


async def test_time_stands_still_until_advanced(clock: ManualClock) -> None:
    """Nothing moves a manual clock but `advance`."""
    port: Clock = clock
    assert port.now() == START
    before = clock.monotonic()
    await clock.settle()
    assert (clock.now(), clock.monotonic()) == (START, before)
    await clock.advance(90)
    assert clock.now() == START + timedelta(seconds=90)
    assert clock.monotonic() - before == 90


async def test_sleepers_wake_in_order_at_their_own_moment(clock: ManualClock) -> None:
    """Each sleeper sees the time it asked for, however far the clock is moved at once."""
    seen: list[tuple[str, float]] = []
    begin = clock.monotonic()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        seen.append((name, clock.monotonic() - begin))

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("c", 3), ("a", 1), ("b", 2), ("a2", 1)):
            group.create_task(sleeper(name, seconds))
        await clock.advance(10)
    assert seen == [("a", 1), ("a2", 1), ("b", 2), ("c", 3)]


async def test_sleeps_begun_during_an_advance_count(clock: ManualClock) -> None:
    """A loop that sleeps a second at a time turns 300 times in 300 s, and not once more."""
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await clock.sleep(1)
            turns += 1

    task = asyncio.create_task(tick())
    await clock.advance(300)
    assert turns == 300
    await clock.advance(0.999)
    assert turns == 300
    task.cancel()


async def test_long_chains_settle_between_wake_ups(clock: ManualClock) -> None:
    """What a sleeper wakes runs to its end before the next sleeper wakes, over many turns of the loop."""
    log: list[str] = []

    async def worker(inbox: asyncio.Queue[str]) -> None:
        while True:
            item = await inbox.get()
            for _ in range(200):
                await asyncio.sleep(0)
            log.append(f"done {item}")

    async def sleeper(name: str, seconds: float, inbox: asyncio.Queue[str]) -> None:
        await clock.sleep(seconds)
        log.append(f"woke {name}")
        inbox.put_nowait(name)

    inbox: asyncio.Queue[str] = asyncio.Queue()
    tasks = [asyncio.create_task(worker(inbox))]
    tasks += [asyncio.create_task(sleeper(n, s, inbox)) for n, s in (("a", 1), ("b", 1), ("c", 2))]
    await clock.advance(2)
    assert log == ["woke a", "done a", "woke b", "done b", "woke c", "done c"]
    for task in tasks:
        task.cancel()


async def test_loopback_traffic_settles(clock: ManualClock) -> None:
    """A message that crosses a loopback socket because of a wake-up has arrived when `advance` returns."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readline())
        writer.write(b"pong\n")
        got.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())

    async def talk() -> None:
        await clock.sleep(1)
        writer.write(b"ping\n")
        got.append(await reader.readline())
        writer.write(b"bye\n")

    task = asyncio.create_task(talk())
    await clock.advance(1)
    assert got == [b"ping\n", b"pong\n", b"bye\n"]
    await task
    writer.close()
    server.close()
    await server.wait_closed()


async def test_ten_tenths_make_a_second(clock: ManualClock) -> None:
    """Small steps add up exactly."""
    task = asyncio.create_task(clock.sleep(1.0))
    for _ in range(10):
        await clock.advance(0.1)
    assert task.done()


async def test_cancelled_sleepers_are_forgotten(clock: ManualClock) -> None:
    """A cancelled sleep neither wakes nor counts; a timeout around a sleep works."""
    task = asyncio.create_task(clock.sleep(5))
    await clock.settle()
    assert clock.sleepers == 1
    task.cancel()
    await clock.settle()
    assert clock.sleepers == 0
    await clock.advance(10)
    assert task.cancelled()


async def test_wall_steps_change_no_duration(clock: ManualClock) -> None:
    """S9: the wall clock jumps an hour either way; sleeps and monotonic time do not notice."""
    task = asyncio.create_task(clock.sleep(10))
    await clock.advance(4)
    before = clock.monotonic()
    clock.step_wall(-3600)
    assert clock.monotonic() == before
    assert clock.now() == START + timedelta(seconds=4 - 3600)
    await clock.advance(5.999)
    assert not task.done()
    clock.step_wall(7200)
    await clock.advance(0.001)
    assert task.done()


async def test_a_spinning_loop_is_named(clock: ManualClock) -> None:
    """A task that never waits is an error of the test at hand, not a hang."""

    async def spin() -> None:
        while True:  # noqa: ASYNC110 - never resting is the point
            await asyncio.sleep(0)

    task = asyncio.create_task(spin())
    with pytest.raises(RuntimeError, match="spins"):
        await clock.advance(1)
    task.cancel()


async def test_wrong_uses_are_refused(clock: ManualClock) -> None:
    """Time does not run backwards, and a naive start is no moment."""
    with pytest.raises(ValueError, match="backwards"):
        await clock.advance(-1)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 12, 1))  # noqa: DTZ001 - the naive moment is the point
    assert ManualClock(datetime(2026, 12, 1, 4, tzinfo=timezone(timedelta(hours=1)))).now() == START
