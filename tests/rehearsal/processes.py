"""Processes as /proc has them: who is below whom, who belongs to a job, who still lives."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.rehearsal.life import alive, started

if TYPE_CHECKING:
    from controlroom.adapters.jobs.folder import JobRecord


def tree(root: int) -> dict[int, int]:
    """The process `root` and all below it, with their start times."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    pids = [root]
    for pid in pids:
        pids += [child for child, parent in parents.items() if parent == pid]
    return {pid: since for pid in pids if (since := started(pid)) is not None}


def living(processes: dict[int, int]) -> list[int]:
    """Those of `processes` that still run; a zombie does not."""
    return [pid for pid, since in processes.items() if alive(pid, since)]


def group_of(job: JobRecord) -> dict[int, int]:
    """The living processes of a job's process group, with their start times."""
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, IndexError):
            if (
                entry.name.isdigit()
                and int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == job.command.pid
            ):
                found[int(entry.name)] = started(int(entry.name))
    return {pid: since for pid, since in found.items() if since is not None}


def kill(processes: dict[int, int]) -> None:
    """SIGKILL for those of `processes` that still run."""
    for pid in living(processes):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
