"""A fake of Opsgenie: alerts with priorities and tags, found by the few words of its query language that we write."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.adapters.vendors.http_server import Asked, Said


@dataclass
class OpsgenieAlert:
    """One alert."""

    id: str
    message: str
    priority: str = "P1"
    tags: tuple[str, ...] = ("shop",)
    status: str = "open"
    created: str = ""


@dataclass
class FakeOpsgenie:
    """Alerts by id."""

    token: str
    alerts: dict[str, OpsgenieAlert] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def open(self, message: str, *, priority: str = "P1", tags: tuple[str, ...] = ("shop",)) -> OpsgenieAlert:
        """Raise an alert."""
        number = next(self._numbers)
        alert = OpsgenieAlert(f"70413a06-38d6-4c85-92b8-5ebc900d42{number:02}", message, priority, tags)
        alert.created = f"2026-12-01T03:00:{number:02}.861Z"
        self.alerts[alert.id] = alert
        return alert

    def answer(self, asked: Asked) -> Said:
        """What Opsgenie says."""
        if asked.headers.get("authorization") != f"GenieKey {self.token}":
            return self._said({"message": "Could not authenticate"}, 401)
        if asked.path != "/v2/alerts":
            return self._said({"message": "Not found", "code": 40401}, 404)
        status, tag = (re.search(rf"{name}:(\w+)", asked.params.get("query", "")) for name in ("status", "tag"))
        found = [
            alert
            for alert in self.alerts.values()
            if (status is None or alert.status == status[1]) and (tag is None or tag[1] in alert.tags)
        ]
        newest = sorted(found, key=lambda alert: alert.created, reverse=asked.params.get("order") == "desc")
        limit = int(asked.params.get("limit", "20"))
        return self._said({"data": [_alert(alert) for alert in newest[:limit]], "paging": {}})

    def _said(self, body: dict[str, Any], status: int = 200) -> Said:
        return Said({"took": 0.05, "requestId": "9ae63dd7-ed00-4c81-86f0-c4ffd33142c9", **body}, status)


def _alert(alert: OpsgenieAlert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "tinyId": alert.id[-4:],
        "alias": alert.id,
        "message": alert.message,
        "status": alert.status,
        "acknowledged": False,
        "isSeen": True,
        "tags": list(alert.tags),
        "snoozed": False,
        "count": 1,
        "createdAt": alert.created,
        "updatedAt": alert.created,
        "source": "Isengard",
        "owner": "",
        "priority": alert.priority,
    }
