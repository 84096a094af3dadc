"""How a run stands right now: asked of its engine while one lives, read from the journal otherwise."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from controlroom.commands.runs import last_state
from controlroom.control.client import Connection
from controlroom.control.protocol import Hello, Snapshot
from controlroom.errors import EngineUnreachable, Refused
from controlroom.run.status import status_of

if TYPE_CHECKING:
    from controlroom.control.home import RunFolder
    from controlroom.run.status_shape import Status

_PATIENCE_S = 5.0


def glance(folder: RunFolder) -> Status:
    """The status of a run. Raises JournalError when there is neither an engine nor a readable journal."""
    snapshot = asyncio.run(_ask(folder))
    if snapshot is not None:
        samples = {sample.series: sample for sample in snapshot.samples}
        return status_of(snapshot.state, samples, now=time.time(), alive=True)
    return status_of(last_state(folder), {}, now=time.time(), alive=folder.active)


async def _ask(folder: RunFolder) -> Snapshot | None:
    try:
        hello = Hello(role="ctl", pid=os.getpid())
        async with await Connection.open(folder.socket, hello, timeout_s=_PATIENCE_S) as connection:
            first = await anext(aiter(connection))
    except (EngineUnreachable, Refused, StopAsyncIteration):
        return None
    return first if isinstance(first, Snapshot) else None
