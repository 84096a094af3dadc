"""The programs that are measured side by side: how each is started, read and ended."""

from __future__ import annotations

import itertools
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.terminal.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = r">5 %\s+\d+(\.\d+)? %"
"""An error rate beside its limit: it can come from the engine only."""

CLOCK = r"T\+\d\d:\d\d:\d\d"

_UNUSUAL = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"})
"""Of the bench's own environment, what an installed program does not see."""


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _UNUSUAL}


@dataclass(frozen=True)
class Program:
    """A program, and how to tell from the text on its terminal what it has done."""

    name: str
    argv: tuple[str, ...]
    painted: re.Pattern[str]
    """Matches once the first live picture is there."""

    moved: re.Pattern[str]
    """What every key of `keys` changes."""

    steps: int = 1
    """How many keys go one way before as many go back."""

    home: Path | None = None
    environ: dict[str, str] = field(default_factory=_environ)

    def open(self) -> Session:
        """Start it on a terminal."""
        environ = self.environ if self.home is None else {**self.environ, "CONTROLROOM_HOME": str(self.home)}
        return Session(self.argv, environ)

    def keys(self) -> Iterator[str]:
        """Keys that each move something."""
        return itertools.cycle("j" * self.steps + "k" * self.steps)


def hello() -> Program:
    """The floor."""
    return Program(
        name="hello",
        argv=(sys.executable, str(Path(__file__).with_name("hello.py"))),
        painted=re.compile("hello, keys"),
        moved=re.compile(r"keys (\d+)"),
    )


def attach(name: str, home: Path, *, steps: int = 2, painted: str = NUMBER) -> Program:
    """The screen of the only run in `home`."""
    return Program(
        name=name,
        argv=(str(Path(sys.executable).with_name("controlroom")), "attach"),
        painted=re.compile(painted),
        moved=re.compile(r"^ (\S+) │", re.MULTILINE),
        steps=steps,
        home=home,
    )
