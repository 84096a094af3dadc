"""Rates from counters: per series, through resets, restarts, gaps and new series (S3, S4)."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.metrics.exposition import Page
from controlroom.adapters.metrics.rates import STARTED, WITNESS, Counters, Window
from controlroom.adapters.metrics.recipes import Figure, Ratio, Selector

if TYPE_CHECKING:
    from controlroom.adapters.metrics.exposition import Labels

REQUESTS = "http_requests_total"


def labels(**given: str) -> Labels:
    """Labels as a page has them."""
    return tuple(sorted(given.items()))


def page(*, started: float | None = None, cpu: float | None = None, **codes: float) -> Page:
    """A process's page: requests by code (`c200=7`), and when the process began."""
    series: dict[str, dict[Labels, float]] = {REQUESTS: {labels(code=code[1:]): n for code, n in codes.items()}}
    if started is not None:
        series[STARTED] = {(): started}
    if cpu is not None:
        series[WITNESS] = {(): cpu}
    return Page(series, frozenset(series))


class Scraped:
    """One page from scrape to scrape, and the error rate made of it over a minute."""

    def __init__(self, window_s: float = 60.0) -> None:
        self.ratio = Ratio(100.0, Selector(REQUESTS, {"code": "5.."}), Selector(REQUESTS, {}))
        self.counters = Counters({REQUESTS, WITNESS}, window_s)
        self.window = Window(window_s)

    def see(self, now: float, seen: Page) -> Figure | None:
        """The figure after one more scrape."""
        self.window.push(now, self.ratio.counts(self.counters.take(seen, now)))
        delta = self.window.delta()
        return None if delta is None else self.ratio.figure([delta])


def test_the_first_scrape_gives_no_rate() -> None:
    """S3: what a counter shows at first sight may be years old."""
    assert Scraped().see(0, page(c200=1_000_000, c500=99)) is None


def test_the_rate_is_growth_by_growth() -> None:
    """S3: errors among the requests of the window, not of the process's life."""
    scraped = Scraped()
    scraped.see(0, page(c200=1000, c500=500))
    assert scraped.see(5, page(c200=1093, c500=507)) == Figure(7.0, 100.0)


def test_seven_of_a_hundred_is_exactly_seven_percent() -> None:
    """S1, S3: the quotient is rounded once, so a rate at the limit is not above it."""
    for errors in range(1, 100):
        scraped = Scraped()
        scraped.see(0, page(c200=0, c500=0))
        found = scraped.see(5, page(c200=100 - errors, c500=errors))
        assert found is not None
        assert found.value == float(errors)


def test_no_traffic_is_no_rate() -> None:
    """S4: nothing divided by nothing has no value, and says so by its count."""
    scraped = Scraped()
    scraped.see(0, page(c200=1000, c500=500))
    assert scraped.see(5, page(c200=1000, c500=500)) == Figure(None, 0.0)


def test_a_reset_counts_from_zero() -> None:
    """S3: a counter below its old value grew by what it shows; never negative."""
    scraped = Scraped()
    scraped.see(0, page(c200=1000, c500=500))
    assert scraped.see(5, page(c200=45, c500=5)) == Figure(10.0, 50.0)


def test_a_restarted_process_resets_all_its_counters() -> None:
    """S3: errors that have overtaken their old count within a scrape are all new, as the start time gives away."""
    scraped = Scraped()
    scraped.see(0, page(started=100, c200=1000, c500=3))
    assert scraped.see(5, page(started=900, c200=55, c500=5)) == Figure(500 / 60, 60.0)


def test_the_processor_time_gives_a_restart_away() -> None:
    """S3: also where every request count has overtaken its old value."""
    scraped = Scraped()
    scraped.see(0, page(started=100, cpu=70.0, c200=10, c500=1))
    assert scraped.see(5, page(started=900, cpu=0.5, c200=90, c500=10)) == Figure(10.0, 100.0)


def test_a_start_time_that_moves_alone_is_no_restart() -> None:
    """S9: a step of the host's wall clock moves the start time that it reports; the counters go on."""
    scraped = Scraped()
    scraped.see(0, page(started=100, cpu=70.0, c200=1_000_000, c500=0))
    assert scraped.see(5, page(started=3700, cpu=70.1, c200=1_000_100, c500=0)) == Figure(0.0, 100.0)


def test_a_new_series_of_a_known_process_began_at_zero() -> None:
    """S3: the first error of a process makes a series that was not there; it is an error all the same."""
    scraped = Scraped()
    scraped.see(0, page(c200=1000))
    assert scraped.see(5, page(c200=1095, c500=5)) == Figure(5.0, 100.0)


