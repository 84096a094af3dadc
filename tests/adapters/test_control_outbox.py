"""A client's outbox under any order of happenings: what goes out has no gap and no repetition, and stays bounded."""

from __future__ import annotations

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from controlroom.control import outbox as outbox_module
from controlroom.control.outbox import MOST_ANSWERS, MOST_OUTPUT_BYTES, Outbox
from controlroom.control.session import Limits, Meter

ACTS = st.lists(st.sampled_from(["fold", "publish", "early", "answer", "take", "take"]), max_size=200)


class Engine:
    """Folds events and publishes them, at once or late or early, as an engine's tasks may interleave."""

    def __init__(self) -> None:
        self.folded = 0
        self.published = 0
        self.answered = 0
        self.outbox = Outbox(lambda: (self.folded, f"S{self.folded}".encode()))

    def fold(self) -> None:
        self.folded += 1

    def publish(self) -> None:
        if self.published < self.folded:
            self._tell()

    def early(self) -> None:
        """Tell before the state has it, which only happens when nothing waits to be told."""
        if self.published == self.folded:
            self._tell()
            self.fold()

    def answer(self) -> None:
        self.outbox.answer(b"A%d" % self.answered)
        self.answered += 1

    def _tell(self) -> None:
        self.published += 1
        self.outbox.event(self.published, f"E{self.published}".encode())


class Client:
    """Checks what it is sent: after a snapshot exactly the events that follow it."""

    def __init__(self) -> None:
        self.seq = -1
        self.answers = 0

    def hear_all(self, lines: list[bytes]) -> None:
        for line in lines:
            self.hear(line)

    def hear(self, line: bytes) -> None:
        kind, number = line[:1], int(line[1:])
        if kind == b"S":
            assert number >= self.seq
            self.seq = number
        elif kind == b"E":
            assert number == self.seq + 1
            self.seq = number
        elif kind == b"A":
            assert number == self.answers
            self.answers += 1


@given(acts=ACTS)
@settings(max_examples=400, deadline=None)
def test_events_and_snapshots_fit_together(acts: list[str]) -> None:
    """Whatever is folded, published and taken when: each event reaches the client once, or a snapshot holds it."""
    limit, outbox_module.MOST_EVENTS = outbox_module.MOST_EVENTS, 4
    try:
        asyncio.run(_play(acts))
    finally:
        outbox_module.MOST_EVENTS = limit


async def _play(acts: list[str]) -> None:
    engine, client = Engine(), Client()
    engine.outbox.greet(b"W0")
    for act in acts:
        if act != "take":
            getattr(engine, act)()
        elif engine.outbox._something.is_set():
            client.hear_all(engine.outbox._next())
        assert engine.outbox._events <= 4
    while engine.published < engine.folded:
        engine.publish()
    engine.outbox.finish(b"G0")
    while lines := await engine.outbox.take():
        client.hear_all(lines)
    assert (client.seq, client.answers) == (engine.folded, engine.answered)


async def _welcomed(box: Outbox) -> Outbox:
    """`box` of a client that has its welcome and its first snapshot."""
    box.greet(b"W0")
    await box.take()
    await box.take()
    return box


async def test_the_welcome_does_not_wait_for_the_snapshot() -> None:
    """A screen loads what it needs for its picture as soon as it is let in; a large snapshot is made meanwhile."""
    made = 0

    def snapshot() -> tuple[int, bytes]:
        nonlocal made
        made += 1
        return 9, b"S9"

    box = Outbox(snapshot)
    box.greet(b"W0")
    box.presence(b"P0")
    assert await box.take() == [b"W0"]
    assert made == 0
    assert await box.take() == [b"S9", b"P0"]
    assert made == 1


async def test_what_a_snapshot_held_is_left_out() -> None:
    """Events that come late are no gap: no second snapshot, which for a large plan would cost the engine."""
    box = await _welcomed(Outbox(lambda: (9, b"S9")))
    for seq in (8, 9, 10):
        box.event(seq, b"E%d" % seq)
    assert await box.take() == [b"E10"]


async def test_an_event_that_was_missed_calls_for_a_snapshot() -> None:
    """A gap, however it came about, is never passed on."""
    box = await _welcomed(Outbox(lambda: (9, b"S9")))
    box.event(10, b"E10")
    box.event(12, b"E12")
    assert await box.take() == [b"S9"]


async def test_nothing_goes_out_before_the_greeting() -> None:
    """A client that has not said who it is gets no event, and a farewell only."""
    box = Outbox(lambda: (7, b"S7"))
    box.event(8, b"E8")
    box.finish(b"G0")
    assert await box.take() == [b"G0"]
    assert await box.take() == []


async def test_what_is_newest_is_kept() -> None:
    """The end of the output, one sample a series, one word a guard, one beat, one presence."""
    box = await _welcomed(Outbox(lambda: (0, b"S0")))
    for number in range(1000):
        box.output(b"%d" % number + b"o" * 1000)
        box.beat(b"B%d" % number)
        box.presence(b"P%d" % number)
        samples = {"a": Raw(b"%d" % number), f"s{number % 3}": Raw(b"%d" % number)}
        box.samples(samples, {f"g{number % 2}": Raw(b"%d" % number)})
    lines = await box.take()
    assert lines[0] == b"P999"
    assert lines[-1] == b"B999"
    assert json.loads(lines[-2])["samples"] == [999, 999, 997, 998]
    assert json.loads(lines[-2])["guards"] == [998, 999]
    output = lines[1:-2]
    assert output[-1].startswith(b"999")
    assert MOST_OUTPUT_BYTES - 2000 < sum(map(len, output)) <= MOST_OUTPUT_BYTES


async def test_one_line_longer_than_the_limit_still_goes_out() -> None:
    """A single huge piece of output is not dropped for itself."""
    box = await _welcomed(Outbox(lambda: (0, b"S0")))
    box.output(b"o" * (MOST_OUTPUT_BYTES + 1))
    assert len((await box.take())[0]) == MOST_OUTPUT_BYTES + 1


async def test_unread_answers_stop_the_reading() -> None:
    """`room` waits once the most answers lie there, until some are taken."""
    box = await _welcomed(Outbox(lambda: (0, b"S0")))
    for number in range(MOST_ANSWERS):
        await asyncio.wait_for(box.room(), 1)
        box.answer(b"A%d" % number)
    waiting = asyncio.create_task(box.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await box.take()
    await asyncio.wait_for(waiting, 1)


def test_a_burst_is_free_and_a_stream_is_not() -> None:
    """So many requests at once cost no wait; then each waits for its turn; idle time earns a new burst, no more."""
    now = 0.0
    meter = Meter(Limits(rate=10.0, burst=5.0), lambda: now)
    assert [meter.delay() for _ in range(5)] == [0.0] * 5
    assert [round(meter.delay(), 3) for _ in range(3)] == [0.1, 0.2, 0.3]
    now = 1000.0
    assert [meter.delay() for _ in range(5)] == [0.0] * 5
    assert meter.delay() > 0
