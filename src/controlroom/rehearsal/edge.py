"""The caching edge in front of the frontend and the APIs, and the switch that lets the public in.

It has three listeners: public (governed by the switch), internal (the same cache, always served: how a verification
sees what the public will see) and admin (the switch and the invalidation).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from controlroom.rehearsal.caches import Cache
from controlroom.rehearsal.canary import Canaries
from controlroom.rehearsal.proxy import Proxy
from controlroom.rehearsal.wire import WireError

_API: Final = "/api/{service}/{path:path}"
_CLOSED: Final = "<!doctype html><html lang='es'><title>Mantenimiento</title><h1>Volvemos enseguida</h1></html>\n"


@dataclass(slots=True)
class Edge:
    """The cache and the switch; closed at first unless said otherwise."""

    cache: Cache
    open: bool = False
    public: dict[str, int] = field(default_factory=lambda: {"served": 0, "maintenance": 0, "failed": 0})

    def act_out(self, faults: Sequence[str]) -> None:
        """Take over the faults that are on: with a stale CDN, invalidations change nothing."""
        self.cache.stuck = "frontend:stale-cdn" in faults

    async def visit(self, serve: Callable[[], Awaitable[Response]]) -> Response:
        """What the public gets where everybody else is served by `serve`."""
        if not self.open:
            self.public["maintenance"] += 1
            return HTMLResponse(_CLOSED, 503, {"Retry-After": "120", "Cache-Control": "no-store"})
        response = await serve()
        self.public["served" if response.status_code < 500 else "failed"] += 1  # noqa: PLR2004 - HTTP
        return response

    @property
    def traffic(self) -> dict[str, bool | int]:
        """The switch and what the public has met so far."""
        return {"open": self.open, **self.public}


def build(edge: Edge, canaries: Canaries, ports: Sequence[int]) -> ASGIApp:
    """One ASGI app for the listeners on `ports`: public, internal, admin."""
    proxy = Proxy(canaries)

    async def public(request: Request) -> Response:
        return await edge.visit(lambda: edge.cache.page(_path(request)))

    async def public_api(request: Request) -> Response:
        return await edge.visit(lambda: proxy.pass_on(request, counted=True))

    async def internal(request: Request) -> Response:
        return await edge.cache.page(_path(request))

    async def internal_api(request: Request) -> Response:
        return await proxy.pass_on(request, counted=False)

    apps = [
        Starlette(routes=[Route(_API, public_api, methods=Proxy.methods), Route("/{path:path}", public)]),
        Starlette(routes=[Route(_API, internal_api, methods=Proxy.methods), Route("/{path:path}", internal)]),
        Starlette(routes=[*_switch(edge), *_weights(proxy)]),
    ]
    by_port = dict(zip(ports, apps, strict=True))

    async def by_listener(scope: Scope, receive: Receive, send: Send) -> None:
        app = apps[0] if scope["type"] == "lifespan" else by_port[scope["server"][1]]
        await app(scope, receive, send)

    return by_listener


def _switch(edge: Edge) -> Sequence[Route]:
    """The admin's routes for the public traffic and the cache."""

    async def show(_: Request) -> Response:
        return JSONResponse(edge.traffic)

    async def switch(request: Request) -> Response:
        wanted = await _field(request, "open")
        if not isinstance(wanted, bool):
            return JSONResponse({"error": 'send {"open": true} or {"open": false}'}, 422)
        edge.open = wanted
        return JSONResponse(edge.traffic)

    async def invalidate(_: Request) -> Response:
        try:
            return JSONResponse({"invalidated": await edge.cache.invalidate()})
        except WireError as exc:
            return JSONResponse({"error": str(exc)}, 502)

    return (
        Route("/traffic", show),
        Route("/traffic", switch, methods=["POST"]),
        Route("/invalidate", invalidate, methods=["POST"]),
    )


def _weights(proxy: Proxy) -> Sequence[Route]:
    """The admin's routes for canaries."""
    splits = proxy.canaries.splits

    async def show_all(_: Request) -> Response:
        return JSONResponse(proxy.canaries.report)

    async def show(request: Request) -> Response:
        found = await proxy.describe(request.path_params["service"])
        return Response(status_code=404) if found is None else JSONResponse(found)

    async def weigh(request: Request) -> Response:
        split, weight = splits.get(request.path_params["service"]), await _field(request, "weight")
        if split is None:
            return Response(status_code=404)
        if type(weight) is not int or not 0 <= weight <= 100:  # noqa: PLR2004 - per cent
            return JSONResponse({"error": 'send {"weight": PERCENT}, from 0 to 100'}, 422)
        split.weight = weight
        return JSONResponse(split.report)

    async def metrics(_: Request) -> Response:
        return Response(proxy.canaries.page(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return (
        Route("/canary", show_all),
        Route("/canary/{service}", show),
        Route("/canary/{service}", weigh, methods=["POST"]),
        Route("/metrics", metrics),
    )


async def _field(request: Request, name: str) -> object:
    """A field of the JSON object in the request's body; None when there is none."""
    try:
        body = await request.json()
    except ValueError:
        return None
    return body.get(name) if isinstance(body, dict) else None


def _path(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
