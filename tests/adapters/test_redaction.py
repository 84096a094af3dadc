"""Secrets never get out (S27): split, overlapping, nested, encoded."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controlroom.adapters.neutralise import neutralise
from controlroom.adapters.redaction import MASK, Redactor
from controlroom.adapters.secret_forms import SHORTEST, forms

SECRET = "p@ss/w0rd+é 'x\"\\"


def whole(data: bytes, *secrets: str) -> bytes:
    stream = Redactor(secrets)
    return stream.feed(data) + stream.flush()


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges) if a < b]


FEW = st.text(alphabet="ab", min_size=SHORTEST, max_size=9)
CUTS = st.lists(st.integers(0, 80), max_size=8)


@given(st.lists(FEW, min_size=1, max_size=4), st.lists(st.sampled_from(["a", "b", "c", "abab"]), max_size=40), CUTS)
@example(["abab", "babababab"], ["abab", "abab", "c"], [3, 5])
@example(["abab"], ["abab", "a"], [4])
def test_no_secret_gets_out_however_it_is_cut(secrets: list[str], pieces: list[str], cuts: list[int]) -> None:
    """S27: secrets that overlap, contain or begin each other are masked as a whole, whatever the chunks."""
    data = "".join(pieces).encode()
    covered = [False] * len(data)
    for secret in secrets:
        for start in range(len(data)):
            if data.startswith(secret.encode(), start):
                covered[start : start + len(secret)] = [True] * len(secret)
    stream = Redactor(secrets)
    chunks = [stream.feed(chunk) for chunk in cut(data, cuts)]
    out = b"".join(chunks) + stream.flush()
    assert out == whole(data, *secrets)
    assert out.replace(MASK, b"") == bytes(byte for byte, hidden in zip(data, covered, strict=True) if not hidden)
    assert (MASK in out) == any(covered)


@given(st.lists(FEW, min_size=1, max_size=3), st.text(alphabet="abc", max_size=40), CUTS)
def test_what_is_shown_early_is_never_taken_back(secrets: list[str], text: str, cuts: list[int]) -> None:
    """S27: what is shown before the end is a beginning of the final text, so no part of a secret slips out early."""
    stream, seen = Redactor(secrets), b""
    final = whole(text.encode(), *secrets)
    for chunk in cut(text.encode(), cuts):
        early = seen + stream.peek(chunk)
        seen += stream.feed(chunk)
        assert seen == early
        assert final.startswith(seen)


def test_text_without_secrets_is_not_touched() -> None:
    """Nothing to hide: bytes pass as they are, at once."""
    assert Redactor([]).feed(b"\xff\x00abc") == b"\xff\x00abc"
    assert Redactor([]).peek(b"abc") == b"abc"
    assert Redactor(["hunter22"]).feed(b"nothing here\n") == b"nothing here\n"


def test_only_a_doubtful_end_is_held() -> None:
    """Output is not delayed: just what may be the beginning of a secret waits for the next chunk."""
    stream = Redactor(["hunter22"])
    assert stream.feed(b"login hunt") == b"login "
    assert stream.feed(b"ing\n") == b"hunting\n"
    assert stream.feed(b"pw=hunter") == b"pw="
    assert stream.feed(b"22;") == MASK + b";"
    assert stream.feed(b"hunter2") == b""
    assert stream.flush() == b"hunter2"


ENCODED = {
    "itself": SECRET.encode(),
    "percent": quote(SECRET, safe="").encode(),
    "percent, slashes left": quote(SECRET).encode(),
    "percent, lower case": quote(SECRET, safe="").lower().replace("p%40ss", "p%40ss").encode(),
    "form": quote_plus(SECRET).encode(),
    "JSON": json.dumps(SECRET)[1:-1].encode(),
    "JSON, not ASCII": json.dumps(SECRET, ensure_ascii=False)[1:-1].encode(),
    "base64": base64.b64encode(SECRET.encode()),
    "base64 without padding": base64.b64encode(SECRET.encode()).rstrip(b"="),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encoded_forms(name: str) -> None:
    """S27: a secret is found in the encodings that tools print it in, split anywhere."""
    form = ENCODED[name]
    for split in range(len(form) + 1):
        stream = Redactor([SECRET])
        out = stream.feed(b"<" + form[:split]) + stream.feed(form[split:] + b">") + stream.flush()
        assert out.startswith(b"<" + MASK)
        # Base64 without its padding may keep the one character that not only the secret decides.
        assert len(out) <= len(b"<" + MASK + b"x>")


@pytest.mark.parametrize("user", ["", "u", "us", "use", "user"])
@pytest.mark.parametrize("after", ["", "x", "xy"])
def test_basic_authentication(user: str, after: str) -> None:
    """S27: within a longer base64 text (Basic authentication) nothing that the secret alone decides is left."""
    secret = "correct-horse"
    header = base64.b64encode(f"{user}:{secret}{after}".encode())
    left = whole(header, secret)
    assert MASK in left
    shown = left.replace(MASK, b"")
    assert len(shown) <= len(header) - len(secret) * 8 // 6 + 2


def test_short_secrets_are_not_looked_for() -> None:
    """A secret below SHORTEST would shred all output and betray itself by it, so it is left alone."""
    assert forms("abc") == set()
    assert forms("  ab\n") == set()
    assert whole(b"abc 123", "abc", "1", "") == b"abc 123"
    assert whole(b"abcd", "abcd") == MASK


def test_surrounding_space_does_not_protect() -> None:
    """A secret read from a file ends in a newline; output shows it without."""
    assert whole(b"token=hunter22;", "hunter22\n") == b"token=" + MASK + b";"


def test_lines_of_a_secret_are_secret() -> None:
    """A key of several lines is found when a tool prints it line by line, with prefixes, or with other line ends."""
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    prefixed = "".join(f"log: {line}\n" for line in key.splitlines()).encode()
    assert whole(prefixed, key) == b"log: ***\n" * 4
    assert b"MIIE" not in whole(key.replace("\n", "\r\n").encode(), key)
    assert whole(key.encode(), key) == MASK
    assert b"MIIE" not in whole(json.dumps({"key": key}).encode(), key)


def test_a_secret_with_controls_is_found_after_neutralising() -> None:
    """What neutralising makes of a secret is redacted too."""
    secret = "top\x1b[31msecret\x07word"
    assert Redactor([secret]).redact(neutralise(f"<{secret}>")) == "<***>"


def test_a_secret_that_is_not_text() -> None:
    """An environment variable of arbitrary bytes is found as such."""
    secret = b"\xff\xfe-key".decode("utf-8", "surrogateescape")
    assert whole(b"<\xff\xfe-key>", secret) == b"<***>"


def test_whole_texts() -> None:
    """A label or detail is redacted without disturbing a stream under way."""
    stream = Redactor(["hunter22", "s3cret"])
    assert stream.feed(b"hunt") == b""
    assert stream.redact("é hunter22, s3cret: hunt") == "é ***, ***: hunt"
    assert stream.feed(b"er22") + stream.flush() == MASK
    assert Redactor([]).redact("as is") == "as is"


def test_a_long_secret_does_not_slow_the_stream() -> None:
    """A kubeconfig of 60 kB as a secret, and two megabytes of output full of its beginnings."""
    secret = "abcdefgh" * 7000 + "!"
    stream = Redactor([secret])
    chunk = b"abcdefgh" * 8192
    out = b"".join(stream.feed(chunk) for _ in range(32)) + stream.flush()
    assert out == chunk * 32
