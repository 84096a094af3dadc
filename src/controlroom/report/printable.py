"""Text from anywhere made fit for a line of a report: one line, nothing hidden, nothing that changes direction."""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[ \t]*(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])[ \t]*")
_UNSAFE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\ufdd0-\ufdef\U000e0000-\U000e007f]"
)


def one_line(text: str) -> str:
    """`text` with its line breaks shown as ⏎, and U+FFFD for each character that shows nothing or moves others."""
    return _UNSAFE.sub("\ufffd", _BREAKS.sub(" ⏎ ", text.strip("\n\r")).replace("\t", " "))
