"""The front end without a screen: every event as a line of JSON, until the engine ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from controlroom.adapters.journal.sqlite_file import read_records
from controlroom.control.client import Connection
from controlroom.control.protocol import Happened, Hello, Snapshot
from controlroom.run.cloudevents import envelope

if TYPE_CHECKING:
    from controlroom.control.home import RunFolder
    from controlroom.run.events import Record

SIGNALS = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}


def follow(folder: RunFolder) -> None:
    """Print the run's events from the first on, until its engine ends. A signal ends this process, not the run."""
    code = asyncio.run(_follow(folder))
    if code:
        raise SystemExit(code)


async def _follow(folder: RunFolder) -> int:
    caught: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for number, code in SIGNALS.items():
        asyncio.get_running_loop().add_signal_handler(number, _settle, caught, code)
    printing: asyncio.Future[None] = asyncio.ensure_future(_print_all(folder))
    waiting: list[asyncio.Future[Any]] = [printing, caught]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if caught.done():
        printing.cancel()
        return caught.result()
    await printing
    return 0


def _settle(caught: asyncio.Future[int], code: int) -> None:
    if not caught.done():
        caught.set_result(code)


async def _print_all(folder: RunFolder) -> None:
    seen = 0
    async with await Connection.open(folder.socket, Hello(role="ctl", pid=os.getpid())) as connection:
        async for reply in connection:
            match reply:
                case Snapshot(state=state) if state.seq > seen:
                    records = [r for r in read_records(folder.journal, seen) if r.seq <= state.seq]
                    seen = _print(records, seen)
                case Happened(record=record) if record.seq > seen:
                    seen = _print([record], seen)
    _print(read_records(folder.journal, seen), seen)


def _print(records: list[Record], seen: int) -> int:
    for record in records:
        sys.stdout.write(envelope(record) + "\n")
        seen = record.seq
    sys.stdout.flush()
    return seen
