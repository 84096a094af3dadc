"""The scenes in which actions and checks take place: facts, job folders, output, time limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from controlroom.ports import Scene

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from controlroom.ports import Clock
    from controlroom.run.state import ServiceStatus

T = TypeVar("T")
Emit = Callable[[str, str, str], None]
"""Takes service, job and one line of output."""


def facts_of(run: str, service: ServiceStatus, target: str) -> dict[str, str]:
    """The facts that a plan's references may name; `target` is `to` going forwards and `from` going back."""
    return {
        "version.from": service.origin,
        "version.to": service.target,
        "version.target": target,
        "service.id": service.id,
        "run.id": run,
    }


class SceneMaker:
    """Makes scenes for one run; job folders lie under `folder`."""

    def __init__(self, run: str, folder: Path, emit: Emit) -> None:
        self._run = run
        self._folder = folder
        self._emit = emit

    def of_step(
        self,
        service: ServiceStatus,
        *,
        step: str,
        job: str,
        target: str,
        timeout_s: float,
        grace_s: float = 10.0,
    ) -> Scene:
        """The scene of one action or check of a service's step."""
        return self._scene(service.id, step, job, facts_of(self._run, service, target), timeout_s, grace_s)

    def of_run(self, *, subject: str, step: str, job: str, timeout_s: float) -> Scene:
        """A scene that belongs to no service: a smoke test, the traffic gate."""
        return self._scene(subject, step, job, {"run.id": self._run, "service.id": subject}, timeout_s, 10.0)

    def _scene(
        self, subject: str, step: str, job: str, facts: dict[str, str], timeout_s: float, grace_s: float
    ) -> Scene:
        return Scene(
            run=self._run,
            service=subject,
            step=step,
            job=job,
            job_folder=self._folder / "jobs" / job,
            facts=facts,
            emit=lambda line: self._emit(subject, job, line),
            timeout_s=timeout_s,
            grace_s=grace_s,
        )


class Cut(Exception):  # noqa: N818 - a signal inside the engine, never shown
    """The step under way is to be cut off."""


class TimeIsOut(Exception):  # noqa: N818 - a signal inside the engine, never shown
    """The time limit came before the result."""


async def race(clock: Clock, work: Awaitable[T], *, cut: asyncio.Event, limit_s: float | None) -> T:
    """The result of `work`, unless `cut` is set (Cut) or real `limit_s` passes (TimeIsOut) first.

    `work` is cancelled when it loses; when it has finished at the same moment, its result counts.
    """
    task = asyncio.ensure_future(work)
    if cut.is_set():
        task.cancel()
        raise Cut
    stop = asyncio.ensure_future(cut.wait())
    rivals: list[asyncio.Future[Any]] = [stop]
    if limit_s is not None:
        rivals.append(asyncio.ensure_future(clock.sleep(limit_s)))
    try:
        await asyncio.wait([task, *rivals], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Cut if stop.done() else TimeIsOut
    finally:
        for pending in (task, *rivals):
            pending.cancel()
        await asyncio.gather(task, *rivals, return_exceptions=True)
