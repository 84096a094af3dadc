"""Whatever the journal holds, the report has the same shape: no markup, no script, no link comes of anybody's words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.unit.report.hostile import HOSTILE, filled
from tests.unit.report.night import Night, bad_night, good_night

from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.html import html
from controlroom.report.markdown import coded, escaped, markdown
from controlroom.report.printable import one_line

if TYPE_CHECKING:
    from markdown_it.token import Token

    from controlroom.report.blocks import Document

INLINE = {"text", "code_inline", "strong_open", "strong_close"}
COMMENT = "<!-- -->"
NIGHTS = {"good": good_night(), "bad": bad_night()}
PLAIN = "word"

_reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def report(night: Night, words: str) -> Document:
    return document(close_out(filled(night.records, words), version="1"))


def blocks(tokens: list[Token]) -> list[str]:
    return [token.type for token in tokens]


def pieces(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


class Shape(HTMLParser):
    """The tags of a file with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.names: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.names.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.names.append(f"comment {data}")


@pytest.mark.parametrize("name", NIGHTS)
@pytest.mark.parametrize("words", HOSTILE)
def test_markdown_keeps_its_shape(name: str, words: str) -> None:
    """The same headings, tables, rows and boxes as with harmless words, and in them nothing but text and code."""
    found = _reader.parse(markdown(report(NIGHTS[name], words)))
    plain = _reader.parse(markdown(report(NIGHTS[name], PLAIN)))
    assert blocks(found) == blocks(plain)
    for piece in pieces(found):
        assert piece.type in INLINE or (piece.type, piece.content) == ("html_inline", COMMENT), piece


@pytest.mark.parametrize("words", HOSTILE)
def test_markdown_shows_the_words_as_they_are(words: str) -> None:
    """Escaping hides and changes nothing of what was said, but for what cannot be shown on a line."""
    shown = re.sub(" {2,}", " ", one_line(words)).strip()
    (paragraph,) = [token for token in _reader.parse(f"said: {escaped(words)}") if token.type == "inline"]
    text = "".join(piece.content for piece in paragraph.children or () if piece.type == "text")
    assert re.sub(" {2,}", " ", text) == f"said: {shown}"
    (paragraph,) = [token for token in _reader.parse(f"said: {coded(words)}") if token.type == "inline"]
    (code,) = [piece for piece in paragraph.children or () if piece.type == "code_inline"]
    assert code.content.strip() == one_line(words).strip()


@pytest.mark.parametrize("name", NIGHTS)
@pytest.mark.parametrize("words", HOSTILE)
def test_html_keeps_its_shape(name: str, words: str) -> None:
    """The same tags in the same order as with harmless words, and the words in full in the text."""
    found = Shape(html(report(NIGHTS[name], words)))
    assert found.names == Shape(html(report(NIGHTS[name], PLAIN))).names
    assert one_line(words).strip() in found.text


@pytest.mark.parametrize("name", NIGHTS)
@pytest.mark.parametrize("words", HOSTILE)
def test_html_fetches_and_runs_nothing(name: str, words: str) -> None:
    """No script, no handler, no address but the page's own sections; and a policy that forbids them all the same."""
    found = Shape(html(report(NIGHTS[name], words)))
    for tag, attributes in found.tags:
        assert tag not in {"script", "iframe", "object", "embed", "img", "form", "base"}
        for key, value in attributes:
            assert not key.startswith("on")
            if key in {"href", "src", "xlink:href", "action", "data"}:
                assert re.fullmatch(r"#s\d+|data:,", value or "")
            if key == "style":
                assert re.fullmatch(r"(width|left):[\d.]+%", value or "")
    policy = dict(next(attributes for tag, attributes in found.tags if ("http-equiv" in dict(attributes))))
    assert (policy["content"] or "").startswith("default-src 'none';")


@given(st.text(st.characters(codec=None), max_size=60))
@settings(max_examples=300)
def test_any_words_are_only_words(words: str) -> None:
    """For any text: one paragraph, nothing but text in it, and in a table's cell nothing that ends the cell."""
    tokens = _reader.parse(f"said: {escaped(words)}\n\n| a | b |\n| --- | --- |\n| {escaped(words)} | x |\n")
    assert blocks(tokens).count("td_open") == 2
    assert blocks(tokens).count("paragraph_open") == 1
    assert {piece.type for piece in pieces(tokens)} <= {"text", "html_inline"}
    assert {piece.content for piece in pieces(tokens) if piece.type == "html_inline"} <= {COMMENT}


@given(st.text(st.characters(codec=None), max_size=60))
@settings(max_examples=300)
def test_any_code_is_only_code(words: str) -> None:
    """For any text: one code span, whatever backticks are in it."""
    tokens = _reader.parse(f"said: {coded(words)}")
    assert blocks(tokens) == ["paragraph_open", "inline", "paragraph_close"]
    assert [piece.type for piece in pieces(tokens)] in (["text", "code_inline"], ["text"])


def test_mentions_reach_nobody() -> None:
    """A pasted report calls nobody on GitHub, while an address stays as it is."""
    assert escaped("@here smoke@example.com") == "@<!-- -->here smoke@example.com"
