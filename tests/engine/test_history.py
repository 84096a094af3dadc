"""The time before the run, where sources remember it: a breach that stood already, and the trends of a fresh screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import START
from tests.engine.watched_engine import WATCHED

from controlroom.adapters.clock import ManualClock
from controlroom.engine import standing
from controlroom.engine.history import Past, recall, span_of
from controlroom.engine.judge import Bounds
from controlroom.engine.outline import outline_of
from controlroom.engine.prober import Prober
from controlroom.plan.loader import parse_plan
from controlroom.run.pace import Pace
from controlroom.run.samples import Reading
from controlroom.run.trail import COLUMNS, SPAN_S, Trail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.events import PreflightResult

SERIES = "auth/error_rate"
OUTLINE = outline_of(parse_plan(WATCHED, "plan.yaml").plan, lambda _: "", rehearsal=False, speed=1.0, auto_close=False)


def reading(age_s: float, value: float | None, requests: float | None = 100.0) -> Reading:
    """What a source said `age_s` ago."""
    cause = "" if value is not None else "HTTP 503"
    return Reading(series=SERIES, value=value, at=1000.0 - age_s, requests=requests, cause=cause)


def every_5_s(*parts: tuple[int, float | None]) -> list[Reading]:
    """A past in parts of (seconds, value), oldest first; the last reading is of now."""
    values = [value for seconds, value in parts for _ in range(seconds // 5)]
    return [
        reading(5.0 * (len(values) - 1 - place), value, None if value is None else 100.0)
        for place, value in enumerate(values)
    ]


@dataclass
class Remembering:
    """A source that was asked before."""

    past_readings: list[Reading] = field(default_factory=list)
    every_s: float = 5.0
    hangs: bool = False
    asked: list[tuple[float, float]] = field(default_factory=list)

    async def read(self) -> Sequence[Reading]:
        """What is now."""
        return self.past_readings[-1:]

    async def past(self, span_s: float, step_s: float) -> Sequence[Reading]:
        """What was before."""
        self.asked.append((span_s, step_s))
        if self.hangs:
            await asyncio.Event().wait()
        return self.past_readings

    async def close(self) -> None:
        """Nothing to let go of."""


def judged(past: list[Reading], *, newest: Reading | None = None, accept: str = "") -> PreflightResult:
    """The line of the guard on auth."""
    known = newest or past[-1]
    others = [Reading(series=name, value=1.0, at=1.0) for name in ("database/health", "orders/error_rate")]
    found = standing.results(
        OUTLINE, {SERIES: known} | {one.series: one for one in others}, Past({SERIES: past}, 0.0), accept
    )
    (line,) = [result for result in found if result.subject == SERIES]
    return line


def test_a_breach_that_stands_is_told_with_its_time() -> None:
    """S8: it began before the run, and the release is not to blame; how long it stands is known."""
    line = judged(every_5_s((600, 0.4), (125, 6.2)))
    assert not line.ok
    assert line.detail == "auth 6.2 % > 5 % for 02:00 of 05:00, before the run began"
    assert "--accept-breach" in line.fix


def test_a_guard_that_would_have_fired_says_so() -> None:
    """S8: judged over the guard's whole time."""
    line = judged(every_5_s((300, 0.4), (310, 6.2)))
    assert (line.ok, line.detail) == (False, "auth 6.2 % > 5 % for 05:05, before the run began")


def test_a_breach_that_is_over_is_over() -> None:
    """S1: one valid sample within the limit ends it."""
    line = judged(every_5_s((600, 6.2), (5, 0.4)))
    assert (line.ok, line.detail) == (True, "0.4 % ≤ 5 %")


def test_a_quiet_moment_does_not_end_a_breach() -> None:
    """S4, S8: too few requests right now neither end a breach nor hide it; without the past they would."""
    quiet = reading(0.0, 0.0, requests=3.0)
    past = [*every_5_s((300, 0.4), (200, 6.2)), Reading(series=SERIES, value=0.0, at=1005.0, requests=3.0)]
    assert not judged(past, newest=quiet).ok
    assert judged([quiet], newest=quiet).ok


def test_gaps_in_the_past_add_nothing() -> None:
    """S5: what was not seen did not last."""
    line = judged(every_5_s((60, 6.2), (120, None), (65, 6.2)))
    assert line.detail == "auth 6.2 % > 5 % for 01:55 of 05:00, before the run began"


def test_the_newest_reading_counts_as_well() -> None:
    """S8: a breach that began between the two questions."""
    assert not judged(every_5_s((600, 0.4)), newest=reading(0.0, 9.0)).ok


def test_a_reason_lets_a_hotfix_through() -> None:
    """S8: --accept-breach REASON."""
    line = judged(every_5_s((600, 6.2)), accept="the fix for it")
    assert line.ok
    assert line.detail.endswith("accepted: the fix for it")


