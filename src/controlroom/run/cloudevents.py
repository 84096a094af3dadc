"""Events for other programs: one CloudEvents 1.0 envelope a line (https://cloudevents.io, JSON format)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import to_builtins
from msgspec.json import encode

from controlroom.run.events import event_name

if TYPE_CHECKING:
    from controlroom.run.events import Record


def envelope(record: Record) -> str:
    """The record as one line of JSON; `actor`, `host`, `cause`, `seq`, `prev` and `hash` are extension attributes."""
    fields = to_builtins(record.event)
    fields.pop("type", None)
    return encode(
        {
            "specversion": "1.0",
            "id": f"{record.run}/{record.seq}",
            "source": f"controlroom/{record.run}",
            "type": f"controlroom.{event_name(record.event)}",
            "time": record.at,
            "datacontenttype": "application/json",
            "seq": record.seq,
            "actor": record.actor,
            "host": record.host,
            "cause": record.cause,
            "prev": record.prev,
            "hash": record.hash,
            "data": fields,
        }
    ).decode()
