"""What the edge keeps of the frontend's pages: its own cache, or a real Varnish behind it."""

import re
import time
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.responses import Response

from controlroom.rehearsal.wire import Answer, WireError, fetch

_MAX_AGE: Final = re.compile(r"max-age=(\d+)")
_OK: Final = 200
_TOLD: Final = ("age", "via", "x-cache", "x-varnish")
"""What Varnish says of where a page came from, passed on to the visitor."""


class Cache(Protocol):
    """Pages, as old as they may be. `stuck` says that invalidating changes nothing."""

    stuck: bool

    async def page(self, path: str) -> Response:
        """What a visitor gets for `path`."""

    async def invalidate(self) -> str:
        """Drop all pages, unless stuck; what was accepted, either way. Raises WireError."""


@dataclass(frozen=True, slots=True)
class _Page:
    body: bytes
    media_type: str
    stored: float
    max_age: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.stored


class OwnCache:
    """Keeps what the frontend at `origin` allows for as long as it allows; empty at first."""

    def __init__(self, origin: str) -> None:
        self.stuck = False
        self._origin = origin
        self._pages: dict[str, _Page] = {}

    async def page(self, path: str) -> Response:
        """The page at `path`, from the cache for as long as the origin allowed, else from the origin."""
        page = self._pages.get(path)
        if page is not None and (self.stuck or page.age < page.max_age):
            return _served(page, "HIT")
        try:
            answer = await fetch(self._origin + path)
        except WireError as exc:
            return _unreached(exc)
        media_type = answer.headers.get("content-type", "text/plain")
        max_age = _MAX_AGE.search(answer.headers.get("cache-control", ""))
        page = _Page(answer.body, media_type, time.monotonic(), float(max_age[1]) if max_age else 0.0)
        if answer.status != _OK:
            return Response(answer.body, answer.status, {"X-Cache": "MISS"}, media_type)
        if page.max_age:
            self._pages[path] = page
        return _served(page, "MISS")

    async def invalidate(self) -> str:
        """Drop all pages and say how many there were; stuck, only say so."""
        known = len(self._pages)
        if not self.stuck:
            self._pages.clear()
        return f"pages: {known}"


class VarnishCache:
    """A Varnish at `url`, asked for every page."""

    def __init__(self, url: str) -> None:
        self.stuck = False
        self._url = url

    async def page(self, path: str) -> Response:
        """What Varnish serves, with what it says about it."""
        try:
            answer = await fetch(self._url + path)
        except WireError as exc:
            return _unreached(exc)
        return Response(answer.body, answer.status, _told(answer), answer.headers.get("content-type"))

    async def invalidate(self) -> str:
        """Ban everything; stuck, only say so."""
        if not self.stuck:
            await fetch(f"{self._url}/", "BAN")
        return "ban of every page"


def _served(page: _Page, how: str) -> Response:
    headers = {"Age": str(int(page.age)), "X-Cache": how}
    return Response(page.body, headers=headers, media_type=page.media_type)


def _told(answer: Answer) -> dict[str, str]:
    return {name.title(): answer.headers[name] for name in _TOLD if name in answer.headers}


def _unreached(exc: WireError) -> Response:
    return Response(f"the origin is out of reach: {exc}\n", status_code=502, headers={"X-Cache": "MISS"})
