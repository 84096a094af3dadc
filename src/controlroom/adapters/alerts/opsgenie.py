"""Opsgenie's open alerts that a query finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from msgspec import Struct

from controlroom.adapters.alerts.listing import MOST_LISTED, Listing, alert
from controlroom.adapters.json_api import JsonApi
from controlroom.adapters.metrics.wanted import bearer
from controlroom.run.phases import Severity

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import Opsgenie
    from controlroom.run.outside import Alert

_PRIORITY: Final = {
    "P1": Severity.CRITICAL,
    "P2": Severity.ERROR,
    "P3": Severity.WARNING,
    "P4": Severity.INFO,
    "P5": Severity.INFO,
}


class _Alert(Struct, rename="camel"):
    id: str
    message: str | None = None
    priority: str = "P3"
    created_at: str | None = None


class _Answer(Struct):
    data: list[_Alert]


def opsgenie_alerts(settings: Opsgenie, means: Means) -> Listing[_Answer]:
    """The source for a rule. Raises Unable."""
    filling = means.vault.fill({})
    base = filling.url(settings.url)
    headers = bearer(filling, settings.token, settings.headers, "GenieKey")
    narrowed = f" AND ({filling.text(settings.query)})" if settings.query else ""
    params = {"query": f"status:open{narrowed}", "sort": "createdAt", "order": "desc", "limit": str(MOST_LISTED)}
    # The pages for people are beside the API: app.opsgenie.com, app.eu.opsgenie.com.
    pages = base.replace("//api.", "//app.", 1) if "//api." in base else ""

    def read(answer: _Answer) -> list[Alert]:
        return [
            alert(
                means.vault,
                one.id,
                one.message or "",
                _PRIORITY.get(one.priority, Severity.WARNING),
                since=one.created_at or "",
                link=f"{pages}/alert/detail/{quote(one.id, safe='')}/details" if pages else "",
            )
            for one in answer.data
        ]

    api = JsonApi(base, means.client, means.clock, means.vault, timeout_s=settings.timeout, headers=headers)
    return Listing(api, settings.every, "/v2/alerts", params, _Answer, read)
