"""Ending a command whose supervisor is gone: nobody reaps for it any more, but its process group can be found."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from controlroom.adapters.jobs import proc

if TYPE_CHECKING:
    from controlroom.adapters.jobs.folder import JobRecord

_FORCE_S = 5.0
_TICK_S = 0.05


async def end_group(record: JobRecord, grace_s: float) -> list[int]:
    """Ask, wait up to `grace_s` real seconds, force; the pids of whoever of the command's group is left then."""
    if record.boot != proc.boot():
        return []
    left = await _signalled(record, signal.SIGTERM, signal.SIGCONT)
    for number, patience_s in ((None, grace_s), (signal.SIGKILL, _FORCE_S)):
        for _ in range(max(1, round(patience_s / _TICK_S))):
            if not left:
                return []
            await asyncio.sleep(_TICK_S)
            left = await _signalled(record, *([number] if number else []))
    return left


async def _signalled(record: JobRecord, *signals: signal.Signals) -> list[int]:
    """Who of the group lives, each after having been sent `signals`; looked up off the loop, as /proc can be long."""
    group = await asyncio.to_thread(proc.members, record.command.pid, record.session)
    for process in group:
        for number in signals:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, number)
    return [process.pid for process in group]
