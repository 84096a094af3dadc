"""A fake of Grafana: its data source proxy in front of a Prometheus, and its annotations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.http_server import Asked, Said

if TYPE_CHECKING:
    from tests.adapters.vendors.prometheus import FakePrometheus

PROXY = "/api/datasources/proxy/uid/"


class FakeGrafana:
    """One data source, `uid`; annotations by id."""

    def __init__(self, behind: FakePrometheus, uid: str, token: str) -> None:
        self.behind = behind
        self.uid = uid
        self.token = token
        self.annotations: dict[int, dict[str, Any]] = {}

    def answer(self, asked: Asked) -> Said:
        """What Grafana says, in its own words for what goes wrong."""
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return Said({"message": "Invalid API key", "traceID": ""}, 401)
        if asked.path.startswith(PROXY):
            uid, _, rest = asked.path.removeprefix(PROXY).partition("/")
            if uid != self.uid:
                return Said({"message": "Unable to load datasource meta data", "traceID": ""}, 404)
            return self.behind.answer(replace(asked, path=f"/{rest}"))
        if asked.path == "/api/annotations" and asked.method == "GET":
            return Said(list(self.annotations.values())[: int(asked.params["limit"])])
        if asked.path == "/api/annotations" and asked.method == "POST":
            return self._annotated(asked.json)
        if asked.path.startswith("/api/annotations/") and asked.method == "PATCH":
            number = int(asked.path.rpartition("/")[2])
            if number not in self.annotations:
                return Said({"message": "Annotation not found"}, 404)
            self.annotations[number] |= asked.json
            return Said({"message": "Annotation patched"})
        return Said({"message": "Not found"}, 404)

    def _annotated(self, sent: Any) -> Said:
        if not isinstance(sent, dict) or not sent.get("text"):
            return Said({"message": "Failed to save annotation"}, 400)
        number = len(self.annotations) + 1
        self.annotations[number] = dict(sent)
        return Said({"message": "Annotation added", "id": number})
