"""The conformance suite that every journal passes: a new kind joins by one line in FACTORIES."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.adapters.journal.sqlite import SqliteJournal
from controlroom.errors import JournalCorrupt, JournalError
from controlroom.run.chain import GENESIS, first_flaw, seal
from controlroom.run.events import Event, GuardTripped, HoldPlaced, NoteAdded, Record, RollbackRequested

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from controlroom.ports import Journal


def _sqlite(folder: Path) -> Callable[[], Journal]:
    return lambda: SqliteJournal(folder / "journal.sqlite")


def _memory(_folder: Path) -> Callable[[], Journal]:
    kept: list[MemoryJournal] = []

    def reopen() -> Journal:
        kept.append(MemoryJournal(kept[-1].records if kept else ()))
        return kept[-1]

    return reopen


FACTORIES = {"sqlite": _sqlite, "memory": _memory}
EVENTS: tuple[Event, ...] = (
    NoteAdded(text="línea 1\nline 2 ✓ \x1b[31m \x00 '; DROP TABLE events; --"),
    HoldPlaced(reason="guard:error-rate", by="engine"),
    RollbackRequested(services=("orders", "auth"), everything=True),
    GuardTripped(guard="g", service="s", value=6.25, limit=5.0, unit="%", breach_s=300.5, why="6.25 % > 5 %"),
)


def chain(count: int, after: Record | None = None) -> list[Record]:
    """`count` sealed records that follow `after`."""
    records: list[Record] = []
    for _ in range(count):
        last = records[-1] if records else after
        seq, prev = (last.seq + 1, last.hash) if last else (1, GENESIS)
        at = f"2026-12-01T03:00:{seq % 60:02}.000000Z"
        event = EVENTS[seq % len(EVENTS)]
        records.append(seal(seq=seq, at=at, run="r1", actor="ana", host="h", cause="c", event=event, prev=prev))
    return records


@pytest.fixture(params=FACTORIES)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Journal]:
    """Opens the same journal again, as the next engine would."""
    return FACTORIES[request.param](tmp_path)


@pytest.fixture
async def journal(reopen: Callable[[], Journal]) -> AsyncIterator[Journal]:
    opened = reopen()
    yield opened
    await opened.close()


async def test_a_new_journal_is_empty(journal: Journal) -> None:
    """Nothing was recorded, so nothing is read."""
    assert await journal.read() == []
    assert await journal.read(after=7) == []


async def test_records_come_back_as_they_were(journal: Journal) -> None:
    """Every field of every record survives, whatever characters it holds, and the chain with it."""
    records = chain(len(EVENTS))
    await journal.append(records)
    assert await journal.read() == records
    assert first_flaw(await journal.read()) is None


async def test_read_after_gives_the_rest(journal: Journal) -> None:
    """A reader that knows the first records gets those it does not know."""
    records = chain(5)
    for record in records:
        await journal.append([record])
    assert await journal.read(after=3) == records[3:]
    assert await journal.read(after=5) == []
    assert await journal.read(after=-1) == records


async def test_the_next_engine_finds_everything(journal: Journal, reopen: Callable[[], Journal]) -> None:
    """S24: what was appended is there after closing and opening again, and can be continued."""
    first = chain(3)
    await journal.append(first)
    await journal.close()
    again = reopen()
    assert await again.read() == first
    await again.append(chain(2, after=first[-1]))
    assert first_flaw(await again.read()) is None
    assert len(await again.read()) == 5
    await again.close()


@pytest.mark.parametrize("start", [2, 5])
async def test_a_gap_is_refused(journal: Journal, start: int) -> None:
    """An event that does not follow the newest one never enters the journal."""
    records = chain(start)
    with pytest.raises(JournalError, match="cannot follow event 0"):
        await journal.append(records[-1:])


async def test_reuse_of_a_number_is_refused(journal: Journal) -> None:
    """A second engine, which thinks that it is at the same event, is fenced off."""
    records = chain(2)
    await journal.append(records)
    with pytest.raises(JournalError, match="event 2 is there already"):
        await journal.append(records[1:])


async def test_a_forked_chain_is_refused(journal: Journal) -> None:
    """An event whose `prev` is not the newest hash does not enter, even if its number fits."""
    await journal.append(chain(2))
    stranger = seal(
        seq=3, at="2026-12-01T03:00:00.000000Z", run="r1", actor="a", host="h", cause="", event=EVENTS[0], prev="f" * 64
    )
    with pytest.raises(JournalError, match="does not build on event 2"):
        await journal.append([stranger])


async def test_an_append_is_all_or_nothing(journal: Journal, reopen: Callable[[], Journal]) -> None:
    """One misfit in a batch keeps the whole batch out."""
    records = chain(4)
    with pytest.raises(JournalError):
        await journal.append([records[0], records[1], records[3]])
    await journal.close()
    again = reopen()
    assert await again.read() == []
    await again.close()


async def test_after_a_failure_nothing_more_is_taken(journal: Journal, reopen: Callable[[], Journal]) -> None:
    """S24: a failed append makes the journal refuse to act and say so, until it is opened anew."""
    records = chain(3)
    await journal.append(records[:1])
    with pytest.raises(JournalError):
        await journal.append(records[2:])
    with pytest.raises(JournalError, match=r"refuses to go on after a failed write.*cannot follow"):
        await journal.append(records[1:2])
    assert await journal.read() == records[:1]
    await journal.close()
    again = reopen()
    await again.append(records[1:])
    assert await again.read() == records
    await again.close()


async def test_concurrent_appends_keep_their_order(journal: Journal) -> None:
    """Appends started one after the other are recorded in that order, without waiting in between."""
    records = chain(20)
    await asyncio.gather(*(journal.append([record]) for record in records))
    assert await journal.read() == records


async def test_a_closed_journal_is_of_no_use(journal: Journal) -> None:
    """Closing twice is fine; writing or reading afterwards is an error in plain words, not a hang."""
    await journal.append(chain(1))
    await journal.close()
    await journal.close()
    with pytest.raises(JournalError, match="is closed"):
        await journal.append(chain(1))
    with pytest.raises(JournalError, match="is closed"):
        await journal.read()


async def test_memory_journal_fails_on_request() -> None:
    """The fake for engine tests fills up where told, and reports each append."""
    seen: list[int] = []
    journal = MemoryJournal(full_at=2, on_append=lambda records: seen.extend(r.seq for r in records))
    records = chain(3)
    await journal.append(records[:2])
    with pytest.raises(JournalError, match="the disk is full"):
        await journal.append(records[2:])
    with pytest.raises(JournalError, match="refuses to go on"):
        await journal.append(records[2:])
    assert seen == [1, 2]
    assert not isinstance(JournalError("x"), JournalCorrupt)
