"""Making a plan of the go-live document that a team has already."""

from __future__ import annotations

from pathlib import Path

import click

from controlroom.errors import UsageError
from controlroom.importing.importer import import_document
from controlroom.plan.loader import parse_plan
from controlroom.plan.problems import InvalidPlan, Problem
from controlroom.plan.todo import OPEN

_LARGEST = 1_048_576
"""Bytes that a document may have."""
_SHOWN = 100
"""Characters of the document that a line of the answer repeats."""


@click.command("import")
@click.argument("document", metavar="DOCUMENT.md")
@click.option("--output", "-o", metavar="PLAN.yaml", help="Where to; left out, the plan is printed.")
def import_(document: str, output: str | None) -> None:
    """Make a plan of a go-live document.

    Reads Markdown in Spanish or English: steps in a table, smoke tests with boxes, conditions of failure, watch. What
    the document does not say is left open as TODO, which validate names; what could not be used of it is listed here.
    """
    if output is not None and Path(output).exists():
        raise UsageError(f"{output} is there already: name another file")
    found = import_document(_read(document), Path(document).name)
    for remark in found.unread:
        text = remark.text if len(remark.text) <= _SHOWN else f"{remark.text[: _SHOWN - 1]}…"
        click.echo(f"{document}:{remark.line}: not used: {text}", err=True)
    for remark in sorted(found.remarks, key=lambda remark: remark.line):
        click.echo(f"{document}:{remark.line}: mind: {remark.text}", err=True)
    target = output or "the plan"
    problems = _problems(found.plan, target)
    gaps = [problem for problem in problems if problem.message.startswith(OPEN)]
    for problem in problems:
        if problem not in gaps:
            click.echo(problem.render(found.plan), err=True)
    if output is None:
        click.echo(found.plan, nl=False)
    else:
        _write(output, found.plan)
    click.echo(f"{target}: values still to be filled in: {len(gaps)}; controlroom validate names each", err=True)


def _read(document: str) -> str:
    try:
        with Path(document).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as exc:
        raise UsageError(f"{document} cannot be read: {exc.strerror}") from exc
    if len(content) > _LARGEST:
        raise UsageError(f"{document} is larger than {_LARGEST} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageError(f"{document} is not UTF-8; save it as that") from exc


def _problems(plan: str, name: str) -> tuple[Problem, ...]:
    try:
        parse_plan(plan, name)
    except InvalidPlan as exc:
        return exc.problems
    return ()


def _write(output: str, plan: str) -> None:
    try:
        Path(output).write_text(plan, encoding="utf-8")
    except OSError as exc:
        raise UsageError(f"{output} cannot be written: {exc.strerror}") from exc
