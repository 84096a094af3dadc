"""Log entries counted by Elasticsearch or OpenSearch, with the newest of them, in one search."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct, field

from controlroom.adapters.json_api import JsonApi
from controlroom.adapters.logs.lines import MOST_LINES, evidence, line_of
from controlroom.adapters.metrics.wanted import bearer
from controlroom.adapters.trouble import NoAnswer
from controlroom.run.outside import Tally

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import Elasticsearch

_IN_A_PATH: Final = "*,-_."
"""What index patterns are made of."""


class _Total(Struct):
    value: int
    relation: str = "eq"


class _Hit(Struct):
    source: dict[str, Any] = field(name="_source", default_factory=dict)


class _Hits(Struct):
    total: _Total | int
    hits: list[_Hit] = field(default_factory=list)


class _Shards(Struct):
    total: int = 1
    failed: int = 0


class _Answer(Struct):
    hits: _Hits
    timed_out: bool = False
    shards: _Shards = field(name="_shards", default_factory=_Shards)


class ElasticsearchLogs:
    """Implements the LogSource port with `_search`: query string syntax, the server's own clock. Raises Unable."""

    def __init__(self, settings: Elasticsearch, query: str, means: Means) -> None:
        filling = means.vault.fill({})
        self.every_s = settings.every
        self._vault = means.vault
        self._time_field = settings.time_field
        self._query = filling.text(query)
        self._index = filling.text(settings.index)
        self._api = JsonApi(
            filling.url(settings.url),
            means.client,
            means.clock,
            means.vault,
            timeout_s=settings.timeout,
            headers=bearer(filling, settings.token, settings.headers, "ApiKey"),
        )

    async def tally(self, span_s: float) -> Tally:
        """The entries of the last `span_s`, and the newest lines; failed shards make it the least."""
        since = {self._time_field: {"gte": f"now-{ceil(span_s)}s", "lte": "now"}}
        search = {
            "size": MOST_LINES,
            "track_total_hits": True,
            "query": {"bool": {"filter": [{"query_string": {"query": self._query}}, {"range": since}]}},
            # An index without any entry yet has no such field.
            "sort": [{self._time_field: {"order": "desc", "unmapped_type": "date"}}],
        }
        path = f"/{quote(self._index, safe=_IN_A_PATH)}/_search"
        try:
            found = await self._api.send("POST", path, search, _Answer)
        except NoAnswer as exc:
            return Tally(count=None, cause=str(exc))
        if found.shards.total == 0:
            return Tally(count=None, cause=f"no index matches {self._vault.shown(self._index)}")
        total = found.hits.total if isinstance(found.hits.total, int) else found.hits.total.value
        lines = evidence(self._vault, [line_of(hit.source, self._time_field) for hit in found.hits.hits])
        return Tally(count=total, lines=lines, cause=_partial(found))


def _partial(found: _Answer) -> str:
    if found.shards.failed:
        return f"{found.shards.failed} of {found.shards.total} shards failed"
    if found.timed_out:
        return "the search was cut off by its own time limit"
    return ""
