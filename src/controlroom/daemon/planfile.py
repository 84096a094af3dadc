"""Noticing that the plan's file is no longer what the run began with (S29); the run keeps its own copy."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from controlroom.engine.ledger import Ledger
    from controlroom.ports import Clock

LOOK_EVERY_S = 5.0


def _fingerprint(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _hash(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


async def notice_changes(path: Path, ledger: Ledger, clock: Clock) -> None:
    """Record each change of the file's content, until cancelled; a file that is gone says nothing."""
    known = ledger.state.plan_sha256
    looked_at: tuple[int, int, int] | None = None
    while True:
        now = _fingerprint(path)
        if now is not None and now != looked_at:
            looked_at = now
            found = await asyncio.to_thread(_hash, path)
            if found is not None and found != known:
                known = found
                await ledger.record(ev.PlanFileChanged(sha256=found))
        await clock.sleep(LOOK_EVERY_S)
