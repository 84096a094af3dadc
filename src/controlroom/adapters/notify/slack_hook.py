"""Slack by an incoming webhook, which can only post: alarms when they begin and when they are over, and details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from controlroom.adapters.notify.delivery import Delivery
from controlroom.adapters.notify.slack import LONGEST, message
from controlroom.errors import Undelivered
from controlroom.run.notices import NoticeKind

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import Slack
    from controlroom.run.notices import Notice

_FIX: Final = "make a new incoming webhook: api.slack.com/apps, Incoming Webhooks"
_NOTHING_SAID: Final = 400
POSTED: Final = "posted"


class SlackHook:
    """Implements the Notifier port. Raises Unable for a URL that is not there."""

    gap_s = 1.0

    def __init__(self, settings: Slack, means: Means) -> None:
        url = means.vault.fill({}).url(settings.webhook or "")
        # Whoever has the path can post.
        means.vault.keep((url, urlsplit(url).path))
        self._url = url
        self._delivery = Delivery(means)
        self._mention = settings.mention

    def takes(self, notice: Notice) -> bool:
        """Everything but the card, which it could not update."""
        return notice.kind is not NoticeKind.CARD

    async def look(self) -> str:
        """Say nothing: a webhook that is good refuses that as `no_text`."""
        answer = await self._delivery.ask("POST", self._url, {}, {"json": {"text": ""}})
        if answer.status == _NOTHING_SAID and answer.text.strip() in {"no_text", "invalid_payload"}:
            return "an incoming webhook"
        raise self._delivery.refusal(answer, _FIX)

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Post, unless it is a change of what was posted that people need not hear again."""
        del thread
        if receipt and not notice.over:
            return receipt
        text = message(self._delivery.lines(notice, LONGEST), notice, self._mention)
        answer = await self._delivery.post(self._url, {}, {"json": {"text": text}}, _FIX)
        if answer.text.strip() != "ok":
            raise Undelivered("what came back is no answer of Slack", perhaps=True)
        return receipt or POSTED
