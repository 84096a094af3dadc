"""The operator's commands on smoke tests, traffic, alarms, notes and the lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from controlroom.commands.glance import glance
from controlroom.commands.options import as_operator, run_option
from controlroom.commands.runs import chosen
from controlroom.commands.status_text import checklist
from controlroom.run import commands as cmd
from controlroom.run.phases import SmokeState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controlroom.commands.give import Operator
    from controlroom.run.state import RunState

_MARKS = {
    "pass": (SmokeState.PASS, "Mark items as passed."),
    "fail": (SmokeState.FAIL, "Mark items as failed."),
    "block": (SmokeState.BLOCKED, "Mark items as blocked; give a reason."),
    "na": (SmokeState.NOT_APPLICABLE, "Mark items as not applicable; give a reason."),
}
_items = click.argument("items", nargs=-1, metavar="[ITEM]...")
_all = click.option("--all", "everything", is_flag=True, help="Every item that is not there yet.")


@click.group(invoke_without_command=True)
@run_option
@click.pass_context
def smoke(ctx: click.Context, run: str | None) -> None:
    """Run and mark smoke tests; alone, list them."""
    if ctx.invoked_subcommand is None:
        click.echo(checklist(glance(chosen(run))), nl=False)
    elif run is not None:
        raise click.UsageError("--run goes behind the word that says what to do")


@smoke.command("run")
@_items
@_all
@as_operator
def run_items(operator: Operator, items: tuple[str, ...], everything: bool) -> None:
    """Run automatic items; without ITEM all that have not passed."""
    if items and everything:
        raise click.UsageError("name ITEMs, or say --all")
    operator.give(cmd.RunSmoke(items=items, reason=operator.reason))


@smoke.command("undo")
@click.argument("item")
@as_operator
def undo_item(operator: Operator, item: str) -> None:
    """Take back the last mark or result of an item."""
    operator.give(cmd.UndoSmoke(item=item, reason=operator.reason))


def _mark_command(word: str, state: SmokeState, line: str) -> None:
    @smoke.command(word, help=line)
    @_items
    @_all
    @as_operator
    def mark(operator: Operator, items: tuple[str, ...], everything: bool) -> None:
        if bool(items) == everything:
            raise click.UsageError("name ITEMs, or say --all")
        operator.give_all(_marks(items, state, operator.reason))


def _marks(items: tuple[str, ...], state: SmokeState, reason: str) -> Callable[[RunState], Sequence[cmd.Command]]:
    def make(run: RunState) -> list[cmd.Command]:
        meant = items or [item.id for item in run.smoke.values() if item.state is not state]
        return [cmd.MarkSmoke(item=item, state=state, reason=reason) for item in meant]

    return make


for _word, (_state, _line) in _MARKS.items():
    _mark_command(_word, _state, _line)


@click.group()
def traffic() -> None:
    """Let public traffic in, or keep it out."""


@traffic.command("open")
@as_operator
def open_traffic(operator: Operator) -> None:
    """Let public traffic in; the same as advancing to the gate `traffic`."""
    operator.give(cmd.OpenTraffic(reason=operator.reason))


@traffic.command("close")
@as_operator
def close_traffic(operator: Operator) -> None:
    """Keep public traffic out."""
    operator.give(cmd.CloseTraffic(reason=operator.reason))


@click.command()
@click.argument("alarm")
@as_operator
def ack(operator: Operator, alarm: str) -> None:
    """Acknowledge an alarm.

    ALARM is its id, as `status` shows it.
    """
    operator.give(cmd.Acknowledge(alarm=alarm, reason=operator.reason))


@click.command()
@click.argument("text")
@as_operator
def note(operator: Operator, text: str) -> None:
    """Write a note into the journal."""
    operator.give(cmd.Note(reason=f"{text} ({operator.reason})" if operator.reason else text))


@click.group()
def lease() -> None:
    """Say who drives: take over, or hand over with a note."""


@lease.command("take")
@as_operator
def take_lease(operator: Operator) -> None:
    """Drive from now on; taking over from somebody needs a reason, and tells them."""
    operator.give(cmd.TakeLease(reason=operator.reason))


@lease.command("give")
@click.argument("name")
@as_operator
def give_lease(operator: Operator, name: str) -> None:
    """Hand over to NAME, with a note in --reason; you drive until the other accepts.

    NAME is the operator's account, or the name that was given with --as.
    """
    operator.give(cmd.HandOver(to=name, reason=operator.reason))


@lease.command("accept")
@as_operator
def accept_lease(operator: Operator) -> None:
    """Drive from now on, as the driver has offered to you."""
    operator.give(cmd.AcceptLease(reason=operator.reason))


@lease.command("keep")
@as_operator
def keep_lease(operator: Operator) -> None:
    """Withdraw a hand-over that you have offered, or decline one that was offered to you."""
    operator.give(cmd.KeepLease(reason=operator.reason))
