"""The watch after go-live (S22): how long it has run, how much of it was seen, and when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.engine import coverage
from controlroom.engine.verdicts import summary, watch_over
from controlroom.run import events as ev
from controlroom.run.phases import Phase
from controlroom.run.times import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controlroom.engine.steps import Tools
    from controlroom.run.events import Event
    from controlroom.run.samples import Sample
    from controlroom.run.state import RunState, WatchStatus

CHECKPOINT_S = 300.0
"""Plan seconds between two checkpoints: what a crash of the engine costs in coverage, at most."""
CHECKPOINT_FLOOR_S = 5.0
"""Real seconds between two checkpoints, at any speed."""


class Watch:
    """Follows the watch that the state says is under way.

    Its hours count on the wall clock from go-live, so that a restart of engine or machine takes none away; between two
    restarts the monotonic clock carries them, so that a step of the wall clock adds none (S9).
    """

    def __init__(self, tools: Tools, elapsed: Callable[[], float]) -> None:
        self._tools = tools
        self._elapsed = elapsed
        self._coverage: coverage.Coverage | None = None
        self._anchor = 0.0
        self._watched_before = 0.0
        self._checkpoint_at = 0.0

    @property
    def watched_s(self) -> float:
        """Plan seconds since go-live, 0.0 before it."""
        if self._coverage is None:
            return 0.0
        return self._watched_before + self._elapsed() - self._anchor

    def take(self, samples: Iterable[Sample]) -> None:
        """Count what was seen."""
        self._follow()
        if self._coverage is not None:
            for sample in samples:
                self._coverage.take(sample)

    async def tick(self) -> None:
        """Write checkpoint and summary when they are due, and the verdict when the time is over."""
        self._follow()
        if self._coverage is None:
            return
        shares = self._shares(self._coverage)
        await self._tools.ledger.commit(lambda state: self._due(state, shares))

    def status(self) -> WatchStatus | None:
        """The watch as it stands right now, between two checkpoints; None before it begins."""
        known = self._tools.ledger.state.watch
        if known is None or self._coverage is None:
            return known
        return replace(known, elapsed_s=round(self.watched_s, 3), coverage=self._shares(self._coverage))

    def _shares(self, seen: coverage.Coverage) -> dict[str, float]:
        return {key: round(share, 6) for key, share in seen.shares(self._elapsed()).items()}

    def _due(self, state: RunState, shares: dict[str, float]) -> Sequence[Event]:
        elapsed_s = round(self.watched_s, 3)
        over = watch_over(state, elapsed_s, shares)
        told = [] if any(isinstance(event, ev.PhaseChanged) for event in over) else summary(state, elapsed_s, shares)
        if over or told:
            return [*over, *told]
        now = self._tools.clock.monotonic()
        if state.phase is not Phase.WATCHING or now < self._checkpoint_at:
            return ()
        self._checkpoint_at = now + max(CHECKPOINT_FLOOR_S, self._tools.pace.real(CHECKPOINT_S))
        return (ev.WatchCheckpoint(elapsed_s=elapsed_s, coverage=shares),)

    def _follow(self) -> None:
        state = self._tools.ledger.state
        if state.watch is None or self._coverage is not None:
            return
        since = (self._tools.clock.now() - parse(state.watch.started)).total_seconds()
        self._anchor = self._elapsed()
        self._watched_before = max(state.watch.elapsed_s, self._tools.pace.plan(since))
        self._coverage = coverage.resume(
            state.outline, self._anchor, self._watched_before, state.watch.elapsed_s, state.watch.coverage
        )
