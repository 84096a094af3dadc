"""Giving commands to a run's engine and reading its answers."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from controlroom.commands.runs import chosen, last_state
from controlroom.control.client import Connection
from controlroom.control.protocol import Hello, Snapshot
from controlroom.errors import ControlroomError, EngineUnreachable, Refused
from controlroom.run.commands import OpenTraffic
from controlroom.run.phases import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controlroom.control.home import RunFolder
    from controlroom.run.commands import Command
    from controlroom.run.state import RunState


_REOPEN = "its traffic is closed; to open it, do at the edge what traffic.open says (controlroom preview {plan})"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who commands which run, and why; `run` None means the only active one."""

    run: str | None
    label: str
    reason: str

    def give(self, command: Command) -> None:
        """Give one command and print the answer. Raises Refused with the engine's sentence."""
        self.give_all(lambda _state: [command])

    def give_all(self, commands: Callable[[RunState], Sequence[Command]]) -> None:
        """Give what `commands` makes of the state as it is, in order, and print the answers.

        Raises Refused when any was refused, EngineUnreachable when nobody drives the run.
        """
        folder = chosen(self.run)
        try:
            asyncio.run(self._give(folder, commands))
        except EngineUnreachable as exc:
            raise _why_unreachable(folder, exc, commands) from exc

    async def _give(self, folder: RunFolder, commands: Callable[[RunState], Sequence[Command]]) -> None:
        hello = Hello(role="ctl", label=self.label, pid=os.getpid())
        async with await Connection.open(folder.socket, hello) as connection:
            snapshot = await anext(aiter(connection))
            if not isinstance(snapshot, Snapshot):
                raise EngineUnreachable(connection.farewell or "the engine said nothing about the run")
            refusals = []
            for command in commands(snapshot.state):
                answer = await connection.give(command)
                if answer.ok:
                    click.echo(answer.message)
                else:
                    refusals.append(answer.message)
            if refusals:
                raise Refused("\n".join(refusals))


def _why_unreachable(
    folder: RunFolder, exc: EngineUnreachable, commands: Callable[[RunState], Sequence[Command]]
) -> ControlroomError:
    """What the operator can do about an engine that does not answer; one whose run is over may be just leaving."""
    state = last_state(folder)
    if state.phase.terminal:
        over = f"{folder.run} is over: {state.phase.value}"
        shut = state.traffic is Traffic.CLOSED and any(isinstance(given, OpenTraffic) for given in commands(state))
        return Refused(f"{over}; {_REOPEN.format(plan=folder.plan)}" if shut else over)
    if folder.active:
        return exc
    return EngineUnreachable(f"nothing drives {folder.run}: controlroom recover {folder.run}")
