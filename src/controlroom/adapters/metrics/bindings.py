"""The metric sources of a plan: a row for each kind of source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.dark import DarkSource
from controlroom.adapters.metrics.datadog import datadog_sources
from controlroom.adapters.metrics.grafana import grafana_sources
from controlroom.adapters.metrics.prometheus import prometheus_sources
from controlroom.adapters.metrics.wanted import wants_of
from controlroom.adapters.trouble import Unable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from controlroom.adapters.metrics.wanted import Means, Want
    from controlroom.plan.model import Plan
    from controlroom.ports import Source

    Make = Callable[[Any, Mapping[str, Want], Means], Sequence[Source]]


def metric_sources(plan: Plan, means: Means) -> list[Source]:
    """Every source that a metric of the plan reads, bound to its series; what does not resolve is a dark one."""
    found: list[Source] = []
    for source_id, wants in wants_of(plan, means.vault).items():
        source = plan.sources[source_id]
        try:
            found += _MAKERS[source.kind](source.settings, wants, means)
        except Unable as exc:
            found.append(DarkSource(wants.keys(), str(exc)))
    return found


def _scraped(settings: Any, wants: Mapping[str, Want], means: Means) -> Sequence[Source]:
    from controlroom.adapters.metrics.scraped import scraped_sources  # noqa: PLC0415 - its parser is heavy

    return scraped_sources(settings, wants, means)


_MAKERS: Final[Mapping[str, Make]] = {
    "openmetrics": _scraped,
    "prometheus": prometheus_sources,
    "grafana": grafana_sources,
    "datadog": datadog_sources,
}
