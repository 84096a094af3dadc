"""The load generator: a steady stream of requests to each API, and a few visitors at the public edge."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from controlroom.rehearsal.wire import Answer, Lines, WireError, fetch, prepare

PER_API: Final = 54
"""Requests a second to each API: a few above the 50 that a guard needs, so that a short stall does not go below."""
PUBLIC: Final = 4
"""Visits a second at the public edge."""

_MOST_CONNECTIONS: Final = 96
_BEHIND_S: Final = 0.5
_RETRY_S: Final = 0.5
_DEMO: Final = {"email": "demo@shop.example", "password": "demo-password"}
_WORDS: Final = ("teclado", "usb", "monitor", "port", "nada")


class Asking(NamedTuple):
    """A request, and who hears the answer."""

    request: bytes
    heard: Callable[[Answer], None] | None = None


class Stream:
    """Requests to one server at a fixed rate, whatever its answers take, on as many connections as that needs."""

    def __init__(self, url: str, per_second: int, requests: Iterator[Asking]) -> None:
        self._lines, self._period, self._requests = Lines(url), 1 / per_second, requests
        self._sent: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until cancelled. A request that cannot be sent on time is left out, never sent in a burst."""
        due = time.monotonic()
        for asking in self._requests:
            due = max(due + self._period, time.monotonic() - _BEHIND_S)
            await asyncio.sleep(due - time.monotonic())
            if len(self._sent) < _MOST_CONNECTIONS:
                sent = asyncio.create_task(self._send(asking))
                self._sent.add(sent)
                sent.add_done_callback(self._sent.discard)

    async def _send(self, asking: Asking) -> None:
        # A server that is being replaced closes its connections: that is no failure of the service.
        with contextlib.suppress(WireError, OSError):
            answer = await self._lines.exchange(asking.request)
            if asking.heard is not None:
                asking.heard(answer)


async def run(settings: Mapping[str, Any]) -> None:
    """Load `auth.url`, `catalog.url`, `orders.url` and `edge.public` of `urls` until cancelled."""
    urls = settings["urls"]
    token = await _sign_in(urls["auth.url"])
    streams = (
        Stream(urls["auth.url"], PER_API, map(Asking, _auth(token))),
        Stream(urls["catalog.url"], PER_API, map(Asking, _catalog())),
        Stream(urls["orders.url"], PER_API, map(Asking, _orders(token))),
        Stream(urls["edge.public"], PUBLIC, map(Asking, itertools.repeat(prepare("GET", "/")))),
    )
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(stream.run())


async def _sign_in(url: str) -> str:
    while True:
        with contextlib.suppress(WireError, ValueError, LookupError):
            return str((await fetch(f"{url}/login", "POST", _DEMO)).json()["token"])
        await asyncio.sleep(_RETRY_S)


def _auth(token: str) -> Iterator[bytes]:
    # A login costs a password hash, so it is one request in a hundred.
    cheap = prepare("GET", "/session", token=token)
    return itertools.cycle([*[cheap] * 98, prepare("GET", "/session"), prepare("POST", "/login", _DEMO)])


def _catalog() -> Iterator[bytes]:
    return itertools.cycle([prepare("GET", f"/search?q={word}") for word in _WORDS])


def _orders(token: str) -> Iterator[bytes]:
    asked = [prepare("GET", f"/orders/{order}") for order in (1, 2)]
    placed = prepare("POST", "/orders", {"product": 1, "quantity": 1}, token)
    return itertools.cycle([*asked * 49, prepare("GET", "/orders/999999999"), placed])
