"""The SQLite journal against what happens to files: crashes, full and read-only disks, tearing, and readers."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.journal import sqlite as sqlite_journal
from controlroom.adapters.journal.sqlite import SqliteJournal
from controlroom.adapters.journal.sqlite_file import read_records, verify
from controlroom.errors import JournalCorrupt, JournalError
from controlroom.run.chain import GENESIS, first_flaw, seal
from controlroom.run.events import NoteAdded, Record

if TYPE_CHECKING:
    from pathlib import Path

APPENDER = """
import asyncio, os, sys
from pathlib import Path
from controlroom.adapters.journal.sqlite import SqliteJournal
from controlroom.run.chain import GENESIS, seal
from controlroom.run.events import NoteAdded

async def main():
    journal = SqliteJournal(Path(sys.argv[1]))
    known = await journal.read()
    seq, prev = (known[-1].seq, known[-1].hash) if known else (0, GENESIS)
    while True:
        batch = []
        for _ in range(1 + seq % 3):
            seq += 1
            note = NoteAdded(text="x" * (seq * 37 % 6000))
            batch.append(seal(seq=seq, at="t", run="r", actor="a", host="h", cause="", event=note, prev=prev))
            prev = batch[-1].hash
        await journal.append(batch)
        os.write(1, b"%d\\n" % seq)

asyncio.run(main())
"""


def notes(count: int, size: int = 10, after: Record | None = None) -> list[Record]:
    records = [after] if after else []
    for _ in range(count):
        seq, prev = (records[-1].seq + 1, records[-1].hash) if records else (1, GENESIS)
        note = NoteAdded(text="n" * size)
        records.append(seal(seq=seq, at="t", run="r", actor="a", host="h", cause="", event=note, prev=prev))
    return records[1:] if after else records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def filled(path: Path) -> Path:
    """A journal of three records whose engine closed it."""

    async def fill() -> None:
        journal = SqliteJournal(path)
        await journal.append(notes(3))
        await journal.close()

    asyncio.run(fill())
    return path


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}


def run_child(code: str, *args: str) -> str:
    """Run `code` in a process of its own; its standard output. What it raises fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *args], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- crashes


def test_sigkill_at_random_moments_loses_nothing_acknowledged(path: Path) -> None:
    """S24: whenever the writer is killed, every acknowledged event is there, in whole batches, and the chain holds."""
    choice = random.Random(24)  # noqa: S311 - the moments of the kills, repeatable
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", APPENDER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        acknowledged = int(writer.stdout.readline())
        try:
            writer.wait(timeout=choice.uniform(0, 0.15))
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
        tail = writer.stdout.read().split(b"\n")[:-1]
        writer.stdout.close()
        assert writer.wait() == -signal.SIGKILL
        acknowledged = int(tail[-1]) if tail else acknowledged
        records = read_records(path)
        assert first_flaw(records) is None
        # One batch may have become durable without its acknowledgement getting out; never a part of one.
        assert len(records) in {acknowledged, acknowledged + 1 + acknowledged % 3}
    assert len(read_records(path)) > 8


async def test_a_torn_last_write_is_as_if_it_never_began(path: Path, tmp_path: Path) -> None:
    """S24: a log cut anywhere within its last write yields the records before it, and takes new ones."""
    journal = SqliteJournal(path)
    records = notes(3, size=3000)
    await journal.append(records[:2])
    wal = path.with_name(path.name + "-wal")
    whole = wal.stat().st_size
    await journal.append(records[2:])
    main, log = path.read_bytes(), wal.read_bytes()
    await journal.close()
    for index, cut in enumerate((whole, whole + 1, whole + 2000, len(log) - 1)):
        torn = tmp_path / f"torn{index}" / path.name
        torn.parent.mkdir()
        torn.write_bytes(main)
        torn.with_name(torn.name + "-wal").write_bytes(log[:cut])
        assert read_records(torn) == records[:2]
        again = SqliteJournal(torn)
        await again.append(records[2:])
        assert await again.read() == records
        await again.close()


# -- disks that refuse


async def test_a_full_file_is_refused_in_words(path: Path) -> None:
    """S24: no space left: the append fails whole, says why, and nothing is accepted afterwards."""
    journal = SqliteJournal(path)
    records = notes(2)
    await journal.append(records)
    limit = await asyncio.to_thread(_page_count, path)
    connection = journal._connection
    assert connection is not None
    await journal._in_thread(lambda: connection.execute(f"PRAGMA max_page_count = {limit}"))
    big = notes(2, size=200_000, after=records[-1])
    with pytest.raises(JournalError, match=r"cannot be written: the disk is full"):
        await journal.append(big)
    with pytest.raises(JournalError, match=r"refuses to go on after a failed write: .*the disk is full"):
        await journal.append(notes(1, after=records[-1]))
    assert await journal.read() == records
    await journal.close()
    assert read_records(path) == records


