"""Looking at runs without a screen: how one stands, what happened in it, which there were."""

from __future__ import annotations

import click
import msgspec

from controlroom.adapters.journal.sqlite_file import read_records, verify
from controlroom.commands.glance import glance
from controlroom.commands.history_text import HistoryLine, history_line, history_table
from controlroom.commands.runs import chosen, every, last_state
from controlroom.commands.status_text import status_text
from controlroom.errors import Interrupted, JournalCorrupt
from controlroom.run.cloudevents import envelope


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts: one JSON object.")
def status(run: str | None, as_json: bool) -> None:
    """Say how a run stands.

    Asks the engine while one lives, reads the journal otherwise.
    """
    found = glance(chosen(run))
    click.echo(msgspec.json.encode(found).decode() if as_json else status_text(found), nl=as_json)


@click.command()
@click.argument("run", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run's engine ends.")
@click.option("--verify", "check", is_flag=True, help="Check the chain of hashes instead of printing.")
def events(run: str | None, follow: bool, check: bool) -> None:
    """Print a run's events, one JSON object a line.

    Each is a CloudEvents envelope. --verify finds events that were altered or lost after they were written; it is no
    proof against the owner of the file.
    """
    folder = chosen(run)
    if check:
        flaw = verify(folder.journal)
        if flaw is not None:
            raise JournalCorrupt(f"{folder.run}: {flaw}")
        click.echo(f"{folder.run}: {len(read_records(folder.journal))} events, each follows the one before it")
        return
    if follow and folder.active:
        from controlroom.headless import follow as follow_engine  # noqa: PLC0415 - only while following

        follow_engine(folder)
    else:
        for record in read_records(folder.journal):
            click.echo(envelope(record))
    if follow and not last_state(folder).phase.terminal:
        raise Interrupted(f"the engine of {folder.run} is gone: controlroom recover {folder.run}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts: one JSON object a line.")
def history(as_json: bool) -> None:
    """List the runs so far.

    Newest first, with what each came to.
    """
    lines: list[HistoryLine] = [history_line(folder) for folder in reversed(every())]
    if as_json:
        for line in lines:
            click.echo(msgspec.json.encode(line))
    else:
        click.echo(history_table(lines), nl=False)
