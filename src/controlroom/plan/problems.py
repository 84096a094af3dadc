"""Problems of a plan file, each with its place, and the errors that carry all of them at once."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controlroom.errors import PlanError

Path = tuple[str | int, ...]
"""Where a value stands in a plan: keys of mappings, and places in lists counted from 0."""

_WIDEST = 160


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at a line and column counted from 1; `path` is empty for the file as a whole."""

    file: str
    line: int
    column: int
    path: Path
    message: str
    hint: str = ""

    def render(self, text: str) -> str:
        """`file:line:col: message`, then the line with a caret below the place, then the hint."""
        shown = [f"{self.file}:{self.line}:{self.column}: {self.message}"]
        lines = lines_of(text)
        if self.line <= len(lines) and (source := lines[self.line - 1]).strip():
            start = max(0, self.column - _WIDEST // 2) if len(source) > _WIDEST else 0
            # A tab or a control character would move the caret or the terminal.
            window = "".join(char if char.isprintable() else " " for char in source[start : start + _WIDEST])
            shown += [f"    {window}", f"    {' ' * (self.column - 1 - start)}^"]
        if self.hint:
            shown.append(f"    hint: {self.hint}")
        return "\n".join(shown)


class InvalidPlan(PlanError):  # noqa: N818 - the state of a plan, not a malfunction
    """The plan has problems; `problems` holds all, in the order of the file."""

    def __init__(self, problems: Sequence[Problem], text: str = "") -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problems" if len(problems) != 1 else "1 problem"
        super().__init__("\n".join([*(problem.render(text) for problem in problems), f"{count} in {problems[0].file}"]))


def lines_of(text: str) -> list[str]:
    """The lines as YAML counts them."""
    return re.split("\r\n|[\n\r\x85\u2028\u2029]", text)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place in the file, without repetition."""
    unique = {(found.line, found.column, found.message): found for found in problems}
    return [unique[key] for key in sorted(unique)]


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint that names the nearest known word, else lists them all under `otherwise`."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"{otherwise}: {', '.join(words)}" if otherwise and words else ""


def place_of(item: object, place: int) -> str | int:
    """How a reader finds an item of a list again: by its id where it has one, else by its place."""
    name = getattr(item, "id", None)
    return name if isinstance(name, str) else place


def spelled(path: Path) -> str:
    """A path as a reader writes it: services.auth.deploy[0]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
