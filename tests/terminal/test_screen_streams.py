"""The two ends of the terminal driver: an outlet that never waits, an inlet that survives anything."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest
from textual import events

from controlroom.ui.terminal.inlet import PASTE_IDLE_S, Decoded, Inlet
from controlroom.ui.terminal.outlet import BACKLOG, RECOVER, Outlet

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pipe:
    """A pipe whose writing end does not block."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.write_end, False)
        os.set_blocking(self.read_end, False)

    def drained(self) -> bytes:
        """Everything that lies in it."""
        found = b""
        try:
            while piece := os.read(self.read_end, 1 << 20):
                found += piece
        except BlockingIOError:
            pass
        return found

    def close(self) -> None:
        for fd in (self.read_end, self.write_end):
            try:
                os.close(fd)
            except OSError:
                continue


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe of its own for each test."""
    made = Pipe()
    yield made
    made.close()


def outlet_on(pipe: Pipe, told: list[str]) -> Outlet:
    loop = asyncio.get_running_loop()
    return Outlet(pipe.write_end, loop, missed=lambda: told.append("missed"), lost=lambda: told.append("lost"))


async def until(condition: object, pipe: Pipe | None = None) -> bytes:
    """Let the loop run until `condition` holds; what was read from `pipe` meanwhile."""
    found = b""
    for _ in range(2000):
        if pipe is not None:
            found += pipe.drained()
        if condition():  # type: ignore[operator]
            return found
        await asyncio.sleep(0)
    raise AssertionError("it never held")


async def test_what_the_terminal_takes_is_written_at_once(pipe: Pipe) -> None:
    """No thread, no queue: the flush writes."""
    outlet = outlet_on(pipe, [])
    outlet.write(b"picture")
    assert pipe.drained() == b""
    outlet.flush()
    assert pipe.drained() == b"picture"
    assert outlet.waiting == 0


async def test_the_rest_follows_as_the_terminal_reads(pipe: Pipe) -> None:
    """A slow terminal gets everything, in order, and nothing waits for it."""
    outlet = outlet_on(pipe, [])
    data = bytes(range(256)) * 800
    outlet.write(data)
    outlet.flush()
    assert outlet.waiting > 0
    found = await until(lambda: outlet.waiting == 0, pipe)
    assert found + pipe.drained() == data


async def test_a_stalled_terminal_costs_no_more_than_the_backlog(pipe: Pipe) -> None:
    """What it does not take is dropped; when it reads again it is told to repaint, after what ends a cut sequence."""
    told: list[str] = []
    outlet = outlet_on(pipe, told)
    for _ in range(100):
        outlet.write(b"x" * 16384)
        outlet.flush()
        assert outlet.waiting <= BACKLOG + 16384
    assert told == []
    found = await until(lambda: told, pipe)
    assert told == ["missed"]
    outlet.write(b"whole picture")
    outlet.flush()
    found += await until(lambda: outlet.waiting == 0, pipe)
    assert (found + pipe.drained()).endswith(RECOVER + b"whole picture")


async def test_a_terminal_that_is_gone_is_reported_once(pipe: Pipe) -> None:
    """EPIPE, and later writes say nothing more."""
    told: list[str] = []
    outlet = outlet_on(pipe, told)
    os.close(pipe.read_end)
    for _ in range(3):
        outlet.write(b"anybody?")
        outlet.flush()
    assert told == ["lost"]


async def test_leaving_waits_no_longer_than_it_may(pipe: Pipe) -> None:
    """A terminal that takes nothing does not keep the program."""
    outlet = outlet_on(pipe, [])
    outlet.write(b"x" * 200_000)
    outlet.flush()
    loop = asyncio.get_running_loop()
    began = loop.time()
    outlet.drain(0.2)
    assert loop.time() - began < 1.0
    outlet.close()


def keys(decoded: Decoded, data: bytes, now: float) -> list[str]:
    return [m.key if isinstance(m, events.Key) else type(m).__name__ for m in decoded.feed(data, now)]


def test_bytes_that_are_no_text_become_a_mark() -> None:
    """One stray 0xE9 ends a stock Textual app; here it is a character that nothing is bound to."""
    decoded = Decoded()
    assert keys(decoded, b"\xe9j", 1.0)[-1] == "j"
    assert keys(decoded, b"\xff\xfe", 2.0)
    assert keys(decoded, b"k", 3.0) == ["k"]


def test_a_character_may_come_in_two_pieces() -> None:
    """UTF-8 cut by the network is put together."""
    decoded = Decoded()
    whole = "ñ".encode()
    assert keys(decoded, whole[:1], 1.0) == []
    assert [m.character for m in decoded.feed(whole[1:], 1.01) if isinstance(m, events.Key)] == ["ñ"]


def test_a_paste_is_one_message() -> None:
    """Bracketed paste is told apart from keys."""
    decoded = Decoded()
    found = list(decoded.feed(b"\x1b[200~rauth\r\x1b[201~p", 1.0))
    assert [type(m).__name__ for m in found] == ["Paste", "Key"]


def test_a_paste_without_its_end_is_over_after_silence() -> None:
    """It swallows no key for longer than half a second."""
    decoded = Decoded()
    assert list(decoded.feed(b"\x1b[200~never ending text", 1.0)) == []
    assert decoded.restless
    assert list(decoded.tick(1.0 + PASTE_IDLE_S / 2)) == []
    assert [type(m).__name__ for m in decoded.tick(1.1 + PASTE_IDLE_S)] == ["Paste"]
    assert keys(decoded, b"p", 2.0) == ["p"]


def test_a_key_pressed_by_hand_ends_an_open_paste() -> None:
    """A short, late piece was typed: it counts, and does not belong to the paste."""
    decoded = Decoded()
    list(decoded.feed(b"\x1b[200~" + b"text " * 20, 1.0))
    assert keys(decoded, b"p", 1.2) == ["Paste", "p"]


def test_the_end_of_a_paste_may_come_late_and_in_pieces() -> None:
    """The end's own bytes are no typing."""
    decoded = Decoded()
    list(decoded.feed(b"\x1b[200~" + b"text " * 20 + b"\x1b[20", 1.0))
    assert keys(decoded, b"1~", 1.2) == ["Paste"]


def test_the_inlet_ends_with_its_terminal() -> None:
    """EOF is reported once, from the reading thread, and nothing spins."""
    read_end, write_end = os.pipe()
    lost = threading.Event()
    seen: list[str] = []
    inlet = Inlet(read_end, lambda m: seen.append(m.key if isinstance(m, events.Key) else ""), lost.set)
    inlet.start()
    os.write(write_end, b"jk")
    os.close(write_end)
    assert lost.wait(5)
    inlet.stop()
    os.close(read_end)
    assert seen == ["j", "k"]


def test_stopping_the_inlet_takes_no_time() -> None:
    """A pipe wakes the thread: leaving does not wait for a poll."""
    read_end, write_end = os.pipe()
    inlet = Inlet(read_end, lambda _: None, lambda: None)
    inlet.start()
    inlet.stop()
    assert not inlet._thread.is_alive()
    os.close(read_end)
    os.close(write_end)
