"""Blocking until something holds in a run, for scripts that drive one."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click

from controlroom.adapters.journal.sqlite_file import read_records
from controlroom.commands.conditions import Condition, gate_waits, guard_says, phase_is, service_is
from controlroom.commands.options import Duration, run_option
from controlroom.commands.runs import chosen
from controlroom.control.client import Connection
from controlroom.control.protocol import Happened, Hello, Snapshot
from controlroom.errors import EngineUnreachable, Interrupted, Refused, UsageError
from controlroom.run.fold import fold

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from controlroom.control.home import RunFolder
    from controlroom.run.state import RunState

HOLDS, NEVER = 0, 3
_LOOK_EVERY_S = 0.25
"""Between two looks at the journal of a run that no engine drives: one may take it up."""


@click.command()
@click.option("--phase", metavar="PHASE", help="The run is in this phase.")
@click.option("--service", metavar="ID=STATE", help="A service is in this state, or stable.")
@click.option("--gate", metavar="ID", help="This gate waits.")
@click.option("--guard", metavar="ID=VERDICT", help="A guard says so, of any service or as ID/SERVICE=VERDICT.")
@click.option("--timeout", type=Duration(), metavar="DURATION", help="Longest wait, such as 90s or 5m.")
@run_option
def wait(
    phase: str | None, service: str | None, gate: str | None, guard: str | None, timeout: float | None, run: str | None
) -> int:
    """Block until something holds in a run.

    Ends with 0 when it holds, 4 when the time is out, 3 when the run has ended and it never will.
    """
    wanted = (phase_is, phase), (service_is, service), (gate_waits, gate), (guard_says, guard)
    conditions = [make(text) for make, text in wanted if text is not None]
    if len(conditions) != 1:
        raise click.UsageError("say one of --phase, --service, --gate, --guard")
    return asyncio.run(_wait(chosen(run), conditions[0], timeout))


async def _wait(folder: RunFolder, condition: Condition, timeout_s: float | None) -> int:
    now = "nothing is known of the run"
    try:
        async with asyncio.timeout(timeout_s):
            async for state in states(folder):
                if misfit := condition.misfit(state):
                    raise UsageError(misfit)
                if condition.holds(state):
                    return HOLDS
                now = condition.now(state)
    except TimeoutError as exc:
        raise Interrupted(f"not {condition.wanted} within the time given: {now}") from exc
    click.echo(f"controlroom: {folder.run} has ended, so never {condition.wanted}: {now}", err=True)
    return NEVER


async def states(folder: RunFolder) -> AsyncIterator[RunState]:
    """The state as it is and each that follows, from the engine or else the journal, until the run is over."""
    state: RunState | None = None
    while True:
        try:
            async with await Connection.open(folder.socket, Hello(role="ctl", pid=os.getpid())) as connection:
                async for reply in connection:
                    match reply:
                        case Snapshot():
                            state = reply.state
                            yield state
                        case Happened() if state is not None:
                            state = fold(state, reply.record)
                            yield state
        except (EngineUnreachable, Refused):
            pass
        for record in read_records(folder.journal, state.seq if state else 0):
            state = fold(state, record)
            yield state
        if state is not None and state.phase.terminal:
            return
        await asyncio.sleep(_LOOK_EVERY_S)
