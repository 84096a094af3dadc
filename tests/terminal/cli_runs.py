"""The installed command in a process of its own, and runs for it to find: with a scripted engine, or with none."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.adapters.scripted_desk import ScriptedDesk

from controlroom.adapters.journal.sqlite import SqliteJournal
from controlroom.control.home import Home, RunFolder
from controlroom.control.peer import Access
from controlroom.control.process import introduce
from controlroom.control.server import ControlServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from controlroom.run import events as ev

CONTROLROOM = Path(sys.executable).with_name("controlroom")
PATIENCE_S = 30.0


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Cli:
    """`controlroom …` with a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.prepare()
        self.environ = {**os.environ, "CONTROLROOM_HOME": str(folder)}

    async def start(self, *words: str, **environ: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            CONTROLROOM, *words, stdout=pipe, stderr=pipe, env={**self.environ, **environ}
        )

    async def __call__(self, *words: str, **environ: str) -> Result:
        return await ended(await self.start(*words, **environ))


async def ended(process: asyncio.subprocess.Process) -> Result:
    """The end of a command that was started."""
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode is not None
    return Result(process.returncode, out.decode(), err.decode())


class JournalledDesk(ScriptedDesk):
    """A scripted desk whose events are durable, as an engine's are."""

    def __init__(self, folder: RunFolder, *first: ev.Event) -> None:
        self._journal = SqliteJournal(folder.journal)
        super().__init__(*first)

    def happen(self, event: ev.Event, *, actor: str = "engine", cause: str = "") -> ev.Record:
        record = super().happen(event, actor=actor, cause=cause)
        self._journal._append([record])
        return record

    def leave(self) -> None:
        """Let go of the journal, as a dead engine does."""
        self._journal._close()


def folder_of(cli: Cli, *, second: int = 11) -> RunFolder:
    return cli.home.new_run("shop", datetime(2026, 12, 1, 3, 0, second, tzinfo=UTC))


def past_run(cli: Cli, *events: ev.Event, second: int = 11) -> RunFolder:
    """A run that nothing drives any more."""
    folder = folder_of(cli, second=second)
    JournalledDesk(folder, *events).leave()
    return folder


@asynccontextmanager
async def engine(cli: Cli, *events: ev.Event, second: int = 11) -> AsyncIterator[JournalledDesk]:
    """A run with a scripted engine, which this process stands for."""
    folder = folder_of(cli, second=second)
    desk = JournalledDesk(folder, *events)
    server = ControlServer(desk, run=folder.run, access=Access(owner=os.geteuid()))
    desk.server = server
    await server.start(folder.socket)
    introduce(folder.engine, run=folder.run, started="2026-12-01T03:00:11Z")
    try:
        yield desk
    finally:
        folder.engine.unlink()
        await server.close("the engine was stopped")
        desk.leave()
