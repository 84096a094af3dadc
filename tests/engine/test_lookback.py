"""Looking at the past for clients: one after another, and at rest most of the time, whatever they ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import START

from controlroom.adapters.clock import ManualClock
from controlroom.daemon.lookback import REST, LookBack
from controlroom.errors import SamplesUnkept
from controlroom.run.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.columns import HistoryPart
    from controlroom.run.rollup import KeptSpan

TOOK_S = 0.4


class SlowLog:
    """A file that takes its time on the manual clock."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.busy = self.most = 0
        self.began: list[float] = []

    async def history(self, series: str, span_s: float, columns: int, now: float) -> HistoryPart:
        self.began.append(self.clock.monotonic())
        self.busy += 1
        self.most = max(self.most, self.busy)
        await self.clock.sleep(TOOK_S)
        self.busy -= 1
        if series == "broken":
            raise SamplesUnkept("samples cannot be read")
        return Columns(span_s, columns, now).part(series)

    async def write(self, spans: Sequence[KeptSpan]) -> str:
        raise NotImplementedError

    async def recent(self, span_s: float, columns: int, now: float) -> list[HistoryPart]:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing to let go of."""


async def test_looks_take_turns_and_rest_between() -> None:
    """A hundred at once cost a tenth of the time and no more; the first is answered at once."""
    clock = ManualClock(START)
    log = SlowLog(clock)
    past = LookBack(log, clock, lambda: 95.0)
    looks = [asyncio.ensure_future(past.read("auth/cpu", 30.0, 3)) for _ in range(100)]
    await clock.advance(TOOK_S)
    assert [look.done() for look in looks[:2]] == [True, False]
    await clock.advance(100 * TOOK_S * (1 + REST))
    assert log.most == 1
    gaps = {round(later - earlier, 6) for earlier, later in zip(log.began, log.began[1:], strict=False)}
    assert gaps == {TOOK_S * (1 + REST)}
    assert (await looks[-1]).first == 1


async def test_a_failure_and_a_client_that_leaves_give_the_turn_on() -> None:
    """Neither keeps the next one waiting for more than the rest."""
    clock = ManualClock(START)
    past = LookBack(SlowLog(clock), clock, lambda: 0.0)
    broken = asyncio.ensure_future(past.read("broken", 30.0, 3))
    gone = asyncio.ensure_future(past.read("auth/cpu", 30.0, 3))
    last = asyncio.ensure_future(past.read("auth/cpu", 30.0, 3))
    await clock.settle()
    gone.cancel()
    await clock.advance(TOOK_S * (2 + REST))
    assert last.done()
    with pytest.raises(SamplesUnkept):
        await broken
