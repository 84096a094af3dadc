"""The edge's way to the APIs: `/api/SERVICE/…` goes to the live release or to the one on trial, as the weight says."""

import asyncio
import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from controlroom.rehearsal.canary import NONE, Canaries
from controlroom.rehearsal.wire import Answer, Lines, WireError, fetch, prepare

COOKIE: Final = "visitor"
WEIGHT: Final = "X-Canary-Weight"
"""Per cent of the visitors who meet the release on trial, in every answer."""
RELEASE: Final = "X-Release"
"""The version of the process that answered, from its own answer."""

_PATIENCE_S: Final = 5.0


class Proxy:
    """Passes requests of the public on, and counts what they met."""

    methods: Final = ("GET", "POST")

    def __init__(self, canaries: Canaries) -> None:
        self.canaries = canaries
        origins = [origin for split in canaries.splits.values() for origin in split.origins]
        self._lines = {origin: Lines(origin) for origin in origins}

    async def pass_on(self, request: Request, *, counted: bool) -> Response:
        """The answer of the release that this visitor meets; 404 for no API, 502 when it cannot be reached."""
        service = request.path_params["service"]
        split = self.canaries.splits.get(service)
        if split is None:
            return Response("no such API\n", 404)
        known = request.cookies.get(COOKIE)
        visitor = self.canaries.welcome(known)
        answer = await self._asked(split.origins[split.trial(visitor)], request)
        release = answer.headers.get(RELEASE.lower(), NONE)
        if counted:
            self.canaries.note(service, visitor, release, answer.status)
        headers = {RELEASE: release, WEIGHT: str(split.weight), "Cache-Control": "no-store"}
        response = Response(answer.body, answer.status, headers, answer.headers.get("content-type"))
        if known is None:
            response.set_cookie(COOKIE, str(visitor), httponly=True, samesite="lax")
        return response

    async def describe(self, service: str) -> dict[str, Any] | None:
        """What answers for `service` now, asked of both releases, with the weight; None for no API."""
        split = self.canaries.splits.get(service)
        if split is None:
            return None
        live, trial = [await _version(origin) for origin in split.origins]
        return {"service": service, "live": live, "canary": trial, **split.report}

    async def _asked(self, origin: str, request: Request) -> Answer:
        """What the release at `origin` says. A process that is being replaced may close a line just as it is used."""
        sent = await _sent(request)
        if sent is None:
            return Answer(400, {"content-type": "text/plain"}, b"the body is no JSON\n")
        for _ in range(2 if request.method == "GET" else 1):
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    return await self._lines[origin].exchange(sent)
            except TimeoutError:
                break
            except (OSError, WireError):
                pass
        return Answer(502, {"content-type": "text/plain"}, b"the release is out of reach\n")


async def _sent(request: Request) -> bytes | None:
    """The request as it goes to the release; None when its body cannot be read."""
    # As it came: decoded, a path may hold what ends a line.
    path = "/" + request.scope["raw_path"].decode("latin-1").split("/", 3)[3]
    query = f"?{request.url.query}" if request.url.query else ""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    content = await request.body()
    try:
        body = json.loads(content) if content else None
    except ValueError:
        return None
    bearer = token if scheme.lower() == "bearer" else None
    return prepare(request.method, path + query, body, bearer)


async def _version(origin: str) -> str:
    try:
        return str((await fetch(f"{origin}/health")).json()["version"])
    except (WireError, ValueError, LookupError):
        return NONE
