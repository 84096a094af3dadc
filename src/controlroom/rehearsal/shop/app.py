"""What every service of the shop has in common: health, metrics, its faults, and the database pool."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from time import perf_counter
from typing import Any, Final, NamedTuple

import asyncpg
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controlroom.rehearsal.faults import Conditions

_UNCOUNTED: Final = frozenset({"/health", "/metrics"})
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STATEMENT_S: Final = 5.0


class Release(NamedTuple):
    """Which service this process is, at which version."""

    service: str
    version: str


class Meters:
    """The service's own metrics, in a registry of their own."""

    def __init__(self, service: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "http_requests", "Requests answered.", ("service", "method", "code"), registry=self.registry
        )
        self._duration = Histogram(
            "http_request_duration_seconds",
            "Time to the last byte of an answer.",
            ("service",),
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self._service = service
        # A series that exists from the start shows its first error as an increase.
        for code in ("200", "500"):
            self._requests.labels(service, "GET", code)
        self._duration.labels(service)

    def count(self, method: str, code: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(self._service, method, str(code)).inc()
        self._duration.labels(self._service).observe(seconds)


class Measured:
    """ASGI middleware that counts each request, acts out errors and latency on it, and says which release answers."""

    def __init__(self, app: ASGIApp, release: Release, meters: Meters, conditions: Conditions) -> None:
        self._app, self._meters, self._conditions = app, meters, conditions
        self._signature = (b"x-release", release.version.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNCOUNTED:
            await self._app(scope, receive, send)
            return
        begun, code = perf_counter(), 0

        async def note_code(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
                message["headers"] = [*message["headers"], self._signature]
            await send(message)

        app = _failure if self._conditions.next_fails() else self._app
        try:
            if self._conditions.latency_s:
                await asyncio.sleep(self._conditions.latency_s)
            await app(scope, receive, note_code)
        finally:
            if code:
                self._meters.count(scope["method"], code, perf_counter() - begun)


_failure: Final = JSONResponse({"error": "internal error"}, status_code=500)


def build(release: Release, conditions: Conditions, routes: Sequence[Route], dsn: str | None) -> ASGIApp:
    """The service as an ASGI app; with `dsn`, `app.state.pool` is a pool on the shop's database."""
    meters = Meters(release.service)

    async def health(_: Request) -> Response:
        status = "degraded" if conditions.degraded else "ok"
        content = {"status": status, "service": release.service, "version": release.version}
        return JSONResponse(content, status_code=503 if conditions.degraded else 200)

    async def metrics(_: Request) -> Response:
        if conditions.gap:
            return Response("metrics are not available", status_code=503)
        return Response(generate_latest(meters.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if dsn is None:
            yield
            return
        async with asyncpg.create_pool(
            dsn, min_size=1, max_size=3, command_timeout=_STATEMENT_S, reset=_leave_as_it_is
        ) as pool:
            app.state.pool = pool
            yield

    app = Starlette(
        routes=[Route("/health", health), Route("/metrics", metrics), *routes],
        lifespan=lifespan,
        exception_handlers=dict.fromkeys(
            (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError), _database_failed
        ),
    )
    return Measured(app, release, meters, conditions)


async def _leave_as_it_is(_: object) -> None:
    """Nothing here changes its session: putting it back would cost each request a second round trip."""


async def _database_failed(_: Request, exc: Exception) -> Response:
    return JSONResponse({"error": f"database: {type(exc).__name__}"}, status_code=500)


def pool_of(request: Request) -> "asyncpg.Pool[asyncpg.Record]":
    """The pool of the app that serves `request`."""
    pool: asyncpg.Pool[asyncpg.Record] = request.app.state.pool
    return pool


async def fields_of(request: Request) -> dict[str, Any]:
    """The JSON object in the request's body; empty when it holds something else."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def refuse(status: int, why: str) -> Response:
    """An answer in the 4xx range with its reason."""
    return JSONResponse({"error": why}, status_code=status)
