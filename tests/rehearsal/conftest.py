"""A real stage for each test module that asks for one, and how to wait for what it does."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.rehearsal.room import Room

from controlroom.rehearsal.process import StageHandle, start_stage

Eventually = Callable[[Callable[[], object], float], None]
SLACK = 3
"""How much longer than promised something may take in a test, which shares two cores with another and its stage."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for minutes is begun first, so that everything else can go on beside it."""
    items.sort(key=lambda item: item.get_closest_marker("long_wait") is None)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageHandle]:
    """A stage that the tests of a module share; each test leaves it without faults."""
    handle = start_stage(tmp_path_factory.mktemp("stage"))
    yield handle
    handle.end()


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    """An HTTP client that ignores the proxies of the machine and keeps no connection."""
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(trust_env=False, limits=limits, timeout=10) as client:
        yield client


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Waits until a condition holds and fails when it does not within so many seconds, on a machine of its own."""
    pause = threading.Event()

    def wait(condition: Callable[[], object], within_s: float) -> None:
        until = time.monotonic() + SLACK * within_s
        while not condition():
            assert time.monotonic() < until, f"not within {within_s} s"
            pause.wait(0.02)

    return wait


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A control room of its own; whatever a test starts in it is gone afterwards."""
    with Room(tmp_path / "room") as room:
        yield room
