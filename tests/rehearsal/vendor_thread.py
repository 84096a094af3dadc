"""A fake vendor beside a run in other processes: its server in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.http_server import VendorServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def served(vendor: Any) -> Iterator[VendorServer]:
    """The server of `vendor`, on loopback, until the block is left."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = VendorServer(vendor.answer, time.time)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
