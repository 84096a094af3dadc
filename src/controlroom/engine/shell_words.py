"""Which programs a shell script would start, as far as that can be seen without running it; pure.

In doubt nothing is said: a plan must not be refused for a word that only looks like a program.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = (
    ": . [ [[ alias bg break cd command continue echo eval exit export false fc fg for done fi getopts hash jobs kill "
    "local printf pwd read readonly return set shift test times trap true type ulimit umask unalias unset wait"
)
_BUILTINS = frozenset(_WORDS.split())
_GOES_ON = frozenset({"then", "do", "else", "elif", "if", "while", "until", "!", "{", "}", "exec"})
"""Words after which a command is still to come."""
_HEREDOC = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1([^\n]*)\n.*?^[ \t]*\2[ \t]*$", re.DOTALL | re.MULTILINE)
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+|\\\n)
      | (?P<comment>\#[^\n]*)
      | (?P<redirect>\d*(?:<<<|<>|>>|>\||[<>]&?)-?)
      | (?P<between>[;&|()\n]+)
      | (?P<word>(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s;&|()<>'"\\])+)""",
    re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_NESTED = re.compile(r"\$\(([^()]+)\)|`([^`]+)`")
_QUOTES = re.compile(r"""['"\\]""")


def programs_of(script: str) -> list[str]:
    """The programs that `script` names, in order; functions of its own, builtins and computed words are none."""
    reader = _Reader()
    for kind, text in _tokens(_HEREDOC.sub(r"\3", script)):
        if kind == "between":
            reader.between(text)
        elif kind == "redirect":
            reader.at_target = True
        else:
            reader.word(text)
    return [program for program in reader.found if program not in reader.functions]


def _tokens(script: str) -> Iterator[tuple[str, str]]:
    """Tokens up to the end, or to a quote that is never closed."""
    place = 0
    while (match := _TOKEN.match(script, place)) is not None:
        place = match.end()
        if match.lastgroup not in {"blank", "comment", None}:
            yield str(match.lastgroup), match.group()


class _Reader:
    """Knows at each word whether a command may begin there."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.functions: set[str] = set()
        self.at_target = False
        """The next word is where a redirection goes."""
        self._begins = True
        self._outer: list[bool] = []
        """Whether a command may begin after each parenthesis that is open."""
        self._cases = 0
        self._at_pattern = False
        self._in_sum = False

    def between(self, text: str) -> None:
        """Take a run of `;`, `&`, `|`, parentheses and line ends."""
        if self._in_sum or "((" in text:
            self._in_sum = "))" not in text
            self._begins = bool(set(text) & set(";&|\n"))
        elif text.startswith("()") and self.found:
            self.functions.add(self.found.pop())
            self._begins = True
        else:
            for sign in text:
                self._sign(sign)
            self._at_pattern = self._at_pattern or (self._cases > 0 and ";;" in text)

    def _sign(self, sign: str) -> None:
        if self._at_pattern:
            self._at_pattern = sign != ")"
            self._begins = True
        elif sign == "(":
            self._outer.append(self._begins)
            self._begins = True
        elif sign == ")":
            self._begins = self._outer.pop() if self._outer else True
        else:
            self._begins = True

    def word(self, word: str) -> None:
        """Take a word, quotes and all."""
        for inner in _NESTED.findall(re.sub(r"'[^']*'", "", word)):
            self.found += programs_of("".join(inner))
        if self.at_target or self._in_sum:
            self.at_target = False
        elif word == "esac":
            self._cases, self._at_pattern, self._begins = self._cases - 1, False, False
        elif not self._begins:
            self._at_pattern = self._at_pattern or (self._cases > 0 and word == "in")
        elif not self._at_pattern and not _ASSIGNMENT.match(word) and word not in _GOES_ON:
            self._command(word)

    def _command(self, word: str) -> None:
        self._begins = False
        self._cases += word == "case"
        if word not in _BUILTINS | {"case"} and not set("$`*?") & set(word):
            self.found.append(_QUOTES.sub("", word))
