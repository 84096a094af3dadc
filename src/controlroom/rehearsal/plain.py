"""Programs that the stage runs as its children: as a plain user where this one is root, and gone when the stage is."""

import asyncio
import os
import pwd
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from controlroom.rehearsal.life import die_with_parent


async def spawn(
    *words: str | Path, dies_with: int, stdout: int | None, environ: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Start a program as the plain user; it is sent the signal `dies_with` when the stage dies.

    What it prints goes to `stdout`, or where None to the stage's log.
    """
    user = plain_user()
    as_whom: dict[str, Any] = {}
    if user is not None:
        as_whom = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return await asyncio.create_subprocess_exec(
        *words,
        **as_whom,
        cwd="/",
        env={"TZ": "UTC", "LC_ALL": "C", "PATH": os.defpath, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT if stdout else None,
        preexec_fn=die_with(dies_with),
    )


def die_with(signal_number: int) -> Callable[[], None]:
    """What a child of the stage does first, so that the kernel sends it the signal when the stage dies."""
    stage = os.getpid()
    return lambda: die_with_parent(signal_number, stage)


def plain_user() -> pwd.struct_passwd | None:
    """Who runs what refuses to run as root, or should not; None where this user is plain already."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def give(path: Path) -> None:
    """Make `path` the plain user's own."""
    if (user := plain_user()) is not None:
        os.chown(path, user.pw_uid, user.pw_gid)
