"""Datadog as a source: the queries of all series in one request, since Datadog counts requests and limits them."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from controlroom.adapters.json_api import JsonApi, Refused
from controlroom.adapters.metrics.datadog_points import DatadogAnswer, DatadogQuestion, Line, OneValue, TwoCounts
from controlroom.adapters.trouble import NoAnswer, Unable
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from controlroom.adapters.metrics.wanted import Means, Want
    from controlroom.plan.sources import Datadog
    from controlroom.ports import Source

_PATH: Final = "/api/v1/query"
_BACK_S: Final = 300.0
"""Seconds of the past that a reading looks at, in addition to its window."""
_INSIDE: Final = re.compile(r"\{[^{}]*\}|\([^()]*(?:\([^()]*\)[^()]*)*\)")
"""What lies in braces or parentheses; a comma outside of them would make two queries of one."""
_DAY_S: Final = 86_400.0
_AGAIN_S: Final = 60.0
"""Seconds between two looks for errors in the last day."""
_SKEW_S: Final = 30.0
"""A server's clock that far off was asked for another span than was meant."""
_LONGEST: Final = 4000
"""Characters of queries in one request."""
_MOST_STEPS: Final = 1000
_UNSURE: Final = (
    "no series answers the errors query, nor did one in the last day: put default_zero(…) around it if that means none"
)


class DatadogSource:
    """Asks for all of `questions` (by series) every `every_s` plan seconds."""

    def __init__(self, questions: Mapping[str, DatadogQuestion], api: JsonApi, *, every_s: float) -> None:
        self._every_s = every_s
        self._questions = questions
        self._api = api
        self._window_s = max((q.window_s for q in questions.values() if isinstance(q, TwoCounts)), default=0.0)
        self._tells_errors: set[str] = set()
        self._looked: dict[str, float] = {}

    @property
    def every_s(self) -> float:
        """Plan seconds between two questions."""
        return self._every_s

    async def read(self) -> list[Reading]:
        """One reading for each series, in their order."""
        return await self._readings(0.0, [0.0])

    async def past(self, span_s: float, step_s: float) -> list[Reading]:
        """What `read` would have said every `step_s` of the last `span_s` real seconds, oldest first by series."""
        step_s = max(step_s, span_s / _MOST_STEPS)
        steps = round(span_s / step_s)
        return await self._readings(span_s, [(steps - place) * step_s for place in range(steps + 1)])

    async def close(self) -> None:
        """Nothing: connections belong to the shared client."""

    async def _readings(self, span_s: float, ages: Sequence[float]) -> list[Reading]:
        now, back_s = self._api.now(), span_s + self._window_s + _BACK_S
        found = await self._lines(now - back_s, now)
        if abs(self._api.now() - now) > _SKEW_S:  # the answer came from a server whose time is another
            now = self._api.now()
            found = await self._lines(now - back_s, now)
        return [
            reading
            for series, question in self._questions.items()
            for reading in await self._of(series, question, found, now, ages)
        ]

    async def _of(
        self,
        series: str,
        question: DatadogQuestion,
        found: Mapping[str, Line | NoAnswer],
        now: float,
        ages: Sequence[float],
    ) -> list[Reading]:
        lines = []
        for query in question.queries:
            line = found[query]
            if isinstance(line, NoAnswer):
                return [Reading(series=series, value=None, at=now, cause=str(line))]
            lines.append(line)
        if isinstance(question, TwoCounts) and (cause := await self._doubt(series, question, lines)):
            return [Reading(series=series, value=None, at=now, cause=cause)]
        readings = []
        for age_s in ages:
            figure = question.figure(lines, now - age_s)
            reading = Reading(
                series=series, value=figure.value, at=now - age_s, cause=figure.cause, requests=figure.requests
            )
            readings.append(reading)
        return readings

    async def _doubt(self, series: str, question: TwoCounts, lines: Sequence[Line]) -> str:
        """Why no errors may not be read as none: empty once some were seen, if only in the last day."""
        if lines[0].points:
            self._tells_errors.add(series)
        if series in self._tells_errors or not question.doubtful(lines):
            return ""
        now = self._api.now()
        if now - self._looked.get(series, 0.0) >= _AGAIN_S:
            self._looked[series] = now
            found = (await self._lines(now - _DAY_S, now, [question.errors]))[question.errors]
            if isinstance(found, NoAnswer):
                return str(found)
            if found.points:
                self._tells_errors.add(series)
                return ""
        return _UNSURE

    async def _lines(
        self, begin: float, end: float, queries: Sequence[str] | None = None
    ) -> dict[str, Line | NoAnswer]:
        """What each query gives between two moments (epoch seconds), or why it gives nothing."""
        asked = list(dict.fromkeys(queries or (q for one in self._questions.values() for q in one.queries)))
        answers = await asyncio.gather(*(self._ask(begin, end, pack) for pack in _packs(asked)))
        return {query: line for answer in answers for query, line in answer.items()}

    async def _ask(self, begin: float, end: float, queries: Sequence[str]) -> dict[str, Line | NoAnswer]:
        params = {"from": str(int(begin)), "to": str(int(end)), "query": ",".join(queries)}
        try:
            answer = await self._api.get(_PATH, params, DatadogAnswer)
            if answer.status != "ok":
                said = self._api.said(answer.error) or f"the answer says status: {answer.status}"
                raise Refused(said, HTTPStatus.BAD_REQUEST)
        except NoAnswer as exc:
            if len(queries) > 1 and isinstance(exc, Refused) and exc.status == HTTPStatus.BAD_REQUEST:
                # One query that is wrong must not take the others with it.
                alone = await asyncio.gather(*(self._ask(begin, end, [query]) for query in queries))
                return {query: line for answers in alone for query, line in answers.items()}
            return dict.fromkeys(queries, exc)
        return {
            query: Line([one for one in answer.series if one.query_index == place])
            for place, query in enumerate(queries)
        }


