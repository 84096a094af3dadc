"""The stage: a process tree of its own that owns every server of a rehearsal, from its start to its end."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from controlroom.errors import StageError, UsageError
from controlroom.rehearsal.database import Database
from controlroom.rehearsal.deploy import Say, Service, to_its_end
from controlroom.rehearsal.desk import Desk
from controlroom.rehearsal.faults import Fault, FaultBoard, parse_fault
from controlroom.rehearsal.fleet import Fleet, Port, Process
from controlroom.rehearsal.release import APIS, OLD, SERVICES, VERSIONS
from controlroom.rehearsal.trials import Trials
from controlroom.rehearsal.varnish import Varnish
from controlroom.rehearsal.wire import WireError, fetch

_DIRECTIONS: Final = ("up", "down", "status")
_END_S: Final = 2.0


class Stage:
    """Everything that one rehearsal runs against. `folder` is its temporary folder; `idle_s`, how long it outlives
    the last connection that holds it; `public`, whether the public is in from the start; `varnish`, whether a
    real one caches the frontend.
    """

    def __init__(
        self, folder: Path, fleet: Fleet, faults: Sequence[Fault], idle_s: float, *, public: bool, varnish: bool
    ) -> None:
        self._fleet, self._idle_s, self._open = fleet, idle_s, public
        self._faults = FaultBoard(faults)
        self._public, self._internal, self._admin = Port(), Port(), Port()
        self._database = Database(folder, Port())
        self._services = {
            name: Service(name, fleet, self._faults, {"dsn": self._database.dsn} if name in APIS else {})
            for name in SERVICES
        }
        self._trials = Trials(
            fleet, self._faults, {"dsn": self._database.dsn}, admin=self._admin.url, public=self._public.url
        )
        self._varnish = Varnish(folder, self._services["frontend"].port, self._internal) if varnish else None
        self._edge: Process | None = None
        self._traffic: Process | None = None
        self._over = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None
        self.socket = folder / "stage.sock"
        self._desk = Desk(
            self.socket,
            {
                "canary": self._trials.canary,
                "deploy": self._deploy,
                "end": self._end,
                "fault": self._fault,
                "invalidate": self._invalidate,
                "migrate": self._migrate,
                "report": self._report,
                "weigh": self._trials.weigh,
            },
            self._held,
        )

    @property
    def endpoints(self) -> dict[str, str]:
        """Where a plan finds everything: what `${stage.NAME}` stands for, by NAME."""
        return {
            **{f"{name}.url": service.port.url for name, service in self._services.items()},
            "edge.url": self._cached,
            "edge.public": self._public.url,
            "edge.admin": self._admin.url,
            "database.dsn": self._database.dsn,
        }

    @property
    def _cached(self) -> str:
        """Where the cached frontend answers everybody."""
        return self._varnish.url if self._varnish is not None else self._internal.url

    async def start(self, say: Say) -> None:
        """Bring everything up at the old version; StageError when a part does not come up."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._over.set)
        self._fleet.lost.add_done_callback(lambda _: self._over.set())
        say("creating the database")
        cache = [self._varnish.start(say)] if self._varnish is not None else []
        await asyncio.gather(
            self._database.start(say), self._services["frontend"].start(OLD), self._start_edge(), *cache
        )
        await asyncio.gather(*(self._services[name].start(OLD) for name in APIS))
        await fetch(self._cached)  # so that the old page is in the cache, as it would be
        say(f"services answer at {OLD}")
        self._traffic = await self._fleet.start("traffic", settings={"urls": self.endpoints})
        await self._traffic.ready()
        await self._desk.open()
        self._held(0)

    async def until_over(self) -> None:
        """Wait for `end`, for a signal, for too long a time without a holder, or for the loss of the spawner."""
        await self._over.wait()

    async def stop(self) -> None:
        """End every process."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._desk.close()
                kills = [process.kill() for process in (self._traffic, self._edge) if process is not None]
                await asyncio.gather(
                    *kills, *(service.kill() for service in self._services.values()), self._trials.kill()
                )
                if self._varnish is not None:
                    await self._varnish.stop()
                await self._database.stop()
        self._fleet.close()

    async def _start_edge(self) -> None:
        self._edge = await self._fleet.start(
            "edge",
            settings={
                "origin": self._services["frontend"].port.url,
                "apis": {name: (self._services[name].port.url, self._trials.origin(name)) for name in APIS},
                "open": self._open,
                "varnish": self._varnish.url if self._varnish is not None else None,
            },
            faults=self._faults.listed(),
            listeners=[port.listener() for port in (self._public, self._internal, self._admin)],
        )
        await self._edge.ready()

    def _held(self, holders: int) -> None:
        loop = asyncio.get_running_loop()
        if self._idle is not None:
            self._idle.cancel()
        self._idle = None if holders else loop.call_later(self._idle_s, self._over.set)

    async def _deploy(self, words: list[str], say: Say) -> tuple[int, Any]:
        match words:
            case [name, version] if name in SERVICES and version in VERSIONS:
                await self._services[name].deploy(version, say)
                return 0, None
        raise UsageError(f"deploy SERVICE VERSION: services {', '.join(SERVICES)}; versions {', '.join(VERSIONS)}")

    async def _migrate(self, words: list[str], say: Say) -> tuple[int, Any]:
        if len(words) != 1 or words[0] not in _DIRECTIONS:
            raise UsageError(f"db-migrate {'|'.join(_DIRECTIONS)}")
        failing = self._faults.has("database:migration-fails")
        # A migration is not broken off because its client has gone.
        return await to_its_end(self._database.migrate(words[0], say, failing=failing)), None

    async def _invalidate(self, words: list[str], say: Say) -> tuple[int, Any]:
        if words:
            raise UsageError("invalidate-cdn takes no arguments")
        answer = await fetch(f"{self._admin.url}/invalidate", "POST", {})
        if answer.status != 200:  # noqa: PLR2004 - HTTP
            raise StageError(f"not invalidated: {answer.json()['error']}")
        say(f"invalidation accepted, {answer.json()['invalidated']}")
        return 0, None

    async def _fault(self, words: list[str], say: Say) -> tuple[int, Any]:
        match words:
            case ["list"]:
                pass
            case [text, "on"]:
                self._faults.switch_on(parse_fault(text))
            case [text, "off"]:
                self._faults.switch_off(text)
            case _:
                raise UsageError("fault list | fault SPEC on | fault SPEC off")
        for service in self._services.values():
            service.tell_faults()
        self._trials.tell_faults()
        if self._edge is not None:
            self._edge.tell(faults=self._faults.listed())
        for fault in self._faults.listed():
            say(fault)
        return 0, self._faults.listed()

    async def _report(self, _: list[str], __: Say) -> tuple[int, Any]:
        migrations = traffic = canaries = None
        with contextlib.suppress(StageError):
            migrations = await self._database.versions()
        with contextlib.suppress(WireError):
            traffic = (await fetch(f"{self._admin.url}/traffic")).json()
            canaries = await self._trials.report()
        return 0, {
            "services": {name: service.report for name, service in self._services.items()},
            "migrations": migrations,
            "traffic": None if traffic is None else "open" if traffic.pop("open") else "closed",
            "public_requests": traffic,
            "canaries": canaries,
            "faults": self._faults.listed(),
        }

    async def _end(self, _: list[str], __: Say) -> tuple[int, Any]:
        self._over.set()
        return 0, None
