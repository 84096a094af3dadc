"""Log entries counted by Splunk, with the newest of them, in one search over the export endpoint."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from controlroom.adapters.json_api import JsonApi
from controlroom.adapters.logs.lines import LONGEST_LINE, evidence
from controlroom.adapters.metrics.wanted import bearer
from controlroom.adapters.trouble import NoAnswer
from controlroom.run.outside import Tally

if TYPE_CHECKING:
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import Splunk

_PATH: Final = "/services/search/jobs/export"
_BAD: Final = frozenset({"ERROR", "FATAL"})
_COUNTED: Final = f"| eval line=substr(_raw, 1, {LONGEST_LINE}) | stats count AS matched, list(line) AS lines"
"""One row whatever is found: the number, and the first hundred lines, which a search gives newest first."""


class _Message(Struct):
    type: str = ""
    text: str = ""


class _Row(Struct):
    matched: str
    lines: list[str] | str = field(default_factory=list)


class _Line(Struct):
    preview: bool = False
    result: _Row | None = None
    messages: list[_Message] = field(default_factory=list)


class SplunkLogs:
    """Implements the LogSource port; `query` is SPL, with or without its leading `search`. Raises Unable."""

    def __init__(self, settings: Splunk, query: str, means: Means) -> None:
        filling = means.vault.fill({})
        self.every_s = settings.every
        self._vault = means.vault
        self._search = f"{_spl(filling.text(query), settings.index)} {_COUNTED}"
        self._api = JsonApi(
            filling.url(settings.url),
            means.client,
            means.clock,
            means.vault,
            timeout_s=settings.timeout,
            headers=bearer(filling, settings.token, settings.headers),
        )

    async def tally(self, span_s: float) -> Tally:
        """The entries of the last `span_s`, and the newest lines."""
        form = {
            "search": self._search,
            "earliest_time": f"-{ceil(span_s)}s",
            "latest_time": "now",
            "output_mode": "json",
            "preview": "false",
        }
        try:
            found = await self._api.lines(_PATH, form, _Line)
        except NoAnswer as exc:
            return Tally(count=None, cause=str(exc))
        complaints = [m.text for line in found for m in line.messages if m.type.upper() in _BAD]
        rows = [line.result for line in found if line.result is not None and not line.preview]
        if not rows or not rows[-1].matched.isdecimal():
            why = "; ".join(complaints) or "the search came to no result"
            return Tally(count=None, cause=self._api.said(why))
        lines = [rows[-1].lines] if isinstance(rows[-1].lines, str) else rows[-1].lines
        # A search head that lost one of its peers says so, and counts what is left.
        cause = self._api.said("; ".join(complaints)) if complaints else ""
        return Tally(count=int(rows[-1].matched), lines=evidence(self._vault, lines), cause=cause)


def _spl(query: str, index: str | None) -> str:
    written = query.strip()
    if written.startswith(("search ", "|")):
        return written
    return f'search index="{index}" {written}' if index else f"search {written}"
