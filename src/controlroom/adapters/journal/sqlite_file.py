"""Reading a run's journal without its engine: while one writes, after it crashed, from a folder that is read-only."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from controlroom.adapters.journal.sqlite import known_format, select_records
from controlroom.adapters.journal.sqlite_faults import journal_error, primary_code
from controlroom.errors import JournalCorrupt, JournalError
from controlroom.run.chain import first_flaw

if TYPE_CHECKING:
    from controlroom.run.events import Record

_TRIES = 5
_SIDE_FILES_MISSING = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


def read_records(path: Path, after: int = 0) -> list[Record]:
    """Every record in the journal at `path` above number `after`; creates and changes no file beside it.

    A file in which no engine ever completed a write holds none. Raises JournalError, JournalCorrupt.
    """
    try:
        if not path.is_file():
            raise JournalError(f"there is no journal at {path}")
        return _read(path, after)
    except sqlite3.Error as exc:
        raise journal_error(exc, path, "read") from exc
    except OSError as exc:
        raise JournalError(f"the journal {path} cannot be read: {exc.strerror}") from exc


def verify(path: Path) -> str | None:
    """A sentence naming the first flaw of the journal at `path` (S28), None when its chain holds.

    Raises JournalError when it cannot be read at all. Events cut off at the end leave no flaw behind.
    """
    try:
        return first_flaw(read_records(path))
    except JournalCorrupt as exc:
        return str(exc)


def _read(path: Path, after: int) -> list[Record]:
    for _ in range(_TRIES):
        before = _marks(path)
        try:
            if {_side(path, "-wal"), _side(path, "-shm")} <= before.keys():
                return _select(path, "mode=ro", after)
        except sqlite3.OperationalError as exc:
            if primary_code(exc) not in _SIDE_FILES_MISSING:
                raise
        try:
            records = _read_at_rest(path, after)
        except (sqlite3.Error, JournalCorrupt, FileNotFoundError):
            if _marks(path) == before:
                raise
            continue
        if _marks(path) == before:
            return records
    raise JournalError(f"the journal {path} keeps changing while it is being read")


def _read_at_rest(path: Path, after: int) -> list[Record]:
    """The records of files that nobody changes meanwhile, which the caller makes sure of."""
    if not _side(path, "-wal").exists():
        # No engine has it open, none crashed. SQLite is told so, or it would leave side files behind.
        return _select(path, "immutable=1", after)
    return _read_copy(path, after)


def _read_copy(path: Path, after: int) -> list[Record]:
    with tempfile.TemporaryDirectory(prefix="controlroom-") as folder:
        copy = Path(folder, path.name)
        for file in (path, _side(path, "-wal")):
            if file.exists():
                shutil.copyfile(file, _side(copy, file.name.removeprefix(path.name)))
        return _select(copy, "mode=rw", after)


def _select(path: Path, mode: str, after: int) -> list[Record]:
    address = f"file:{quote(str(path.absolute()))}?{mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=5.0, isolation_level=None)) as connection:
        connection.text_factory = bytes
        if known_format(connection, path) == 0:
            return []
        return select_records(connection, after)


def _side(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _marks(path: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of change of the journal's files that exist; equal marks mean that nothing was written between."""
    marks: dict[Path, tuple[int, int]] = {}
    for file in (path, _side(path, "-wal"), _side(path, "-shm")):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        marks[file] = (status.st_size, status.st_mtime_ns)
    return marks
