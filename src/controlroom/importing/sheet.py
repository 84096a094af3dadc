"""Lines of a plan file in the making: texts quoted where YAML asks for it, gaps as values that make no valid plan."""

from __future__ import annotations

import json
import re

_BARE = re.compile(r"[^\W_][\w ./()%+—–-]*(?:, ?[\w ./()%+—–-]+)*")
_WORDS_OF_YAML = frozenset("true false null yes no on off".split())  # noqa: SIM905
_LONGEST = 300
"""Characters of a title or a hint; a plan takes 500."""


def text(words: str) -> str:
    """A text of the document as a YAML value; `${` in it stays what it is, and refers to nothing."""
    return quoted(words.replace("${", "$${"))


def line_text(words: str) -> str:
    """The same for what is shown on one line, cut where it is too long for one."""
    return text(words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…")


def quoted(value: str) -> str:
    """A YAML value that may hold references."""
    bare = _BARE.fullmatch(value) and not value.endswith(" ") and value.lower() not in _WORDS_OF_YAML
    if bare and not re.fullmatch(r"[\d.,_+e-]+", value):
        return value
    return json.dumps(value, ensure_ascii=False)


def todo(missing: str, reference: str = "") -> str:
    """The value of something that the document does not say; only `reference` in it may refer to anything."""
    escaped = missing.replace("${", "$${")
    told = escaped.replace(f"${reference}", reference) if reference else escaped
    return json.dumps(f"TODO: {told}", ensure_ascii=False)


class Sheet:
    """Grows line by line."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def put(self, depth: int, line: str, comment: str = "") -> None:
        """A line, indented by `depth` levels of two blanks."""
        self._lines.append("  " * depth + line + (f"  # {comment}" if comment else ""))

    def part(self, *comments: str) -> None:
        """A blank line, and what the part below it is about."""
        self._lines += ["", *(f"# {comment}" for comment in comments)]

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"
