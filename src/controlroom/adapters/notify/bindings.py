"""Everybody whom a plan wants to be told: a row for each kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.dark import MuteNotifier
from controlroom.adapters.json_api import JsonApi
from controlroom.adapters.notify.datadog import DatadogEvents
from controlroom.adapters.notify.grafana import GrafanaAnnotations
from controlroom.adapters.notify.pagerduty import PagerDutyPager
from controlroom.adapters.notify.slack import SlackBot
from controlroom.adapters.notify.slack_hook import SlackHook
from controlroom.adapters.notify.webhook import WebhookEvents
from controlroom.adapters.trouble import Unable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan import sources as plan
    from controlroom.ports import Notifier

TIMEOUT_S: Final = 10.0
"""Real seconds that one message may take."""


def notifiers_of(told: Iterable[plan.Notifier], means: Means) -> dict[str, Notifier]:
    """By kind, numbered where there are several of one; what does not resolve is a mute one."""
    seen: Counter[str] = Counter()
    found: dict[str, Notifier] = {}
    for one in told:
        seen[one.kind] += 1
        name = one.kind if seen[one.kind] == 1 else f"{one.kind}-{seen[one.kind]}"
        try:
            found[name] = MAKERS[one.kind](getattr(one, one.kind), means)
        except Unable as exc:
            found[name] = MuteNotifier(str(exc))
    return found


def api_of(url: str, headers: Mapping[str, str], means: Means) -> JsonApi:
    """An API below `url`, its references replaced. Raises Unable."""
    filling = means.vault.fill({})
    api = (filling.url(url), means.client, means.clock, means.vault)
    return JsonApi(*api, timeout_s=TIMEOUT_S, headers=filling.mapping(headers))


def _grafana(settings: plan.GrafanaAnnotations, means: Means) -> Notifier:
    headers = {"Authorization": f"Bearer {settings.token}"}
    return GrafanaAnnotations(api_of(settings.url, headers, means), settings.tags)


def _datadog(settings: plan.DatadogEvents, means: Means) -> Notifier:
    url = settings.url or f"https://api.{settings.site}"
    return DatadogEvents(api_of(url, {"DD-API-KEY": settings.api_key}, means), settings.tags)


def _slack(settings: plan.Slack, means: Means) -> Notifier:
    return SlackBot(settings, means) if settings.webhook is None else SlackHook(settings, means)


MAKERS: Final[Mapping[str, Callable[[Any, Means], Notifier]]] = {
    "slack": _slack,
    "webhook": WebhookEvents,
    "pagerduty": PagerDutyPager,
    "grafana": _grafana,
    "datadog": _datadog,
}
