"""The terminal that the bench measures on: what it shows, what it answers, and what it says was left behind."""

from __future__ import annotations

import os
import sys

import pytest
from bench.__main__ import measure
from bench.programs import hello
from bench.targets import Row, p95, table
from bench.terminal.answers import Answers
from bench.terminal.picture import Picture, UnknownSequenceError
from bench.terminal.session import Session


def shown(*pieces: bytes, columns: int = 10, lines: int = 3) -> Picture:
    picture = Picture(columns, lines)
    for piece in pieces:
        picture.feed(piece)
    return picture


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"one\r\ntwo", "one\ntwo\n"),
        (b"\x1b[2;3Hx\x1b[Hy", "y\n  x\n"),
        (b"\x1b[3H\x1b[2Cz", "\n\n  z"),
        ("漢字a".encode(), "漢字a\n\n"),
        (b"abcdef\x1b[1;3H\x1b[K", "ab\n\n"),
        (b"abc\x1b[2Jd", "   d\n\n"),
        (b"\x1b[1;38;2;1;2;3mred\x1b[0m", "red\n\n"),
        (b"1\n\r2\n\r3\n\r4", "2\n3\n4"),
        (b"\x1b]0;title\x07a", "a\n\n"),
    ],
)
def test_what_is_written_is_shown(written: bytes, text: str) -> None:
    """Text, moves, wiping, wide characters and scrolling end where a terminal has them."""
    assert shown(written).text() == text


def test_pieces_may_end_anywhere() -> None:
    """A sequence or a character that is cut by the end of a read is taken up with the next."""
    whole = "\x1b[2;2Hé漢\x1b[31m!".encode()
    for cut in range(len(whole)):
        assert shown(whole[:cut], whole[cut:]).text() == "\n é漢!\n"


def test_cancel_ends_a_sequence() -> None:
    """CAN ends what was cut off for good, and nothing of it is shown."""
    assert shown(b"a\x1b[38;2;1\x18b").text() == "ab\n\n"


def test_synchronized_updates_are_seen_at_their_end() -> None:
    """Nothing counts as seen between the begin and the end of a synchronized update."""
    picture = shown(b"\x1b[?2026hhalf")
    assert not picture.whole
    picture.feed(b" done\x1b[?2026l")
    assert picture.whole


def test_the_main_screen_comes_back() -> None:
    """The alternate screen hides the main one, and gives it back."""
    picture = shown(b"shell\x1b[?1049h\x1b[?25lapp")
    assert picture.text().strip() == "app"
    assert picture.left_set() == ["1049", "25"]
    picture.feed(b"\x1b[?1049l\x1b[?25h")
    assert picture.text().startswith("shell")
    assert picture.left_set() == []


def test_what_it_does_not_know_it_refuses() -> None:
    """A sequence that would change the picture in an unknown way is an error, not a wrong picture."""
    with pytest.raises(UnknownSequenceError):
        shown(b"\x1b[4L")


def test_questions_are_answered_once_even_when_cut() -> None:
    """A question that comes in two reads is answered when it is whole, and not again."""
    answers = Answers()
    assert answers.to(b"\x1b[?2026") == b""
    assert answers.to(b"$p") == b"\x1b[?2026;2$y"
    assert answers.to(b"text") == b""


def test_a_program_paints_hears_keys_and_leaves_nothing_behind() -> None:
    """Hello-world on a real terminal: its first picture, a key, and a clean end."""
    program = hello()
    with program.open() as session:
        session.wait_for(program.painted.search, 30)
        session.press("j")
        session.wait_for(lambda text: "keys 1" in text, 10)
        session.press("q")
        assert session.ended_within(10)
        assert session.code == 0
        assert session.left_set() == []


def test_what_a_program_leaves_behind_is_found() -> None:
    """Modes that a program leaves set, of the screen and of the line, are named."""
    code = "import sys, tty; tty.setraw(0); print('\\x1b[?2004h', end='')"
    with Session([sys.executable, "-c", code], os.environ) as session:
        assert session.ended_within(10)
        assert session.left_set() == ["2004", "settings"]


def test_targets_compare_with_the_floor_where_there_is_one() -> None:
    """A limit is a ratio beside a floor, and a figure without one."""
    assert Row("start", 120.0, "ms", 1.2, 100.0).met
    assert not Row("start", 121.0, "ms", 1.2, 100.0).met
    assert Row("bytes", 30.0, "KB", 30).met
    assert not Row("bytes", 30.1, "KB", 30).met
    assert p95([float(n) for n in range(1, 101)]) == 95.0


def test_a_part_that_breaks_is_a_row_and_costs_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    """An unattended night of measuring ends with a table, whatever happened; why is in it, and it is not met."""

    def broken() -> list[Row]:
        raise TimeoutError("waited 30 s; on screen:\n│ 1 │")

    rows = [*measure("keys", broken), *measure("start", lambda: [Row("start", 120.0, "ms", 1.2, 100.0)])]
    assert [row.met for row in rows] == [False, True]
    lines = table(rows).splitlines()
    assert {line.count("|") for line in lines} == {7}
    assert "TimeoutError: waited 30 s; on screen: │ 1 │" in lines[2]
    assert " ".join(lines[3].split()) == "| start | 120 ms | 100 ms | 1.20 x | ≤ 1.2 x | ok |"
    assert "1 missed" in capsys.readouterr().err
