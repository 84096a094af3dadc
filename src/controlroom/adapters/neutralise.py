"""Text from commands and services made safe for terminals and logs (S27): nothing in it moves, hides or recolours.

Runs in the supervisor of a job too, so it imports little.
"""

from __future__ import annotations

import codecs
import re

REPLACEMENT = "\ufffd"
"""Stands for each control, invisible or direction-changing character that is not part of an escape sequence."""

LONGEST_STRING = 8192
"""Characters of an OSC, DCS or similar string that are taken as such; one that goes on is text from there on."""
LONGEST_LINE = 65_536
"""Characters of an unfinished line that are kept back for a carriage return to take back."""

_PLAIN = b"\t\n" + bytes(range(0x20, 0x7F))
_STRING = rf"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]{{0,{LONGEST_STRING}}}"
_CSI = r"(?:\x1b\[|\x9b)[0-?]{0,256}[ -/]{0,16}"
_NF = r"\x1b[ -/]{1,16}"
_SEQUENCE = re.compile(rf"{_STRING}(?:\x07|\x1b\\|\x9c)?|{_CSI}[@-~]|{_NF}[0-~]|\x1b[0-OQ-WYZ\\`-~]")
_UNFINISHED = re.compile(rf"(?:{_STRING}\x1b?|{_CSI}|{_NF}|\x1b)\Z")
_LONGEST_SEQUENCE = LONGEST_STRING + 3
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)


class Neutraliser:
    """Takes bytes in chunks of any size and gives text whose only control characters are tab and newline.

    Escape sequences vanish, whether 7-bit or 8-bit, also when split over chunks or never ended; invalid UTF-8 becomes
    U+FFFD. A carriage return takes back what its line said before, so that of a progress bar the last state is kept.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unfinished = ""
        self._line = ""

    @property
    def line(self) -> str:
        """The line that has not ended yet, as it stands."""
        return _last_state(self._line)

    def feed(self, chunk: bytes) -> str:
        """What has become final: whole lines, or the beginning of one longer than LONGEST_LINE."""
        pending, _ = self._decoder.getstate()
        if pending or self._unfinished or chunk.translate(None, _PLAIN):
            return self._settle(self._cleanse(chunk))
        return self._settle(chunk.decode("ascii"))

    def flush(self) -> str:
        """The rest, once no more chunks come."""
        text = self._settle(self._cleanse(b"", final=True)) + self.line
        self._line = ""
        return text

    def _cleanse(self, chunk: bytes, *, final: bool = False) -> str:
        text = self._unfinished + self._decoder.decode(chunk, final)
        self._unfinished = ""
        if not _UNSAFE.search(text):  # as every sequence begins with such a character
            return text
        if not final and (found := _UNFINISHED.search(text, max(0, len(text) - _LONGEST_SEQUENCE))):
            text, self._unfinished = text[: found.start()], text[found.start() :]
        return _UNSAFE.sub(REPLACEMENT, _SEQUENCE.sub("", text).replace("\b", "").replace("\a", ""))

    def _settle(self, text: str) -> str:
        """Add clean `text` to the line under way; what cannot change any more."""
        head, newline, self._line = (self._line + text).replace("\r\n", "\n").rpartition("\n")
        if "\r" in head:
            head = "\n".join(map(_last_state, head.split("\n")))
        if "\r" in self._line:
            # Whether the return takes back the line or only precedes its newline shows later.
            self._line = self.line + "\r" * self._line.endswith("\r")
        if len(self._line) > LONGEST_LINE:
            newline, self._line = newline + self.line, ""
        return head + newline


def neutralise(text: str) -> str:
    """All of `text`, made safe."""
    stream = Neutraliser()
    return stream.feed(text.encode("utf-8", "replace")) + stream.flush()


def _last_state(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]
