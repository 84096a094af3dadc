"""Starting a job's supervisor, which from then on needs nobody."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from controlroom.adapters.jobs import log, supervisor
from controlroom.adapters.jobs.folder import JobFolder
from controlroom.adapters.jobs.handle import readable
from controlroom.adapters.jobs.supervision import READY
from controlroom.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_START_S = 15.0
"""A supervisor takes 30 ms to start; a machine that takes this long for it is in trouble."""
_NEEDED = ("LD_LIBRARY_PATH",)
"""All that the supervisor's Python may need of the engine's environment."""


def argv_of(command: str | Sequence[str]) -> tuple[str, ...]:
    """The words to execute: text goes to a shell that stops at the first failure, words go to no shell."""
    return ("/bin/sh", "-ec", command) if isinstance(command, str) else tuple(command)


class Order(Struct, frozen=True, kw_only=True):
    """What a supervisor is told: never on a command line or disk, as `env` and `secrets` hold secrets."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str | None
    secrets: tuple[str, ...]
    grace_s: float
    head: int = log.HEAD
    tail: int = log.TAIL


async def launch(folder: Path, order: Order) -> subprocess.Popen[bytes]:
    """Begin a job in `folder`; its supervisor, once the job is on record. Raises ActionError when nothing began.

    The supervisor has a session of its own, no open file of ours, and outlives us.
    """
    said, told = os.pipe()
    try:
        process = _spawn(folder, order, told)
    except OSError as exc:
        os.close(said)
        raise ActionError(f"the command cannot be started: {exc}") from exc
    finally:
        os.close(told)
    try:
        words = await _all_of(said)
    finally:
        os.close(said)
    if words != READY:
        process.kill()
        process.wait()
        record = JobFolder(folder).record()
        if record is None or record.supervisor.pid != process.pid:
            raise ActionError(f"the command cannot be started: {words.decode('utf-8', 'replace').strip()}")
    return process


def _spawn(folder: Path, order: Order, told: int) -> subprocess.Popen[bytes]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.memfd_create("order"), "w+b") as sealed:
        # The standard codec, as environments may hold bytes that are no UTF-8, which this one escapes.
        sealed.write(json.dumps(msgspec.structs.asdict(order)).encode())
        sealed.seek(0)
        return subprocess.Popen(  # noqa: S603 - our own supervisor
            [sys.executable, "-I", "-S", "-X", "utf8", supervisor.__file__, str(folder.absolute())],
            stdin=sealed,
            stdout=told,
            stderr=told,
            cwd="/",
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
            start_new_session=True,
        )


async def _all_of(said: int) -> bytes:
    """All that the supervisor says before it lets go of the pipe."""
    words = b""
    try:
        async with asyncio.timeout(_START_S):
            while True:
                await readable(said)
                piece = os.read(said, 4096)
                if not piece:
                    return words
                words += piece
    except TimeoutError:
        return b"its supervisor does not come up"
