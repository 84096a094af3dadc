"""PromQL as a plan writes it, made into one question: the number, what it rests on, and how old that is (S3-S5); pure.

The parts of a question are evaluated together, at one moment and over the same data: errors and requests of two queries
could lie a scrape apart. They come back in one vector, told apart by a label of our own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple

from controlroom.adapters.metrics.recipes import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controlroom.adapters.secrets import Filling
    from controlroom.plan.metrics import Metric

    Found = Mapping[str, Sequence[float]]
    """The values that came back, by part."""

PART: Final = "controlroom"
"""The label that says which part of a question a value answers."""
AGE: Final = "age"
"""What the parts begin with that tell when the newest sample of a selector was taken."""
_MOST_SELECTORS: Final = 6
_STRING: Final = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`"""
_COMMENT: Final = re.compile(rf"({_STRING})|\#[^\n]*")
_SELECTOR: Final = re.compile(rf"([a-zA-Z_:][\w:]*)?\s*(\{{(?:[^\"'`{{}}]|{_STRING})*\}})?\s*(?:\[([^\]]*)\])?")
_MATCHER: Final = re.compile(rf"([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*({_STRING})")
_SPAN: Final = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


class Selector(NamedTuple):
    """The series that a query reads: a name, matchers in braces, and the seconds of its range, None without one."""

    name: str
    braces: str
    range_s: float | None

    def __str__(self) -> str:
        return self.name + self.braces

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that a series must have to match."""
        found = _MATCHER.findall(self.braces)
        return tuple(label for label, sign, value in found if sign in ("=", "=~") and len(value) > len('""'))


def selectors_of(query: str) -> list[Selector]:
    """The selectors of a query that have braces or a range, each once; a bare name looks like many other words."""
    found: dict[Selector, None] = {}
    bare = _COMMENT.sub(r"\1", query)
    # Strings outside of braces (label_replace has them) hold nothing of interest.
    for name, braces, written in re.findall(rf"(?:{_STRING})|{_SELECTOR.pattern}", bare):
        if (name and (braces or written)) or len(braces) > len("{}"):
            found.setdefault(Selector(name, braces, _seconds(written)))
    return list(found)[:_MOST_SELECTORS]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for one metric: `text` is the whole query, `factor` makes its number one in the metric's unit.

    `witness` is a query that gives something once errors can be told, `unsure` the sentence for when it does not.
    """

    text: str
    factor: float
    witness: str = ""
    unsure: str = ""

    def figure(self, found: Found) -> Figure:
        """The number that the answer holds, or why it holds none."""
        raise NotImplementedError

    def doubtful(self, found: Found) -> bool:
        """Whether the number rests on errors of which there is no series: none happened, or none can be seen."""
        del found
        return False


def taken_of(found: Found) -> float | None:
    """When the newest sample under an answer was taken (source's epoch seconds); None where the query does not show."""
    return max((values[0] for part, values in found.items() if part.startswith(AGE)), default=None)


@dataclass(frozen=True, slots=True)
class Value(Question):
    """The one value of a query; a quantile comes with the observations under it."""

    def figure(self, found: Found) -> Figure:
        """NaN is no traffic where nothing was observed, and else NaN."""
        values = found.get("value", ())
        observed = found.get("requests")
        requests = _whole(observed[0]) if observed else None
        if requests == 0:
            return Figure(None, 0.0)
        if not values:
            return Figure(None, None, "no series answers the query")
        if len(values) > 1:
            return Figure(None, None, f"the query gives {len(values)} series: put sum(…), max(…) or avg(…) around it")
        return Figure(values[0] * self.factor, requests)


@dataclass(frozen=True, slots=True)
class ErrorRate(Question):
    """Errors among requests; `per_window` makes the number of the requests query a count."""

    per_window: float = 1.0

    def figure(self, found: Found) -> Figure:
        """Multiplied before it is divided, so that 7 of 100 is exactly 7 % (S1)."""
        if not found.get("requests"):
            return Figure(None, None, "no series answers the requests query")
        errors, requests = sum(found.get("errors", ())), found["requests"][0]
        count = _whole(requests * self.per_window)
        if count is None:
            return Figure(None, None, f"the requests query gives {requests:g}")
        if count == 0:
            return Figure(None, None, "errors were counted, but no requests") if errors else Figure(None, 0.0)
        return Figure(errors * self.factor / requests, count)

    def doubtful(self, found: Found) -> bool:
        """There is traffic, and no series of errors."""
        return not found.get("errors") and any(found.get("requests", ()))


