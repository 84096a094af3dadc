"""What is made of growth: quantiles as Prometheus has them, rates per second, and which series count (S3-S5)."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.metrics.exposition import Page
from controlroom.adapters.metrics.rates import WITNESS, Window, quantile
from controlroom.adapters.metrics.recipes import Figure, PerSecond, Quantile, Ratio, Selector

if TYPE_CHECKING:
    from controlroom.adapters.metrics.exposition import Labels

REQUESTS = "http_requests_total"


def labels(**given: str) -> Labels:
    """Labels as a page has them."""
    return tuple(sorted(given.items()))


def test_errors_without_requests_are_no_rate() -> None:
    """S4: counts that contradict each other are no data, not infinity."""
    ratio = Ratio(100.0, Selector("errors_total", {}), Selector(REQUESTS, {}))
    window = Window(60)
    window.push(0, {})
    window.push(5, ratio.counts({"errors_total": {(): 3.0}, REQUESTS: {(): 0.0}}))
    delta = window.delta()
    assert delta is not None
    assert ratio.figure([delta]) == Figure(None, None, "errors were counted, but no requests")


def test_growth_per_second_is_summed_over_pages() -> None:
    """Two instances that use half a core each use one, whenever each was scraped."""
    cpu = PerSecond(100.0, Selector(WITNESS, {}))
    windows = [Window(60), Window(60)]
    for window, begin, end, grown in ((windows[0], 0, 10, 5.0), (windows[1], 3, 23, 10.0)):
        window.push(begin, {})
        window.push(end, cpu.counts({WITNESS: {(): grown}}))
    assert cpu.figure([d for w in windows if (d := w.delta())]) == Figure(100.0)


@pytest.mark.parametrize(
    ("q", "buckets", "expected"),
    [
        (0.95, {"0.1": 90.0, "0.5": 100.0, "+Inf": 100.0}, 0.3),
        (0.5, {"0.1": 100.0, "0.5": 100.0, "+Inf": 100.0}, 0.05),
        (0.95, {"0.1": 10.0, "0.5": 20.0, "+Inf": 100.0}, 0.5),
        (0.5, {"-1": 100.0, "0": 100.0, "+Inf": 100.0}, -1.0),
        (0.95, {"+Inf": 100.0, "0.5": 100.0, "0.1": 90.0}, 0.3),
        (0.75, {"0.1": 50.0, "0.5": 40.0, "1": 100.0, "+Inf": 100.0}, 0.75),
        (0.95, {"1e-01": 90.0, "5": 100.0, "+Inf": 100.0}, 2.55),
    ],
)
def test_a_quantile_is_as_prometheus_computes_it(q: float, buckets: dict[str, float], expected: float) -> None:
    """Linear inside a bucket, the highest finite bound above it, and counts that fall are mended."""
    assert quantile(q, buckets) == pytest.approx(expected)


@pytest.mark.parametrize("buckets", [{}, {"+Inf": 5.0}, {"0.1": 1.0, "0.5": 2.0}, {"0.1": 0.0, "+Inf": 0.0}], ids=str)
def test_a_quantile_of_nothing_is_not_a_number(buckets: dict[str, float]) -> None:
    """Without observations, or without buckets to tell, there is no quantile."""
    assert isnan(quantile(0.95, buckets))


def test_the_quantile_of_the_window_is_over_all_series_and_pages() -> None:
    """S3: buckets are summed per bound over paths and instances, from what each grew by."""
    name = "http_request_duration_seconds_bucket"
    p95 = Quantile(1000.0, Selector(name, {}), 0.95)

    def counted(path: str, *counts: float) -> dict[Labels, float]:
        return {labels(le=le, path=path): n for le, n in zip(("0.1", "0.5", "+Inf"), counts, strict=True)}

    windows = [Window(60), Window(60)]
    for window, path in zip(windows, ("/a", "/b"), strict=True):
        window.push(0, {})
        window.push(5, p95.counts({name: counted(path, 45, 50, 50)}))
    figure = p95.figure([d for w in windows if (d := w.delta())])
    assert figure.value == pytest.approx(300.0)
    assert figure.requests == 100.0


def test_a_quantile_without_observations_says_no_traffic() -> None:
    """S4: no requests in the window is no traffic for a latency as well."""
    window = Window(60)
    window.push(0, {"0.1": 5.0, "+Inf": 5.0})
    window.push(5, {"0.1": 0.0, "+Inf": 0.0})
    delta = window.delta()
    assert delta is not None
    assert Quantile(1.0, Selector("x_bucket", {}), 0.95).figure([delta]) == Figure(None, 0.0)


@pytest.mark.parametrize(
    ("matchers", "wanted"),
    [
        ({"code": "5.."}, {"500", "503"}),
        ({"code": "50"}, set()),
        ({"code": "200|503"}, {"200", "503"}),
        ({"code": ".*", "method": ""}, {"200", "500", "503"}),
        ({"method": "GET"}, set()),
    ],
)
def test_matchers_are_anchored_and_absent_is_empty(matchers: dict[str, str], wanted: set[str]) -> None:
    """Label matchers mean what they mean in PromQL's =~."""
    values = {labels(code=code): 1.0 for code in ("200", "500", "503")}
    assert {dict(found)["code"] for found in Selector("x", matchers).pick(values)} == wanted


@pytest.mark.parametrize(
    ("selector", "may_be_none", "why"),
    [
        (Selector(REQUESTS, {}), False, ""),
        (Selector("http_errors_total", {}), True, "http_errors_total is not on the page"),
        (Selector(REQUESTS, {"code": "5.."}), True, ""),
        (Selector(REQUESTS, {"code": "5.."}), False, 'no series matches http_requests_total{code=~"5.."}'),
        (Selector(REQUESTS, {"cod": "5.."}), True, "http_requests_total has no label cod"),
        (Selector("declared_total", {"code": "5.."}), False, ""),
    ],
)
def test_a_name_that_leads_nowhere_is_no_data(selector: Selector, may_be_none: bool, why: str) -> None:
    """S5: a misspelt metric or label would read as `no errors` for ever; it is said instead."""
    seen = Page({REQUESTS: {labels(code="200"): 1.0}}, frozenset({REQUESTS, "declared_total"}))
    assert selector.missing(seen, may_be_none=may_be_none) == why
