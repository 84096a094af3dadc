"""A service that is watched: what it counted, second by second, as vendors would have taken it up."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True)
class Scrape:
    """What its counters showed at one moment (epoch seconds)."""

    at: float
    requests: float
    errors: float


@dataclass
class Service:
    """Its counters and a gauge. Vendors that are `blind` learn nothing of what happens meanwhile."""

    requests: float = 0
    errors: float = 0
    memory: float | None = 64.0
    blind: bool = False
    scrapes: list[Scrape] = field(default_factory=list)

    def serve(self, good: int, bad: int) -> None:
        """Answer requests."""
        self.requests += good + bad
        self.errors += bad

    def restart(self) -> None:
        """Begin to count anew, as a new process does."""
        self.requests = self.errors = 0

    def scraped(self, at: float) -> None:
        """Be looked at."""
        if not self.blind:
            self.scrapes.append(Scrape(at, self.requests, self.errors))

    def grown(self, begin: float, end: float) -> tuple[float, float] | None:
        """Requests and errors in (begin, end], through restarts; None with fewer than two scrapes in it."""
        seen = [one for one in self.scrapes if begin < one.at <= end]
        if len(seen) < 2:
            return None
        requests = errors = 0.0
        for before, after in pairwise(seen):
            fell = after.requests < before.requests
            requests += after.requests if fell else after.requests - before.requests
            errors += after.errors if fell else after.errors - before.errors
        return requests, errors
