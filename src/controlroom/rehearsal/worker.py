"""What runs in a forked process of the stage: one server or the load generator, on a line to the stage.

The line carries JSON objects, one a line. From here: `{"pid": …}`, `{"ready": true}` or `{"failed": …}`. From the
stage: `{"faults": […]}`, `{"live": true}`, `{"retire": true}`. When the stage is gone the line ends, and so do we.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import uvicorn
from starlette.routing import Route
from starlette.types import ASGIApp

from controlroom.rehearsal import crowd, traffic
from controlroom.rehearsal import edge as edge_server
from controlroom.rehearsal.caches import OwnCache, VarnishCache
from controlroom.rehearsal.canary import Canaries
from controlroom.rehearsal.faults import Conditions
from controlroom.rehearsal.shop import auth, catalog, frontend, orders
from controlroom.rehearsal.shop.app import Release, build

_RETIREMENT_S: Final = 2
_KEEP_ALIVE_S: Final = 75
_LOADS: Final = {"traffic": traffic.run, "crowd": crowd.run}
"""By role, what sends requests and serves none."""


class Order(NamedTuple):
    """What a process is to be; `settings` holds the `dsn`, what the edge is to know, or what the load generator is."""

    role: str
    version: str
    settings: dict[str, Any]
    faults: list[str]


class _Role(NamedTuple):
    app: ASGIApp
    act_out: Callable[[Sequence[str]], None]
    """Takes over the faults that are on."""
    crash_after: Callable[[], float | None]
    """How many seconds after it went live the process is to crash, if it is."""


class _Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def tell(self, **message: object) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def follow(self, on_message: Callable[[dict[str, Any]], None]) -> None:
        while line := await self._reader.readline():
            on_message(json.loads(line))
        os._exit(0)


class _Server(uvicorn.Server):
    """Uvicorn that says when it accepts requests."""

    def __init__(self, app: ASGIApp, on_started: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_RETIREMENT_S,
            )
        )
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


def main(order: Order, line: socket.socket, listeners: Sequence[socket.socket]) -> None:
    """Be what `order` says until the stage retires this process or is gone."""
    asyncio.run(_main(order, line, listeners))


async def _main(order: Order, line: socket.socket, listeners: Sequence[socket.socket]) -> None:
    stage = _Line(*await asyncio.open_connection(sock=line))
    stage.tell(pid=os.getpid())
    if order.role in _LOADS:
        following = asyncio.create_task(stage.follow(lambda _: None))
        stage.tell(ready=True)
        await asyncio.gather(following, _LOADS[order.role](order.settings))
        return
    role = _role(order, [listener.getsockname()[1] for listener in listeners])
    server = _Server(role.app, lambda: stage.tell(ready=True))
    live = False
    doom: asyncio.TimerHandle | None = None

    def obey(message: dict[str, Any]) -> None:
        nonlocal live, doom
        match message:
            case {"faults": faults}:
                role.act_out(faults)
            case {"live": True}:
                live = True
            case {"retire": True}:
                server.should_exit = True
        if doom is not None:
            doom.cancel()
        if live and (delay := role.crash_after()) is not None:
            doom = asyncio.get_running_loop().call_later(delay, _crash, order)

    following = asyncio.create_task(stage.follow(obey))
    await server.serve(sockets=list(listeners))
    following.cancel()


def _crash(order: Order) -> None:
    print(f"{order.role} {order.version}: crashing, as told", file=sys.stderr, flush=True)  # noqa: T201 - the stage's log
    os._exit(70)


def _role(order: Order, ports: Sequence[int]) -> _Role:
    if order.role == "edge":
        varnish = order.settings["varnish"]
        cache = VarnishCache(varnish) if varnish else OwnCache(order.settings["origin"])
        edge = edge_server.Edge(cache, open=order.settings["open"])
        edge.act_out(order.faults)
        canaries = Canaries(order.settings["apis"])
        return _Role(edge_server.build(edge, canaries, ports), edge.act_out, lambda: None)
    conditions = Conditions(order.faults)
    app = build(Release(order.role, order.version), conditions, _routes(order, conditions), order.settings.get("dsn"))
    return _Role(app, conditions.set, lambda: conditions.crash_after_s)


def _routes(order: Order, conditions: Conditions) -> Sequence[Route]:
    match order.role:
        case "auth":
            return auth.ROUTES
        case "catalog":
            return catalog.ROUTES
        case "orders":
            return orders.routes(conditions)
        case _:
            return frontend.routes(order.version)
