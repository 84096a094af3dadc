"""Where a plan's requests and statements would go: each host asked whether it can be reached, and for nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controlroom.adapters.exchange import make_request
from controlroom.adapters.http_failures import is_ours
from controlroom.adapters.trouble import NoAnswer
from controlroom.errors import ActionError
from controlroom.plan.references import texts
from controlroom.plan.steps import SqlObserve
from controlroom.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controlroom.adapters.http import Caller
    from controlroom.adapters.sql import Reader
    from controlroom.plan.model import Plan
    from controlroom.plan.problems import Path
    from controlroom.ports import Target

LOOK_S: Final = 10.0
_PARTS: Final = frozenset({"services", "traffic", "smoke"})
"""What acts and looks; sources and whoever is told are asked by their own adapters."""
_LEAVES: Final = frozenset({"url", "dsn", "get", "post", "put", "patch", "delete"})
_PAYLOAD: Final = frozenset({"json", "form", "headers", "env", "expect", "capture"})
_HEAD: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
"""What names the host, before captures that have no value yet."""


@dataclass(frozen=True)
class Host:
    """A web server. `needed`: an answer must come; of a service that the go-live itself starts, none may come yet."""

    subject: str
    template: str
    service: str
    needed: bool
    caller: Caller

    async def look(self) -> Finding:
        """Ask for the head of its root, and take any answer: name, way and certificate are good then."""
        vault = self.caller.vault
        try:
            url = vault.fill({"service.id": self.service}).url(self.template)
            request = make_request("HEAD", f"{url}/", {}, LOOK_S)
            answer = await self.caller.send(request, LOOK_S)
        except NoAnswer as exc:
            why = vault.shown(str(exc))
            if self.needed or is_ours(exc):
                return Finding(ok=False, detail=why)
            return Finding(ok=True, detail=f"does not answer yet: {why}")
        except ActionError as exc:
            return Finding(ok=False, detail=vault.shown(str(exc)))
        return Finding(ok=True, detail=vault.shown(f"{url} answers ({answer.status})"), observed=str(answer.status))


@dataclass(frozen=True)
class Database:
    """A database server."""

    subject: str
    template: str
    service: str
    reader: Callable[[], Reader]

    async def look(self) -> Finding:
        """Sign in and read a constant."""
        reader = self.reader()
        spec = SqlObserve.model_construct(dsn=self.template, query="SELECT 1", take="only")
        try:
            await reader.read(spec, reader.vault.fill({"service.id": self.service}), LOOK_S)
        except ActionError as exc:
            return Finding(ok=False, detail=reader.vault.shown(str(exc)))
        return Finding(ok=True, detail="takes the user and answers", observed="1")


def targets_of(plan: Plan, caller: Caller, reader: Callable[[], Reader]) -> list[Target]:
    """Every host that the plan's actions, checks and smoke tests reach, each once, by the first place that does."""
    found: dict[str, Target] = {}
    for path, template in _addresses(plan):
        service = str(path[1]) if path[0] == "services" else ""
        where = f"target {path[0] if path[0] == 'traffic' else path[1]}"
        if path[-1] == "dsn":
            found.setdefault(template, Database(where, template, service, reader))
        elif (head := _HEAD.match(template)) is not None:
            key = f"{service} {head[0]}" if "${" in head[0] else head[0]
            found.setdefault(key, Host(where, head[0], service, path[0] == "traffic", caller))
    return list(found.values())


def _addresses(plan: Plan) -> Iterator[tuple[Path, str]]:
    for path, text in texts(plan):
        if path[0] in _PARTS and path[-1] in _LEAVES and not _PAYLOAD.intersection(path):
            yield path, text
