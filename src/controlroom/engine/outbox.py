"""Tells people what happens (S26): fed by the ledger as it publishes, delivered by tasks of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine.messages import alarms, summaries
from controlroom.engine.messages.details import detail
from controlroom.engine.messages.figures import marked
from controlroom.engine.postman import EXPIRES_S, Postman
from controlroom.engine.scenes import TimeIsOut, race
from controlroom.run import events as ev
from controlroom.run.notices import Notice, NoticeKind
from controlroom.run.state import guard_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.engine.ledger import Ledger
    from controlroom.ports import Clock, Notifier
    from controlroom.run.events import Record
    from controlroom.run.state import AlarmStatus


class Outbox:
    """Turns records into messages, in the plan's language, for every notifier of the plan."""

    def __init__(self, notifiers: Mapping[str, Notifier], ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._postmen = [Postman(name, notifier, ledger, clock) for name, notifier in notifiers.items()]
        self._alarms: dict[str, Notice] = {}
        if self._postmen:
            self._take_up()

    def take(self, record: Record) -> None:
        """Take a durable record; costs the caller no more than making a text."""
        if not self._postmen:
            return
        state = self._ledger.state
        text = detail(state, record)
        if text:
            self._offer(
                Notice(
                    kind=NoticeKind.DETAIL,
                    key=f"event:{record.seq}",
                    run=state.run,
                    at=record.at,
                    headline=marked(state, text),
                    record=record,
                )
            )
        self._follow(record)
        self._sum_up(record)
        for postman in self._postmen:
            postman.change()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for postman in self._postmen:
                group.create_task(postman.run())

    async def drain(self, limit_s: float) -> None:
        """Wait for what is still to be said, for at most real `limit_s`."""
        waiting = asyncio.gather(*(postman.idle() for postman in self._postmen))
        try:
            await race(self._clock, waiting, cut=asyncio.Event(), limit_s=limit_s)
        except TimeIsOut:
            return

    def _take_up(self) -> None:
        """After a restart: bring the card up to date, and tell of standing alarms whoever was not told."""
        state = self._ledger.state
        for alarm in state.alarms.values():
            if not alarm.cleared:
                notice = alarms.raised(state, alarm)
                self._alarms[alarm.id] = notice
                for postman in self._postmen:
                    if not alarm.acknowledged_by and not postman.knows(notice.key):
                        postman.offer(notice)
        due = summaries.fresh(state, self._clock.now(), EXPIRES_S[NoticeKind.SUMMARY])
        for postman in self._postmen:
            if due is not None and not postman.knows(due.key):
                postman.offer(due)
            postman.change()

    def _follow(self, record: Record) -> None:
        event, state = record.event, self._ledger.state
        match event:
            case ev.AlarmRaised() if event.alarm in state.alarms:
                self._alarms[event.alarm] = alarms.raised(state, state.alarms[event.alarm], record)
                self._offer(self._alarms[event.alarm])
            case ev.AlarmAcknowledged() if event.alarm in self._alarms:
                self._retell(state.alarms[event.alarm], record)
            case ev.CountdownCancelled():
                # What an alarm's message announces is not going to happen any more.
                alarm = state.alarms.get(f"guard:{guard_key(event.guard, event.service)}")
                if alarm is not None and alarm.id in self._alarms and not alarm.cleared:
                    self._retell(alarm, None)
            case ev.AlarmCleared() if event.alarm in self._alarms:
                self._offer(alarms.follows(state, self._alarms.pop(event.alarm), record))
            case ev.PhaseChanged() if event.phase.terminal:
                for name in list(self._alarms):
                    self._offer(alarms.follows(state, self._alarms.pop(name), record))

    def _retell(self, alarm: AlarmStatus, record: Record | None) -> None:
        self._alarms[alarm.id] = notice = alarms.standing(self._ledger.state, alarm, record)
        self._offer(notice)

    def _sum_up(self, record: Record) -> None:
        """A day of the watch, or all of it: the summary of a run that ends is told with its end."""
        event, state = record.event, self._ledger.state
        over = isinstance(event, ev.PhaseChanged) and event.phase.terminal
        if isinstance(event, ev.WatchSummarized) or (over and state.watch is not None):
            self._offer(summaries.summary(state, record))

    def _offer(self, notice: Notice) -> None:
        for postman in self._postmen:
            postman.offer(notice)
