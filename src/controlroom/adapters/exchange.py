"""One HTTP exchange: a request out, a bounded answer back, and a plain sentence for every way it can fail."""

from __future__ import annotations

import asyncio
import codecs
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx

from controlroom.adapters.http_failures import sentence, unsent
from controlroom.adapters.trouble import NoAnswer, Unable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.ports import Clock

MAX_BODY: Final = 1024 * 1024
"""Bytes of a body that are read; the rest is left where it is."""
CONNECT_S: Final = 10.0
"""Real seconds that a connection may take, however long the answer may."""
IDEMPOTENT: Final = frozenset({"GET", "PUT", "DELETE"})
_USUAL_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "controlroom"}
_HIGHEST_PORT: Final = 65535
_NO_BODY: Final[dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: `took_s` real seconds to its last byte, `cut` when it is longer than MAX_BODY, `hops` redirects."""

    status: int
    headers: httpx.Headers
    body: bytes
    took_s: float
    cut: bool = False
    hops: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """The body as text: in the charset that the answer names, else UTF-8; what is neither is replaced."""
        kind = self.headers.get("content-type", "")
        charset = kind.partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
        try:
            return self.body.decode(codecs.lookup(charset).name, errors="replace")
        except LookupError:
            return self.body.decode(errors="replace")


def make_request(
    method: str, url: str, headers: Mapping[str, str], timeout_s: float, body: Mapping[str, Any] = _NO_BODY
) -> httpx.Request:
    """A request that can be sent any number of times; `body` is one of httpx's content, json or data.

    Raises Unable for what is no http URL or no header.
    """
    patience = httpx.Timeout(None, connect=min(CONNECT_S, timeout_s)).as_dict()
    try:
        request = httpx.Request(
            method, url, headers=_USUAL_HEADERS | dict(headers), extensions={"timeout": patience}, **body
        )
        port = request.url.port
    except (httpx.InvalidURL, ValueError, TypeError) as exc:
        # The error's own words are left out: of a URL cut in the wrong place they may hold half of its password.
        raise Unable("the request cannot be built: its URL or a header holds what HTTP does not allow") from exc
    if request.url.scheme not in ("http", "https") or not request.url.host:
        raise Unable("the request has no http:// or https:// URL")
    if port is not None and not 0 < port <= _HIGHEST_PORT:
        raise Unable(f"the port {port} does not exist")
    return request


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    clock: Clock,
    timeout_s: float,
    *,
    cookies: httpx.Cookies | None = None,
    follow: int = 0,
) -> Answer:
    """Send `request` and read its answer within `timeout_s` real seconds in all. Raises NoAnswer.

    `cookies` go out with the request and take up what comes back; `follow` is how many redirects are followed.
    """
    hops: list[str] = []
    begun = clock.monotonic()
    response: httpx.Response | None = None
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                if cookies is not None:
                    request.headers.pop("cookie", None)
                    cookies.set_cookie_header(request)
                response = await client.send(request, stream=True)
                if cookies is not None:
                    cookies.extract_cookies(response)
                if response.next_request is None or len(hops) >= follow:
                    break
                await response.aclose()
                request, response = response.next_request, None
                hops.append(str(request.url))
            body, cut = await _read(response)
    except TimeoutError as exc:
        where = request.url.netloc.decode()
        late = f"the answer of {where} was not complete" if response else f"no answer from {where}"
        raise NoAnswer(f"{late} within {timeout_s:g} s", sent=True, timed_out=True) from exc
    except (httpx.HTTPError, OSError, ValueError) as exc:
        timed_out = isinstance(exc, httpx.TimeoutException)
        raise NoAnswer(sentence(exc, request), sent=not unsent(exc), timed_out=timed_out) from exc
    return Answer(response.status_code, response.headers, body, clock.monotonic() - begun, cut, tuple(hops))


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    try:
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            if size > MAX_BODY:
                break
    finally:
        await response.aclose()
    body = b"".join(parts)
    return body[:MAX_BODY], size > MAX_BODY
