"""A fake of Datadog: intervals of ten seconds that come a little late, several queries in one request, and events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.http_server import Asked, Said

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.adapters.vendors.service import Service

INTERVAL_S = 10
LAG_S = 5
_BETWEEN = re.compile(r",(?![^{]*\})(?![^(]*\))")


class FakeDatadog:
    """Answers `/api/v1/query` about one service. Queries are told apart by a word in them."""

    def __init__(self, service: Service, now: Callable[[], float], api_key: str, app_key: str | None) -> None:
        self.service = service
        self.now = now
        self.keys = (api_key, app_key)
        self.has_errors = True
        self.had_errors = True
        self.several = 1
        self.events: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Said:
        """What the API says."""
        if (asked.headers.get("dd-api-key"), asked.headers.get("dd-application-key")) != self.keys:
            return Said({"errors": ["Forbidden"]}, 403)
        if asked.path == "/api/v1/validate":
            return Said({"valid": True})
        if asked.path == "/api/v1/query":
            return self._query(asked.params)
        if asked.path == "/api/v1/events" and asked.method == "POST":
            return self._event(asked.json)
        return Said({"errors": ["Not found"]}, 404)

    def _query(self, params: Any) -> Said:
        begin, end = int(params["from"]), int(params["to"])
        queries = _BETWEEN.split(params["query"])
        if any("nonsense" in query for query in queries):
            return Said({"errors": ["Error parsing query: unable to parse nonsense"]}, 400)
        series = [
            self._series(query, place, begin, end) | {"scope": f"pod:{pod}"}
            for place, query in enumerate(queries)
            for pod in range(self.several if "mem" in query else 1)
            if self._knows(query, begin, end)
        ]
        return Said(
            {
                "status": "ok",
                "res_type": "time_series",
                "from_date": begin * 1000,
                "to_date": end * 1000,
                "query": params["query"],
                "series": series,
                "group_by": [],
                "message": "",
            }
        )

    def _knows(self, query: str, begin: float, end: float) -> bool:
        if "errors" in query:
            return self.has_errors or (self.had_errors and end - begin > 3600)
        return any(begin <= one.at <= end for one in self.service.scrapes)

    def _series(self, query: str, place: int, begin: int, end: int) -> dict[str, Any]:
        first = begin // INTERVAL_S * INTERVAL_S
        if self.service.scrapes:
            first = max(first, int(self.service.scrapes[0].at) // INTERVAL_S * INTERVAL_S)
        known = min(end, self.now() - LAG_S)
        points = []
        for at in range(first, int(known), INTERVAL_S):
            grown = self.service.grown(at - 1, min(at + INTERVAL_S - 1, known))
            if grown is None:
                continue
            value = self.service.memory if "mem" in query else grown[1 if "errors" in query else 0]
            points.append([at * 1000.0, value])
        return {
            "metric": query,
            "display_name": query,
            "expression": query,
            "query_index": place,
            "aggr": None,
            "interval": INTERVAL_S,
            "length": len(points),
            "start": first * 1000,
            "end": int(known) * 1000,
            "pointlist": points,
            "tag_set": [],
        }

    def _event(self, sent: Any) -> Said:
        if not isinstance(sent, dict) or not sent.get("title") or not sent.get("text"):
            return Said({"errors": ["title and text are needed"]}, 400)
        number = len(self.events) + 1
        self.events.append(dict(sent))
        return Said({"status": "ok", "event": {**sent, "id": number, "url": f"/event/event?id={number}"}}, 202)
