"""The engine's side of the control socket: snapshots, commands, logs, and screens that come and go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controlroom.control.protocol import Snapshot
from controlroom.control.session import LogExcerpt
from controlroom.engine.departures import screen_vanished
from controlroom.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine
    from pathlib import Path

    from controlroom.control.session import Session
    from controlroom.daemon.lookback import LookBack
    from controlroom.engine.ledger import Ledger
    from controlroom.engine.monitor import Monitor
    from controlroom.engine.runner import Runner
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Order
    from controlroom.run.events import Record
    from controlroom.run.state import Answer

OUTPUT = "output.log"


class RunDesk:
    """Answers the control server for one run."""

    def __init__(
        self,
        ledger: Ledger,
        runner: Runner,
        monitor: Monitor,
        past: LookBack,
        jobs: Path,
        recent: Collection[Record],
    ) -> None:
        self._ledger = ledger
        self._runner = runner
        self._monitor = monitor
        self._past = past
        self._jobs = jobs
        self.spawn: Callable[[Coroutine[Any, Any, Any]], object] = asyncio.ensure_future
        """Starts work that a departure leads to."""
        self._screens: dict[int, str] = {}
        self._recent = recent

    def snapshot(self) -> Snapshot:
        """The state as it is now, with the newest samples and the recent past.

        Guards and watch are given as they stand between two facts, so that no countdown is behind.
        """
        monitor = self._monitor
        return Snapshot(
            state=replace(self._ledger.state, guards=monitor.guard_statuses(), watch=monitor.watch_status()),
            samples=tuple(self._monitor.newest.values()),
            trails=tuple(self._monitor.trails()),
            elapsed_s=self._monitor.elapsed(),
            recent=tuple(self._recent),
        )

    async def give(self, order: Order) -> Answer:
        """Let the runner decide."""
        return await self._runner.give(order)

    def read_log(self, job: str, offset: int, limit: int) -> LogExcerpt:
        """Part of a job's output, as its supervisor wrote it: redacted and neutralised."""
        path = self._jobs / job / OUTPUT
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                start = max(0, size + offset) if offset < 0 else min(offset, size)
                file.seek(start)
                piece = file.read(limit)
        except OSError as exc:
            raise UsageError(f"there is no output of {job}") from exc
        return LogExcerpt(offset=start, size=size, text=piece.decode("utf-8", "replace"))

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        """The last columns of what was kept of a series."""
        return await self._past.read(series, span_s, columns)

    def screen_attached(self, session: Session) -> None:
        """Remember which operator sits at it."""
        self._screens[session.number] = session.operator

    def screen_lost(self, session: Session, *, orderly: bool) -> None:
        """S23: hold when the last screen of the driver vanished without a word."""
        self._screens.pop(session.number, None)
        if orderly or session.operator in self._screens.values():
            return
        self.spawn(self._ledger.commit(lambda state: screen_vanished(state, session.operator)))
