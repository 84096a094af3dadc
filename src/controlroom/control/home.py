"""The state folder: where runs live, how they are named, and which one is meant."""

from __future__ import annotations

import os
import re
import stat
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.control.process import find_engine
from controlroom.errors import NoSuchRun, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_RUN_ID = re.compile(r"\d{8}-\d{6}-[A-Za-z0-9][A-Za-z0-9_-]*")
_PRIVATE, _TRAVERSABLE = 0o700, 0o755


class RunFolder(Struct, frozen=True):
    """Everything that is kept of one run."""

    path: Path

    @property
    def run(self) -> str:
        """The run's id."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """The journal, when it is kept here."""
        return self.path / "journal.db"

    @property
    def plan(self) -> Path:
        """The run's own copy of its plan (S29)."""
        return self.path / "plan.yaml"

    @property
    def log(self) -> Path:
        """What the engine printed."""
        return self.path / "engine.log"

    @property
    def socket(self) -> Path:
        """Where the engine listens while it lives."""
        return self.path / "ctl.sock"

    @property
    def engine(self) -> Path:
        """Where the engine introduced itself."""
        return self.path / "engine.json"

    @property
    def jobs(self) -> Path:
        """A folder for each command step."""
        return self.path / "jobs"

    @property
    def samples(self) -> Path:
        """What is kept of the samples."""
        return self.path / "samples.bin"

    @property
    def active(self) -> bool:
        """Whether an engine drives the run right now."""
        return find_engine(self.engine) is not None


class Home(Struct, frozen=True):
    """The state folder of one user, or one that a team shares by CONTROLROOM_HOME."""

    path: Path

    @classmethod
    def locate(cls, environ: Mapping[str, str]) -> Home:
        """`$CONTROLROOM_HOME`, else `$XDG_STATE_HOME/controlroom`, else `~/.local/state/controlroom`; absolute."""
        if chosen := environ.get("CONTROLROOM_HOME"):
            return cls(Path(chosen).absolute())
        state = environ.get("XDG_STATE_HOME", "")
        if state.startswith("/"):  # the XDG specification has relative values ignored
            return cls(Path(state, "controlroom"))
        try:
            return cls(Path.home() / ".local" / "state" / "controlroom")
        except RuntimeError as exc:
            raise UsageError("there is no home directory to keep runs in: set CONTROLROOM_HOME") from exc

    def prepare(self, *, shared: bool = False) -> None:
        """Make the folder, 0700 (0755 when `shared` with operators of other accounts), and see that it is safe.

        Raises UsageError when it belongs to somebody else or others may write in it.
        """
        try:
            for folder in (self.path, self._runs):
                folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
                _check(folder, must_own=True)
                folder.chmod(_TRAVERSABLE if shared else _PRIVATE)
        except OSError as exc:
            raise UsageError(f"the state folder {self.path} cannot be used: {exc.strerror}") from exc

    def new_run(self, plan: str, now: datetime, *, shared: bool = False) -> RunFolder:
        """A fresh folder for a run of `plan` that begins `now` (UTC); `prepare` comes first."""
        while True:
            folder = RunFolder(self._runs / f"{now:%Y%m%d-%H%M%S}-{plan}")
            try:
                folder.path.mkdir(mode=_PRIVATE)
            except FileExistsError:
                now += timedelta(seconds=1)
                continue
            folder.jobs.mkdir(mode=_PRIVATE)
            if shared:
                folder.path.chmod(_TRAVERSABLE)
            return folder

    def runs(self) -> list[RunFolder]:
        """Every run that has begun, oldest first; none when there is no state folder. Raises UsageError if unsafe."""
        try:
            _check(self._runs, must_own=False)
            found = sorted(entry for entry in self._runs.iterdir() if _RUN_ID.fullmatch(entry.name))
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise UsageError(f"the state folder {self.path} cannot be read: {exc.strerror}") from exc
        folders = [RunFolder(path) for path in found]
        return [folder for folder in folders if folder.journal.exists()]

    def find(self, reference: str | None = None) -> RunFolder:
        """The run that `reference` (id or unique prefix) means; None: the only active one, else the newest.

        Raises NoSuchRun, UsageError for a prefix of several, Refused when several are active and none is named.
        """
        runs = self.runs()
        if reference is None:
            active = [folder for folder in runs if folder.active]
            if len(active) > 1:
                raise Refused(_choice("several runs are active; say which one", active))
            if not runs:
                raise NoSuchRun(f"there is no run in {self.path}")
            return (active or runs)[-1]
        matching = [folder for folder in runs if folder.run.startswith(reference)]
        exact = [folder for folder in matching if folder.run == reference]
        if not matching:
            raise NoSuchRun(f"no run is called {reference!r} in {self.path}")
        if len(matching) > 1 and not exact:
            raise UsageError(_choice(f"{reference!r} fits several runs; say more of it", matching))
        return (exact or matching)[0]

    @property
    def locks(self) -> Path:
        """Where the locks of environments are."""
        return self.path / "locks"

    @property
    def stage(self) -> Path:
        """Where the stage of the current rehearsal is."""
        return self.path / "stage"

    @property
    def _runs(self) -> Path:
        return self.path / "runs"


def _check(folder: Path, *, must_own: bool) -> None:
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{folder} is no directory")
    if must_own and found.st_uid != os.geteuid():
        raise UsageError(f"{folder} belongs to another account: runs are started in a folder of one's own")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UsageError(f"others may write in {folder}: chmod go-w it, or set CONTROLROOM_HOME to another folder")


def _choice(problem: str, folders: list[RunFolder]) -> str:
    return "\n  ".join([f"{problem}:", *(folder.run for folder in folders)])
