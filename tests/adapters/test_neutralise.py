"""Untrusted output made safe for a terminal (S27)."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.adapters.neutralise import LONGEST_LINE, LONGEST_STRING, Neutraliser, neutralise

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
ESCAPES = (
    b"\x1b",
    b"\x1b[31m",
    b"\x1b]0;",
    b"\x1b\\",
    b"\x1bP",
    b"\x1b_",
    b"\x1b^x",
    b"\x9b",
    b"\xc2\x9b",
    b"\xc2\x9d",
)
PARTS = (
    b"[",
    b"]",
    b"m",
    b"0;1",
    b"?25l",
    b"(0",
    b"\x07",
    b"\r",
    b"\n",
    b"\r\n",
    b"\b",
    b"\t",
    b" ",
    b"a",
    b"100%",
    b"\x00",
)
LETTERS = (b"\xff", b"\xe2\x9c", b"\x93", "é✓".encode(), "\u202e".encode(), "\u2028".encode())
PIECES = st.sampled_from(ESCAPES + PARTS + LETTERS)
HOSTILE = st.one_of(st.lists(PIECES, max_size=40).map(b"".join), st.binary(max_size=80))


def whole(data: bytes) -> str:
    stream = Neutraliser()
    return stream.feed(data) + stream.flush()


CASES = {
    "plain": (b"deploying auth\tv2.1.0\n", "deploying auth\tv2.1.0\n"),
    "colour": (b"\x1b[1;31mred\x1b[0m\n", "red\n"),
    "colon colour": (b"\x1b[38:2::1:2:3mx\x1b[m", "x"),
    "cursor and erase": (b"a\x1b[2J\x1b[H\x1b[Kb\x1b[?25l", "ab"),
    "title by BEL": (b"\x1b]0;owned\x07ok", "ok"),
    "title by ST": (b"\x1b]2;owned\x1b\\ok", "ok"),
    "clipboard": (b"\x1b]52;c;cm0gLXJmIC8=\x07ok", "ok"),
    "hyperlink": (b"\x1b]8;;http://evil.example\x1b\\docs\x1b]8;;\x1b\\", "docs"),
    "unended title hides its line only": (b"\x1b]0;owned\nnext\n", "\nnext\n"),
    "unended title at the end": (b"ok\x1b]0;owned", "ok"),
    "title cut off by another sequence": (b"\x1b]0;x\x1b[31mred", "red"),
    "DCS": (b'\x1bP$q"p\x1b\\ok', "ok"),
    "APC, PM, SOS": (b"\x1b_a\x1b\\\x1b^b\x1b\\\x1bXc\x1b\\ok", "ok"),
    "8-bit CSI": ("\x9b31mred".encode(), "red"),
    "8-bit OSC": ("\x9d0;owned\x9cok".encode(), "ok"),
    "8-bit raw": (b"\x9b31mred", "\ufffd31mred"),
    "character set": (b"\x1b(0lqk\x1b(B", "lqk"),
    "reset": (b"\x1bcok\x1b7\x1b8", "ok"),
    "lone escape": (b"a\x1b\nb\x1b", "a\ufffd\nb\ufffd"),
    "broken CSI": (b"\x1b[3\n1m", "\ufffd[3\n1m"),
    "controls": (b"a\x00b\x0ec\x7fd\x0be", "a\ufffdb\ufffdc\ufffdd\ufffde"),
    "bell and backspace": (b"a\x07b\bc", "abc"),
    "bidi": ("user\u202egnp.exe\u2066x".encode(), "user\ufffdgnp.exe\ufffdx"),
    "line separators": ("a\u2028b\u2029c\x85d".encode(), "a\ufffdb\ufffdc\ufffdd"),
    "invisible": ("a\u200bb\ufeffc\U000e0041".encode(), "a\ufffdb\ufffdc\ufffd"),
    "invalid UTF-8": (b"a\xffb\xe2\x9cc\xc0\xaf", "a\ufffdb\ufffdc\ufffd\ufffd"),
    "cut UTF-8": (b"a\xe2\x9c", "a\ufffd"),
    "other scripts stay": ("Avanzó ✓ 部署 مرحبا 👩‍💻\n".encode(), "Avanzó ✓ 部署 مرحبا 👩‍💻\n"),
    "progress": (b"10%\r20%\r100%\ndone\n", "100%\ndone\n"),
    "progress with erase": (b"10%\r\x1b[K20%\r\x1b[K", "20%"),
    "CRLF": (b"one\r\ntwo\r\r\n", "one\ntwo\n"),
    "return at the end": (b"state\r", "state"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str) -> None:
    """S27: each kind of sequence and character comes out as the table says, in one piece and byte by byte."""
    data, expected = CASES[case]
    assert whole(data) == expected
    stream = Neutraliser()
    assert "".join(stream.feed(bytes([byte])) for byte in data) + stream.flush() == expected


@given(HOSTILE)
def test_nothing_dangerous_is_left(data: bytes) -> None:
    """S27: whatever comes in, tab and newline are the only controls that come out, and it is valid UTF-8."""
    out = whole(data)
    assert not FORBIDDEN.search(out)
    assert out.encode().decode() == out


@given(HOSTILE, st.lists(st.integers(0, 80), max_size=8))
def test_chunks_do_not_matter(data: bytes, cuts: list[int]) -> None:
    """S27: how the bytes were cut into chunks changes nothing."""
    stream = Neutraliser()
    edges = [0, *sorted(cuts), len(data)]
    out = "".join(stream.feed(data[a:b]) for a, b in pairwise(edges) if a < b)
    assert out + stream.flush() == whole(data)


@given(HOSTILE)
def test_once_is_enough(data: bytes) -> None:
    """What is safe stays as it is."""
    assert neutralise(whole(data)) == whole(data)


@given(HOSTILE)
def test_the_line_under_way_is_safe_at_every_moment(data: bytes) -> None:
    """S27: what is shown of an unfinished line is as safe as the rest, and in the end part of it."""
    stream = Neutraliser()
    for byte in data:
        stream.feed(bytes([byte]))
        assert not FORBIDDEN.search(stream.line)
        assert "\n" not in stream.line


def test_the_line_under_way_is_the_last_state() -> None:
    """A progress bar can be watched: the unfinished line is what its last return left."""
    stream = Neutraliser()
    for chunk, line in (
        (b"10%", "10%"),
        (b"\r", "10%"),
        (b"20", "20"),
        (b"%\r", "20%"),
        (b"\x1b[", "20%"),
        (b"Kx", "x"),
    ):
        assert stream.feed(chunk) == ""
        assert stream.line == line


def test_an_endless_line_is_given_away_in_pieces() -> None:
    """Memory stays bounded without a newline in sight; nothing is lost or doubled."""
    stream = Neutraliser()
    chunk = b"0123456789" * 1000
    out = ""
    for _ in range(50):
        out += stream.feed(chunk)
        assert len(stream.line) <= LONGEST_LINE
    assert out + stream.flush() == (chunk * 50).decode()


def test_an_endless_sequence_is_given_away_too() -> None:
    """A string that never ends hides a bounded stretch, whether it comes at once or in pieces."""
    data = b"\x1b]0;" + b"x" * (LONGEST_STRING + 98) + b"\n"
    stream = Neutraliser()
    out = "".join(stream.feed(data[i : i + 100]) for i in range(0, len(data), 100)) + stream.flush()
    assert out == whole(data) == "x" * 100 + "\n"


@pytest.mark.parametrize(
    "unit", [b"\r", b"\b", b"\x1b", b"\x1b]", b"\x1b[0", b"\xc2\x9d", b"\x1b[" + b"0" * 255, b"a\r"]
)
def test_no_input_is_slow(unit: bytes) -> None:
    """A hostile command cannot stall its supervisor: a megabyte of any pattern takes well under its time limit."""
    stream = Neutraliser()
    data = unit * (2**20 // len(unit))
    for start in range(0, len(data), 65_536):
        stream.feed(data[start : start + 65_536])
    assert not FORBIDDEN.search(stream.flush())


def test_text_with_lone_surrogates() -> None:
    """Text from a file name or header that never was valid UTF-8 is made safe as well."""
    assert neutralise("a\udcffb\x1b[1mc") == "a?bc"
