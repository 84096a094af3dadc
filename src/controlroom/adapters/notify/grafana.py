"""Grafana annotations: a region for each deploy and each rollback of a service, found on dashboards by its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from controlroom.adapters.notify.marks import Mark, mark_of, undelivered
from controlroom.adapters.trouble import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.adapters.json_api import JsonApi
    from controlroom.run.notices import Notice

_PATH: Final = "/api/annotations"
_FIX: Final = "give a service account token whose role may write annotations (annotations:create, annotations:write)"


class _Added(Struct):
    id: int


class GrafanaAnnotations:
    """Marks what happens to services. Of a region that an earlier engine began, the end is a mark of its own."""

    gap_s = 0.2

    def __init__(self, api: JsonApi, tags: Sequence[str] = ()) -> None:
        self._api = api
        self._tags = tags
        self._open: dict[str, tuple[int, str]] = {}

    def takes(self, notice: Notice) -> bool:
        """Begin and end of a service's deploy and rollback, and alarms about it."""
        return mark_of(notice) is not None

    async def look(self) -> str:
        """Ask for one annotation: the token is accepted, though that it may write is seen only when it does."""
        try:
            await self._api.get(_PATH, {"limit": "1"}, list[Any])
        except NoAnswer as exc:
            raise undelivered(exc, self._api, _FIX) from exc
        return "annotations in Grafana"

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Begin a region, end it, or mark a moment; what comes back is the annotation's id."""
        del thread
        mark = mark_of(notice)
        if mark is None or receipt:
            return receipt
        try:
            return str(await self._marked(mark, notice.run))
        except NoAnswer as exc:
            raise undelivered(exc, self._api, _FIX) from exc

    async def _marked(self, mark: Mark, run: str) -> int:
        at, said = round(mark.at * 1000), self._api.said(mark.text)
        if (begun := self._open.get(mark.service)) is not None:
            number, text = begun
            await self._api.send("PATCH", f"{_PATH}/{number}", {"timeEnd": at, "text": f"{text}\n{said}"}, Any)
            del self._open[mark.service]
            if not mark.begins:
                return number
        kind = "rollback" if mark.back else "deploy" if mark.good else "alarm"
        tags = ["controlroom", kind, f"service:{mark.service}", f"run:{run}", *self._tags]
        added = await self._api.send("POST", _PATH, {"time": at, "tags": tags, "text": said}, _Added)
        if mark.begins:
            self._open[mark.service] = (added.id, said)
        return added.id
