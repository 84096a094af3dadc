"""Alertmanager's firing alerts that match some labels, without what is silenced or inhibited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct, field

from controlroom.adapters.alerts.listing import Listing, alert
from controlroom.adapters.json_api import JsonApi
from controlroom.adapters.metrics.wanted import bearer
from controlroom.run.phases import Severity

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import Alertmanager
    from controlroom.run.outside import Alert

_WORDS: Final = {
    Severity.CRITICAL: ("critical", "page", "fatal", "emergency", "disaster"),
    Severity.ERROR: ("error", "high", "major"),
    Severity.INFO: ("info", "information", "informational", "none", "debug"),
}
_OF: Final = {word: severity for severity, words in _WORDS.items() for word in words}


class _Alert(Struct, rename="camel"):
    fingerprint: str
    starts_at: str
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    generator_url: str = field(default="", name="generatorURL")


def alertmanager_alerts(settings: Alertmanager, severity: str, means: Means) -> Listing[list[_Alert]]:
    """The source for a rule with the least `severity`. Raises Unable."""
    filling = means.vault.fill({})
    matchers = [f"{name}={_quoted(filling.text(value))}" for name, value in settings.labels.items()]
    if not Severity.WARNING.reaches(severity):
        grave = [word for known, words in _WORDS.items() if known.reaches(severity) for word in words]
        matchers.append(f'severity=~"(?i:{"|".join(grave)})"')
    params = {"active": "true", "silenced": "false", "inhibited": "false", "unprocessed": "true", "filter": matchers}

    def read(answer: list[_Alert]) -> list[Alert]:
        newest = sorted(answer, key=lambda one: one.starts_at, reverse=True)
        return [
            alert(
                means.vault,
                # The fingerprint is that of the labels: only with its beginning it names this time that it fires.
                f"{one.fingerprint}@{one.starts_at}",
                _title(one),
                _OF.get(one.labels.get("severity", "").lower(), Severity.WARNING),
                since=one.starts_at,
                link=one.generator_url,
            )
            for one in newest
        ]

    api = JsonApi(
        filling.url(settings.url),
        means.client,
        means.clock,
        means.vault,
        timeout_s=settings.timeout,
        headers=bearer(filling, settings.token, settings.headers),
    )
    return Listing(api, settings.every, "/api/v2/alerts", params, list[_Alert], read)


def _title(one: _Alert) -> str:
    name = one.labels.get("alertname", "")
    told = one.annotations.get("summary") or one.annotations.get("description") or one.annotations.get("message", "")
    where = one.labels.get("service") or one.labels.get("job") or one.labels.get("instance", "")
    return ": ".join(part for part in (name, told or where) if part)


def _quoted(value: str) -> str:
    return msgspec.json.encode(value).decode()
