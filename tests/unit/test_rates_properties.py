"""From counters to a fired guard: random traffic with resets, gaps and silence, against sums over the requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.guard_oracle import GAP_S, firing, kind_of
from tests.unit.measurements import ORDERS, RULE, sample

from controlroom.adapters.metrics.exposition import Page
from controlroom.adapters.metrics.rates import STARTED, WITNESS, Counters, Window
from controlroom.adapters.metrics.recipes import Ratio, Selector
from controlroom.engine.guards import GuardTimer, observe
from controlroom.engine.judge import Bounds, judge
from controlroom.run.events import GuardTripped
from controlroom.run.phases import DataState, Verdict
from controlroom.run.samples import Reading

if TYPE_CHECKING:
    from controlroom.adapters.metrics.exposition import Labels
    from controlroom.run.samples import Sample

NAME = "http_requests_total"
WINDOW_S = 60.0
OK: Labels = (("code", "200"),)
BAD: Labels = (("code", "500"),)


@dataclass(frozen=True)
class Beat:
    """Five seconds of a service: its requests, how many failed, a restart before them, a scrape after them."""

    requests: int
    errors: int
    restart: bool
    scraped: bool


@st.composite
def lives(draw: st.DrawFn) -> list[Beat]:
    """Stretches of traffic of one kind, with now and then a restart or a scrape that fails."""
    beats: list[Beat] = []
    for _ in range(draw(st.integers(1, 8))):
        requests, percent = draw(st.sampled_from([0, 1, 3, 100])), draw(st.sampled_from([0, 4, 5, 8, 8, 8, 100]))
        trouble = draw(st.sampled_from([0, 0, 5, 50, 100]))
        for place in range(draw(st.integers(1, 70))):
            luck = draw(st.integers(1, 100)) if trouble else 100
            errors = (place + 1) * requests * percent // 100 - place * requests * percent // 100
            beats.append(Beat(requests, errors, restart=luck % 10 == 1, scraped=luck > trouble))
    return beats


@dataclass
class Process:
    """What a real process exposes; each new one has used less processor time than the one before had."""

    number: int = 0
    counts: dict[Labels, float] = field(default_factory=dict)

    def page(self, turn: int) -> Page:
        """Its page."""
        cpu = 1e6 - 1e4 * self.number + turn
        series: dict[str, dict[Labels, float]]
        series = {NAME: dict(self.counts), STARTED: {(): float(self.number)}, WITNESS: {(): cpu}}
        return Page(series, frozenset(series))

    def serve(self, beat: Beat) -> None:
        """Answer the requests of one beat; a count exists from its first request on."""
        for labels, count in ((OK, beat.requests - beat.errors), (BAD, beat.errors)):
            if count:
                self.counts[labels] = self.counts.get(labels, 0.0) + count


def measured(beats: list[Beat]) -> list[Sample]:
    """What the run makes of it: scrapes, growth, window, figure, judgement."""
    ratio = Ratio(100.0, Selector(NAME, {"code": "5.."}), Selector(NAME, {}))
    counters, window, process = Counters({NAME, WITNESS}, WINDOW_S), Window(WINDOW_S), Process()
    samples: list[Sample] = []
    for turn, beat in enumerate(beats):
        now = 5.0 * turn
        if beat.restart:
            process = Process(process.number + 1)
        process.serve(beat)
        reading = Reading(series=ORDERS, value=None, at=now, cause="HTTP 503")
        if beat.scraped:
            window.push(now, ratio.counts(counters.take(process.page(turn), now)))
            delta = window.delta()
            if delta is not None:
                figure = ratio.figure([delta])
                reading = Reading(series=ORDERS, value=figure.value, at=now, requests=figure.requests)
        samples.append(judge(reading, now, Bounds(above=RULE.limit, min_requests=RULE.min_requests), None))
    return samples


def truth(beats: list[Beat]) -> list[tuple[int, int] | None]:
    """Requests and errors in the window that a scraper can know of, added up from the beats themselves; None: no data.

    Lost to any scraper: what a process served between its last scrape and its end.
    """
    known: list[tuple[int, int] | None] = []
    for turn, beat in enumerate(beats):
        inside = [then for then in range(turn + 1) if beats[then].scraped and 5 * (turn - then) <= 1.1 * WINDOW_S]
        if not beat.scraped or len(inside) < 2:
            known.append(None)
            continue
        requests = errors = 0
        for then in range(inside[0] + 1, turn + 1):
            scraped_again = next(later for later in range(then, turn + 1) if beats[later].scraped)
            died_unseen = any(beats[later].restart for later in range(then + 1, scraped_again + 1))
            if not died_unseen:
                requests += beats[then].requests
                errors += beats[then].errors
        known.append((requests, errors))
    return known


@settings(deadline=None)
@given(lives())
def test_every_sample_is_the_sum_of_its_requests(beats: list[Beat]) -> None:
    """S3-S5: through resets, gaps and silence a value is errors over requests of the window, or there is none."""
    for one, known in zip(measured(beats), truth(beats), strict=True):
        if known is None:
            assert one.state is DataState.NO_DATA
        elif known[0] == 0:
            assert one.state is DataState.NO_TRAFFIC
        elif known[0] < RULE.min_requests:
            assert one.state is DataState.TOO_FEW
        else:
            requests, errors = known
            assert (one.value, one.requests) == (errors * 100 / requests, requests)
            assert (one.state is DataState.BREACH) == (errors * 100 > 5 * requests)


@settings(deadline=None)
@given(lives())
def test_the_guard_fires_on_real_breaches_only(beats: list[Beat]) -> None:
    """S1-S5: it fires exactly when the requests themselves say so, and passes on nothing but seen requests."""
    expected: list[Sample] = []
    for turn, known in enumerate(truth(beats)):
        requests, errors = known or (0, 0)
        expected.append(sample(5.0 * turn, errors * 100 / requests if requests >= RULE.min_requests else "none"))
    timer, fired = GuardTimer(), []
    for one in measured(beats):
        timer, facts = observe(timer, one, RULE)
        fired += [one.elapsed for fact in facts if isinstance(fact, GuardTripped)]
        if timer.verdict is Verdict.PASS:
            seen = [s for s in expected if s.value is not None and s.elapsed <= one.elapsed]
            assert seen
            assert kind_of(seen[-1]) == "calm"
            assert one.elapsed - seen[-1].elapsed <= GAP_S
    assert fired == firing(expected)
