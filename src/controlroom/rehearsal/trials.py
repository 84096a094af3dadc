"""Canaries as the stage runs them: a second release of an API, its weight at the edge, and a crowd that meets it."""

import asyncio
from typing import Any

from controlroom.errors import StageError, UsageError
from controlroom.rehearsal.canary import NONE, percent
from controlroom.rehearsal.deploy import Say, Service, to_its_end
from controlroom.rehearsal.faults import FaultBoard
from controlroom.rehearsal.fleet import Fleet, Process
from controlroom.rehearsal.release import APIS, VERSIONS
from controlroom.rehearsal.wire import fetch


class Trials:
    """For each API the release on trial, if there is one; `admin` and `public` are URLs of the edge."""

    def __init__(self, fleet: Fleet, faults: FaultBoard, settings: dict[str, Any], *, admin: str, public: str) -> None:
        self._fleet, self._admin, self._public = fleet, admin, public
        self._beside = {name: Service(name, fleet, faults, settings) for name in APIS}
        self._crowds: dict[str, Process] = {}
        self._turn = asyncio.Lock()

    def origin(self, name: str) -> str:
        """Where the release of the API `name` on trial answers, while there is one."""
        return self._beside[name].port.url

    async def canary(self, words: list[str], say: Say) -> tuple[int, Any]:
        """`canary SERVICE VERSION` starts a release beside the live one; `canary SERVICE none` takes it away."""
        match words:
            case [name, version] if name in APIS and version in (*VERSIONS, NONE):
                await (self._withdraw(name, say) if version == NONE else self._start(name, version, say))
                return 0, None
        raise UsageError(
            f"canary SERVICE VERSION: services {', '.join(APIS)}; versions {', '.join(VERSIONS)}, or {NONE}"
        )

    async def weigh(self, words: list[str], say: Say) -> tuple[int, Any]:
        """`traffic-weight SERVICE PERCENT`: so many of the public's visitors meet the release on trial."""
        match words:
            case [name, text] if name in APIS and (weight := percent(text)) is not None:
                pass
            case _:
                raise UsageError(
                    f"traffic-weight SERVICE PERCENT: services {', '.join(APIS)}; whole per cent, 0 to 100"
                )
        if weight and self._beside[name].live is None:
            raise StageError(f"no release of {name} is on trial: canary {name} VERSION starts one")
        await fetch(f"{self._admin}/canary/{name}", "POST", {"weight": weight})
        say(f"{weight} % of the public meet {self._beside[name].live or 'no release'} of {name} on trial")
        return 0, None

    def tell_faults(self) -> None:
        """Pass the faults that are on to the releases on trial."""
        for service in self._beside.values():
            service.tell_faults()

    async def report(self) -> dict[str, Any]:
        """By API that has or had a release on trial: that `release` (None once it is gone), and what the edge saw."""
        seen = (await fetch(f"{self._admin}/canary")).json()
        tried = {name: service for name, service in self._beside.items() if service.report["deploys"]}
        return {name: {"release": service.live, **seen[name]} for name, service in tried.items()}

    async def kill(self) -> None:
        """End every process."""
        crowds = [crowd.kill() for crowd in self._crowds.values()]
        await asyncio.gather(*crowds, *(service.kill() for service in self._beside.values()))

    async def _start(self, name: str, version: str, say: Say) -> None:
        await self._beside[name].deploy(version, say)
        async with self._turn:
            if name not in self._crowds:
                settings = {"service": name, "url": self._public}
                self._crowds[name] = await self._fleet.start("crowd", settings=settings)

    async def _withdraw(self, name: str, say: Say) -> None:
        weight = (await fetch(f"{self._admin}/canary/{name}")).json()["weight"]
        if weight:
            raise StageError(f"{weight} % of the public are on it: traffic-weight {name} 0 comes first")
        await to_its_end(self._take_away(name, say))

    async def _take_away(self, name: str, say: Say) -> None:
        async with self._turn:
            crowd = self._crowds.pop(name, None)
        if crowd is not None:
            await crowd.kill()
        await self._beside[name].withdraw(say)
