"""What the screen knows at one moment: the run as folded, the newest numbers, and how fresh all of it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from controlroom.run.events import Record
from controlroom.run.pace import Pace
from controlroom.run.samples import Sample
from controlroom.run.state import RunState
from controlroom.run.trail import Trail
from controlroom.ui.presenter.histories import Histories


class Freshness(StrEnum):
    """How much the picture can be trusted."""

    LIVE = "LIVE"
    STALE = "STALE"
    LOST = "LOST"


class LinkView(Struct, frozen=True, kw_only=True):
    """The way to the engine: seconds since its last message, and half of the last round trip in seconds."""

    freshness: Freshness
    age_s: float
    lag_s: float | None = None


class View(Struct, frozen=True, kw_only=True):
    """One moment of the run as this screen sees it; `wall` is the engine's clock, `elapsed` its plan seconds."""

    state: RunState
    wall: float
    elapsed: float
    link: LinkView
    operator: str = ""
    may_drive: bool = True
    read_only: bool = False
    screens: tuple[str, ...] = ()
    observers: int = 0
    samples: Mapping[str, Sample] = field(default_factory=dict)
    trails: Mapping[str, Trail] = field(default_factory=dict)
    histories: Histories = field(default_factory=Histories)
    marks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    output: Mapping[str, Sequence[str]] = field(default_factory=dict)
    records: Sequence[Record] = ()
    breaches: Mapping[str, float] = field(default_factory=dict)
    """Guard keys to the plan time at which their breach was last reported."""

    @property
    def pace(self) -> Pace:
        """How fast plan time runs."""
        return Pace(self.state.outline.speed)

    @property
    def drives(self) -> bool:
        """Whether this screen's operator may give commands now: admitted, and nobody else holds the lease."""
        lease = self.state.lease
        return self.may_drive and not self.read_only and (lease is None or lease.operator == self.operator)

    @property
    def acts(self) -> bool:
        """Whether keys that ask something of the run mean anything here and now."""
        return self.drives and not self.state.phase.terminal

    def since(self, at: float) -> float:
        """Plan seconds since the engine's wall clock showed `at` (epoch seconds)."""
        return max(0.0, self.pace.plan(self.wall - at))
