"""Stands in for what cannot even be asked, for want of a secret or a URL: it says why, and the others are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controlroom.errors import Undelivered
from controlroom.run.outside import Alerts, Tally
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from controlroom.run.notices import Notice

EVERY_S: Final = 15.0
"""Plan seconds; nothing comes of looking more often."""
FIX: Final = "correct it in the plan, or give the secret that it needs"


@dataclass(frozen=True)
class DarkSource:
    """A metric source whose every series has no data."""

    series: Collection[str]
    why: str
    every_s: float = EVERY_S

    async def read(self) -> Sequence[Reading]:
        """The reason, for each series."""
        return [Reading(series=series, value=None, at=0.0, cause=self.why) for series in self.series]

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True)
class DarkLogs:
    """A log source that nobody can count in."""

    why: str
    every_s: float = EVERY_S

    async def tally(self, span_s: float) -> Tally:
        """The reason."""
        del span_s
        return Tally(count=None, cause=self.why)


@dataclass(frozen=True)
class DarkAlerts:
    """An alert source that nobody can list."""

    why: str
    every_s: float = EVERY_S

    async def open(self) -> Alerts:
        """The reason."""
        return Alerts(cause=self.why)


@dataclass(frozen=True)
class MuteNotifier:
    """Somebody who cannot be told."""

    why: str
    gap_s: float = 0.0

    def takes(self, notice: Notice) -> bool:
        """All of it, so that the screen says that nothing gets through."""
        del notice
        return True

    async def look(self) -> str:
        """Raise Undelivered with the reason."""
        raise Undelivered(self.why, fix=FIX)

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Raise Undelivered with the reason."""
        del notice, receipt, thread
        raise Undelivered(self.why, fix=FIX)
