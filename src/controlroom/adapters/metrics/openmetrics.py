"""A service's own /metrics page, or one of each of its instances, as a source: scraped, and computed here (S3, S5)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controlroom.adapters.exchange import exchange, make_request
from controlroom.adapters.metrics.exposition import Page, PageReader, Unreadable
from controlroom.adapters.metrics.rates import STARTED, WITNESS, Counters, Delta, Window
from controlroom.adapters.metrics.recipes import Figure, Level, Recipe
from controlroom.adapters.patience import Patience, moment
from controlroom.adapters.trouble import NoAnswer
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from controlroom.adapters.exchange import Answer
    from controlroom.ports import Clock

_OK: Final = 200
_ACCEPT: Final = "text/plain;version=0.0.4;q=1, application/openmetrics-text;version=1.0.0;q=0.5"
_NO_HEADERS: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Binding:
    """A series of the run, how its values are made, and over how many real seconds its rates are taken."""

    series: str
    recipe: Recipe
    window_s: float


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page gives to one series: a level or a delta, the page's own time if it has one, or why nothing."""

    level: float | None = None
    delta: Delta | None = None
    at: float | None = None
    cause: str = ""


class OpenMetricsSource:
    """Scrapes the pages at `urls`, instances of the same thing, every `every_s` plan seconds, for all of `bindings`.

    What the pages count is added up before any ratio is made. A page that fails is left out and named as the cause
    beside the value; when all fail there is no value. The client is shared and stays open. `timeout_s` is real seconds
    for one scrape. Raises Unable for a URL that is none.
    """

    def __init__(
        self,
        urls: Sequence[str],
        bindings: Sequence[Binding],
        client: httpx.AsyncClient,
        clock: Clock,
        *,
        every_s: float,
        timeout_s: float,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        self._every_s = every_s
        self._bindings = bindings
        self._clock = clock
        requests = [make_request("GET", url, {"Accept": _ACCEPT, **headers}, timeout_s) for url in urls]
        self._pages = [_Scraped(request, bindings, client, clock, timeout_s) for request in requests]
        # Counted on from here by the monotonic clock: a step of the wall clock must not look like a source that stands.
        self._epoch = clock.now().timestamp() - clock.monotonic()

    @property
    def every_s(self) -> float:
        """Plan seconds between two scrapes."""
        return self._every_s

    async def read(self) -> list[Reading]:
        """One reading for each binding, in their order."""
        parts = await asyncio.gather(*(page.scrape() for page in self._pages))
        return [self._reading(binding, of_binding) for binding, *of_binding in zip(self._bindings, *parts, strict=True)]

    async def close(self) -> None:
        """Nothing: connections belong to the shared client."""

    def _reading(self, binding: Binding, parts: Sequence[_Part]) -> Reading:
        good = [part for part in parts if not part.cause]
        causes = list(dict.fromkeys(part.cause for part in parts if part.cause))
        times = [part.at for part in good if part.at is not None]
        at = max(times, default=self._epoch + self._clock.monotonic())
        if not good:
            return Reading(series=binding.series, value=None, at=at, cause="; ".join(causes))
        figure = _figure(binding.recipe, good)
        if causes:
            causes[0] = f"{len(parts) - len(good)} of {len(parts)} instances missing: {causes[0]}"
        cause = "; ".join([figure.cause, *causes] if figure.cause else causes)
        return Reading(series=binding.series, value=figure.value, at=at, cause=cause, requests=figure.requests)


class _Scraped:
    """One page, and what was seen on it before."""

    def __init__(
        self,
        request: httpx.Request,
        bindings: Sequence[Binding],
        client: httpx.AsyncClient,
        clock: Clock,
        timeout_s: float,
    ) -> None:
        self._request = request
        self._bindings = bindings
        self._client = client
        self._clock = clock
        self._timeout_s = timeout_s
        self._patience = Patience(clock)
        names = {selector.name for binding in bindings for selector in binding.recipe.selectors}
        counted = (binding.recipe.selectors for binding in bindings if not isinstance(binding.recipe, Level))
        counters = {WITNESS, *(selector.name for selectors in counted for selector in selectors)}
        self._reader = PageReader(names | {STARTED, WITNESS})
        self._counters = Counters(counters, keep_s=max((binding.window_s for binding in bindings), default=0.0))
        self._windows = [Window(binding.window_s) for binding in bindings]

    async def scrape(self) -> list[_Part]:
        """What the page gives to each binding now."""
        try:
            self._patience.check()
            answer = await exchange(self._client, self._request, self._clock, self._timeout_s)
            self._patience.learn(answer, moment(answer.headers.get("date", "")) or self._clock.now().timestamp())
            page = self._reader.read(_text(answer), openmetrics=_is_openmetrics(answer))
        except (NoAnswer, Unreadable) as exc:
            return [_Part(cause=str(exc)) for _ in self._bindings]
        now = self._clock.monotonic()
        growth = self._counters.take(page, now)
        parts: list[_Part] = []
        for binding, window in zip(self._bindings, self._windows, strict=True):
            cause = binding.recipe.missing(page)
            at = _time_of(binding.recipe, page)
            if cause:
                parts.append(_Part(cause=cause))
            elif isinstance(binding.recipe, Level):
                level = binding.recipe.now(page)
                parts.append(_Part(level=level, at=at, cause="" if level is not None else "no series yet"))
            else:
                window.push(now, binding.recipe.counts(growth))
                delta = window.delta()
                parts.append(_Part(delta=delta, at=at, cause="" if delta else "a rate needs a second scrape"))
        return parts


def _figure(recipe: Recipe, parts: Sequence[_Part]) -> Figure:
    if isinstance(recipe, Level):
        return Figure(sum(part.level for part in parts if part.level is not None))
    return recipe.figure([part.delta for part in parts if part.delta is not None])


def _time_of(recipe: Recipe, page: Page) -> float | None:
    return max((page.times[s.name] for s in recipe.selectors if s.name in page.times), default=None)


def _is_openmetrics(answer: Answer) -> bool:
    return "application/openmetrics-text" in answer.headers.get("content-type", "")


def _text(answer: Answer) -> str:
    """The page as text. Raises Unreadable for what cannot be one."""
    if answer.status != _OK:
        raise Unreadable(f"HTTP {answer.status}")
    if "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<":
        raise Unreadable("a web page came instead of metrics")
    if answer.cut:
        raise Unreadable("the page is too long")
    try:
        return answer.body.decode()
    except UnicodeDecodeError as exc:
        raise Unreadable("the page is not UTF-8") from exc
