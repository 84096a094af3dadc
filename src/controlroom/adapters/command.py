"""Commands as actions: each runs as a job of its own, which the engine watches but does not hold in its hands."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from controlroom.adapters.jobs import log, proc
from controlroom.adapters.jobs.environment import facts_of
from controlroom.adapters.jobs.folder import JobFolder, is_running
from controlroom.adapters.jobs.follow import EVERY_S, Follow
from controlroom.adapters.jobs.handle import Handle
from controlroom.adapters.jobs.launch import Order, argv_of, launch
from controlroom.adapters.jobs.orphans import end_group
from controlroom.adapters.jobs.verdict import outcome_of
from controlroom.errors import ActionError
from controlroom.ports import Outcome
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from controlroom.adapters.jobs.folder import JobRecord
    from controlroom.ports import Scene

_PATIENCE_S = 10.0
"""How long beyond the grace a supervisor may take to end its command before it is ended together with it."""


_NOBODY_SAW = "its supervisor is gone, so nobody saw how the command ended"


class CommandAction:
    """Implements the Action port for `run:`, from values that are resolved already."""

    kind = "run"

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        label: str,
        environment: Mapping[str, str],
        secrets: Sequence[str] = (),
        cwd: Path | None = None,
        head: int = log.HEAD,
        tail: int = log.TAIL,
    ) -> None:
        """Prepare `command`.

        `environment` is all that the command gets, besides CONTROLROOM_* facts of the scene: see `jobs.environment` for
        what to begin with, and add the step's own `env:`. `secrets` are looked for in its output. `label` must hold
        none. `head` and `tail` bound the log, in bytes.
        """
        self.label = label
        self._argv = argv_of(command)
        self._environment = dict(environment)
        self._secrets = tuple(secrets)
        self._cwd = str(cwd) if cwd else None
        self._head, self._tail = head, tail

    async def start(self, scene: Scene) -> CommandJob:
        """Begin the command as the job of `scene`. Raises ActionError when it did not begin.

        That a command cannot be found is only known once it is executed: that job fails.
        """
        order = Order(
            argv=self._argv,
            env={**self._environment, **facts_of(scene)},
            cwd=self._cwd,
            secrets=self._secrets,
            grace_s=scene.grace_s,
            head=self._head,
            tail=self._tail,
        )
        child = await launch(scene.job_folder, order)
        record = JobFolder(scene.job_folder).record()
        if record is None:
            raise ActionError(f"the record of the job in {scene.job_folder} is gone")
        return CommandJob(scene, record, child)

    async def adopt(self, scene: Scene) -> CommandJob | None:
        """The job that an earlier engine began for `scene`, ended or not; None when its command never began."""
        record = JobFolder(scene.job_folder).record()
        return CommandJob(scene, record) if record else None


class CommandJob:
    """Implements the Job port: watches a job from its folder and its supervisor's pid, whoever began it."""

    def __init__(self, scene: Scene, record: JobRecord, child: subprocess.Popen[bytes] | None = None) -> None:
        """Watch the job on `record`; `child` is its supervisor if this process began it, and has to reap it."""
        self._scene = scene
        self._record = record
        self._child = child
        self._folder = JobFolder(scene.job_folder)
        self._supervisor = _hold(record)
        self._over = asyncio.create_task(self._attend(), name=f"job {scene.job}")

    async def wait(self) -> Outcome:
        """How the job ended, once it has. Cancelling the waiting task does not end the command."""
        return await asyncio.shield(self._over)

    async def cancel(self) -> Outcome:
        """End the command with all that it started; how it ended if that had happened before."""
        if self._supervisor is not None and not self._over.done():
            self._supervisor.send(signal.SIGTERM)
            self._supervisor.send(signal.SIGCONT)
            await asyncio.wait([self._over], timeout=self._scene.grace_s + _PATIENCE_S)
            if not self._over.done():
                self._supervisor.send(signal.SIGKILL)
                return await self._end_orphans(grace_s=0)
        if self._folder.ended() is None:
            return await self._end_orphans(self._scene.grace_s)
        return await self.wait()

    async def _attend(self) -> Outcome:
        """Follow the output until the supervisor is gone, then say how the job ended."""
        follow = Follow(self._folder.output, self._scene.emit)
        if self._supervisor is not None:
            try:
                while not await self._supervisor.gone(EVERY_S):
                    follow.look()
            finally:
                self._supervisor.close()
        if self._child is not None:
            self._child.wait()
        follow.look(last=True)
        ended = self._folder.ended()
        if ended is not None:
            return outcome_of(ended, self._folder.last_line())
        detail = _NOBODY_SAW
        if self._command_runs():
            detail += f"; it still runs as process {self._record.command.pid}"
        return Outcome(status=OutcomeStatus.UNKNOWN, detail=detail)

    async def _end_orphans(self, grace_s: float) -> Outcome:
        """End a command whose supervisor is no use any more."""
        ran = self._command_runs()
        left = await end_group(self._record, grace_s)
        if left:
            pids = ", ".join(map(str, left))
            return Outcome(status=OutcomeStatus.UNKNOWN, detail=f"these processes could not be ended: {pids}")
        if not ran:
            return Outcome(status=OutcomeStatus.UNKNOWN, detail=_NOBODY_SAW)
        detail = "cancelled without its supervisor: what it started outside its process group may still run"
        return Outcome(status=OutcomeStatus.CANCELLED, detail=detail)

    def _command_runs(self) -> bool:
        command = self._record.command
        return self._record.boot == proc.boot() and proc.is_alive(command.pid, command.start)


def _hold(record: JobRecord) -> Handle | None:
    """The living supervisor of a job."""
    if not is_running(record):
        return None
    try:
        return Handle(record.supervisor.pid, record.supervisor.start)
    except ProcessLookupError:
        return None
