"""Messages as CloudEvents to a URL: what happened, as it is in the journal, with what people are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from controlroom.adapters.notify.delivery import Delivery
from controlroom.run.cloudevents import envelope
from controlroom.run.notices import NoticeKind

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import Webhook
    from controlroom.run.notices import Notice

_FIX: Final = "check the URL and the headers of the webhook"
_LONGEST: Final = 2000


class WebhookEvents:
    """Implements the Notifier port: one request for each event, its id `RUN/SEQ`. Raises Unable."""

    gap_s = 0.0

    def __init__(self, settings: Webhook, means: Means) -> None:
        filling = means.vault.fill({})
        self._url = filling.url(settings.url)
        self._headers = filling.mapping(settings.headers)
        self._delivery = Delivery(means)

    def takes(self, notice: Notice) -> bool:
        """What happened; a card is no event."""
        return notice.kind is not NoticeKind.CARD

    async def look(self) -> str:
        """Ask what it takes: whatever it answers, somebody is there."""
        answer = await self._delivery.ask("OPTIONS", self._url, self._headers, {})
        if answer.status in {401, 403}:
            raise self._delivery.refusal(answer, _FIX)
        return "a webhook that answers"

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Post the event; its id is the receipt. What only reads differently now is no event."""
        del thread
        if receipt and notice.record is None:
            return receipt
        event = self._event(notice)
        headers = {"Content-Type": "application/cloudevents+json; charset=utf-8", **self._headers}
        await self._delivery.post(self._url, headers, {"content": msgspec.json.encode(event)}, _FIX)
        return str(event["id"])

    def _event(self, notice: Notice) -> dict[str, Any]:
        # An attribute holds no line breaks.
        text = " · ".join(self._delivery.lines(notice, _LONGEST))
        if notice.record is not None:
            event = msgspec.json.decode(envelope(notice.record))
            return {**event, "data": self._delivery.cleaned(event["data"]), "text": text}
        return {
            "specversion": "1.0",
            "id": f"{notice.run}/{notice.key}",
            "source": f"controlroom/{notice.run}",
            "type": f"controlroom.{notice.kind.value}",
            "time": notice.at,
            "text": text,
        }
