"""`preview --check`: the preflight of a production run, without the run."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING

import click
import msgspec

from controlroom.control.home import Home
from controlroom.daemon.inspection import inspect, occupancy
from controlroom.engine.preflight_table import WIDTH, table
from controlroom.run.events import PreflightResult

if TYPE_CHECKING:
    from controlroom.engine.preflight import Preflight
    from controlroom.plan.loader import LoadedPlan

_WIDEST = 120
"""Columns beyond which a line is hard to follow."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What scripts get; keys are only ever added."""

    plan: str
    environment: str
    plan_sha256: str
    ok: bool
    exit_code: int
    checks: tuple[PreflightResult, ...]


def checked(loaded: LoadedPlan, *, as_json: bool, **reasons: str) -> int:
    """Print the table; the exit code that `run` would end with, 0 when it would start. `reasons` are those of `run`."""
    found = asyncio.run(inspect(loaded, os.environ, say=_say, **reasons))
    found.results.insert(0, occupancy(Home.locate(os.environ), loaded.plan))
    if as_json:
        click.echo(msgspec.json.encode(_for_scripts(loaded, found)))
    else:
        width = shutil.get_terminal_size((WIDTH, 24)).columns
        click.echo(table(found.results, min(_WIDEST, max(WIDTH, width))))
    return found.exit_code


def _say(text: str) -> None:
    click.echo(text, err=True)


def _for_scripts(loaded: LoadedPlan, found: Preflight) -> Checked:
    return Checked(
        plan=loaded.plan.plan,
        environment=loaded.plan.environment,
        plan_sha256=loaded.sha256,
        ok=found.ok,
        exit_code=found.exit_code,
        checks=tuple(found.results),
    )
