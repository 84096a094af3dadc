"""PromQL made into questions: what is read off a query, and what the parts of an answer come to (S3-S5)."""

from __future__ import annotations

from math import isnan, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.adapters.metrics.freshness import Freshness
from controlroom.adapters.metrics.promql import Question, per_window, question_of, selectors_of
from controlroom.adapters.secrets import Vault
from controlroom.adapters.trouble import Unable
from controlroom.plan.metrics import Metric

ERRORS = 'sum(rate(http_requests_total{service="auth",code=~"5.."}[1m]))'
REQUESTS = 'sum(rate(http_requests_total{service="auth"}[1m]))'
RATE = {"errors": ERRORS, "requests": REQUESTS, "unit": "%"}
QUANTILE = 'histogram_quantile(0.95, sum by (le) (rate(took_bucket{a="b",le!="9"}[90s])))'
P95 = {"query": QUANTILE, "raw": "s", "unit": "ms"}


def asking(metric: dict[str, Any]) -> Question:
    """The question of a metric of the service auth."""
    return question_of(Metric.model_validate({"source": "prod", **metric}), Vault({}).fill({"service.id": "auth"}))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ERRORS, [('http_requests_total{service="auth",code=~"5.."}', 60.0)]),
        ("sum(rate(http_requests_total[5m]))", [("http_requests_total", 300.0)]),
        ('rate({job="x"}[1h30m]) # foo{a="b"}[3m]', [('{job="x"}', 5400.0)]),
        ("max_over_time(rate(x[5m])[1h:30s])", [("x", 300.0)]),
        ('up{a="}{[5m]",b=\'"\'} offset 5m', [('up{a="}{[5m]",b=\'"\'}', None)]),
        ('label_replace(up{a="b"}, "x", "foo{y}", "", "")', [('up{a="b"}', None)]),
        ("a{} / on(pod) group_left(node) b{}", [("a{}", None), ("b{}", None)]),
        ("sum by (pod) (up) + 1", []),
        ("{}", []),
        ('x{a="b"}[$__rate_interval]', [('x{a="b"}', None)]),
    ],
)
def test_the_series_that_a_query_reads(query: str, found: list[tuple[str, float | None]]) -> None:
    """Selectors with braces or a range, strings and comments left alone."""
    assert [(str(selector), selector.range_s) for selector in selectors_of(query)] == found


@given(st.text(alphabet="abc{}[]\"\\'`#=~5m:,()\n ", max_size=40))
def test_no_text_breaks_the_reading(query: str) -> None:
    """What is no PromQL is for the server to say."""
    assert len(selectors_of(query)) <= 6


@pytest.mark.parametrize(
    ("requests", "times"),
    [
        (REQUESTS, 60.0),
        ("sum(rate(x[5m]))", 300.0),
        ("sum(increase(x[5m]))", 1.0),
        ("job:requests:rate5m{a='b'}", 30.0),
    ],
)
def test_requests_are_counted_over_their_window(requests: str, times: float) -> None:
    """S4: a rate is a count a second over its own range, or over the metric's window where it names none."""
    assert per_window(requests, 30.0) == times


def test_one_question_holds_both_and_their_age() -> None:
    """S3: errors, requests and the newest sample come from one evaluation; each query ends its own comments."""
    text = asking({**RATE, "errors": f"{ERRORS} # five hundreds"}).text
    assert text.count("label_replace(") == 3
    assert f'label_replace(sum(({ERRORS} # five hundreds\n)), "controlroom", "errors", "", "")' in text
    assert 'label_replace(max(timestamp(http_requests_total{service="auth"})), "controlroom", "age0", "", "")' in text


def test_facts_are_in_place() -> None:
    """`${service.id}` is the service's."""
    assert 'up{service="auth"}' in asking({"query": 'up{service="${service.id}"}'}).text
    with pytest.raises(Unable):
        asking({"query": "up{v='${version.to}'}"})


