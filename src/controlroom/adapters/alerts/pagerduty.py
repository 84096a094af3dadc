"""PagerDuty's incidents of some services, triggered or acknowledged, as alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from controlroom.adapters.alerts.listing import MOST_LISTED, Listing, alert
from controlroom.adapters.json_api import JsonApi
from controlroom.run.phases import Severity

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import PagerDuty
    from controlroom.run.outside import Alert

_URGENCY: Final = {"high": Severity.CRITICAL, "low": Severity.WARNING}
"""An incident has no severity of its own; whether it wakes somebody up says how grave it is."""


class _Incident(Struct):
    id: str
    title: str | None = None
    summary: str | None = None
    urgency: str = "high"
    created_at: str | None = None
    html_url: str | None = None


class _Answer(Struct):
    incidents: list[_Incident]


def pagerduty_alerts(settings: PagerDuty, severity: str, means: Means) -> Listing[_Answer]:
    """The source for a rule with the least `severity`. Raises Unable."""
    filling = means.vault.fill({})
    headers = {
        "Authorization": f"Token token={filling.text(settings.token)}",
        "Accept": "application/vnd.pagerduty+json;version=2",
        "Content-Type": "application/json",
        **filling.mapping(settings.headers),
    }
    grave = Severity.WARNING.reaches(severity)
    params = {
        "statuses[]": ["triggered", "acknowledged"],
        "urgencies[]": ["high", "low"] if grave else ["high"],
        "service_ids[]": [filling.text(service) for service in settings.services],
        "date_range": "all",
        "sort_by": "created_at:desc",
        "limit": str(MOST_LISTED),
    }

    def read(answer: _Answer) -> list[Alert]:
        return [
            alert(
                means.vault,
                one.id,
                one.title or one.summary or "",
                _URGENCY.get(one.urgency, Severity.CRITICAL),
                since=one.created_at or "",
                link=one.html_url or "",
            )
            for one in answer.incidents
        ]

    api = JsonApi(
        filling.url(settings.url), means.client, means.clock, means.vault, timeout_s=settings.timeout, headers=headers
    )
    return Listing(api, settings.every, "/incidents", params, _Answer, read)
