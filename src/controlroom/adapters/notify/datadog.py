"""Datadog events: what happens to a service, gathered under one event for each service of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from controlroom.adapters.notify.marks import mark_of, undelivered
from controlroom.adapters.trouble import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.adapters.json_api import JsonApi
    from controlroom.run.notices import Notice

_PATH: Final = "/api/v1/events"
_VALIDATE: Final = "/api/v1/validate"
_FIX: Final = "give an API key of the site that the plan names"
_LONGEST_TITLE: Final = 100
_LONGEST_TEXT: Final = 4000


class _Event(Struct):
    id: int


class _Created(Struct):
    event: _Event


class DatadogEvents:
    """Posts an event for the beginning and the end of each deploy and rollback, and for alarms about a service."""

    gap_s = 0.2

    def __init__(self, api: JsonApi, tags: Sequence[str] = ()) -> None:
        self._api = api
        self._tags = tags

    def takes(self, notice: Notice) -> bool:
        """Begin and end of a service's deploy and rollback, and alarms about it."""
        return mark_of(notice) is not None

    async def look(self) -> str:
        """Let Datadog validate the key."""
        try:
            await self._api.get(_VALIDATE, {}, dict[str, Any])
        except NoAnswer as exc:
            raise undelivered(exc, self._api, _FIX) from exc
        return "events in Datadog"

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Post an event; what comes back is its id."""
        del thread
        mark = mark_of(notice)
        if mark is None or receipt:
            return receipt
        kind = "rollback" if mark.back else "deploy"
        event = {
            "title": f"{kind} {mark.service}"[:_LONGEST_TITLE],
            "text": "\n".join(map(self._api.said, (mark.text, *notice.lines)))[:_LONGEST_TEXT],
            "date_happened": int(mark.at),
            "alert_type": "error" if not mark.good else "info" if mark.begins else "success",
            "aggregation_key": f"{notice.run}/{mark.service}"[-_LONGEST_TITLE:],
            "tags": [f"service:{mark.service}", f"run:{notice.run}", "source:controlroom", *self._tags],
        }
        try:
            return str((await self._api.send("POST", _PATH, event, _Created)).event.id)
        except NoAnswer as exc:
            raise undelivered(exc, self._api, _FIX) from exc
