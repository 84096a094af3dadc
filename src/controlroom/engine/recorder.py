"""Keeps what is measured, rolled up, outside the path of any step; that it cannot is said, and stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.attempt import attempt
from controlroom.errors import SamplesUnkept
from controlroom.run import events as ev
from controlroom.run.rollup import KEPT_SPAN_S, Gatherer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controlroom.engine.ledger import Ledger
    from controlroom.ports import Clock, SampleLog
    from controlroom.run.events import Event
    from controlroom.run.pace import Pace
    from controlroom.run.rollup import KeptSpan
    from controlroom.run.samples import Sample
    from controlroom.run.state import RunState

ALARM = "samples"
"""The id of the alarm that stands while samples are not kept."""
WRITE_S = 5.0
"""Real seconds between two writes: with the span that is still open, what a crash costs."""
LATE_S = 2.0
"""Real seconds that an answer may take to fall into the span in which it was asked for."""
PAUSE_S = 60.0
"""Real seconds after a failed write in which no other is tried; what was measured meanwhile is a gap."""


class Recorder:
    """Takes every sample and writes roll-ups; `elapsed` is plan time."""

    def __init__(self, log: SampleLog, ledger: Ledger, clock: Clock, pace: Pace, elapsed: Callable[[], float]) -> None:
        self._log = log
        self._ledger = ledger
        self._clock = clock
        self._pace = pace
        self._elapsed = elapsed
        self._gatherer = Gatherer()

    def take(self, samples: Iterable[Sample]) -> None:
        """Count what was measured."""
        for sample in samples:
            self._gatherer.take(sample)

    async def run(self) -> None:
        """Write what is complete now and then, until cancelled."""
        while True:
            await self._clock.sleep(WRITE_S)
            spans = self._taken_out(self._elapsed() - self._pace.plan(LATE_S))
            if spans and not await self._kept(spans):
                await self._clock.sleep(PAUSE_S)
                self._taken_out(self._elapsed())

    async def close(self) -> None:
        """Write the rest."""
        spans = self._taken_out(self._elapsed() + KEPT_SPAN_S)
        if spans:
            await attempt(self._log.write(spans))

    def _taken_out(self, before: float) -> list[KeptSpan]:
        now, elapsed = self._clock.now().timestamp(), self._elapsed()
        return self._gatherer.taken_out(before, lambda at: now - self._pace.real(elapsed - at))

    async def _kept(self, spans: Sequence[KeptSpan]) -> bool:
        """Whether `spans` are on disk; tells the run when that changes."""
        found = await attempt(self._log.write(spans))
        if isinstance(found, str):
            await self._ledger.commit(lambda state: [*_trouble(state, found), *_kept_again(state, found)])
            return True
        why = str(found) if isinstance(found, SamplesUnkept) else f"samples cannot be written: {type(found).__name__}"
        await self._ledger.commit(lambda state: _trouble(state, why))
        return False


def _trouble(state: RunState, why: str) -> Sequence[Event]:
    known = state.alarms.get(ALARM)
    if not why or state.phase.terminal or (known is not None and not known.cleared and known.text == why):
        return ()
    return (ev.AlarmRaised(alarm=ALARM, text=why, suggest="the run goes on; its charts have a gap"),)


def _kept_again(state: RunState, said: str) -> Sequence[Event]:
    known = state.alarms.get(ALARM)
    if state.phase.terminal or not (said or (known is not None and not known.cleared)):
        return ()
    return (ev.AlarmCleared(alarm=ALARM),)
