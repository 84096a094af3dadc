"""How records lie in a table, one row each, and which records may follow those that are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from controlroom.errors import JournalCorrupt, JournalError
from controlroom.run.chain import GENESIS
from controlroom.run.events import Record, event_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def row_of(record: Record) -> tuple[int, str, str, str]:
    """`record` as (seq, type, at, JSON): the first three are for people who query the table by hand."""
    return record.seq, event_name(record.event), record.at, _encoder.encode(record).decode()


def record_of(seq: int, text: bytes | str) -> Record:
    """The record in row `seq`. Raises JournalCorrupt when the row does not hold one, or holds another one."""
    try:
        record = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise JournalCorrupt(f"event {seq} cannot be read: {exc}") from exc
    if record.seq != seq:
        raise JournalCorrupt(f"event {seq} holds the text of event {record.seq}")
    return record


def records_of(rows: Iterable[tuple[int, bytes | str]], after: int) -> list[Record]:
    """The records in `rows`, which must begin right after number `after`. Raises JournalCorrupt at a gap."""
    records: list[Record] = []
    for expected, (seq, text) in enumerate(rows, after + 1):
        if seq != expected:
            raise JournalCorrupt(f"event {expected} is missing: the next one is {seq}")
        records.append(record_of(seq, text))
    return records


def refuse_misfits(last: Record | None, records: Sequence[Record]) -> None:
    """Raise JournalError unless `records` continue the journal whose newest record is `last`, without gap or reuse."""
    seq, head = (last.seq, last.hash) if last else (0, GENESIS)
    for record in records:
        if record.seq <= seq:
            raise JournalError(f"event {record.seq} is there already: another engine writes to this journal")
        if record.seq != seq + 1:
            raise JournalError(f"event {record.seq} cannot follow event {seq}")
        if record.prev != head:
            raise JournalError(f"event {record.seq} does not build on event {seq} as the journal has it")
        seq, head = record.seq, record.hash