def _page_count(path: Path) -> int:
    connection = sqlite3.connect(path)
    (count,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    return int(count)


def test_a_limit_on_file_sizes_is_refused_in_words(path: Path) -> None:
    """S24: a quota or limit that stops the write-ahead log is a JournalError; earlier events stay readable."""
    said = run_child(
        """
        import asyncio, resource, sys
        from pathlib import Path
        from controlroom.adapters.journal.sqlite import SqliteJournal
        from controlroom.errors import JournalError
        from controlroom.run.chain import GENESIS, seal
        from controlroom.run.events import NoteAdded

        async def main():
            journal = SqliteJournal(Path(sys.argv[1]))
            prev = GENESIS
            resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
            for seq in range(1, 100):
                note = NoteAdded(text="x" * 3000)
                record = seal(seq=seq, at="t", run="r", actor="a", host="h", cause="", event=note, prev=prev)
                try:
                    await journal.append([record])
                except JournalError as exc:
                    print(seq - 1, exc)
                    break
                prev = record.hash
            try:
                await journal.append([record])
            except JournalError as exc:
                print(exc)

        asyncio.run(main())
        """,
        str(path),
    ).splitlines()
    count, _, words = said[0].partition(" ")
    assert "cannot be written: reading or writing the disk failed" in words
    assert "refuses to go on" in said[1]
    records = read_records(path)
    assert len(records) == int(count) > 2
    assert first_flaw(records) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_a_read_only_file_is_refused_in_words(filled: Path) -> None:
    """S24: a journal that may not be written is an error at the first append; its records can be read without it."""
    for folder in (filled.parent, *filled.parent.parents):
        folder.chmod(folder.stat().st_mode | 0o055)
    filled.chmod(0o444)
    before = files(filled)
    said = run_child(
        """
        import asyncio, encodings.idna, os, sys
        from pathlib import Path
        from controlroom.adapters.journal.sqlite import SqliteJournal
        from controlroom.adapters.journal.sqlite_file import read_records, verify
        from controlroom.errors import JournalError

        async def main():
            path = Path(sys.argv[1])
            os.setegid(65534)
            os.seteuid(65534)
            print(len(read_records(path)), verify(path))
            try:
                await SqliteJournal(path).append([])
            except JournalError as exc:
                print(exc)

        asyncio.run(main())
        """,
        str(filled),
    ).splitlines()
    assert said == ["3 None", f"the journal {filled} cannot be opened: Permission denied"]
    assert files(filled) == before


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A journal cannot be made where there is no folder."""
    journal = SqliteJournal(tmp_path / "nowhere" / "journal.sqlite")
    with pytest.raises(JournalError, match="No such file or directory"):
        await journal.append(notes(1))


async def test_a_locked_file_is_refused_in_words(filled: Path) -> None:
    """A lock that another process keeps is waited for, and then named as the cause."""
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    journal = SqliteJournal(filled, busy_s=0.05)
    known = await journal.read()
    with pytest.raises(JournalError, match="another process has it locked"):
        await journal.append(notes(1, after=known[-1]))
    other.close()
    await journal.close()


async def test_two_writers_are_fenced(path: Path) -> None:
    """A second engine on the same file cannot append what the first one already has (S24: nothing runs twice)."""
    first, second = SqliteJournal(path), SqliteJournal(path)
    records = notes(2)
    await first.append(records[:1])
    assert await second.read() == records[:1]
    await first.append(records[1:])
    with pytest.raises(JournalError, match="another engine writes to this journal"):
        await second.append(records[1:])
    await first.close()
    await second.close()


async def test_a_removed_file_is_noticed(path: Path) -> None:
    """Appending to a file that somebody deleted or replaced would be lost, so it is refused."""
    journal = SqliteJournal(path)
    records = notes(2)
    await journal.append(records[:1])
    path.rename(path.with_name("moved.sqlite"))
    with pytest.raises(JournalError, match="removed or replaced"):
        await journal.append(records[1:])
    await journal.close()


# -- damage


@pytest.mark.parametrize("junk", [b"this is not a database at all, only text" * 200, b"\0" * 8192])
async def test_a_foreign_file_is_damage(path: Path, junk: bytes) -> None:
    """S24: a file that is no database is neither read nor overwritten."""
    path.write_bytes(junk)
    journal = SqliteJournal(path)
    with pytest.raises(JournalCorrupt, match="damaged"):
        await journal.read()
    with pytest.raises(JournalCorrupt, match="damaged"):
        await journal.append(notes(1))
    await journal.close()
    with pytest.raises(JournalCorrupt, match="damaged"):
        read_records(path)
    assert path.read_bytes() == junk


async def test_a_truncated_file_is_damage(path: Path) -> None:
    """S24: a file that lost its end is reported, not half believed."""
    journal = SqliteJournal(path)
    await journal.append(notes(40, size=2000))
    await journal.close()
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    with pytest.raises(JournalCorrupt):
        read_records(path)
    assert verify(path) is not None


EDITS = {
    "altered": ("UPDATE events SET record = replace(record, 'nnnn', 'mmmm') WHERE seq = 2", "event 2 was altered"),
    "torn": ("UPDATE events SET record = substr(record, 1, 40) WHERE seq = 2", "event 2 cannot be read"),
    "not text": ("UPDATE events SET record = CAST(x'ff00fe' AS TEXT) WHERE seq = 2", "event 2 cannot be read"),
    "removed": ("DELETE FROM events WHERE seq = 2", "event 2 is missing"),
    "swapped": (
        "UPDATE events SET record = (SELECT record FROM events WHERE seq = 1) WHERE seq = 2",
        "event 2 holds the text of event 1",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_later_edits_are_found(filled: Path, edit: str) -> None:
    """S28: an altered, torn, removed or swapped event is named; a journal left alone has no flaw."""
    assert verify(filled) is None
    statement, flaw = EDITS[edit]
    connection = sqlite3.connect(filled)
    connection.execute(statement)
    connection.commit()
    connection.close()
    assert flaw in str(verify(filled))
    if edit != "altered":
        with pytest.raises(JournalCorrupt, match=flaw):
            read_records(filled)


def test_a_newer_format_is_not_touched(filled: Path) -> None:
    """A file of a later controlroom is refused by name instead of being misread."""
    connection = sqlite3.connect(filled)
    connection.execute(f"PRAGMA user_version = {sqlite_journal.FORMAT + 1}")
    connection.close()
    with pytest.raises(JournalError, match="has format 2"):
        read_records(filled)


# -- readers


def test_reading_leaves_no_trace(filled: Path) -> None:
    """A look at a finished run neither changes its journal nor leaves files beside it."""
    before = {file.name: file.stat().st_mtime_ns for file in filled.parent.iterdir()}
    assert [record.seq for record in read_records(filled, after=1)] == [2, 3]
    assert {file.name: file.stat().st_mtime_ns for file in filled.parent.iterdir()} == before
    assert list(before) == [filled.name]


async def test_reading_beside_a_living_engine(path: Path) -> None:
    """Readers see every event as soon as it is acknowledged, without disturbing the writer."""
    journal = SqliteJournal(path)
    last: Record | None = None
    for count in range(1, 30):
        (last,) = notes(1, after=last)
        await journal.append([last])
        assert len(read_records(path)) == count
    await journal.close()
    assert len(read_records(path)) == 29


async def test_reading_while_an_engine_writes_fast(path: Path) -> None:
    """A reader never sees half of a batch or a broken chain, however fast the engine appends, opens and closes."""
    seen: list[int] = []

    async def write() -> None:
        last: Record | None = None
        for _ in range(6):
            journal = SqliteJournal(path)
            for _ in range(20):
                batch = notes(2, size=500, after=last)
                last = batch[-1]
                await journal.append(batch)
            await journal.close()

    first = SqliteJournal(path)
    assert await first.read() == []
    await first.close()
    writing = asyncio.create_task(write())
    while not writing.done():
        records = await asyncio.to_thread(read_records, path)
        assert first_flaw(records) is None
        seen.append(len(records))
    await writing
    assert all(count % 2 == 0 for count in seen)
    assert seen == sorted(seen)
    assert len(read_records(path)) == 240


def test_a_missing_journal_is_named_and_not_created(path: Path) -> None:
    """Reading where nothing is says so."""
    with pytest.raises(JournalError, match="there is no journal at"):
        read_records(path)
    assert not path.exists()


def test_an_engine_that_died_at_once_left_an_empty_journal(path: Path) -> None:
    """A file without a table is a run of which nothing was acknowledged."""
    path.touch()
    assert read_records(path) == []
    assert verify(path) is None


async def test_every_append_is_synced(path: Path) -> None:
    """S24: acknowledged means on the disk, not in its cache: write-ahead log, synced at each commit."""
    journal = SqliteJournal(path)
    await journal.append(notes(1))
    connection = journal._connection
    assert connection is not None
    pragmas = ("journal_mode", "synchronous")
    values = await journal._in_thread(lambda: [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas])
    assert values == [b"wal", 2]
    await journal.close()


async def test_people_can_query_it(filled: Path) -> None:
    """Number, type and time are columns of their own for whoever has sqlite3 at hand; the file is the owner's alone."""
    connection = sqlite3.connect(filled)
    assert connection.execute("SELECT seq, type, at FROM events WHERE seq = 2").fetchall() == [(2, "NoteAdded", "t")]
    connection.close()
    assert filled.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every write takes a fifth of a second of blocking."""
    waits: list[float] = []
    write = SqliteJournal._write

    def slow(self: SqliteJournal, connection: sqlite3.Connection, records: list[Record]) -> None:
        waits.append(0.2)
        threading.Event().wait(0.2)
        write(self, connection, records)

    monkeypatch.setattr(SqliteJournal, "_write", slow)
    return waits


async def test_the_event_loop_never_waits_for_the_disk(path: Path, slow_disk: list[float]) -> None:
    """A slow fsync holds up the appender only: the loop goes on turning."""
    journal = SqliteJournal(path)
    appending = asyncio.create_task(journal.append(notes(1)))
    turns = 0
    while not appending.done():
        turns += 1
        await asyncio.sleep(0)
    await appending
    await journal.close()
    assert slow_disk == [0.2]
    assert turns > 10
