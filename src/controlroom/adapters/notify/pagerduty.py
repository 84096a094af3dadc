"""PagerDuty Events API v2: an alarm triggers, its acknowledgement acknowledges, its end resolves, under one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from controlroom.adapters.notify.delivery import Delivery
from controlroom.errors import Undelivered
from controlroom.run.notices import NoticeKind

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import PagerDutyEvents
    from controlroom.run.notices import Notice

_FIX: Final = "check the routing key: the service's integration must be of type Events API v2"
_LONGEST_SUMMARY: Final = 1024
_LONGEST_KEY: Final = 255
_LONGEST_DETAILS: Final = 4000
_NOT_FOR_A_PAGER: Final = ("alarm:alert:", "alarm:samples@")
"""Alarms about other systems' alerts: a pager that is told of its own page would page again; and charts with a gap."""


class _Said(msgspec.Struct):
    status: str


class PagerDutyPager:
    """Implements the Notifier port; the deduplication key is the receipt. Raises Unable."""

    gap_s = 0.2

    def __init__(self, settings: PagerDutyEvents, means: Means) -> None:
        filling = means.vault.fill({})
        self._url = f"{filling.url(settings.url).rstrip('/')}/v2/enqueue"
        self._key = filling.text(settings.routing_key)
        self._delivery = Delivery(means)

    def takes(self, notice: Notice) -> bool:
        """Alarms of the run itself that are worth waking somebody."""
        return notice.kind is NoticeKind.ALARM and not notice.key.startswith(_NOT_FOR_A_PAGER)

    async def look(self) -> str:
        """Resolve what was never triggered, which nobody is told of."""
        await self._send({"event_action": "resolve", "dedup_key": "controlroom/preflight"})
        return "PagerDuty takes the routing key"

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Trigger, acknowledge or resolve; what was never triggered is not resolved either."""
        del thread
        key = receipt or f"controlroom/{notice.run}/{notice.key}"[:_LONGEST_KEY]
        if notice.over or notice.acknowledged_by:
            if receipt:
                await self._send({"event_action": "resolve" if notice.over else "acknowledge", "dedup_key": key})
            return receipt
        headline, *lines = self._delivery.lines(notice, _LONGEST_DETAILS)
        payload = {
            # Whoever lists incidents, this program too, knows by the run's name where one is from.
            "summary": f"controlroom {notice.run}: {headline}"[:_LONGEST_SUMMARY],
            "source": f"controlroom/{notice.run}",
            "severity": "critical" if notice.loud else "info",
            "timestamp": notice.at,
            "custom_details": {"run": notice.run, "lines": lines},
        }
        await self._send({"event_action": "trigger", "dedup_key": key, "client": "controlroom", "payload": payload})
        return key

    async def _send(self, event: dict[str, Any]) -> None:
        answer = await self._delivery.post(self._url, {}, {"json": {"routing_key": self._key, **event}}, _FIX)
        try:
            taken = msgspec.json.decode(answer.body, type=_Said).status == "success"
        except (msgspec.MsgspecError, UnicodeDecodeError):
            taken = False
        if not taken:
            raise Undelivered("what came back is no answer of PagerDuty", perhaps=True)
