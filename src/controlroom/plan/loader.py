"""From a plan's file or text to a checked Plan, or to every problem that it has, each with its place."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from controlroom.errors import NotRehearsable
from controlroom.plan.explain import explain
from controlroom.plan.model import Plan
from controlroom.plan.nodes import Flaw, Map, Mark, Unreadable, compose, find, plain_value, word
from controlroom.plan.overlay import STAGES, lay_over, placeholders
from controlroom.plan.problems import InvalidPlan, Problem, in_order, lines_of
from controlroom.plan.rules import check
from controlroom.plan.variables import substitute

LARGEST = 1_048_576
"""Bytes that a plan file may have."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Where in the file the values of a plan stand."""

    _root: Map = field(repr=False)

    def of(self, *path: str | int) -> Mark:
        """The place of the value at a path in the plan's own keys, or of the nearest value around it."""
        return find(self._root, path)[0].mark


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """A plan, the text it came from and the text's hash; `path` is the file as it was named."""

    plan: Plan
    text: str = field(repr=False)
    sha256: str
    path: str
    positions: Positions = field(repr=False)


def load_plan(path: str | Path, stage: Mapping[str, str] | None = None) -> LoadedPlan:
    """The plan in a file: for production, or with the overlay for a rehearsal on the stage whose values are given.

    InvalidPlan (a PlanError) with every problem; NotRehearsable when a stage is given and the plan has no overlay.
    """
    return parse_plan(read_plan(path), str(path), stage)


def validate_plan(path: str | Path) -> LoadedPlan:
    """As `load_plan` for production, but the overlay is checked as well, on a stage that stands for any."""
    text, name = read_plan(path), str(path)
    root, flaws = _compose(text, name)
    plan, found = _build(root, None)
    flaws += found
    stage = word(root, "rehearsal", "stage")
    if stage in STAGES:
        flaws += _build(root, placeholders(stage))[1]
    return _finished(plan, root, flaws, text, name)


def parse_plan(text: str, filename: str, stage: Mapping[str, str] | None = None) -> LoadedPlan:
    """As `load_plan`, from a text that was read already."""
    root, flaws = _compose(text, filename)
    if stage is not None and "rehearsal" not in root.values:
        raise NotRehearsable(f"{filename}: this plan cannot be rehearsed: it has no rehearsal: section")
    plan, found = _build(root, stage)
    return _finished(plan, root, flaws + found, text, filename)


def read_plan(path: str | Path) -> str:
    """The text of a plan file; InvalidPlan when it cannot be read, is not UTF-8 or too large."""
    name = str(path)
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as exc:
        raise InvalidPlan([Problem(name, 1, 1, (), f"the plan cannot be read: {exc.strerror}")]) from exc
    if len(content) > LARGEST:
        raise InvalidPlan([Problem(name, 1, 1, (), f"the plan is larger than {LARGEST} bytes")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        column = len(content[content.rfind(b"\n", 0, exc.start) + 1 : exc.start].decode("utf-8", "replace")) + 1
        message = f"the plan is not UTF-8: byte 0x{content[exc.start]:02x}"
        raise InvalidPlan([Problem(name, line, column, (), message, "save the file as UTF-8")]) from exc


def _compose(text: str, filename: str) -> tuple[Map, list[Flaw]]:
    try:
        return compose(text)
    except Unreadable as exc:
        raise InvalidPlan(_problems([exc.flaw], text, filename), text) from exc


def _build(composed: Map, stage: Mapping[str, str] | None) -> tuple[Plan | None, list[Flaw]]:
    """The plan of a tree as production or as a stage sees it, None when the model has errors; and all flaws."""
    root, flaws = lay_over(composed) if stage is not None else (composed, [])
    try:
        root, unfilled = substitute(root, stage)
    except Unreadable as exc:
        return None, [*flaws, exc.flaw]
    flaws += unfilled
    plan = None
    raw = plain_value(root, flaws)
    try:
        plan = Plan.model_validate(raw)
    except ValidationError as exc:
        flaws += explain(exc, root, Plan)
    return plan, flaws + check(root, rehearsal=stage is not None)


def _finished(plan: Plan | None, root: Map, flaws: list[Flaw], text: str, filename: str) -> LoadedPlan:
    if plan is None or flaws:
        raise InvalidPlan(_problems(flaws, text, filename), text)
    return LoadedPlan(plan, text, hashlib.sha256(text.encode()).hexdigest(), filename, Positions(root))


def _problems(flaws: Iterable[Flaw], text: str, filename: str) -> list[Problem]:
    lines = lines_of(text)
    found = []
    for flaw in flaws:
        mark = _sought(flaw, lines)
        found.append(Problem(filename, mark.line, mark.column, flaw.path, flaw.message, flaw.hint))
    return in_order(found)


def _sought(flaw: Flaw, lines: list[str]) -> Mark:
    """The flaw's mark, or where what it seeks is written below it."""
    if flaw.mark.line > len(lines):  # the parser counts the end of the text as a line of its own
        return Mark(len(lines), len(lines[-1]) + 1)
    if flaw.seek:
        for number in range(flaw.mark.line, len(lines) + 1):
            start = flaw.mark.column - 1 if number == flaw.mark.line else 0
            column = lines[number - 1].find(flaw.seek, start)
            if column >= 0:
                return Mark(number, column + 1)
    return flaw.mark
