"""What tests of jobs share: a scene whose screen can be waited for, and looks at processes."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from controlroom.adapters.command import CommandAction
from controlroom.adapters.jobs import proc
from controlroom.adapters.jobs.folder import JobFolder
from controlroom.ports import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from controlroom.adapters.command import CommandJob
    from controlroom.adapters.jobs.folder import JobRecord

PATH = "/usr/local/bin:/usr/bin:/bin"
PATIENCE_S = 20.0


class Stage:
    """One job's surroundings: where it lives, what its screen was shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def emit(self, line: str) -> None:
        """A line for the screen."""
        self.lines.append(line)
        self._news.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until `wanted` holds, looking again after each line."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    async def shows(self, line: str) -> None:
        """Wait until the screen was shown `line`."""
        await self.until(lambda: line in self.lines)

    def scene(self, *, grace_s: float = 5.0, **facts: str) -> Scene:
        """The scene of the job; `version_target="v2"` is the fact version.target."""
        return Scene(
            run="20261201-s5",
            service="auth",
            step="deploy",
            job=self.folder.name,
            job_folder=self.folder,
            facts={name.replace("_", ".", 1): value for name, value in facts.items()},
            emit=self.emit,
            timeout_s=60,
            grace_s=grace_s,
        )

    async def start(
        self,
        command: str | Sequence[str],
        *,
        secrets: Sequence[str] = (),
        grace_s: float = 5.0,
        env: dict[str, str] | None = None,
        **options: int,
    ) -> CommandJob:
        """Begin `command` as this job."""
        action = CommandAction(
            command, label="test", environment={"PATH": PATH, **(env or {})}, secrets=secrets, cwd=None, **options
        )
        return await action.start(self.scene(grace_s=grace_s))

    async def adopt(self, *, grace_s: float = 5.0) -> CommandJob | None:
        """Find the job again, as the next engine would."""
        return await CommandAction((), label="test", environment={}).adopt(self.scene(grace_s=grace_s))

    @property
    def log(self) -> str:
        """What is in the job's log."""
        return JobFolder(self.folder).output.read_text(encoding="utf-8")

    @property
    def record(self) -> JobRecord:
        """Who runs the job."""
        record = JobFolder(self.folder).record()
        assert record is not None
        return record

    def everyone(self) -> list[int]:
        """Every living process of the job's session, the supervisor among them."""
        return [process.pid for process in proc.everyone() if process.session == self.record.session]

    def files(self) -> bytes:
        """All that the job left on disk."""
        return b"".join(file.read_bytes() for file in self.folder.iterdir())


def is_alive(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    return proc.find(pid) is not None


async def dies(pid: int) -> None:
    """Wait until a process that was killed is gone."""
    async with asyncio.timeout(PATIENCE_S):
        while is_alive(pid):
            await asyncio.to_thread(os.sched_yield)
