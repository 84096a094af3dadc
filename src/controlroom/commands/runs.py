"""Which run a command means, and what its journal says without an engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from controlroom.adapters.journal.sqlite_file import read_records
from controlroom.control.home import Home, RunFolder
from controlroom.errors import NoSuchRun
from controlroom.run.fold import fold_all

if TYPE_CHECKING:
    from controlroom.run.state import RunState


def chosen(run: str | None) -> RunFolder:
    """The run of that id or prefix; None: the only active one, else the newest. Raises NoSuchRun and others."""
    return Home.locate(os.environ).find(run)


def last_state(folder: RunFolder) -> RunState:
    """The state that the journal folds to. Raises JournalError, NoSuchRun for a run without a beginning."""
    state = fold_all(read_records(folder.journal))
    if state is None:
        raise NoSuchRun(f"{folder.run} never began")
    return state


def every() -> list[RunFolder]:
    """Every run that has begun, oldest first."""
    return Home.locate(os.environ).runs()