@pytest.mark.parametrize(
    ("cause", "fix"),
    [
        ("HTTP 401: the credentials are not accepted", "check its token or keys"),
        ("HTTP 404: nothing is there", "check its URL"),
        ("the query gives 3 series", "correct the query"),
        ("connection refused", "see that the source answers"),
    ],
)
def test_the_fix_stands_beside_the_failure(cause: str, fix: str) -> None:
    """Every source without data says what to do about it."""
    line = judged([], newest=Reading(series=SERIES, value=None, at=1.0, cause=cause))
    assert (line.ok, line.detail, line.fix) == (False, f"no data: {cause}", fix)


async def test_only_sources_that_remember_are_asked() -> None:
    """A scrape has no past; one that hangs holds nothing up for long; one that only says why has none."""
    clock = ManualClock(START)

    class Scraped:
        every_s = 5.0

        async def read(self) -> Sequence[Reading]:
            return ()

        async def close(self) -> None:
            pass

    good, slow = Remembering(every_5_s((60, 1.0))), Remembering(hangs=True)
    failed = Remembering([Reading(series="orders/error_rate", value=None, at=1.0, cause="HTTP 502")])
    work = asyncio.ensure_future(recall([Scraped(), good, slow, failed], clock, Pace(), 600.0, limit_s=5.0))
    await clock.advance(5)
    past = await work
    assert list(past.readings) == [SERIES]
    assert good.asked == [(600.0, 5.0)]
    assert past.taken == clock.monotonic() - 5


@pytest.mark.parametrize(("speed", "asked"), [(1.0, (600.0, 5.0)), (10.0, (60.0, 0.5)), (100.0, (6.0, 0.2))])
async def test_the_past_is_asked_for_in_real_time(speed: float, asked: tuple[float, float]) -> None:
    """`--speed` divides what is waited for: ten plan minutes at speed 10 are one real minute."""
    source = Remembering(every_5_s((60, 1.0)))
    await recall([source], ManualClock(START), Pace(speed), 600.0)
    assert source.asked == [asked]


async def test_a_long_guard_asks_for_no_more_than_a_thousand_steps() -> None:
    """A guard for a day is judged over what can be asked for at once."""
    source = Remembering(every_5_s((60, 1.0)))
    await recall([source], ManualClock(START), Pace(), 86_400.0)
    assert source.asked == [(5000.0, 5.0)]


def test_guards_and_trends_set_the_span() -> None:
    """The whole time of the longest guard and a little more, ten minutes at least."""
    assert span_of(OUTLINE) == 600.0


def prober_of(clock: ManualClock, *, speed: float = 1.0, base_s: float = 0.0) -> Prober:
    """A prober without sources."""
    return Prober(
        [], clock=clock, pace=Pace(speed), bounds={SERIES: Bounds()}, on_samples=lambda _: None, base_s=base_s
    )


async def test_trends_begin_with_the_ten_minutes_before() -> None:
    """The first screen shows what was before the run, at negative plan time; nothing of it counts as a sample."""
    clock = ManualClock(START)
    prober = prober_of(clock)
    past = Past({SERIES: every_5_s((300, 0.4), (295, 6.2), (5, None))}, clock.monotonic())
    prober.remember(past)
    part = prober.trails[SERIES].part(SERIES)
    assert (part.first, len(part.values)) == (-119, 120)
    assert part.values[:60] == (0.4,) * 60
    assert part.values[60:] == (6.2,) * 59 + (None,)
    assert prober.newest == {}


async def test_the_past_has_its_place_whenever_it_is_told() -> None:
    """It was taken in preflight, and the engine began some seconds later; at speed, in plan time."""
    clock = ManualClock(START)
    past = Past({SERIES: every_5_s((50, 1.0))}, clock.monotonic())
    await clock.advance(3)
    prober = prober_of(clock, speed=10.0)
    prober.remember(past)
    assert prober.trails[SERIES].part(SERIES).first == int((-30.0 - 450.0) // SPAN_S)


async def test_an_engine_that_takes_a_run_up_fills_what_was_missed() -> None:
    """S24: the time without an engine is on the trends, where the source saw it."""
    clock = ManualClock(START)
    prober = prober_of(clock, base_s=3600.0)
    prober.remember(Past({SERIES: every_5_s((300, 1.0))}, clock.monotonic()))
    assert prober.trails[SERIES].window(3600.0, 60) == [1.0] * 60


def test_a_trail_of_the_past_goes_on_into_the_run() -> None:
    """Negative columns make room for new ones, and are loaded elsewhere as they are."""
    trail = Trail()
    trail.add(-600.0, 9.0)
    trail.add(-5.0, 1.0)
    trail.add(0.0, 2.0)
    assert trail.part("x").values[:1] + trail.part("x").values[-2:] == (None, 1.0, 2.0)
    other = Trail()
    other.load(trail.part("x"))
    assert other.part("x") == trail.part("x")
    for column in range(COLUMNS):
        trail.add(column * SPAN_S, 3.0)
    assert trail.part("x").first == 0
    assert trail.part("x").values == (3.0,) * COLUMNS
