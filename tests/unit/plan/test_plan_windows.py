"""A guard's window and the window that a query names are the same, or the plan says so at once."""

from __future__ import annotations

import pytest
from tests.unit.plan.plan_texts import GOOD, HERE, expected_place, problems_of

SCRAPED = """        source: stats
        errors: {name: http_requests_total, labels: {code: "5.."}}
        requests: http_requests_total
"""
ASKED = """        source: asked
        errors: sum(rate(http_requests_total{code=~"5.."}[RANGE]))
        requests: sum(rate(http_requests_total[RANGE]))
"""


def plan_with(query_range: str, window: str) -> str:
    """The good plan, its error rate asked in PromQL, its guard with a window."""
    text = GOOD.replace(SCRAPED, ASKED.replace("RANGE", query_range))
    return text.replace("    above: 5%\n", f"    above: 5%\n    window: {HERE}{window}\n")


@pytest.mark.parametrize(("query_range", "window"), [("1m", "1m"), ("60s", "1m"), ("1m30s", "90s"), ("1w", "1m")])
def test_the_same_window_twice(query_range: str, window: str) -> None:
    """However it is spelt; a range that only PromQL can spell is not looked at."""
    text, _, _ = expected_place(plan_with(query_range, window))
    assert problems_of(text) == []


def test_a_window_that_the_query_does_not_have() -> None:
    """S3: the rate would be taken over another span than the guard states."""
    text, line, column = expected_place(plan_with("1m", "5m"))
    (found,) = problems_of(text)
    assert (found.line, found.column) == (line, column)
    assert found.message == "window: 5m is not that of the query for error_rate of api"
    assert found.hint == "write [5m] in the query, or leave the guard's window out"
