"""The crowd of a canary: people who come back to one API at the public edge, each with the cookie that he was given."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from controlroom.rehearsal.traffic import Asking, Stream
from controlroom.rehearsal.wire import Answer, prepare

PER_SECOND: Final = 40
"""Requests a second, of all of them."""
PEOPLE: Final = 200

_PATHS: Final = {
    "auth": ("/api/auth/session",),
    "catalog": ("/api/catalog/search?q=teclado", "/api/catalog/search?q=usb", "/api/catalog/search?q=nada"),
    "orders": ("/api/orders/orders/1", "/api/orders/orders/2"),
}
"""What they ask of each API."""


async def run(settings: Mapping[str, Any]) -> None:
    """Visit the API `service` at the public edge, `url`, until cancelled."""
    await Stream(settings["url"], PER_SECOND, _requests(_PATHS[settings["service"]])).run()


class Person:
    """One of the crowd, known to the edge from its first answer on."""

    def __init__(self) -> None:
        self._cookie: str | None = None

    def asks(self, path: str) -> Asking:
        """One request of his."""
        return Asking(prepare("GET", path, cookie=self._cookie), self._hear)

    def _hear(self, answer: Answer) -> None:
        if "set-cookie" in answer.headers:
            self._cookie = answer.headers["set-cookie"].partition(";")[0]


def _requests(paths: tuple[str, ...]) -> Iterator[Asking]:
    people = [Person() for _ in range(PEOPLE)]
    for person, path in zip(itertools.cycle(people), itertools.cycle(paths), strict=False):
        yield person.asks(path)
