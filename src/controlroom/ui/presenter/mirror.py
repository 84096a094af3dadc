"""The screen's copy of the run: folds what the engine sends, and keeps the newest numbers."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.control import protocol as wire
from controlroom.run import events as ev
from controlroom.run.fold import fold
from controlroom.run.samples import series_id
from controlroom.run.state import guard_key
from controlroom.run.trail import Trail, trail_of
from controlroom.ui.presenter.figures import epoch
from controlroom.ui.presenter.histories import Histories, Trails
from controlroom.ui.presenter.view import Freshness, LinkView, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.samples import Sample
    from controlroom.run.state import GuardStatus, RunState

OUTPUT_LINES = 400
TAIL_RECORDS = 1000


class Mirror:
    """Takes replies, gives views. `mono` is always the local monotonic clock in seconds."""

    def __init__(self, *, read_only: bool = False) -> None:
        self.state: RunState | None = None
        self.read_only = read_only
        self.link = LinkView(freshness=Freshness.LOST, age_s=0.0)
        self.operator = ""
        self.may_drive = False
        self.farewell = ""
        self.records: deque[ev.Record] = deque(maxlen=TAIL_RECORDS)
        self._presence = wire.Presence(screens=(), observers=0)
        self._samples: dict[str, Sample] = {}
        self._trails = Trails(self._new_trail)
        self._histories = Histories(self._new_trail)
        self._marks: dict[str, list[float]] = {}
        self._output: dict[str, deque[str]] = {}
        self._breaches: dict[str, float] = {}
        self._placed = True
        self._beat: tuple[float, float, float] | None = None
        self._over: tuple[float, float] | None = None

    def take(self, reply: wire.Reply, mono: float) -> None:
        """Take over what `reply` says; it arrived at `mono`."""
        match reply:
            case wire.Welcome():
                self.operator, self.may_drive = reply.operator, reply.may_drive
            case wire.Snapshot():
                self._restore(reply, mono)
            case wire.Happened():
                self._happened(reply.record, mono)
            case wire.Sampled() if self._over is None:
                self._sampled(reply.samples)
                self._judged(reply.guards)
            case wire.Output():
                lines = self._output.setdefault(reply.service, deque(maxlen=OUTPUT_LINES))
                lines.extend(reply.lines)
            case wire.Presence():
                self._presence = reply
            case wire.Beat():
                self._beat = (reply.at, reply.elapsed_s, mono)
                if not self._placed:
                    self._place_marks(reply.at, reply.elapsed_s)
                    self._placed = True
            case wire.Goodbye():
                self.farewell = reply.why
            case _:
                pass

    def view(self, mono: float) -> View | None:
        """The run as it stands at `mono`; None before the first snapshot."""
        if self.state is None:
            return None
        wall, elapsed = self._clocks(mono)
        return View(
            state=self.state,
            wall=wall,
            elapsed=elapsed,
            link=self.link,
            operator=self.operator,
            may_drive=self.may_drive,
            read_only=self.read_only,
            screens=self._presence.screens,
            observers=self._presence.observers,
            samples=self._samples,
            trails=self._trails,
            histories=self._histories,
            marks=self._marks,
            output=self._output,
            records=self.records,
            breaches=self._breaches,
        )

    def hears(self, freshness: str, age_s: float, lag_s: float | None) -> None:
        """How the link stands now; without one, plan time on screen stands still."""
        self.link = LinkView(freshness=Freshness(freshness), age_s=age_s, lag_s=lag_s)

    def _clocks(self, mono: float) -> tuple[float, float]:
        """The engine's wall clock and plan time at `mono`, carried on from its last beat while it is heard.

        Those of a run that is over stand still.
        """
        if self._over is not None:
            return self._over
        if self._beat is None or self.state is None:
            return datetime.now(UTC).timestamp(), 0.0
        at, elapsed, then = self._beat
        passed = max(0.0, mono - then)
        lost = self.link.freshness is Freshness.LOST
        return at + passed, elapsed if lost else elapsed + passed * self.state.outline.speed

    def _restore(self, snapshot: wire.Snapshot, mono: float) -> None:
        self.state = snapshot.state
        known = self.records[-1].seq if self.records else 0
        self.records.extend(record for record in snapshot.recent if record.seq > known)
        self._samples = {s.series: s for s in snapshot.samples}
        self._trails = Trails(self._new_trail, snapshot.trails)
        self._histories.begin(snapshot.trails)
        if self._beat is None:
            newest = max((s.at for s in snapshot.samples), default=epoch(snapshot.state.at))
            self._beat = (max(newest, epoch(snapshot.state.at)), snapshot.elapsed_s, mono)
        at, elapsed, _ = self._beat
        self._end(elapsed)
        self._place_marks(at, elapsed)
        self._placed = False  # the next beat says exactly which wall clock goes with which plan time
        self._breaches = {key: elapsed for key, g in snapshot.state.guards.items() if g.breach_s > 0}

    def _end(self, elapsed: float) -> None:
        """A run that has just ended, at plan time `elapsed`: what was seen last is what stays on screen."""
        if self._over is None and self.state is not None and self.state.phase.terminal:
            self._over = epoch(self.state.at), elapsed

    def _place_marks(self, at: float, elapsed: float) -> None:
        """Where in plan time the newest steps began, by the engine's clocks: wall `at` is plan `elapsed`."""
        if self.state is not None:
            speed, services = self.state.outline.speed, self.state.services.values()
            self._marks = {s.id: [elapsed - (at - epoch(s.started)) * speed] for s in services if s.started}

    def _happened(self, record: ev.Record, mono: float) -> None:
        if self.state is not None and record.seq <= self.state.seq:
            return
        self.state = fold(self.state, record)
        self.records.append(record)
        _, elapsed = self._clocks(mono)
        self._end(elapsed)
        match record.event:
            case ev.StepStarted(service=service):
                self._marks.setdefault(service, []).append(elapsed)
                self._output.pop(service, None)
            case ev.GuardChanged(guard=guard, service=service):
                self._breaches[guard_key(guard, service)] = elapsed
            case _:
                pass

    def _new_trail(self, series: str, span_s: float, columns: int) -> Trail:
        return Trail(span_s, columns) if self.state is None else trail_of(self.state.outline, series, span_s, columns)

    def _sampled(self, samples: tuple[Sample, ...]) -> None:
        for sample in samples:
            self._samples[sample.series] = sample
            self._trails.add(sample)
            self._histories.add(sample)

    def _judged(self, judged: Sequence[GuardStatus]) -> None:
        """Guards as they stand with the newest samples: the journal has only what is worth a record."""
        if self.state is None or not judged:
            return
        metrics = {guard.id: guard.metric for guard in self.state.outline.guards}
        now = {guard_key(status.guard, status.service): status for status in judged}
        self.state = replace(self.state, guards={**self.state.guards, **now})
        for key, status in now.items():
            sample = self._samples.get(series_id(status.service, metrics[status.guard]))
            if sample is not None:
                self._breaches[key] = sample.elapsed
