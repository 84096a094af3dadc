"""The stage's temporary folder: made for one stage, removed at its end, swept later when that end was violent."""

import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Final

from controlroom.rehearsal.life import alive, started

_PREFIX: Final = "controlroom-stage-"
_OWNER: Final = "owner"
DATABASE: Final = "database"
"""The folder of the database's files in the stage's folder."""
_UNCLAIMED_S: Final = 60.0
_ENTER_BY_ALL: Final = 0o711
_ROOM: Final = 256 << 20
_REACHABLE: Final = Path("/tmp")  # noqa: S108 - mkdtemp names the folder
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the same


def make() -> Path:
    """A new folder that the database's own user may pass through, claimed by this process."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_place()))
    (folder / _OWNER).write_text(f"{os.getpid()} {started(os.getpid())}", encoding="ascii")
    folder.chmod(_ENTER_BY_ALL)
    return folder


def remove(folder: Path, patience_s: float = 2.0) -> bool:
    """Remove `folder`, trying again while a dying process still writes into it; whether it is gone."""
    until = time.monotonic() + patience_s
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists() or time.monotonic() > until:
            return not folder.exists()
        time.sleep(0.02)


def bury(folder: Path) -> None:
    """End the database of a stage that died, then remove its folder."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((folder / DATABASE / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        since = started(pid)
        # The server works in its data folder: a process with a reused pid does not.
        if since is not None and Path(f"/proc/{pid}/cwd").samefile(folder / DATABASE):
            os.kill(pid, signal.SIGQUIT)
            _await_death(pid, since)
    remove(folder)


def _await_death(pid: int, since: int, patience_s: float = 1.0) -> None:
    until = time.monotonic() + patience_s
    while alive(pid, since) and time.monotonic() < until:
        time.sleep(0.02)


def sweep() -> list[Path]:
    """Remove what dead stages of this user left behind, and say which folders those were."""
    parents = {_MEMORY, _REACHABLE, Path(tempfile.gettempdir())}
    left = [folder for parent in parents for folder in parent.glob(f"{_PREFIX}*") if _abandoned(folder)]
    return [folder for folder in left if remove(folder, patience_s=0)]


def _place() -> Path:
    """Where to make folders: for root, where the database's own user gets to, and in memory if there is room.

    The database is a thousand small files, three times as fast in memory. Others stay on disk: logind empties the
    shared memory of a user, though not of root, at the last logout, and a stage must outlive that.
    """
    if os.geteuid() != 0:
        return Path(tempfile.gettempdir())
    with contextlib.suppress(OSError):
        memory = os.statvfs(_MEMORY)
        if memory.f_bavail * memory.f_frsize >= _ROOM and not memory.f_flag & os.ST_NOEXEC:
            return _MEMORY
    return _REACHABLE


def _abandoned(folder: Path) -> bool:
    try:
        entry = folder.lstat()
        if entry.st_uid != os.geteuid() or folder.is_symlink():
            return False
        pid, since = (folder / _OWNER).read_text(encoding="ascii").split()
        return not alive(int(pid), int(since))
    except FileNotFoundError:
        return folder.exists() and time.time() - folder.stat().st_mtime > _UNCLAIMED_S
    except (OSError, ValueError):
        return False