def question_of(metric: Metric, filling: Filling) -> Question:
    """The question that the plan's queries ask, their references replaced. Raises Unable; ValueError for series."""
    if isinstance(metric.errors, str) and isinstance(metric.requests, str):
        errors, requests = filling.text(metric.errors), filling.text(metric.requests)
        parts = {"errors": f"sum(({errors}\n))", "requests": f"sum(({requests}\n))"}
        witness, unsure = _witness(errors)
        # Errors may be counted by a series that comes and goes; requests keep coming.
        text = _together(parts, selectors_of(requests))
        return ErrorRate(text, metric.factor, witness, unsure, per_window(requests, metric.window))
    if metric.query is not None:
        query = filling.text(metric.query)
        parts = {"value": f"({query}\n)"}
        if observations := _observations(query):
            parts["requests"] = observations
        return Value(_together(parts, selectors_of(query)), metric.factor)
    raise ValueError("this source is asked in queries, not series")


def per_window(requests: str, window_s: float) -> float:
    """What the number of a requests query is multiplied by to be a count of requests.

    A query that counts (`increase`) gives it already; any other gives requests a second, over its own range where it
    names one and else over the metric's `window_s`.
    """
    if re.search(r"\b(increase|count_over_time|sum_over_time)\b", requests):
        return 1.0
    return next((s.range_s for s in selectors_of(requests) if s.range_s is not None), window_s)


def _together(parts: Mapping[str, str], selectors: Sequence[Selector]) -> str:
    ages = {f"{AGE}{place}": f"max(timestamp({one}))" for place, one in enumerate(dict.fromkeys(map(str, selectors)))}
    tagged = [f'label_replace({query}, "{PART}", "{part}", "", "")' for part, query in {**parts, **ages}.items()]
    return "\nor ".join(tagged)


def _witness(errors: str) -> tuple[str, str]:
    """A query that gives something when series exist that could count errors, and the sentence for when none do."""
    known = [selector for selector in selectors_of(errors) if selector.name and selector.labels]
    if not known:
        return "", "no series answers the errors query: add `or vector(0)` to it if that means none"
    queries = [f"count({s.name}{{{','.join(map(_present, s.labels))}}})" for s in known]
    names = [f"{s.name}{{{', '.join(s.labels)}}}" for s in known]
    unsure = f"no series answers the errors query, and there is none of {' and '.join(names)} either"
    return " and ".join(queries), unsure


def _present(label: str) -> str:
    return f'{label}!=""'


def _observations(query: str) -> str:
    """What a quantile's histogram observed in the quantile's own range; empty for any other query."""
    buckets = [s for s in selectors_of(query) if s.name.endswith("_bucket") and s.range_s is not None]
    if "histogram_quantile" not in query or len(buckets) != 1:
        return ""
    (bucket,) = buckets
    matchers = ",".join(m[0] for m in _MATCHER.finditer(bucket.braces) if m[1] != "le")
    inside = f'{matchers},le="+Inf"' if matchers else 'le="+Inf"'
    return f"sum(increase({bucket.name}{{{inside}}}[{_spelled(bucket.range_s or 0)}]))"


def _whole(count: float) -> float | None:
    """A whole count, since Prometheus extrapolates to fractions, but never zero for some; None for what is none."""
    if not isfinite(count) or count < 0:
        return None
    return float(max(round(count), 1)) if count > 0 else 0.0


def _seconds(written: str) -> float | None:
    """The seconds of a range, which in a subquery ends at the colon."""
    span = written.partition(":")[0].strip()
    parts = _SPAN.findall(span)
    if not parts or "".join(number + unit for number, unit in parts) != span:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _spelled(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
