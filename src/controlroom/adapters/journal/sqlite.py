"""The journal of one run in one SQLite file: WAL, synced at every append, written from a thread of its own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from controlroom.adapters.journal.rows import record_of, records_of, refuse_misfits, row_of
from controlroom.adapters.journal.sqlite_faults import journal_error
from controlroom.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from controlroom.run.events import Record

    T = TypeVar("T")

FORMAT = 1
"""Kept in the file's `user_version`; a file with a higher one was written by a newer controlroom."""
_TABLE = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, type TEXT NOT NULL, at TEXT NOT NULL, record TEXT NOT NULL
)
"""


class SqliteJournal:
    """Implements the Journal port; nothing is touched before the first use.

    A failed append, whatever the cause, ends the journal's life: whether its bytes reached the disk is unknown, so
    every later append is refused until the file is opened anew and read. Cancelling a task that awaits `append` does
    not take the records back: the thread goes on.
    """

    def __init__(self, path: Path, *, busy_s: float = 5.0) -> None:
        """Keep the journal at `path`, waiting up to `busy_s` real seconds for another process's lock."""
        self._path = path
        self._busy_s = busy_s
        self._connection: sqlite3.Connection | None = None
        self._inode = (0, 0)
        self._broken = ""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    async def append(self, records: Sequence[Record]) -> None:
        """Make all of `records` durable in one transaction, or none. Raises JournalError, JournalCorrupt."""
        await self._in_thread(lambda: self._append(records))

    async def read(self, after: int = 0) -> list[Record]:
        """Every record with a sequence number above `after`. Raises JournalError, JournalCorrupt."""
        return await self._in_thread(lambda: self._read(after))

    async def close(self) -> None:
        """Let go of the file; closing twice is fine, using it afterwards is refused."""
        if self._broken == _CLOSED:
            return
        await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._broken == _CLOSED:
            raise JournalError(_CLOSED)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _append(self, records: Sequence[Record]) -> None:
        if self._broken:
            raise JournalError(self._broken)
        try:
            self._write(self._open(), records)
        except sqlite3.Error as exc:
            error = journal_error(exc, self._path, "written")
            self._give_up(error)
            raise error from exc
        except JournalError as exc:
            self._give_up(exc)
            raise

    def _give_up(self, error: JournalError) -> None:
        self._broken = f"the journal refuses to go on after a failed write: {error}"

    def _write(self, connection: sqlite3.Connection, records: Sequence[Record]) -> None:
        if self._identity() != self._inode:
            raise JournalError(f"the journal {self._path} was removed or replaced while it was in use")
        connection.execute("BEGIN IMMEDIATE")
        try:
            refuse_misfits(_newest(connection), records)
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", map(row_of, records))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _read(self, after: int) -> list[Record]:
        try:
            return select_records(self._open(), after)
        except sqlite3.Error as exc:
            raise journal_error(exc, self._path, "read") from exc

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        try:
            # SQLite would create it as the umask says; side files take their mode from this one.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as exc:
            raise JournalError(f"the journal {self._path} cannot be opened: {exc.strerror}") from exc
        connection = sqlite3.connect(self._path, timeout=self._busy_s, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._inode = self._identity()
        self._connection = connection
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = bytes
        version = known_format(connection, self._path)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != b"wal":
            raise JournalError(f"the journal {self._path} cannot be kept safely there: is that a network file system?")
        connection.execute("PRAGMA synchronous = FULL")
        if version < FORMAT:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")

    def _identity(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0)
        return (status.st_dev, status.st_ino)

    def _close(self) -> None:
        self._broken = _CLOSED
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_CLOSED = "the journal is closed"


def known_format(connection: sqlite3.Connection, path: Path) -> int:
    """The format of the file, 0 for an empty one. Raises JournalError for one that a newer controlroom has written."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > FORMAT:
        raise JournalError(f"the journal {path} has format {version}; this controlroom knows {FORMAT} and older")
    return version


def select_records(connection: sqlite3.Connection, after: int) -> list[Record]:
    """The records above `after`; `connection` returns text as bytes. Raises JournalCorrupt and sqlite3.Error."""
    after = max(0, after)
    return records_of(connection.execute("SELECT seq, record FROM events WHERE seq > ? ORDER BY seq", (after,)), after)


def _newest(connection: sqlite3.Connection) -> Record | None:
    row = connection.execute("SELECT seq, record FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    return record_of(*row) if row else None