def test_a_quantile_brings_its_observations() -> None:
    """S4: without any there is no quantile, and no NaN either."""
    question = asking(P95)
    assert 'sum(increase(took_bucket{a="b",le="+Inf"}[90000ms]))' in question.text
    figure = question.figure({"value": [0.25], "requests": [99.6]})
    assert (figure.value, figure.requests) == (250.0, 100.0)
    figure = question.figure({"value": [nan], "requests": [0.0]})
    assert (figure.value, figure.requests, figure.cause) == (None, 0.0, "")
    assert "increase" not in asking({"query": "up{}"}).text


@pytest.mark.parametrize(
    ("found", "value", "requests", "cause"),
    [
        ({"errors": [0.7], "requests": [10.0]}, 7.0, 600.0, ""),
        ({"requests": [10.0]}, 0.0, 600.0, ""),
        ({"requests": [0.0]}, None, 0.0, ""),
        ({"errors": [0.1], "requests": [0.0]}, None, None, "errors were counted, but no requests"),
        ({"errors": [0.1]}, None, None, "no series answers the requests query"),
        ({}, None, None, "no series answers the requests query"),
        ({"requests": [nan]}, None, None, "the requests query gives nan"),
        ({"requests": [-1.0]}, None, None, "the requests query gives -1"),
        ({"errors": [0.001], "requests": [0.001]}, 100.0, 1.0, ""),
    ],
)
def test_what_the_parts_of_a_rate_come_to(
    found: dict[str, list[float]], value: float | None, requests: float | None, cause: str
) -> None:
    """S1, S4: exact where it can be, never a number without requests."""
    figure = asking(RATE).figure(found)
    assert (figure.value, figure.requests, figure.cause) == (value, requests, cause)


def test_a_value_is_one() -> None:
    """S5: none has a cause, several have a cause with what to do, NaN is handed on."""
    question = asking({"query": "up{}"})
    assert question.figure({}).cause == "no series answers the query"
    assert question.figure({"value": [1.0, 2.0]}).cause.startswith("the query gives 2 series: put sum(…)")
    assert isnan(question.figure({"value": [nan]}).value or 0)


def test_whether_errors_could_be_counted_is_a_question_of_its_own() -> None:
    """S5: a misspelt label in the errors query is never `no errors`."""
    assert asking(RATE).witness == 'count(http_requests_total{service!="",code!=""})'
    assert asking(RATE).doubtful({"requests": [1.0]})
    assert not asking(RATE).doubtful({"requests": [1.0], "errors": [0.0]})
    assert not asking(RATE).doubtful({"requests": [0.0]})
    bare = asking({**RATE, "errors": "sum(errors)"})
    assert (bare.witness, bare.unsure) == (
        "",
        "no series answers the errors query: add `or vector(0)` to it if that means none",
    )
    negative = asking({**RATE, "errors": 'x{code!~"2..",env=""}'})
    assert negative.witness == ""


def test_series_are_for_scraped_pages() -> None:
    """A selector as a mapping is not PromQL; the plan's rules refuse it before."""
    with pytest.raises(ValueError, match="in queries"):
        asking({"gauge": {"name": "up"}})


def test_slow_is_not_stale() -> None:
    """S5: a scrape a minute, asked for every 5 s, is no standstill; two and a half periods are."""
    fresh = Freshness(5.0)
    for minute in range(5):
        for second in range(0, 60, 5):
            assert fresh.stale(60.0 * minute, 60.0 * minute + second) == ""
    assert fresh.longest_s == 150.0
    assert fresh.stale(240.0, 391.0) == "the newest sample is 2m31s old"


def test_the_rhythm_is_learned() -> None:
    """S5: with a scrape a second, half a minute of silence says enough; one long gap does not change the rhythm."""
    fresh = Freshness(5.0)
    for second in range(0, 60, 5):
        assert fresh.stale(float(second), float(second)) == ""
    assert fresh.longest_s == 12.5
    assert fresh.stale(55.0, 68.0) == "the newest sample is 13s old"
    assert fresh.stale(300.0, 300.0) == ""
    assert fresh.longest_s == 12.5
