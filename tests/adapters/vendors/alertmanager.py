"""A fake of Alertmanager's list of alerts, for what the real one does not do on demand: being slow, broken, or rude."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.adapters.vendors.http_server import Asked, Said

MATCHER = re.compile(r'(\w+)(=~|=)"(.*)"')


@dataclass
class FakeAlertmanager:
    """Alerts by fingerprint, each with its labels and the moment at which it began to fire."""

    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    token: str = ""
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def open(self, summary: str, **labels: str) -> str:
        """Let an alert fire; its fingerprint."""
        number = next(self._numbers)
        fingerprint = f"{number:016x}"
        self.alerts[fingerprint] = {
            "fingerprint": fingerprint,
            "startsAt": f"2026-12-01T03:00:{number:02}.000Z",
            "updatedAt": "2026-12-01T03:10:00.000Z",
            "endsAt": "2026-12-01T03:14:00.000Z",
            "generatorURL": "http://prometheus.internal/graph",
            "labels": {"alertname": "ShopDown", **labels},
            "annotations": {"summary": summary},
            "receivers": [{"name": "default"}],
            "status": {"state": "active", "inhibitedBy": [], "silencedBy": []},
        }
        return fingerprint

    def answer(self, asked: Asked) -> Said:
        """What Alertmanager says."""
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Said("Unauthorized\n", 401, kind="text/plain")
        if asked.path != "/api/v2/alerts":
            return Said({"code": 404, "message": f"path {asked.path} was not found"}, 404)
        return Said([one for one in self.alerts.values() if _matches(one["labels"], asked.lists.get("filter", []))])


def _matches(labels: dict[str, str], matchers: list[str]) -> bool:
    for matcher in matchers:
        found = MATCHER.fullmatch(matcher)
        assert found is not None, matcher
        value = labels.get(found[1], "")
        if not (re.fullmatch(found[3], value) if found[2] == "=~" else value == found[3]):
            return False
    return True
