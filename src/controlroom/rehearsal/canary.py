"""Two releases of one API behind the edge at a time: which of them a visitor meets, and who has met what.

Sticky and without chance: a visitor keeps the number that the edge gave him in a cookie, and of any hundred visitors in
a row exactly as many as the weight says meet the release on trial. Those who met it at 10 % still do at 50 %.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client import Counter as Series

from controlroom.rehearsal.release import VERSIONS

NONE: Final = "none"
"""The version of a release on trial while there is none."""

_WHOLE: Final = 100
_STRIDE: Final = 37
"""Coprime to a hundred: a hundred numbers in a row fall on a hundred places, neighbours far apart."""


@dataclass(slots=True)
class Split:
    """How the public of one API is divided; `origins` are the URLs of the live release and of the one on trial."""

    origins: tuple[str, str]
    weight: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    visitors: dict[str, set[int]] = field(default_factory=dict)

    def trial(self, visitor: int) -> bool:
        """Whether the visitor of this number meets the release on trial."""
        return visitor * _STRIDE % _WHOLE < self.weight

    def note(self, visitor: int, release: str, status: int) -> None:
        """Count an answer of `release`."""
        self.requests[f"{release} {status}"] += 1
        self.visitors.setdefault(release, set()).add(visitor)

    @property
    def report(self) -> dict[str, Any]:
        """The weight in per cent, answers by release and status, and how many visitors met each release."""
        met = {release: len(numbers) for release, numbers in self.visitors.items()}
        return {"weight": self.weight, "requests": dict(self.requests), "visitors": met}


class Canaries:
    """The splits of all APIs, and the numbers of the visitors."""

    def __init__(self, origins: dict[str, tuple[str, str]]) -> None:
        self.splits = {service: Split(pair) for service, pair in origins.items()}
        self._visitors = 0
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._answers = Series(
            "edge_requests", "Answers to the public.", ("service", "release", "code"), registry=self._registry
        )
        # A series that exists from the start shows its first error as an increase.
        for service in self.splits:
            for release in VERSIONS:
                for code in ("200", "500"):
                    self._answers.labels(service, release, code)

    def welcome(self, cookie: str | None) -> int:
        """The number of a visitor: the one in his cookie, or the next."""
        if cookie is not None and cookie.isascii() and cookie.isdigit():
            return int(cookie[:9])
        self._visitors += 1
        return self._visitors

    def note(self, service: str, visitor: int, release: str, status: int) -> None:
        """Count an answer to the public."""
        self.splits[service].note(visitor, release, status)
        self._answers.labels(service, release, str(status)).inc()

    def page(self) -> bytes:
        """`edge_requests_total` by service, release and status, for a scraper."""
        return generate_latest(self._registry)

    @property
    def report(self) -> dict[str, Any]:
        """By service, as Split.report."""
        return {service: split.report for service, split in self.splits.items()}


def percent(text: str) -> int | None:
    """A weight in whole per cent, None for what is none."""
    return int(text) if text in map(str, range(_WHOLE + 1)) else None
