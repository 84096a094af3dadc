"""A fake of PagerDuty: events in, incidents out, as one service with one integration would."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.adapters.vendors.http_server import Asked, Said

SERVICE = "PSHOP01"


@dataclass
class Incident:
    """One incident; `log` is what was sent about it."""

    id: str
    number: int
    title: str
    key: str
    urgency: str = "high"
    status: str = "triggered"
    service: str = SERVICE
    created: str = "2026-12-01T03:00:00Z"
    log: list[str] = field(default_factory=list)


@dataclass
class FakePagerDuty:
    """Incidents by deduplication key; `token` reads them, `routing_key` makes them."""

    token: str
    routing_key: str
    incidents: dict[str, Incident] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def open(self, title: str, *, urgency: str = "high", service: str = SERVICE, at: str = "") -> Incident:
        """An incident that somebody else's monitoring raised."""
        number = next(self._numbers)
        found = Incident(f"PINC{number:03}", number, title, f"key-{number}", urgency, service=service)
        found.created = at or f"2026-12-01T03:00:{number:02}Z"
        self.incidents[found.key] = found
        return found

    def answer(self, asked: Asked) -> Said:
        """What PagerDuty says."""
        if asked.path == "/v2/enqueue":
            return self._enqueue(asked.json)
        if asked.headers.get("authorization") != f"Token token={self.token}":
            return _error(401, 2006, "Unauthorized")
        if asked.path != "/incidents":
            return _error(404, 2100, "Not Found")
        return self._list(asked)

    def _enqueue(self, event: Any) -> Said:
        if not isinstance(event, dict) or event.get("event_action") not in {"trigger", "acknowledge", "resolve"}:
            return _invalid("'event_action' is missing or wrong")
        if event.get("routing_key") != self.routing_key:
            return _invalid("Invalid routing key")
        self.sent.append(event)
        key = event.get("dedup_key", f"made-{len(self.sent)}")
        incident = self.incidents.get(key)
        action = event["event_action"]
        if action == "trigger" and (incident is None or incident.status == "resolved"):
            incident = self.open(event["payload"]["summary"])
            del self.incidents[incident.key]
            incident.key = key
            self.incidents[key] = incident
        if incident is not None:
            incident.log.append(action)
            incident.status = {"trigger": incident.status, "acknowledge": "acknowledged", "resolve": "resolved"}[action]
        return Said({"status": "success", "message": "Event processed", "dedup_key": key}, 202)

    def _list(self, asked: Asked) -> Said:
        lists = asked.lists
        found = [
            one
            for one in self.incidents.values()
            if one.status in lists.get("statuses[]", [one.status])
            and one.urgency in lists.get("urgencies[]", [one.urgency])
            and one.service in lists.get("service_ids[]", [one.service])
        ]
        newest = sorted(found, key=lambda one: one.created, reverse=True)
        limit = int(asked.params.get("limit", "25"))
        shown = [_incident(one) for one in newest[:limit]]
        return Said({"incidents": shown, "limit": limit, "offset": 0, "total": None, "more": len(newest) > limit})


def _incident(one: Incident) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": "incident",
        "summary": f"[#{one.number}] {one.title}",
        "self": f"https://api.pagerduty.com/incidents/{one.id}",
        "html_url": f"https://shop.pagerduty.com/incidents/{one.id}",
        "incident_number": one.number,
        "title": one.title,
        "created_at": one.created,
        "status": one.status,
        "incident_key": one.key,
        "urgency": one.urgency,
        "service": {"id": one.service, "type": "service_reference", "summary": "Shop", "self": None, "html_url": None},
    }


def _error(status: int, code: int, message: str) -> Said:
    return Said({"error": {"message": message, "code": code}}, status)


def _invalid(why: str) -> Said:
    return Said({"status": "invalid event", "message": "Event object is invalid", "errors": [why]}, 400)
