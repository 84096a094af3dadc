"""What the HTTP API of Prometheus answers, taken apart by the parts of our question; pure."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from controlroom.adapters.metrics.promql import PART
from controlroom.adapters.trouble import NoAnswer

_NOISE: Final = re.compile(
    r'invalid parameter "query": |\b\d+:\d+: (?=parse error)'
    r'|error when executing query="(?:[^"\\]|\\.)*" (?:for|on)[^:]*: |; unparsed data: "(?:[^"\\]|\\.)*"'
)
"""Our question, and where in it the mistake stands, which is not where it stands in the plan."""

Parts = dict[str, list[float]]
"""Values by part; empty where nothing came."""


class Element(Struct, frozen=True):
    """One series: its labels, and a value (instant) or values (range) as (epoch seconds, text)."""

    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: tuple[tuple[float, str], ...] = ()


class Result(Struct, frozen=True):
    """A vector or a matrix."""

    result: tuple[Element, ...]


class PromAnswer(Struct, frozen=True, kw_only=True):
    """The envelope; `error` with status error, `warnings` with what may be incomplete."""

    status: str
    data: Result | None = None
    error: str = ""
    warnings: tuple[str, ...] = ()


def elements_of(answer: PromAnswer) -> tuple[Element, ...]:
    """The series of a successful answer. Raises NoAnswer with the server's own words for any other."""
    if answer.status != "success" or answer.data is None:
        raise NoAnswer(answer.error or f"the answer says status: {answer.status}", sent=True)
    return answer.data.result


def plain(cause: str) -> str:
    """A cause without the place of a mistake in a query that the plan's author never saw."""
    return _NOISE.sub("", cause)


def now_of(elements: tuple[Element, ...]) -> tuple[float | None, Parts]:
    """When the question was evaluated (None for an empty answer), and what came. Raises NoAnswer."""
    parts: Parts = {}
    at: float | None = None
    for element in elements:
        if element.value is None:
            raise NoAnswer("the query gives histograms, not numbers", sent=True)
        at, written = element.value
        parts.setdefault(element.metric.get(PART, ""), []).append(_number(written))
    return at, parts


def over_time_of(elements: tuple[Element, ...], start: float, step_s: float, steps: int) -> list[Parts]:
    """What came at each of `steps` moments, `step_s` apart from `start` on. Raises NoAnswer."""
    found: list[Parts] = [{} for _ in range(steps)]
    for element in elements:
        part = element.metric.get(PART, "")
        for at, written in element.values:
            place = round((at - start) / step_s)
            if 0 <= place < steps:
                found[place].setdefault(part, []).append(_number(written))
    return found


def _number(written: str) -> float:
    try:
        return float(written)
    except ValueError as exc:
        raise NoAnswer("the answer holds a value that is no number", sent=True) from exc
