"""A Markdown document as chapters of tables, list items and paragraphs, each with its line and whether it was used."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

_BOX = re.compile(r"^\[([ xX])\]\s*")
_reader = MarkdownIt("commonmark").enable("table")


@dataclass(slots=True, eq=False)
class Words:
    """Some text of the document on a `line` counted from 1: without its marks, but with its code spans and bold head.

    `ticked` is None where there is no box before it; `used` says that something was made of it.
    """

    text: str
    line: int
    codes: tuple[str, ...] = ()
    head: str = ""
    ticked: bool | None = None
    numbered: bool = False
    used: bool = False

    @property
    def tail(self) -> str:
        """What follows the bold head, or the part before a colon."""
        rest = self.text[len(self.head) :] if self.head else self.text
        return rest.lstrip(" :—–-").strip()

    def take(self) -> str:
        """The text, which counts as used from now on."""
        self.used = True
        return self.text


@dataclass(slots=True, eq=False)
class Grid:
    """A table."""

    head: list[Words]
    rows: list[list[Words]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Chapter:
    """A heading of a level (0: what stands before the first) and what follows it up to the next one."""

    title: Words
    level: int
    parts: list[Grid | Words] = field(default_factory=list)

    @property
    def grids(self) -> list[Grid]:
        """Its tables."""
        return [part for part in self.parts if isinstance(part, Grid)]

    @property
    def words(self) -> list[Words]:
        """Its list items and paragraphs."""
        return [part for part in self.parts if isinstance(part, Words)]

    def all_words(self) -> Iterator[Words]:
        """Every piece of text in it, row by row."""
        for part in self.parts:
            if isinstance(part, Words):
                yield part
            else:
                for row in part.rows:
                    yield from row


def chapters(text: str) -> list[Chapter]:
    """The chapters of a document, in order; what stands before the first heading is one of its own."""
    found = [Chapter(Words("", 1, used=True), 0)]
    tokens = _reader.parse(text)
    numbered: list[bool] = []
    for place, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type in {"ordered_list_open", "bullet_list_open"}:
            numbered.append(token.type == "ordered_list_open")
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            numbered.pop()
        elif token.type == "table_open":
            found[-1].parts.append(Grid([]))
        elif token.type in {"fence", "code_block", "html_block"}:
            found[-1].parts.append(Words(" ".join(token.content.split()), line))
        elif token.type == "tr_open" and isinstance(grid := found[-1].parts[-1], Grid) and grid.head:
            grid.rows.append([])
        elif token.type == "inline":
            _put(found, tokens[place - 1], _words(token, line, numbered=bool(numbered and numbered[-1])))
    return found


def _put(found: list[Chapter], opener: Token, words: Words) -> None:
    if opener.type == "heading_open":
        words.used = True
        found.append(Chapter(words, int(opener.tag[1])))
        return
    grid = found[-1].parts[-1] if found[-1].parts else None
    if opener.type == "th_open" and isinstance(grid, Grid):
        grid.head.append(words)
    elif opener.type == "td_open" and isinstance(grid, Grid):
        grid.rows[-1].append(words)
    else:
        found[-1].parts.append(words)


def _words(token: Token, line: int, *, numbered: bool) -> Words:
    pieces: list[str] = []
    codes: list[str] = []
    bold: list[str] = []
    level = 0
    for child in token.children or ():
        if child.type == "strong_open":
            level += 1
        elif child.type == "strong_close":
            level -= 1
        elif child.type in {"softbreak", "hardbreak"}:
            pieces.append(" ")
        elif child.type in {"text", "code_inline", "html_inline"}:
            said = "".join(char if char.isprintable() else "\ufffd" for char in child.content)
            # Only a bold text that begins the line is its head.
            if level and "".join(pieces).strip() == "".join(bold).strip():
                bold.append(said)
            pieces.append(said)
            if child.type == "code_inline":
                codes.append(said.strip())
    text, head = " ".join("".join(pieces).split()), " ".join("".join(bold).split())
    box = _BOX.match(text)
    if box:
        text, head = text[box.end() :], _BOX.sub("", head)
    ticked = box[1] in "xX" if box else None
    return Words(text, line, tuple(codes), head.rstrip(":"), ticked, numbered)
