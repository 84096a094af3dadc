"""A Prometheus that only Grafana may ask: the same questions, through its proxy of a data source."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from controlroom.adapters.metrics.prometheus import promql_source
from controlroom.adapters.metrics.wanted import bearer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.adapters.metrics.wanted import Means, Want
    from controlroom.plan.sources import Grafana
    from controlroom.ports import Source


def grafana_sources(settings: Grafana, wants: Mapping[str, Want], means: Means) -> list[Source]:
    """The one source for all that the plan asks of a data source, named by its uid. Raises Unable."""
    filling = means.vault.fill({})
    url = f"{filling.url(settings.url).rstrip('/')}/api/datasources/proxy/uid/{quote(settings.datasource, safe='')}"
    headers = bearer(filling, settings.token, settings.headers)
    return [promql_source(url, headers, settings.every, settings.timeout, wants, means)]
