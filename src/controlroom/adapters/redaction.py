"""Secrets taken out of output (S27), also when they arrive in pieces, overlap each other, or come encoded.

Runs in the supervisor of a job too, so it imports little.
"""

from __future__ import annotations

from controlroom.adapters.secret_forms import forms

TYPE_CHECKING = False  # importing typing would take a third of the time that a supervisor needs to start
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MASK = b"***"
_KEY = 8
"""Bytes of a form that are searched for before the whole of it is compared."""


class Redactor:
    """Takes bytes in chunks of any size and gives them with every form of every secret replaced by MASK.

    See `secret_forms` for what is looked for, and for the secrets that are too short. Where occurrences overlap, the
    whole of their union goes. Feed it what was neutralised: an escape sequence could otherwise hide in a secret.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = sorted({form for secret in secrets for form in forms(secret)})
        self._held = b""
        self._covered = 0

    def feed(self, chunk: bytes) -> bytes:
        """What is certain of everything fed so far; an end that may begin a secret is kept for later."""
        if not self._forms:
            return chunk
        shown, self._held, self._covered = _mask(self._forms, self._held + chunk, self._covered, final=False)
        return shown

    def peek(self, chunk: bytes) -> bytes:
        """What `feed` would give for `chunk`, without taking it."""
        return _mask(self._forms, self._held + chunk, self._covered, final=False)[0]

    def flush(self) -> bytes:
        """The rest, once no more chunks come."""
        shown, self._held, self._covered = _mask(self._forms, self._held, self._covered, final=True)
        return shown

    def redact(self, text: str) -> str:
        """All of `text` without secrets, whatever was fed before."""
        shown, _, _ = _mask(self._forms, text.encode("utf-8", "replace"), 0, final=True)
        return shown.decode("utf-8", "replace")


def _mask(secret: Sequence[bytes], text: bytes, covered: int, *, final: bool) -> tuple[bytes, bytes, int]:
    """Mask `text`, whose first `covered` bytes an earlier mask stands for already.

    Returns what can be shown, what has to be held because more may follow, and how much of that is covered.
    """
    cut = len(text) if final else min((_doubt(form, text) for form in secret), default=len(text))
    shown: list[bytes] = []
    at = 0
    for start, end in _united(secret, text, covered):
        if start >= cut and not (covered and start == 0):
            break  # but what a mask stands for already stays covered, however early the doubt begins
        if start or not covered:
            shown += (text[at:start], MASK)
        at = end
    shown.append(text[at:cut])
    return b"".join(shown), text[cut:], max(0, at - cut)


def _united(secret: Sequence[bytes], text: bytes, covered: int) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of `text` that occurrences of `secret` cover, in order; the covered part first."""
    spans = sorted((start, start + len(form)) for form in secret if form in text for start in _places(form, text, 0))
    if covered:
        spans.insert(0, (0, covered))
    begin, reach = -1, -1
    for start, end in spans:
        if start < reach:
            reach = max(reach, end)
            continue
        if reach > 0:
            yield begin, reach
        begin, reach = start, end
    if reach > 0:
        yield begin, reach


def _doubt(form: bytes, text: bytes) -> int:
    """Where the longest end of `text` starts that begins `form` without completing it; its length if there is none."""
    first = max(0, len(text) - len(form) + 1)
    for start in _places(form[:_KEY], text, first):
        if form.startswith(text[start:]):
            return start
    for start in range(max(first, len(text) - _KEY + 1), len(text)):
        if form.startswith(text[start:]):
            return start
    return len(text)


def _places(form: bytes, text: bytes, first: int) -> Iterator[int]:
    start = text.find(form, first)
    while start >= 0:
        yield start
        start = text.find(form, start + 1)
