"""Brings messages to one notifier: what matters most first, spaced, and retried for a while only (S26)."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from controlroom.engine.attempt import attempt
from controlroom.engine.messages import phrases as say
from controlroom.engine.messages.card import CARD, card
from controlroom.engine.messages.figures import marked, voice_of
from controlroom.errors import Undelivered
from controlroom.run import events as ev
from controlroom.run.notices import Notice, NoticeKind
from controlroom.run.state import message_key

if TYPE_CHECKING:
    from controlroom.engine.ledger import Ledger
    from controlroom.ports import Clock, Notifier

EXPIRES_S: Final = {
    NoticeKind.ALARM: 900.0,
    NoticeKind.SUMMARY: 6 * 3600.0,
    NoticeKind.CARD: 600.0,
    NoticeKind.DETAIL: 120.0,
}
"""Real seconds after which a message that did not get through is not tried any more."""
MOST_DETAILS: Final = 50
LONGEST_PAUSE_S: Final = 60.0
"""Real seconds between two tries, unless the other side asks for more."""
LONGEST_WISH_S: Final = 600.0
"""Real seconds for which a wish to be left alone is respected."""


class _Letter(NamedTuple):
    made: float
    notice: Notice


class Postman:
    """One notifier's messages. Bounded: one card, one message for each alarm, the newest summary and some details.

    A newer card or alarm replaces an older one that waits; a detail is tried until it expires, and never again once it
    may have got through. What was posted is remembered in the journal, so that a new engine updates it.
    """

    def __init__(self, name: str, notifier: Notifier, ledger: Ledger, clock: Clock) -> None:
        self._name = name
        self._notifier = notifier
        self._ledger = ledger
        self._clock = clock
        self._alarms: dict[str, _Letter] = {}
        self._summaries: dict[str, _Letter] = {}
        self._details: deque[_Letter] = deque(maxlen=MOST_DETAILS)
        self._changed = False
        self._shown: Notice | None = None
        self._card: _Letter | None = None
        self._receipts: dict[str, str] = {}
        self._failing = name in ledger.state.notifiers
        self._failures = 0
        self._missed = 0
        self._not_before = 0.0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()

    def offer(self, notice: Notice) -> None:
        """Pass on an alarm, a summary or a detail, unless its notifier has no use for it."""
        if not self._notifier.takes(notice):
            return
        letter = _Letter(self._clock.monotonic(), notice)
        if notice.kind is NoticeKind.ALARM:
            self._alarms[notice.key] = letter
        elif notice.kind is NoticeKind.SUMMARY:
            self._summaries = {notice.key: letter}
        else:
            self._missed += len(self._details) == MOST_DETAILS
            self._details.append(letter)
        self._wake_up()

    def knows(self, key: str) -> bool:
        """Whether a message of that key got through."""
        return bool(self._receipt(key))

    def change(self) -> None:
        """The run is no longer what the card says."""
        self._changed = True
        self._wake_up()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            if self._due() is None:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
            await self._clock.sleep(self._not_before - self._clock.monotonic())
            # What waited may have expired meanwhile, and what came may be more urgent.
            if (notice := self._due()) is not None:
                await self._deliver(notice)

    async def idle(self) -> None:
        """Return once nothing waits to be delivered."""
        await self._idle.wait()

    def _wake_up(self) -> None:
        self._idle.clear()
        self._wake.set()

    def _due(self) -> Notice | None:
        """What goes next: alarms, the card that all details hang on, a summary, details, and then a newer card."""
        self._expire()
        self._draw()
        for letter in self._alarms.values():
            return letter.notice
        if self._card is not None and not self.knows(CARD):
            return self._card.notice
        for letter in self._summaries.values():
            return letter.notice
        if self._details:
            return self._details[0].notice
        return self._card.notice if self._card is not None else None

    def _draw(self) -> None:
        """The card as it should be, if that is not what it says already or was tried in vain."""
        if not self._changed:
            return
        self._changed = False
        now = card(self._ledger.state)
        if not self._notifier.takes(now) or _same(now, self._shown):
            self._card = None
        elif self._card is None or not _same(now, self._card.notice):
            self._card = _Letter(self._clock.monotonic(), now)

    def _expire(self) -> None:
        now = self._clock.monotonic()
        while self._details and now - self._details[0].made > EXPIRES_S[NoticeKind.DETAIL]:
            self._details.popleft()
            self._missed += 1
        for key, letter in list(self._alarms.items()):
            # An alarm that is over and that nobody heard of is no more than a detail.
            told = NoticeKind.DETAIL if letter.notice.over and not self.knows(key) else NoticeKind.ALARM
            if now - letter.made > EXPIRES_S[told]:
                del self._alarms[key]
                self._missed += 1
        for key, letter in list(self._summaries.items()):
            if now - letter.made > EXPIRES_S[NoticeKind.SUMMARY]:
                del self._summaries[key]
                self._missed += 1
        if self._card is not None and now - self._card.made > EXPIRES_S[NoticeKind.CARD]:
            self._shown = self._card.notice
            self._card = None

    async def _deliver(self, notice: Notice) -> None:
        receipt, thread = self._receipt(notice.key), self._receipt(CARD)
        found = await attempt(self._notifier.deliver(notice, receipt=receipt, thread=thread))
        if isinstance(found, BaseException):
            self._after_failure(notice, found)
            await self._tell_failure(
                str(found) if isinstance(found, Undelivered) else f"broken: {type(found).__name__}"
            )
        else:
            self._done(notice)
            await self._after_success(notice, receipt, found)

    def _after_failure(self, notice: Notice, failure: BaseException) -> None:
        self._failures += 1
        wish_s: float | None = None
        if isinstance(failure, Undelivered):
            wish_s = LONGEST_PAUSE_S if failure.fix and failure.again_s is None else failure.again_s
            if failure.perhaps and notice.kind in {NoticeKind.DETAIL, NoticeKind.SUMMARY}:
                self._done(notice)
        pause_s = (
            min(2.0 ** min(self._failures, 10), LONGEST_PAUSE_S) if wish_s is None else min(wish_s, LONGEST_WISH_S)
        )
        self._not_before = self._clock.monotonic() + pause_s

    async def _tell_failure(self, why: str) -> None:
        if not self._failing:
            self._failing = True
            await self._ledger.record(ev.NotifierFailed(notifier=self._name, why=why))

    async def _after_success(self, notice: Notice, before: str, receipt: str) -> None:
        self._failures = 0
        self._not_before = self._clock.monotonic() + self._notifier.gap_s
        events: list[ev.Event] = []
        if receipt != before and notice.kind is not NoticeKind.DETAIL:
            self._receipts[notice.key] = receipt
            events.append(ev.MessagePosted(notifier=self._name, key=notice.key, receipt=receipt))
        if self._failing:
            self._failing = False
            events.append(ev.NotifierRecovered(notifier=self._name))
            self._catch_up(notice)
        if events:
            await self._ledger.record(*events)
        if self._missed:
            self._own_up()

    def _catch_up(self, notice: Notice) -> None:
        """After a silence the card is drawn again, also if it had expired."""
        if notice.kind is not NoticeKind.CARD:
            self._shown = None
            self.change()

    def _own_up(self) -> None:
        """Say how many messages were lost, instead of sending them all at once."""
        state = self._ledger.state
        text = marked(state, voice_of(state).say(say.MISSED, count=self._missed))
        self._missed = 0
        key = f"missed:{state.seq}"
        self.offer(Notice(kind=NoticeKind.DETAIL, key=key, run=state.run, at=state.at, headline=text))

    def _done(self, notice: Notice) -> None:
        """Drop `notice`, unless a newer one took its place meanwhile."""
        if notice.kind is NoticeKind.CARD:
            self._shown = notice
            if self._card is not None and self._card.notice is notice:
                self._card = None
        elif notice.kind is NoticeKind.ALARM:
            if (waits := self._alarms.get(notice.key)) is not None and waits.notice is notice:
                del self._alarms[notice.key]
        elif notice.kind is NoticeKind.SUMMARY:
            if (waits := self._summaries.get(notice.key)) is not None and waits.notice is notice:
                del self._summaries[notice.key]
        elif self._details and self._details[0].notice is notice:
            self._details.popleft()

    def _receipt(self, key: str) -> str:
        return self._receipts.get(key) or self._ledger.state.posted.get(message_key(self._name, key), "")


def _same(one: Notice, other: Notice | None) -> bool:
    return other is not None and (one.headline, one.lines, one.over) == (other.headline, other.lines, other.over)
