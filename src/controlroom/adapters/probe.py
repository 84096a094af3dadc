"""Health probes: one look a period, told as a reading of the series `SERVICE/health`.

1.0 is healthy. 0.0 with a cause is everything that a client of the service would feel: a refused connection, a wrong
answer, no answer in time. None with a cause is NO DATA: the look could not even be tried from here (S5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.adapters.trouble import Unable
from controlroom.errors import ActionError
from controlroom.run.samples import HEALTH, Reading, series_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from controlroom.adapters.http import Caller
    from controlroom.adapters.run import Surroundings
    from controlroom.adapters.secrets import Vault
    from controlroom.adapters.sql import Reader
    from controlroom.plan.requests import HttpRequest
    from controlroom.plan.steps import Probe, SqlCheck
    from controlroom.ports import Clock, Scene

    Look = Callable[[Scene], Awaitable[str]]
    """Looks once, within the scene's time, and returns what is wrong: empty when nothing is. Raises ActionError."""


class HealthProbe:
    """The health of the scene's service."""

    def __init__(self, scene: Scene, look: Look, every_s: float, *, vault: Vault, clock: Clock) -> None:
        self.every_s = every_s
        self._scene = scene
        self._look = look
        self._vault = vault
        self._clock = clock
        # Counted on from here by the monotonic clock: a step of the wall clock must not look like a probe that stands.
        self._epoch = clock.now().timestamp() - clock.monotonic()

    async def read(self) -> Sequence[Reading]:
        """One look, and what it says of the service."""
        value: float | None
        try:
            wrong = await self._look(self._scene)
            value = 0.0 if wrong else 1.0
        except Unable as exc:
            value, wrong = None, str(exc)
        except ActionError as exc:
            value, wrong = 0.0, str(exc)
        series = series_id(self._scene.service, HEALTH)
        at = self._epoch + self._clock.monotonic()
        return (Reading(series=series, value=value, at=at, cause=self._vault.shown(wrong) if wrong else ""),)

    async def close(self) -> None:
        """Nothing of its own to let go of: the client and the sessions belong to others."""


def http_look(caller: Caller, request: HttpRequest) -> Look:
    """Sends a request of the plan and judges the answer."""

    async def look(scene: Scene) -> str:
        _, wrong = await caller.ask(request, caller.vault.fill(scene.facts), scene.timeout_s)
        return wrong

    return look


def sql_look(reader: Reader, spec: SqlCheck) -> Look:
    """Runs a query and compares its value."""

    async def look(scene: Scene) -> str:
        _, wrong = await reader.compare(spec, reader.vault.fill(scene.facts), scene.timeout_s)
        return wrong

    return look


def run_look(surroundings: Surroundings, spec: Probe) -> Look:
    """Runs a command, whose exit code is the answer."""
    assert spec.run is not None  # noqa: S101 - the registry's key says so
    command = spec.run

    async def look(scene: Scene) -> str:
        ended = await surroundings.look(command, spec.env, scene)
        return ended.sentence if ended.code else ""

    return look
