"""A fake of Prometheus: it keeps what it scraped and answers the parts of our question, whatever their PromQL.

That the PromQL is right is for the real one to say (tests/rehearsal/test_prometheus_agrees.py); this one is there for
what the real one cannot be made to do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.http_server import Asked, Said

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.adapters.vendors.service import Service

LOOKBACK_S = 300.0
WINDOW_S = 60.0


class FakePrometheus:
    """Answers `query` and `query_range` about one service; `errors` None stands for no series of errors."""

    def __init__(self, service: Service, now: Callable[[], float], token: str = "") -> None:
        self.service = service
        self.now = now
        self.token = token
        self.has_errors = True
        self.witnessed = True
        self.warnings: list[str] = []
        self.several = 1

    def answer(self, asked: Asked) -> Said:
        """What the HTTP API says."""
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Said("Unauthorized", 401, kind="text/plain")
        query = asked.params.get("query", "")
        if asked.path == "/api/v1/query":
            result = [{"metric": m, "value": [self.now(), v]} for m, v in self._evaluate(query, self.now())]
            return self._success("vector", result)
        if asked.path == "/api/v1/query_range":
            return self._success("matrix", self._range(asked, query))
        return Said("404 page not found\n", 404, kind="text/plain")

    def _success(self, kind: str, result: Any) -> Said:
        answer: dict[str, Any] = {"status": "success", "data": {"resultType": kind, "result": result}}
        return Said(answer | ({"warnings": self.warnings} if self.warnings else {}))

    def _range(self, asked: Asked, query: str) -> list[dict[str, Any]]:
        at, end, step = (float(asked.params[name]) for name in ("start", "end", "step"))
        found: dict[str, tuple[dict[str, str], list[Any]]] = {}
        while at <= end + 1e-6:
            for metric, value in self._evaluate(query, at):
                found.setdefault(str(metric), (metric, []))[1].append([round(at, 3), value])
            at += step
        return [{"metric": metric, "values": values} for metric, values in found.values()]

    def _evaluate(self, query: str, at: float) -> list[tuple[dict[str, str], str]]:
        if query.startswith("count("):
            return [({}, "3")] if self.witnessed else []
        found = []
        for part in re.findall(r'"controlroom", "(\w+)"', query):
            values = self._values(part, at, quantile="histogram_quantile" in query)
            found += [
                ({"controlroom": part} | ({"pod": str(place)} if place else {}), f"{value}")
                for place, value in enumerate(values)
            ]
        return found

    def _values(self, part: str, at: float, *, quantile: bool) -> list[float | str]:
        seen = [one for one in self.service.scrapes if at - LOOKBACK_S < one.at <= at]
        grown = self.service.grown(at - WINDOW_S, at)
        if part.startswith("age"):
            return [seen[-1].at] if seen else []
        if part == "value" and not quantile:
            value = "NaN" if self.service.memory is None else self.service.memory
            return [value] * self.several if seen else []
        if grown is None or (part == "errors" and not self.has_errors):
            return []
        requests, errors = grown
        if part == "value":
            return [0.25 if requests else "NaN"]
        if part == "requests" and quantile:
            return [requests]
        return [(errors if part == "errors" else requests) / WINDOW_S]
