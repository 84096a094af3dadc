"""A source that speaks PromQL: Prometheus itself, or anything with its HTTP API (Thanos, Mimir, VictoriaMetrics)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from controlroom.adapters.json_api import JsonApi
from controlroom.adapters.metrics.freshness import Freshness
from controlroom.adapters.metrics.promql import Question, question_of, taken_of
from controlroom.adapters.metrics.promql_answers import Parts, PromAnswer, elements_of, now_of, over_time_of, plain
from controlroom.adapters.metrics.wanted import bearer
from controlroom.adapters.trouble import NoAnswer
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controlroom.adapters.metrics.wanted import Means, Want
    from controlroom.plan.sources import Prometheus
    from controlroom.ports import Source

_INSTANT: Final = "/api/v1/query"
_RANGE: Final = "/api/v1/query_range"
MOST_STEPS: Final = 1000
"""Moments of the past that are asked for at once."""


class PromqlSource:
    """Asks one question for each series, all at once, every `every_s` plan seconds (`period_s` real seconds).

    A reading's time is that of the evaluation, the server's own. How old the data under it are is asked along with it.
    """

    def __init__(self, questions: Mapping[str, Question], api: JsonApi, *, every_s: float, period_s: float) -> None:
        self._every_s = every_s
        self._api = api
        self._asked = [_Asked(series, question, api, period_s) for series, question in questions.items()]

    @property
    def every_s(self) -> float:
        """Plan seconds between two questions."""
        return self._every_s

    async def read(self) -> list[Reading]:
        """One reading for each series, in their order."""
        return list(await asyncio.gather(*(asked.now() for asked in self._asked)))

    async def past(self, span_s: float, step_s: float) -> list[Reading]:
        """What `read` would have said every `step_s` of the last `span_s` real seconds, oldest first by series."""
        if not self._api.heard:
            await self.read()  # tells the server's time, by which the span is asked for
        found = await asyncio.gather(*(asked.past(span_s, step_s) for asked in self._asked))
        return [reading for readings in found for reading in readings]

    async def close(self) -> None:
        """Nothing: connections belong to the shared client."""


class _Asked:
    """One series, and what is known of it from earlier answers."""

    def __init__(self, series: str, question: Question, api: JsonApi, period_s: float) -> None:
        self._series = series
        self._question = question
        self._api = api
        self._period_s = period_s
        self._fresh = Freshness(period_s)
        self._tells_errors = False

    async def now(self) -> Reading:
        """The newest reading."""
        try:
            answer = await self._ask(_INSTANT, {})
            at, parts = now_of(elements_of(answer))
            doubt = await self._doubt([parts])
        except NoAnswer as exc:
            return self._nothing(str(exc))
        warning = f"warning: {self._api.said(answer.warnings[0])}" if answer.warnings else ""
        return self._reading(parts, self._api.now() if at is None else at, self._fresh, doubt, warning)

    async def past(self, span_s: float, step_s: float) -> Sequence[Reading]:
        """The readings of the last `span_s` seconds; a single one with the cause when there are none."""
        step_s = max(step_s, span_s / MOST_STEPS)
        steps = round(span_s / step_s) + 1
        end = round(self._api.now(), 3)
        start = end - (steps - 1) * step_s
        asked = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step_s:g}"}
        try:
            answer = await self._ask(_RANGE, asked)
            found = over_time_of(elements_of(answer), start, step_s, steps)
            doubt = await self._doubt(found)
        except NoAnswer as exc:
            return (self._nothing(str(exc)),)
        fresh = Freshness(self._period_s)
        return [self._reading(parts, start + place * step_s, fresh, doubt) for place, parts in enumerate(found)]

    async def _ask(self, path: str, asked: Mapping[str, str], query: str = "") -> PromAnswer:
        params = {"query": query or self._question.text, "timeout": f"{self._api.timeout_s:g}", **asked}
        return await self._api.get(path, params, PromAnswer)

    async def _doubt(self, found: Sequence[Parts]) -> str:
        """Why no errors may not be read as none: empty once a series was there that could have counted them."""
        if any(parts.get("errors") for parts in found):
            self._tells_errors = True
        if self._tells_errors or not any(map(self._question.doubtful, found)):
            return ""
        if self._question.witness:
            answer = await self._ask(_INSTANT, {}, self._question.witness)
            self._tells_errors = bool(elements_of(answer))
        return "" if self._tells_errors else self._question.unsure

    def _reading(self, parts: Parts, at: float, fresh: Freshness, doubt: str, warning: str = "") -> Reading:
        taken = taken_of(parts)
        stale = fresh.stale(taken, at) if taken is not None else ""
        if cause := stale or (doubt if self._question.doubtful(parts) else ""):
            return Reading(series=self._series, value=None, at=at, cause=cause)
        figure = self._question.figure(parts)
        cause = "; ".join(filter(None, (figure.cause, warning)))
        return Reading(series=self._series, value=figure.value, at=at, cause=cause, requests=figure.requests)

    def _nothing(self, cause: str) -> Reading:
        return Reading(series=self._series, value=None, at=self._api.now(), cause=self._api.said(plain(cause)))


def prometheus_sources(settings: Prometheus, wants: Mapping[str, Want], means: Means) -> list[Source]:
    """The one source for all that the plan asks of a Prometheus. Raises Unable for what does not resolve."""
    filling = means.vault.fill({})
    headers = bearer(filling, settings.token, settings.headers)
    return [promql_source(filling.url(settings.url), headers, settings.every, settings.timeout, wants, means)]


def promql_source(
    url: str, headers: Mapping[str, str], every_s: float, timeout_s: float, wants: Mapping[str, Want], means: Means
) -> PromqlSource:
    """A source below `url`, under which the API's paths lie. Raises Unable."""
    api = JsonApi(url, means.client, means.clock, means.vault, timeout_s=timeout_s, headers=headers, plain=plain)
    questions = {series: question_of(want.metric, want.filling) for series, want in wants.items()}
    return PromqlSource(questions, api, every_s=every_s, period_s=means.pace.real_period(every_s))
