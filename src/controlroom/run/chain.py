"""The hash chain over a journal's records (S28): catches accidents and later edits, not a forger who owns the file.

What is hashed is a record's canonical form, in which a field that holds its default counts as absent. So a newer
controlroom, whose events know more fields, reads an older journal as whole, and a run goes on over an upgrade. Two
rules follow for the structs that are journalled: a new field has a default, and a released default never changes.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import fields

from controlroom.run.events import Event, Record

if TYPE_CHECKING:
    from collections.abc import Iterable

GENESIS = "0" * 64

_encoder = msgspec.json.Encoder(order="deterministic")


def digest(seq: int, at: str, run: str, actor: str, host: str, cause: str, event: Event, prev: str) -> str:
    """SHA-256 (hex) over the previous hash and the record's own fields in their canonical form."""
    body = _encoder.encode([seq, at, run, actor, host, cause, _canonical(event)])
    return hashlib.sha256(prev.encode() + body).hexdigest()


def seal(*, seq: int, at: str, run: str, actor: str, host: str, cause: str, event: Event, prev: str) -> Record:
    """The record for `event` as number `seq`, following the record whose hash is `prev`."""
    mark = digest(seq, at, run, actor, host, cause, event, prev)
    return Record(seq=seq, at=at, run=run, actor=actor, host=host, cause=cause, event=event, prev=prev, hash=mark)


def first_flaw(records: Iterable[Record]) -> str | None:
    """A sentence naming the first record that breaks the chain, None when it holds."""
    prev, expected = GENESIS, 1
    for record in records:
        if record.seq != expected:
            return f"event {expected} is missing: the next one is {record.seq}"
        if record.prev != prev:
            return f"event {record.seq} does not follow the one before it"
        mark = digest(
            record.seq, record.at, record.run, record.actor, record.host, record.cause, record.event, record.prev
        )
        if mark != record.hash:
            return f"event {record.seq} was altered after it was written"
        prev, expected = record.hash, expected + 1
    return None


def _canonical(value: Any) -> Any:
    """`value` as plain collections, the type first where a struct has a tag, without the fields that hold defaults."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        told = {} if config.tag is None else {config.tag_field: config.tag}
        for name, default in _defaults(type(value)):
            held = getattr(value, name)
            if held != default:
                told[name] = _canonical(held)
        return told
    if isinstance(value, (list, tuple)):
        return [_canonical(each) for each in value]
    if isinstance(value, dict):
        return {key: _canonical(each) for key, each in value.items()}
    return value


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Each field of `kind` with its default, `NODEFAULT` where it has none."""
    return tuple(
        (each.name, each.default if each.default_factory is msgspec.NODEFAULT else each.default_factory())
        for each in fields(kind)
    )
