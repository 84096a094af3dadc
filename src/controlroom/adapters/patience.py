"""When a server wants to be left alone for a while: what it says with a 429 or 503, and that it is kept to."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from controlroom.adapters.trouble import NoAnswer
from controlroom.plan.units import format_duration

if TYPE_CHECKING:
    from controlroom.adapters.exchange import Answer
    from controlroom.ports import Clock

LONGEST_S: Final = 300.0
"""Real seconds for which a wish is believed."""
_ASKING: Final = {HTTPStatus.TOO_MANY_REQUESTS: "too many requests", HTTPStatus.SERVICE_UNAVAILABLE: "not available"}


class Patience:
    """Remembers one server's wish, on the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._not_before = 0.0
        self._why = ""

    @property
    def wait_s(self) -> float:
        """Real seconds for which the server does not want to be asked."""
        return max(0.0, self._not_before - self._clock.monotonic())

    def check(self) -> None:
        """Raise NoAnswer while it is too early to ask again."""
        if self.wait_s > 0:
            raise NoAnswer(f"{self._why}; asked again in {format_duration(max(1, round(self.wait_s)))}", sent=False)

    def learn(self, answer: Answer, now_there: float) -> None:
        """Take an answer; a date in it is one of the server's own clock, which shows `now_there` (epoch seconds)."""
        words = _ASKING.get(HTTPStatus(answer.status)) if answer.status in _ASKING else None
        if words is not None:
            self._why = f"HTTP {answer.status}: {words}"
            self._not_before = self._clock.monotonic() + _wish_s(answer, now_there)


def moment(written: str) -> float | None:
    """Epoch seconds of a date as HTTP writes it; None for anything else."""
    try:
        return parsedate_to_datetime(written).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _wish_s(answer: Answer, now_there: float) -> float:
    written = answer.headers.get("retry-after") or answer.headers.get("x-ratelimit-reset") or "0"
    until = moment(written)
    try:
        wish_s = until - now_there if until is not None else float(written)
    except ValueError:
        return 0.0
    return min(max(0.0, wish_s), LONGEST_S)
