"""Looking at plans: checking them, saying what they would do, helping editors with them."""

from __future__ import annotations

import json

import click

from controlroom.commands.options import breach_option, window_option
from controlroom.errors import PlanError
from controlroom.plan.loader import load_plan, validate_plan
from controlroom.plan.preview import preview as preview_of
from controlroom.plan.schema import plan_schema


@click.command()
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
def validate(plans: tuple[str, ...]) -> None:
    """Check plans and report every problem."""
    problems: list[str] = []
    for name in plans:
        try:
            validate_plan(name)
        except PlanError as exc:
            problems.append(str(exc))
        else:
            click.echo(f"{name}: valid")
    if problems:
        raise PlanError("\n".join(problems))


@click.command()
@click.argument("plan")
@click.option("--check", is_flag=True, help="Look at everything that a run would look at first, and start nothing.")
@click.option("--json", "as_json", is_flag=True, help="The checks for scripts: one JSON object.")
@breach_option
@window_option
def preview(plan: str, check: bool, as_json: bool, **reasons: str) -> int:
    """Print what a plan would do, in order.

    With --check, whether it could start now in production: versions, sources, secrets, notifiers, targets and commands,
    all in one table with the fix beside each failure. Nothing is started, changed or told. Exit codes are those of run:
    0 it would start, 2 a secret is missing, 5 refused.
    """
    if check:
        from controlroom.commands.check import checked  # noqa: PLC0415 - a preview asks nobody anything

        return checked(load_plan(plan), as_json=as_json, **reasons)
    if as_json or any(reasons.values()):
        raise click.UsageError("--json, --accept-breach and --override-window go with --check")
    click.echo(preview_of(load_plan(plan).plan), nl=False)
    return 0


@click.command()
def schema() -> None:
    """Print the JSON Schema of plans, for editors."""
    click.echo(json.dumps(plan_schema(), indent=2, ensure_ascii=False))