def test_a_process_without_requests_yet_is_known() -> None:
    """S3: a metric that is declared but has no series yet begins at zero."""
    scraped = Scraped()
    scraped.see(0, Page({}, frozenset({REQUESTS})))
    assert scraped.see(5, page(c200=90, c500=10)) == Figure(10.0, 100.0)


def test_a_metric_that_appears_late_has_no_first_rate() -> None:
    """S3: a page on which it was not there says nothing of how old its counts are."""
    scraped = Scraped()
    scraped.see(0, Page())
    assert scraped.see(5, page(c200=900_000, c500=100_000)) == Figure(None, 0.0)
    assert scraped.see(10, page(c200=900_100, c500=100_000)) == Figure(0.0, 100.0)


def test_instances_are_summed_not_their_totals() -> None:
    """S3: one instance restarts, another joins: neither makes the sum jump."""

    def three(a: float, b: float, c: float | None) -> Page:
        values = {labels(code="200", instance="a"): a, labels(code="200", instance="b"): b}
        if c is not None:
            values[labels(code="200", instance="c")] = c
        return Page({REQUESTS: values}, frozenset({REQUESTS}))

    scraped = Scraped()
    scraped.see(0, three(1000, 5000, None))
    assert scraped.see(5, three(1050, 30, 800_000)) == Figure(0.0, 80.0)
    assert scraped.see(10, three(1100, 60, 800_020)) == Figure(0.0, 180.0)


def test_a_series_that_vanishes_and_returns_is_compared_with_what_it_was() -> None:
    """S3: an exporter that lost its backend for a scrape shows no burst when it has it again."""
    scraped = Scraped()
    scraped.see(0, page(c200=1000, c500=500))
    scraped.see(5, page(c200=1010))
    assert scraped.see(10, page(c200=1020, c500=500)) == Figure(0.0, 20.0)


def test_what_went_with_its_process_is_new_when_it_returns() -> None:
    """S3: also on a page that does not say when its process began: the first error of the new one counts."""
    scraped = Scraped()
    scraped.see(0, page(c200=1000, c500=1))
    assert scraped.see(5, page(c200=60)) == Figure(0.0, 60.0)
    assert scraped.see(10, page(c200=99, c500=1)) == Figure(1.0, 100.0)


def test_a_series_gone_for_longer_than_the_window_is_forgotten() -> None:
    """Memory is bounded: what vanished is not kept for ever, and comes back as new."""
    scraped = Scraped(window_s=10)
    for turn in range(200):
        scraped.see(turn * 5.0, page(**{f"c{turn}": 10.0}))
    assert len(scraped.counters._last[REQUESTS]) <= 4


def test_values_that_are_no_counts_are_passed_over() -> None:
    """S5: NaN, Inf and negative counters say nothing and do no harm to the others."""
    scraped = Scraped()
    scraped.see(0, page(c200=1000, c500=5))
    for odd in (nan, inf, -1.0):
        scraped.see(5, page(c200=1050, c500=odd))
    assert scraped.see(10, page(c200=1095, c500=10)) == Figure(5.0, 100.0)


def test_the_window_moves_on() -> None:
    """S3: what is older than the window no longer counts."""
    scraped = Scraped(window_s=20)
    errors = 0
    for turn in range(10):
        errors += 50 if turn in {1, 2} else 0
        found = scraped.see(turn * 5.0, page(c200=turn * 100.0, c500=errors))
        if turn == 2:
            assert found == Figure(100 * 100 / 300, 300.0)
        if turn == 5:
            assert found == Figure(50 * 100 / 450, 450.0)
        if turn > 6:
            assert found == Figure(0.0, 400.0)


def test_a_late_scrape_keeps_the_window_full() -> None:
    """A tenth of the window late, a scrape still begins it."""
    window = Window(20)
    for at in (0.0, 5.0, 10.0, 15.0, 21.9):
        window.push(at, {"n": 1})
    delta = window.delta()
    assert delta is not None
    assert (delta.span_s, delta.grown) == (21.9, {"n": 4.0})
    window.push(22.1, {"n": 1})
    delta = window.delta()
    assert delta is not None
    assert delta.span_s == pytest.approx(17.1)


def test_after_a_long_gap_there_is_no_rate_at_first() -> None:
    """S3: what happened during a gap longer than the window is not what happens now."""
    scraped = Scraped(window_s=20)
    scraped.see(0, page(c200=100, c500=0))
    scraped.see(5, page(c200=200, c500=0))
    assert scraped.see(600, page(c200=300, c500=900)) is None
    assert scraped.see(605, page(c200=400, c500=900)) == Figure(0.0, 100.0)
