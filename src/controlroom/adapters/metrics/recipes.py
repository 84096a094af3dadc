"""How a number is made from the series of scraped pages: a ratio, a quantile, a level, or a growth per second."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlroom.adapters.metrics.rates import quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from controlroom.adapters.metrics.exposition import Labels, Page
    from controlroom.adapters.metrics.rates import Delta, Growth
    from controlroom.adapters.secrets import Filling
    from controlroom.plan.metrics import Metric, Series

_MOST_PICKED = 20_000
"""Series whose match is remembered; ever new ones must not grow memory."""
_ERRORS, _REQUESTS, _GROWN = "errors", "requests", "grown"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, with the requests that it rests on where they are counted; `value` None where nothing was counted."""

    value: float | None
    requests: float | None = None
    cause: str = ""


class Selector:
    """The series called `name` whose labels match all `matchers`: anchored regular expressions, absent is empty."""

    def __init__(self, name: str, matchers: Mapping[str, str]) -> None:
        self.name = name
        self._matchers = {label: re.compile(pattern) for label, pattern in matchers.items()}
        self._picked: dict[Labels, bool] = {}

    def __str__(self) -> str:
        inside = ", ".join(f'{label}=~"{pattern.pattern}"' for label, pattern in self._matchers.items())
        return f"{self.name}{{{inside}}}" if inside else self.name

    def pick(self, values: Mapping[Labels, float]) -> dict[Labels, float]:
        """Those of `values` that match."""
        if len(self._picked) > _MOST_PICKED:
            self._picked.clear()
        return {labels: value for labels, value in values.items() if self._picks(labels)}

    def missing(self, page: Page, *, may_be_none: bool) -> str:
        """Why the page cannot answer for these series; empty when it can.

        A metric without any series yet is no fault: its process has not counted anything. With `may_be_none` nor is
        it one that none matches, as long as the labels asked for exist: no error has happened yet.
        """
        if self.name not in page.declared:
            return f"{self.name} is not on the page"
        values = page.series.get(self.name, {})
        if not values or self.pick(values):
            return ""
        if not may_be_none:
            return f"no series matches {self}"
        there = {label for labels in values for label, _ in labels}
        unknown = [label for label in self._matchers if label not in there]
        return f"{self.name} has no label {unknown[0]}" if unknown else ""

    def _picks(self, labels: Labels) -> bool:
        known = self._picked.get(labels)
        if known is None:
            given = dict(labels)
            matchers = self._matchers.items()
            known = all(pattern.fullmatch(given.get(label, "")) is not None for label, pattern in matchers)
            self._picked[labels] = known
        return known


class Recipe:
    """What all recipes have in common: the selectors they read, and how what they counted becomes a figure."""

    def __init__(self, factor: float, *selectors: Selector) -> None:
        self.factor = factor
        self.selectors = selectors

    def missing(self, page: Page) -> str:
        """Why no figure can be made from the page; empty when one can."""
        found = (selector.missing(page, may_be_none=False) for selector in self.selectors)
        return next((why for why in found if why), "")

    def counts(self, growth: Growth) -> Mapping[str, float]:
        """What this recipe counts of what a page's counters grew by."""
        raise NotImplementedError

    def figure(self, deltas: Sequence[Delta]) -> Figure:
        """The figure over what was counted on each page."""
        raise NotImplementedError


class Ratio(Recipe):
    """Errors among requests."""

    def missing(self, page: Page) -> str:
        """Errors may not have happened yet; whether there is traffic is a question of the requests."""
        errors, requests = self.selectors
        return requests.missing(page, may_be_none=False) or errors.missing(page, may_be_none=True)

    def counts(self, growth: Growth) -> Mapping[str, float]:
        """Errors and requests."""
        errors, requests = (sum(s.pick(growth.get(s.name, {})).values()) for s in self.selectors)
        return {_ERRORS: errors, _REQUESTS: requests}

    def figure(self, deltas: Sequence[Delta]) -> Figure:
        """Multiplied before it is divided, so that 7 of 100 is exactly 7 % (S1)."""
        errors, requests = _total(deltas, _ERRORS), _total(deltas, _REQUESTS)
        if requests == 0:
            return Figure(None, None, "errors were counted, but no requests") if errors else Figure(None, 0.0)
        return Figure(errors * self.factor / requests, requests)


class Quantile(Recipe):
    """A quantile of what a histogram observed."""

    def __init__(self, factor: float, buckets: Selector, q: float) -> None:
        super().__init__(factor, buckets)
        self._q = q

    def counts(self, growth: Growth) -> Mapping[str, float]:
        """Observations by upper bound."""
        (buckets,) = self.selectors
        found: dict[str, float] = {}
        for labels, grown in buckets.pick(growth.get(buckets.name, {})).items():
            bound = dict(labels).get("le", "")
            found[bound] = found.get(bound, 0.0) + grown
        return found

    def figure(self, deltas: Sequence[Delta]) -> Figure:
        """The quantile over all pages together."""
        bounds = {bound for delta in deltas for bound in delta.grown}
        buckets = {bound: _total(deltas, bound) for bound in bounds}
        observed = max(buckets.values(), default=0.0)
        return Figure(quantile(self._q, buckets) * self.factor, observed) if observed else Figure(None, 0.0)


class PerSecond(Recipe):
    """What counters grow by in a second, over all pages together."""

    def counts(self, growth: Growth) -> Mapping[str, float]:
        """All of the growth."""
        (counter,) = self.selectors
        return {_GROWN: sum(counter.pick(growth.get(counter.name, {})).values())}

    def figure(self, deltas: Sequence[Delta]) -> Figure:
        """Per real second."""
        return Figure(sum(delta.grown.get(_GROWN, 0.0) / delta.span_s for delta in deltas) * self.factor)


class Level(Recipe):
    """The sum of gauges, as it stands."""

    def now(self, page: Page) -> float | None:
        """The sum on one page; None when it has no such series."""
        (gauge,) = self.selectors
        values = gauge.pick(page.series.get(gauge.name, {})).values()
        return sum(values) * self.factor if values else None


def recipe_of(metric: Metric, filling: Filling) -> Recipe:
    """The recipe that the plan asks for, its references replaced. Raises ValueError for a query."""
    factor = metric.factor
    if metric.errors is not None and metric.requests is not None:
        return Ratio(factor, _selector(metric.errors, filling), _selector(metric.requests, filling))
    if metric.histogram is not None:
        return Quantile(factor, _selector(metric.histogram, filling, suffix="_bucket"), metric.quantile)
    if metric.rate is not None:
        return PerSecond(factor, _selector(metric.rate, filling))
    if metric.gauge is not None:
        return Level(factor, _selector(metric.gauge, filling))
    raise ValueError("a scraped page answers no query")


def _selector(asked: Series | str, filling: Filling, suffix: str = "") -> Selector:
    if isinstance(asked, str):
        return Selector(filling.text(asked), {})
    matchers = {label: filling.regex(pattern) for label, pattern in asked.labels.items()}
    return Selector(filling.text(asked.name) + suffix, matchers)


def _total(deltas: Iterable[Delta], key: str) -> float:
    return sum(delta.grown.get(key, 0.0) for delta in deltas)
