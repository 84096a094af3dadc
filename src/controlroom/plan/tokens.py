"""What `${…}` in a plan's texts is: which references there are, and where they stand."""

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
"""An escape `$${`, a whole reference, or the beginning of one that never ends."""

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*"
FORMS = {
    "vars": re.compile(rf"vars\.({NAME})"),
    "stage": re.compile(r"stage\.([a-z]+\.[a-z]+)"),
    "env": re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)"),
    "file": re.compile(r"file:((?:/|~/).+)"),
    "version": re.compile(r"version\.(from|to|target)"),
    "service": re.compile(r"service\.(id)"),
    "run": re.compile(r"run\.(id|unique)"),
    "capture": re.compile(r"capture\.([a-z][a-z0-9_]*)"),
}
SECRETS = ("env", "file")


class Reference(NamedTuple):
    """One `${family.name}`; `start` is its place in the text."""

    family: str
    name: str
    start: int

    @property
    def key(self) -> str:
        """The name under which a fact is given: version.target, capture.user."""
        return f"{self.family}.{self.name}"

    def __str__(self) -> str:
        mark = ":" if self.family in SECRETS else "."
        return f"${{{self.family}{mark}{self.name}}}"


class Malformed(NamedTuple):
    """Something that begins like a reference and is none."""

    written: str
    start: int


def parse(text: str) -> Iterator[Reference | Malformed]:
    """The references of a text, in order; escapes are passed over."""
    for match in TOKEN.finditer(text):
        if match[0] != "$${":
            yield read(match)


def read(match: re.Match[str]) -> Reference | Malformed:
    """What a match of TOKEN is, an escape apart."""
    for family, form in FORMS.items():
        if found := form.fullmatch(match[1] or ""):
            return Reference(family, found[1], match.start())
    # Of a reference that never ends, the word that it begins with is enough to find it.
    return Malformed(match[0] if match[1] is not None else match.string[match.start() :].split()[0], match.start())
