"""The operator's commands on the sequence: gates, holds, failures, rollbacks, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from controlroom.commands.options import as_operator
from controlroom.run import commands as cmd

if TYPE_CHECKING:
    from controlroom.commands.give import Operator


@click.command()
@click.option("--to", required=True, metavar="GATE", help="The gate that waits: a service, or traffic.")
@as_operator
def advance(operator: Operator, to: str) -> None:
    """Let the service (or traffic) at the gate begin."""
    operator.give(cmd.Advance(to=to, reason=operator.reason))


@click.command()
@as_operator
def hold(operator: Operator) -> None:
    """Start nothing new.

    A deploy under way completes, with its verification. Monitors and guards keep running.
    """
    operator.give(cmd.Hold(reason=operator.reason))


@click.command()
@as_operator
def resume(operator: Operator) -> None:
    """Lift the operator's hold.

    Other reasons that hold the run are checked again and stand when they still do.
    """
    operator.give(cmd.Resume(reason=operator.reason))


@click.command()
@click.argument("service", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that was deployed, in reverse order.")
@click.option("--confirm", required=True, metavar="NAME", help="Repeat the service, or with --all the environment.")
@click.option("--single", is_flag=True, help="Only this service, not what depends on it; needs a reason.")
@click.option("--with-database", is_flag=True, help="With --all: run the inverse migrations too.")
@as_operator
def rollback(
    operator: Operator, service: str | None, everything: bool, confirm: str, single: bool, with_database: bool
) -> None:
    """Take one service, or everything, back.

    What depends on SERVICE goes back first. It works in every state, also while a step runs and while held.
    """
    if everything == (service is not None):
        raise click.UsageError("name one SERVICE, or say --all")
    if everything and single:
        raise click.UsageError("--single goes with a SERVICE")
    if service is None:
        operator.give(cmd.RollBackAll(confirm=confirm, with_database=with_database, reason=operator.reason))
        return
    if with_database:
        raise click.UsageError("--with-database goes with --all")
    operator.give(cmd.RollBack(service=service, confirm=confirm, cascade=not single, reason=operator.reason))


@click.command()
@click.argument("service")
@as_operator
def retry(operator: Operator, service: str) -> None:
    """Run the failed step of a service again.

    A service that was rolled back is deployed again, as a new attempt.
    """
    operator.give(cmd.Retry(service=service, reason=operator.reason))


@click.command()
@click.argument("service")
@as_operator
def verify(operator: Operator, service: str) -> None:
    """Verify a service again."""
    operator.give(cmd.VerifyAgain(service=service, reason=operator.reason))


@click.command()
@click.argument("service")
@as_operator
def done(operator: Operator, service: str) -> None:
    """Vouch that a service is live.

    Needs a reason; without one where the service waits for something that you do or see yourself.
    """
    operator.give(cmd.MarkDone(service=service, reason=operator.reason))


@click.command()
@click.argument("service")
@as_operator
def fail(operator: Operator, service: str) -> None:
    """Say no to what a service waits for you to do or see.

    Its step has failed then, with your reason, and the failure menu stands open.
    """
    operator.give(cmd.MarkFailed(service=service, reason=operator.reason))


@click.command()
@click.argument("service")
@as_operator
def skip(operator: Operator, service: str) -> None:
    """Go on without a service.

    Needs a reason; not for services that the plan requires.
    """
    operator.give(cmd.Skip(service=service, reason=operator.reason))


@click.command()
@click.option("--confirm", required=True, metavar="ENVIRONMENT", help="Repeat the environment.")
@as_operator
def abort(operator: Operator, confirm: str) -> None:
    """End the run as it stands, rolling nothing back."""
    operator.give(cmd.Abort(confirm=confirm, reason=operator.reason))


@click.command()
@as_operator
def close(operator: Operator) -> None:
    """End a run that has its verdict.

    Also ends a watch early, once it reached the plan's at_least.
    """
    operator.give(cmd.Close(reason=operator.reason))