def datadog_sources(settings: Datadog, wants: Mapping[str, Want], means: Means) -> list[Source]:
    """The one source for all that the plan asks of Datadog. Raises Unable for what does not resolve."""
    filling = means.vault.fill({})
    headers = {
        "DD-API-KEY": filling.text(settings.api_key),
        "DD-APPLICATION-KEY": filling.text(settings.app_key),
        **filling.mapping(settings.headers),
    }
    url = filling.url(settings.url) if settings.url else f"https://api.{settings.site}"
    api = JsonApi(url, means.client, means.clock, means.vault, timeout_s=settings.timeout, headers=headers)
    questions = {series: _question_of(want, means, settings.every) for series, want in wants.items()}
    return [DatadogSource(questions, api, every_s=settings.every)]


def _question_of(want: Want, means: Means, every_s: float) -> DatadogQuestion:
    metric = want.metric
    if isinstance(metric.errors, str) and isinstance(metric.requests, str):
        window_s = means.pace.real(means.pace.window(want.window_s, every_s))
        return TwoCounts(_query(metric.errors, want), _query(metric.requests, want), metric.factor, window_s)
    if metric.query is not None:
        return OneValue(_query(metric.query, want), metric.factor)
    raise ValueError("this source is asked in queries, not series")


def _query(written: str, want: Want) -> str:
    query = " ".join(want.filling.text(written).split())
    if "," in _INSIDE.sub("", query):
        raise Unable(f"{query}: one query at a time, without a comma between two")
    return query


def _packs(queries: Sequence[str]) -> Iterator[list[str]]:
    """The queries in as few requests as their length allows."""
    pack: list[str] = []
    for query in queries:
        if pack and sum(map(len, pack)) + len(query) > _LONGEST:
            yield pack
            pack = []
        pack.append(query)
    if pack:
        yield pack
