"""What went wrong with a SQLite file, in words that tell an operator what to look at."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from controlroom.errors import JournalCorrupt, JournalError

if TYPE_CHECKING:
    from pathlib import Path

_CAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: is its folder there, and may this user write to it?",
    sqlite3.SQLITE_BUSY: "another process has it locked",
    sqlite3.SQLITE_LOCKED: "another process has it locked",
    sqlite3.SQLITE_IOERR: "reading or writing the disk failed: a broken disk, a quota or a limit on file sizes",
}
_TORN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF
"""SQLite's extended result codes keep the primary one in the low byte."""


def primary_code(exc: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 when Python itself raised the error."""
    return getattr(exc, "sqlite_errorcode", 0) & _PRIMARY


def journal_error(exc: sqlite3.Error, path: Path, doing: str) -> JournalError:
    """The error to raise for `exc`, which came up when `doing` ("written", "read") was tried on `path`."""
    code = primary_code(exc)
    if code in _TORN:
        return JournalCorrupt(f"the journal {path} is damaged: {exc}")
    return JournalError(f"the journal {path} cannot be {doing}: {_CAUSES.get(code, str(exc))}")
