"""What a terminal can show: the same picture in ASCII, one cell for one cell, and how many colours there are."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASCII = str.maketrans(
    {
        **dict.fromkeys("╭╮╰╯├┤", "+"),
        **dict.fromkeys("─┄", "-"),
        **dict.fromkeys("│┊▏", "|"),
        **dict(zip("▁▂▃▄▅▆▇█", "__..--=#", strict=True)),
        "░": ".",
        "✓": "+",
        "✗": "x",
        "▶": ">",
        "▷": ">",
        "▸": ">",
        "◀": "<",
        "◁": "<",
        "◆": "*",
        "■": "#",
        "●": "o",
        "▲": "!",
        "△": "!",
        "○": "?",
        "◌": "~",
        "◔": "%",
        "↻": "@",
        "·": ".",
        "–": "-",
        "—": "-",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "›": ">",
        "❯": ">",
        "…": "~",
        "•": "*",
        "≈": "~",
        "≤": "<",
        "≥": ">",
        "▀": "#",
        "▄": "#",
    }
)


def to_ascii(text: str) -> str:
    """`text` with every glyph replaced by one ASCII character of the same width; accents are dropped."""
    if text.isascii():
        return text
    text = text.translate(_ASCII)
    if text.isascii():
        return text
    return "".join(_letter(c) for c in text)


def _letter(character: str) -> str:
    if character.isascii():
        return character
    bare = unicodedata.normalize("NFKD", character)[0]
    if bare.isascii():
        return bare
    return "??" if unicodedata.east_asian_width(character) in "WF" else "?"


def few_colours(environ: Mapping[str, str]) -> bool:
    """Whether the terminal says that it has no more than 16 colours."""
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return False
    return not environ.get("TERM", "").endswith(("256color", "-direct", "kitty", "alacritty", "ghostty"))


def utf8_locale(environ: Mapping[str, str], *, utf8_mode: bool) -> bool:
    """Whether the user's locale says UTF-8. `utf8_mode`: Python turned it on by itself and coerced LC_CTYPE."""
    forced = environ.get("CONTROLROOM_GLYPHS", "")
    if forced:
        return forced != "ascii"
    ctype = environ.get("LC_CTYPE", "")
    if utf8_mode and ctype == "C.UTF-8":
        ctype = ""
    locale = environ.get("LC_ALL") or ctype or environ.get("LANG") or ""
    return "utf8" in locale.lower().replace("-", "")
