"""From what a plan wants of scraped pages to the sources that scrape for it: one for each set of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.adapters.metrics.openmetrics import Binding, OpenMetricsSource
from controlroom.adapters.metrics.recipes import recipe_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.adapters.metrics.wanted import Means, Want
    from controlroom.plan.sources import OpenMetrics


def scraped_sources(settings: OpenMetrics, wants: Mapping[str, Want], means: Means) -> list[OpenMetricsSource]:
    """A source for every set of pages that the wants read. Raises Unable for what does not resolve."""
    filling = means.vault.fill({})
    grouped: dict[tuple[str, ...], list[Binding]] = {}
    for series, want in wants.items():
        window_s = means.pace.real(means.pace.window(want.window_s, settings.every))
        binding = Binding(series, recipe_of(want.metric, want.filling), window_s)
        grouped.setdefault(_pages(settings, want.service), []).append(binding)
    return [
        OpenMetricsSource(
            [filling.url(page) for page in pages],
            bindings,
            means.client,
            means.clock,
            every_s=settings.every,
            timeout_s=settings.timeout,
            headers=filling.mapping(settings.headers),
        )
        for pages, bindings in grouped.items()
    ]


def _pages(settings: OpenMetrics, service: str) -> tuple[str, ...]:
    if service in settings.targets:
        return settings.targets[service]
    return (settings.url,) if settings.url else ()
