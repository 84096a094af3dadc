"""Decide, make durable, fold, tell: the one way in which a run changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.run.chain import GENESIS, seal
from controlroom.run.fold import fold
from controlroom.run.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controlroom.ports import Clock, Journal
    from controlroom.run.events import Event, Record
    from controlroom.run.state import RunState

ENGINE = "engine"


class Ledger:
    """The journal of a run together with the state that it folds to.

    Decisions run one after another against the newest state; what they decide is durable before anybody hears of it,
    and before `commit` returns (S24, S28). Once an append fails, every later commit raises the same JournalError.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        *,
        run: str,
        host: str,
        publish: Callable[[Record], None] = lambda _record: None,
        state: RunState | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._run = run
        self._host = host
        self._publish = publish
        self._state = state
        self._lock = asyncio.Lock()
        self._waiters: list[asyncio.Future[None]] = []
        self.failure: Exception | None = None

    @property
    def state(self) -> RunState:
        """The state as of the last durable event; raises LookupError before the first."""
        if self._state is None:
            raise LookupError("the run has no events yet")
        return self._state

    async def begin(self, events: Sequence[Event], *, actor: str = ENGINE) -> RunState:
        """Write the first events of a run; the very first must be RunCreated."""
        await asyncio.shield(asyncio.ensure_future(self._write(lambda _state: events, actor, "")))
        return self.state

    async def commit(
        self, decide: Callable[[RunState], Sequence[Event]], *, actor: str = ENGINE, cause: str = ""
    ) -> Sequence[Event]:
        """Let `decide` look at the newest state and make what it returns durable, all of it or nothing.

        Cancelling the caller does not tear the write: it completes, and the state follows.
        """
        return await asyncio.shield(asyncio.ensure_future(self._write(lambda _: decide(self.state), actor, cause)))

    async def record(self, *events: Event, actor: str = ENGINE, cause: str = "") -> None:
        """Make `events` durable, whatever the state."""
        await self.commit(lambda _state: events, actor=actor, cause=cause)

    async def moved(self, seq: int) -> None:
        """Return once the state has gone beyond event number `seq`."""
        while self.state.seq <= seq:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def nudge(self) -> None:
        """Wake everybody who waits in `moved` with a failure to report, if there is one."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if self.failure is not None:
                waiter.set_exception(self.failure)
            else:
                waiter.set_result(None)

    async def _write(
        self, decide: Callable[[RunState | None], Sequence[Event]], actor: str, cause: str
    ) -> Sequence[Event]:
        async with self._lock:
            if self.failure is not None:
                raise self.failure
            events = decide(self._state)
            if not events:
                return events
            records = self._seal(events, actor, cause)
            try:
                await self._journal.append(records)
            except Exception as failure:
                self.failure = failure
                self.nudge()
                raise
            for record in records:
                self._state = fold(self._state, record)
        for record in records:
            self._publish(record)
        self.nudge()
        return events

    def _seal(self, events: Sequence[Event], actor: str, cause: str) -> list[Record]:
        seq, prev = (0, GENESIS) if self._state is None else (self._state.seq, self._state.head)
        at = stamp(self._clock.now())
        records: list[Record] = []
        for event in events:
            seq += 1
            record = seal(
                seq=seq, at=at, run=self._run, actor=actor, host=self._host, cause=cause, event=event, prev=prev
            )
            prev = record.hash
            records.append(record)
        return records
