"""The forms in which a secret can turn up in output, and from which length on it is looked for.

Runs in the supervisor of a job too, so it imports little.
"""

from __future__ import annotations

import binascii
import json

from controlroom.adapters.neutralise import neutralise

TYPE_CHECKING = False  # see redaction.py
if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 4
"""Bytes that a secret must have to be looked for: a shorter one would be found, and so betrayed, everywhere."""
SHORTEST_LINE = 8
"""Bytes that a line of a secret must have to be looked for by itself."""
SHORTEST_BASE64 = 6
"""Characters that a base64 form must have to be looked for."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LEFT_ALONE = (_UNRESERVED, _UNRESERVED | frozenset(b"/"), _UNRESERVED | frozenset(b"!'()*"))
"""What the percent-encoders of this world leave as it is: all but unreserved, but slashes, encodeURIComponent."""


def forms(secret: str) -> set[bytes]:
    """Every form of `secret` to look for; none when it is too short.

    They are: itself, without surrounding space, its lines, as neutralised output, percent-encoded, JSON-escaped, and
    base64 (both alphabets), alone or within a longer encoded text. Base64 broken into lines is not among them.
    """
    if len(_bytes(secret.strip())) < SHORTEST:
        return set()
    found = {_bytes(whole) for whole in (secret, secret.strip(), neutralise(secret).strip())}
    found.update(line for line in map(bytes.strip, _bytes(secret).splitlines()) if len(line) >= SHORTEST_LINE)
    found.update(_bytes(json.dumps(secret.strip(), ensure_ascii=escaped)[1:-1]) for escaped in (True, False))
    for raw in (_bytes(secret), _bytes(secret.strip())):
        found.update(_percent_encoded(raw))
        found.update(form for form in _base64(raw) if len(form) >= SHORTEST_BASE64)
    return {form for form in found if len(form) >= SHORTEST}


def _bytes(text: str) -> bytes:
    """The bytes that `text` has in a process's environment."""
    return text.encode("utf-8", "surrogateescape")


def _percent_encoded(raw: bytes) -> Iterator[bytes]:
    for plain in _LEFT_ALONE:
        for digits in ("%%%02X", "%%%02x"):
            text = "".join(chr(byte) if byte in plain else digits % byte for byte in raw)
            yield text.encode()
            yield text.replace("%20", "+").encode()


def _base64(raw: bytes) -> Iterator[bytes]:
    alone = binascii.b2a_base64(raw, newline=False)
    within = []
    for before in range(3):
        # With `before` bytes ahead of it, only these characters depend on the secret and on nothing else.
        first, end = (before * 8 + 5) // 6, (before + len(raw)) * 8 // 6
        within.append(binascii.b2a_base64(bytes(before) + raw, newline=False)[first:end])
    for form in (alone, *within):
        yield form
        yield form.replace(b"+", b"-").replace(b"/", b"_")
