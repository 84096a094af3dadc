"""Deploying on the stage: one service, its live process, and replacing that by a process of another version."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any, Final

from controlroom.errors import StageError
from controlroom.rehearsal.faults import FaultBoard
from controlroom.rehearsal.fleet import Fleet, Port, Process
from controlroom.rehearsal.wire import WireError, fetch

Say = Callable[[str], None]
_SLOW_S: Final = 5.0


class Service:
    """One service of the shop: its port, its live process, and what was deployed."""

    def __init__(self, name: str, fleet: Fleet, faults: FaultBoard, settings: dict[str, Any]) -> None:
        self.name, self.port = name, Port()
        self._fleet, self._faults, self._settings = fleet, faults, settings
        self._version: str | None = None
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._deploys: list[dict[str, str]] = []
        self._not_live: list[dict[str, str]] = []

    @property
    def live(self) -> str | None:
        """The version whose process runs; None when it has ended by itself."""
        return self._version if self._process is not None and not self._process.ended.is_set() else None

    @property
    def report(self) -> dict[str, Any]:
        """`live`, the `deploys` that went live, and those that were abandoned or failed (`not_live`)."""
        return {"live": self.live, "deploys": list(self._deploys), "not_live": list(self._not_live)}

    async def start(self, version: str) -> None:
        """Bring the version up that is live before the go-live."""
        self._process = await self._start(version)
        self._version = version
        self._process.tell(live=True)

    async def deploy(self, version: str, say: Say) -> None:
        """Replace the live process by one of `version`, even when that is the live one.

        Cancelled before the new process accepts requests, it leaves the old one as it was; after that it is carried
        through. StageError when the new process does not come up.
        """
        if self._turn.locked():
            say(f"another deploy of {self.name} is under way: waiting for it")
        async with self._turn:
            say(f"starting {self.name} {version} on :{self.port.number}")
            try:
                await self._act_out(version)
                fresh = await self._start(version)
            except (asyncio.CancelledError, StageError):
                self._not_live.append({"version": version, "at": _now()})
                raise
            await to_its_end(self._switch(version, fresh, say))

    async def withdraw(self, say: Say) -> None:
        """Retire the process, so that nothing answers any more; nothing happens when none runs."""
        async with self._turn:
            await to_its_end(self._withdraw(say))

    def tell_faults(self) -> None:
        """Pass the faults that are on to the live process."""
        if self._process is not None and self._version is not None:
            self._process.tell(faults=self._faults.of_service(self.name, self._version))

    async def kill(self) -> None:
        """End the process."""
        if self._process is not None:
            await self._process.kill()

    async def _withdraw(self, say: Say) -> None:
        old, version, self._process, self._version = self._process, self._version, None, None
        if old is not None:
            await old.retire()
            say(f"{self.name} {version} is gone")

    async def _act_out(self, version: str) -> None:
        match self._faults.of_deploy(self.name, version):
            case "slow":
                await asyncio.sleep(_SLOW_S)
            case "hang":
                await asyncio.Event().wait()
            case "fail":
                raise StageError(f"{self.name} {version}: the build is broken")

    async def _start(self, version: str) -> Process:
        process = await self._fleet.start(
            self.name,
            version,
            self._settings,
            faults=self._faults.of_service(self.name, version),
            listeners=[self.port.listener()],
        )
        try:
            await process.ready()
        except (asyncio.CancelledError, StageError):
            await process.kill()
            raise
        return process

    async def _switch(self, version: str, fresh: Process, say: Say) -> None:
        """Old out, new in; until the old one has closed its socket both answer on the port."""
        old, self._process, self._version = self._process, fresh, version
        self._deploys.append({"version": version, "at": _now()})
        if old is not None:
            await old.retire()
        say(f"switched {self.name} to {version}")
        try:
            answer = await fetch(f"{self.port.url}/health")
            say(f"health {answer.json()['status']} (HTTP {answer.status})")
        except WireError as exc:
            say(f"health unknown: {exc}")
        self.tell_faults()  # they may have changed since the process was started
        fresh.tell(live=True)


async def to_its_end(work: Coroutine[Any, Any, Any]) -> Any:
    """Carry `work` through even when the caller is cancelled meanwhile; then the cancellation goes on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
