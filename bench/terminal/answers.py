"""What a terminal says when it is asked: a program that waits for it pays what a real one would cost it, no more."""

from __future__ import annotations

import re

_QUESTION = re.compile(
    rb"\x1b\[\?(?P<mode>\d+)\$p|(?P<attributes>\x1b\[0?c)|(?P<alive>\x1b\[5n)|(?P<keyboard>\x1b\[\?u)|(?P<name>\x1b\[>0?q)"
    rb"|\x1b\](?P<colour>1[01]);\?(?:\x07|\x1b\\)"
)
_KNOWN = frozenset({b"25", b"1000", b"1002", b"1003", b"1004", b"1006", b"1049", b"2004", b"2026"})
_LONGEST = 32
"""Bytes that a question can have, for one that is cut in two."""


class Answers:
    """Finds the questions in what a program writes."""

    def __init__(self) -> None:
        self._tail = b""

    def to(self, data: bytes) -> bytes:
        """The answers to the questions in `data`, which follows what came before."""
        heard, old = self._tail + data, len(self._tail)
        self._tail = heard[-_LONGEST:]
        return b"".join(_answer(found) for found in _QUESTION.finditer(heard) if found.end() > old)


def _answer(found: re.Match[bytes]) -> bytes:
    if found["mode"]:
        return b"\x1b[?%s;%d$y" % (found["mode"], 2 if found["mode"] in _KNOWN else 0)
    if found["colour"]:
        return b"\x1b]%s;rgb:%s\x1b\\" % (
            found["colour"],
            b"/".join([b"ffff" if found["colour"] == b"10" else b"0000"] * 3),
        )
    answers = {
        "attributes": b"\x1b[?62;22c",
        "alive": b"\x1b[0n",
        "keyboard": b"\x1b[?0u",
        "name": b"\x1bP>|bench\x1b\\",
    }
    return answers[str(found.lastgroup)]
