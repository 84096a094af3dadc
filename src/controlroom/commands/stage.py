"""Looking at the running stage of a rehearsal, and breaking it on purpose."""

from __future__ import annotations

import json

import click

from controlroom import frontends


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts: one JSON object.")
def stage(as_json: bool) -> None:
    """Say what the running stage itself saw.

    Deploys, migrations, traffic and faults as they took place, whatever the journal says.
    """
    click.echo(json.dumps(frontends.stage_report(), indent=None if as_json else 2, ensure_ascii=False))


@click.command()
@click.argument("fault", required=False)
@click.option("--off", is_flag=True, help="Mend it again.")
@click.option("--list", "only_list", is_flag=True, help="Only say which faults are on.")
def fault(fault: str | None, off: bool, only_list: bool) -> None:
    """Switch a fault of the running stage.

    FAULT is such as orders:errors=8% or catalog:crash.
    """
    if only_list == (fault is not None):
        raise click.UsageError("name a FAULT, or say --list")
    on = frontends.faults_on() if fault is None else frontends.switch_fault(fault, on=not off)
    click.echo("\n".join(on) or "no fault is on")
