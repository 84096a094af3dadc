"""The screen in a real terminal: closed, stalled, resized, pasted into; and what it leaves behind."""

from __future__ import annotations

import os
import signal
import termios
import time
from typing import TYPE_CHECKING

import pytest
from tests.terminal.pty_screen import Feed, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    """A run at its first gate that tests only look at."""
    playing = Feed(tmp_path_factory.mktemp("feed"))
    yield playing
    playing.end()


@pytest.fixture
def own_feed(tmp_path: Path) -> Iterator[Feed]:
    """A run for a test that changes it."""
    playing = Feed(tmp_path)
    yield playing
    playing.end()


def test_the_first_picture_is_the_run_and_is_sent_once(feed: Feed) -> None:
    """What is drawn ahead of the widgets is what they draw: nothing of it is written again, and there is no other."""
    with terminal(feed) as t:
        t.pump(0.7)
        t.sees("p HOLD")
        assert [t.raw.count(title) for title in ("Sequence", "Health", "Journal")] == [1, 1, 1]
        assert "connecting" not in t.raw


def test_q_ends_with_0_and_leaves_no_mode_behind(feed: Feed) -> None:
    """UX rule 13: detach, and the terminal is as it was."""
    with terminal(feed) as t:
        t.send("q")
        assert t.ends(5) == 0
        t.pump(0.2)
        assert termios.tcgetattr(t.slave)[:4] == t.before[:4]
        left = t.raw[t.raw.rindex("\x1b[?1049l") :]
        assert "\x1b[?25h" in left
        for mode in ("?1049", "?2004"):
            assert t.raw.rindex(f"{mode}l") > t.raw.rindex(f"{mode}h")
        assert not any(f"\x1b[?{mouse}h" in t.raw for mouse in (1000, 1002, 1003))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_with_its_code_and_a_clean_terminal(feed: Feed, number: int, code: int) -> None:
    """HUP and TERM: 129 and 143, terminal restored."""
    with terminal(feed) as t:
        os.kill(t.process.pid, number)
        assert t.ends(2) == code
        t.pump(0.2)
        assert termios.tcgetattr(t.slave)[:4] == t.before[:4]
        assert "\x1b[?1049l" in t.raw


def test_a_closed_window_ends_it_within_two_seconds_without_a_spin(feed: Feed) -> None:
    """S23: no process stays behind, and none burns a core; the engine sees a screen that vanished."""
    with terminal(feed) as t:
        before = t.cpu_s()
        t.hang_up()
        began = time.monotonic()
        t.ends(2)
        assert time.monotonic() - began < 2
        assert before < 5
    assert feed.state().phase.value == "ready"


def test_a_terminal_that_stops_reading_costs_nothing_and_catches_up(own_feed: Feed) -> None:
    """The loop goes on, memory is bounded, and what was missed is there at once afterwards."""
    with terminal(own_feed) as t:
        memory = t.memory_mb()
        for _ in range(60):  # each theme repaints everything: many times what a terminal buffers
            t.send("t")
            time.sleep(0.15)
        assert t.memory_mb() < memory + 15
        t.send("p")
        until = time.monotonic() + 5
        while "held" not in own_feed.commands():
            assert time.monotonic() < until, "the key did not get through while the terminal stood still"
        began = time.monotonic()
        t.sees("■ HELD", within=2)
        t.sees("p HOLD, always one key", within=2)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("text", ["are you ready\n", "rrr", "aaa", "auth\r", "a1\r\r"])
def test_a_raw_paste_executes_nothing(feed: Feed, text: str) -> None:
    """UX rule 3, through a real terminal."""
    with terminal(feed) as t:
        t.send(text.replace("\n", "\r"))
        t.pump(1.0)
        assert t.process.poll() is None
        t.sees("AT GATE")
    assert feed.commands() == []


def test_honest_typing_in_bursts_works(own_feed: Feed) -> None:
    """A laggy link delivers the word in one piece and Enter later."""
    with terminal(own_feed) as t:
        t.send("a")
        t.sees("ADVANCE to 1")
        t.pump(0.6)
        t.send("1")
        t.pump(0.3)
        t.send("\r")
        t.sees("✓ advancing to database")
    assert own_feed.commands() == ["advancing to database"]


def test_a_pasted_answer_with_enter_does_not_confirm(feed: Feed) -> None:
    """The right word and Enter in one write leaves the prompt open."""
    with terminal(feed) as t:
        t.send("a")
        t.sees("ADVANCE to 1")
        t.pump(0.6)
        t.send("1\r")
        t.sees("Enter came with the text")
        t.send("\x1b[200~1\x1b[201~")
        t.sees("pasted text is refused")
    assert feed.commands() == []


@pytest.mark.parametrize("junk", [b"\xe9", b"\xff\xfe\xfd", b"\x1b[999;999z", b"\x1b]0;title", b"\x00\x01"])
def test_stray_bytes_do_not_end_it(feed: Feed, junk: bytes) -> None:
    """What is no text, and sequences that nobody knows."""
    with terminal(feed) as t:
        t.send(junk)
        t.pump(0.5)
        t.send("\x1b")
        t.pump(0.5)
        t.send("?")
        t.sees("every key with its meaning")


def test_an_unterminated_paste_does_not_swallow_the_keys(own_feed: Feed) -> None:
    """After a paste that never ends, hold works again."""
    with terminal(own_feed) as t:
        t.send("\x1b[200~some text that never ends")
        t.pump(0.3)
        t.send("p")
        t.sees("■ HELD")
    assert own_feed.commands() == ["held"]


def test_a_size_that_was_there_before_is_drawn_again(feed: Feed) -> None:
    """A window that is made smaller and larger at once has lost part of its picture, and is the size that it was."""
    with terminal(feed) as t:
        t.pump(0.5)
        t.resize(160, 48)
        t.sees("Sequence")
        t.sees("p HOLD")


def test_a_storm_of_sizes_ends_in_the_last_one(feed: Feed) -> None:
    """Resizing at any moment loses nothing."""
    with terminal(feed) as t:
        t.send("a")
        t.sees("ADVANCE to 1")
        for step in range(20):
            t.resize(60 + step * 5, 16 + step)
            t.pump(0.02)
        t.resize(100, 30)
        t.pump(0.3)
        t.sees("ADVANCE to 1")
        t.sees("HOLD, always one key")
        t.sees_in_row(27, "╰")
