"""Who is at the other end of a connection, what the server needs of the engine, and what a client may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.control.protocol import Snapshot
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Order
    from controlroom.run.state import Answer


class Session(Struct, frozen=True, kw_only=True):
    """Who is at the other end: `operator` and `uid` by the kernel's word, `role` as it said itself."""

    number: int
    operator: str
    uid: int
    pid: int
    host: str
    role: str
    may_drive: bool

    @property
    def drives(self) -> bool:
        """Whether it is a screen that may give commands."""
        return self.role == "screen" and self.may_drive


class LogExcerpt(Struct, frozen=True, kw_only=True):
    """Text of a job's output from byte `offset` of `size`."""

    offset: int
    size: int
    text: str


class Desk(Protocol):
    """What the control server needs of the engine.

    An event that `snapshot` holds has been, or is about to be, given to `ControlServer.happened`.
    """

    def snapshot(self) -> Snapshot:
        """The state as it is now."""

    async def give(self, order: Order) -> Answer:
        """Carry a command out, refuse it, or repeat the answer to its id. ControlroomError counts as refused."""

    def read_log(self, job: str, offset: int, limit: int) -> LogExcerpt:
        """Part of a job's output; a negative offset counts from the end. Raises ControlroomError when there is none."""

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        """The last columns of what was kept of a series, when its turn has come. Raises ControlroomError."""

    def screen_attached(self, session: Session) -> None:
        """A screen that may give commands is there."""

    def screen_lost(self, session: Session, *, orderly: bool) -> None:
        """Such a screen is gone; `orderly` when it took its leave (S23). Not called when the server closes."""


class Limits(Struct, frozen=True, kw_only=True):
    """What one client, one account and all together may take; `rate` and `burst` in requests a second and at once.

    `orders` and `histories` are how many of a client's may be under way.
    """

    clients: int = 256
    clients_of_account: int = 64
    hello_s: float = 5.0
    farewell_s: float = 2.0
    rate: float = 20.0
    burst: float = 60.0
    orders: int = 8
    histories: int = 4


class Meter:
    """Tells how long a client has to wait so that it stays within a rate."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._rate, self._burst = limits.rate, limits.burst
        self._monotonic = monotonic
        self._tokens, self._at = limits.burst, monotonic()

    def delay(self) -> float:
        """Count a request; the seconds to wait before it is dealt with, 0.0 within the rate."""
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate) - 1
        self._at = now
        return max(0.0, -self._tokens / self._rate)
