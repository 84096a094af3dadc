"""S22: what other systems say during a run: alerts and log anomalies as incidents, and silence as NO DATA."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.engine.fake_engine import OLD, START
from tests.engine.watched_engine import WATCHED, WatchedEngine

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeKit, FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.engine.incidents import MOST_OPEN, limit_of, open_before
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.outline import LogRuleOutline
from controlroom.run.outside import Alert, Alerts, LogStatus, Tally
from controlroom.run.phases import DataState, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PLAN = WATCHED.replace(
    "indicators: [error_rate]}",
    """indicators: [error_rate],
  logs: [{title: ELK, elasticsearch: {url: "http://127.0.0.1"}, query: "level:ERROR", above: 50, per: 5m}],
  alerts: [{title: Pager, pagerduty: {token: t}, severity: error}]}""",
)
FIRE = Alert(id="P1", title="The server is on fire", severity=Severity.CRITICAL, link="https://pager/P1")
SLOW = Alert(id="P2", title="Disk is filling", severity=Severity.WARNING)


@dataclass
class Pager:
    """An alert source that says what a test wants."""

    answer: Alerts | Exception = field(default_factory=Alerts)
    every_s: float = 15.0
    asked: int = 0

    async def open(self) -> Alerts:
        """The answer."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def say(self, *alerts: Alert) -> None:
        """These are open."""
        self.answer = Alerts(alerts=alerts)


@dataclass
class Logs:
    """A log source that says what a test wants, and remembers for which spans it was asked."""

    answer: Tally = field(default_factory=lambda: Tally(count=0))
    every_s: float = 15.0
    spans: list[float] = field(default_factory=list)

    async def tally(self, span_s: float) -> Tally:
        """The answer."""
        self.spans.append(span_s)
        return self.answer


class OutsideEngine(WatchedEngine):
    """A watched engine with a pager and logs; hand them on to recover."""

    def __init__(self, clock: ManualClock, *, pager: Pager, logs: Logs, **kept: Any) -> None:
        kept.setdefault("journal", MemoryJournal())
        super().__init__(kept.pop("world", FakeWorld(versions=dict(OLD))), clock, plan=PLAN, **kept)
        self.pager, self.logs = pager, logs
        self.kit = FakeKit(self.world, self.kit.feeds, alert_feeds={"alerts-1": pager}, log_feeds={"logs-1": logs})

    async def recovered(self) -> OutsideEngine:
        """A new engine on the same journal and world."""
        await self.stop()
        journal = MemoryJournal(self.journal.records)
        engine = OutsideEngine(
            self.clock, pager=self.pager, logs=self.logs, journal=journal, world=self.world, dials=self.dials
        )
        await engine.start()
        return engine

    def incidents(self) -> list[str]:
        """The texts of those recorded."""
        return [one.text for one in self.state.incidents]


@pytest.fixture
async def engine() -> AsyncIterator[OutsideEngine]:
    """At its first gate, everything quiet."""
    made = OutsideEngine(ManualClock(START), pager=Pager(), logs=Logs())
    await made.start()
    yield made
    await made.stop()


async def test_a_new_critical_alert_while_watching_fails_the_go_live(engine: OutsideEngine) -> None:
    """S22: with its title and link as evidence, once, however often it is listed; the run is held."""
    await engine.go_live()
    engine.pager.say(FIRE)
    await engine.wait(120.0)
    assert engine.incidents() == ["Pager: critical: The server is on fire (P1)"]
    assert engine.state.incidents[0].evidence == ("https://pager/P1",)
    assert engine.state.verdict is not None
    assert engine.state.verdict.phase is Phase.FAILED
    assert "verdict" in engine.holds
    assert len(engine.happened(ev.AlertOpened)) == 1
    assert "look at https://pager/P1" in engine.state.alarms["alert:alerts-1/P1"].suggest


async def test_a_lesser_alert_is_not_ours(engine: OutsideEngine) -> None:
    """The rule says from which severity on alerts count."""
    await engine.go_live()
    engine.pager.say(SLOW)
    await engine.wait(60.0)
    assert engine.incidents() == []
    assert not engine.state.alerts


async def test_what_was_open_before_the_run_is_listed_and_not_blamed_on_it(engine: OutsideEngine) -> None:
    """S8 for alerts: journalled at preflight, so that every later engine knows."""
    rule = engine.state.outline.watch
    assert rule is not None
    await engine.ledger.record(*open_before(rule.alerts[0], [FIRE, SLOW]))
    engine.pager.say(FIRE)
    await engine.go_live()
    await engine.wait(60.0)
    after = await engine.recovered()
    await after.wait(60.0)
    assert after.incidents() == []
    assert "alert:alerts-1/P1" not in after.state.alarms
    assert [alert.title for alert in after.state.alerts.values() if alert.before] == ["The server is on fire"]
    await after.stop()


async def test_an_old_alert_that_vanishes_and_comes_back_is_still_old(engine: OutsideEngine) -> None:
    """A source that restarts with an empty list must not fail a go-live."""
    rule = engine.state.outline.watch
    assert rule is not None
    await engine.ledger.record(*open_before(rule.alerts[0], [FIRE]))
    await engine.go_live()
    await engine.wait(30.0)
    engine.pager.say(FIRE)
    await engine.wait(30.0)
    assert engine.incidents() == []


async def test_before_the_watch_an_alert_is_an_alarm(engine: OutsideEngine) -> None:
    """While deploying it says look; that is no verdict yet."""
    engine.pager.say(FIRE)
    await engine.wait(30.0)
    assert engine.state.alarms["alert:alerts-1/P1"].text == "Pager: critical: The server is on fire (P1)"
    assert engine.state.incidents == ()
    assert engine.holds == []


async def test_one_that_opened_during_the_deploy_and_still_stands_counts_when_the_watch_begins(
    engine: OutsideEngine,
) -> None:
    """As a guard that had fired before the watch and still does."""
    engine.pager.say(FIRE)
    await engine.go_live()
    await engine.wait(30.0)
    assert engine.incidents() == ["Pager: critical: The server is on fire (P1)"]


async def test_one_that_was_over_before_the_watch_does_not(engine: OutsideEngine) -> None:
    """It was seen, and it is gone."""
    engine.pager.say(FIRE)
    await engine.wait(30.0)
    engine.pager.say()
    await engine.wait(30.0)
    assert engine.state.alarms["alert:alerts-1/P1"].cleared
    await engine.go_live()
    await engine.wait(60.0)
    assert engine.incidents() == []


async def test_what_the_run_raised_itself_is_no_news(engine: OutsideEngine) -> None:
    """A pager told by this run lists that incident: it must not fail the run that told it."""
    await engine.go_live()
    own = Alert(id="P9", title=f"controlroom {engine.state.run}: auth 8 % > 5 %", severity=Severity.CRITICAL)
    engine.pager.say(own)
    await engine.wait(60.0)
    assert engine.incidents() == []


async def test_a_storm_is_bounded(engine: OutsideEngine) -> None:
    """A thousand alerts are followed no further than the first twenty."""
    await engine.go_live()
    engine.pager.say(*(Alert(id=f"P{n}", title=f"pod {n}", severity=Severity.CRITICAL) for n in range(1000)))
    await engine.wait(120.0)
    assert len(engine.state.alerts) == MOST_OPEN


async def test_a_storm_that_comes_again_is_followed_again(engine: OutsideEngine) -> None:
    """Those that were over take no room."""
    await engine.go_live()
    storm = [Alert(id=f"P{n}", title=f"pod {n}", severity=Severity.CRITICAL) for n in range(MOST_OPEN)]
    engine.pager.say(*storm)
    await engine.wait(60.0)
    engine.pager.say()
    await engine.wait(60.0)
    assert not any(alert.open for alert in engine.state.alerts.values())
    engine.pager.say(*storm)
    await engine.wait(60.0)
    assert sum(alert.open for alert in engine.state.alerts.values()) == MOST_OPEN


async def test_an_unreachable_source_is_no_data_never_no_incident(engine: OutsideEngine) -> None:
    """S22: the coverage of `alerts` falls, an alarm says why after `blind_after`, and nothing is held for it."""
    await engine.go_live()
    await engine.wait(600.0)
    engine.pager.answer = Alerts(cause="HTTP 503")
    await engine.wait(600.0)
    assert engine.monitor.newest["alerts-1/alerts"].state is DataState.NO_DATA
    assert engine.monitor.newest["alerts-1/alerts"].cause == "HTTP 503"
    assert engine.state.alarms["source:alerts-1"].text == "Pager: NO DATA: HTTP 503"
    assert engine.holds == []
    assert engine.state.watch is not None
    assert engine.state.watch.coverage["alerts"] < 0.7
    assert engine.state.watch.coverage["logs"] > 0.95
    engine.pager.say()
    await engine.wait(30.0)
    assert engine.state.alarms["source:alerts-1"].cleared


async def test_at_speed_a_slow_answer_is_not_silence() -> None:
    """A minute is a second at 60 times: what is late on a busy machine raises no alarm before three real seconds."""
    engine = OutsideEngine(ManualClock(START), pager=Pager(), logs=Logs(), speed=60.0)
    await engine.start()
    await engine.go_live()
    engine.pager.answer = Alerts(cause="HTTP 503")
    await engine.wait(2.5 * 60.0)
    assert "source:alerts-1" not in engine.state.alarms
    await engine.wait(60.0)
    assert "source:alerts-1" in engine.state.alarms
    await engine.stop()


async def test_too_little_heard_of_alerts_makes_the_verdict_inconclusive() -> None:
    """S22: below `coverage`, 48 quiet hours are no success."""
    engine = OutsideEngine(ManualClock(START), pager=Pager(), logs=Logs(), speed=120.0)
    await engine.start()
    await engine.go_live()
    engine.pager.answer = Alerts(cause="no answer")
    await engine.wait(6 * 3600.0)
    engine.pager.say()
    await engine.wait(43 * 3600.0)
    assert engine.state.verdict is not None
    assert engine.state.verdict.phase is Phase.INCONCLUSIVE
    assert engine.state.verdict.why.startswith("alerts: data for 8")
    await engine.stop()


async def test_an_alert_does_not_close_because_its_source_is_gone(engine: OutsideEngine) -> None:
    """NO DATA is neither open nor closed."""
    engine.pager.say(FIRE)
    await engine.wait(30.0)
    engine.pager.answer = Alerts(cause="no answer")
    await engine.wait(300.0)
    assert engine.happened(ev.AlertClosed) == []


async def test_a_source_that_breaks_takes_nothing_down(engine: OutsideEngine) -> None:
    """An adapter's bug is a cause."""
    engine.pager.answer = KeyError("urgency")
    await engine.wait(60.0)
    assert engine.monitor.newest["alerts-1/alerts"].cause == "the source broke: KeyError"
    assert not engine.over


async def test_logs_above_the_limit_while_watching_are_one_major_incident(engine: OutsideEngine) -> None:
    """S22: with the newest lines as evidence; once for the episode, however it wavers around the limit."""
    await engine.go_live()
    lines = ("12:00:01 ERROR payment refused", "12:00:00 ERROR payment refused")
    for count in (50, 51, 49, 60, 40, 70):
        engine.logs.answer = Tally(count=count, lines=lines)
        await engine.wait(15.0)
    assert len(engine.happened(ev.AnomalyBegan)) == 1
    assert engine.state.incidents[0].kind == "logs"
    assert engine.state.incidents[0].evidence == lines
    assert engine.incidents()[0].startswith("ELK: 51 entries > 50 in 00:")
    engine.logs.answer = Tally(count=25)
    await engine.wait(15.0)
    assert len(engine.happened(ev.AnomalyEnded)) == 1
    assert engine.state.alarms["logs:logs-1"].cleared


async def test_logs_are_not_read_before_the_watch_and_never_further_back(engine: OutsideEngine) -> None:
    """What a deploy stirs up is not held against it: the span grows from go-live to `per`."""
    engine.logs.answer = Tally(count=1000)
    await engine.wait(120.0)
    assert engine.logs.spans == []
    engine.logs.answer = Tally(count=0)
    await engine.go_live()
    await engine.wait(600.0)
    assert engine.logs.spans[0] <= 15.0
    assert engine.logs.spans == sorted(engine.logs.spans)
    assert max(engine.logs.spans) == 300.0


async def test_the_least_that_is_known_is_enough_above_the_limit_only(engine: OutsideEngine) -> None:
    """Failed shards: 60 of them or more is an anomaly, 40 or more is NO DATA."""
    await engine.go_live()
    engine.logs.answer = Tally(count=40, cause="1 of 5 shards failed")
    await engine.wait(30.0)
    seen = [engine.monitor.newest["logs-1/logs"].state]
    engine.logs.answer = Tally(count=60, cause="1 of 5 shards failed")
    await engine.wait(30.0)
    seen.append(engine.monitor.newest["logs-1/logs"].state)
    assert seen == [DataState.NO_DATA, DataState.BREACH]
    assert len(engine.state.incidents) == 1


async def test_after_a_restart_nothing_is_blamed_twice(engine: OutsideEngine) -> None:
    """S24: facts once for each alert and each episode, whoever reads them."""
    await engine.go_live()
    engine.pager.say(FIRE)
    engine.logs.answer = Tally(count=99)
    await engine.wait(60.0)
    after = await engine.recovered()
    await after.wait(120.0)
    assert len(after.incidents()) == 2
    await after.stop()


async def test_a_watch_that_failed_can_be_closed(engine: OutsideEngine) -> None:
    """The verdict stands; the operator closes the run with it."""
    await engine.go_live()
    engine.pager.say(FIRE)
    await engine.wait(30.0)
    await engine.agreed(cmd.Close())
    assert engine.state.phase is Phase.FAILED


@pytest.mark.parametrize(
    ("above", "times", "normal", "limit"),
    [
        (50, None, None, 50),
        (50, 3, None, 50),
        (None, 3, None, None),
        (None, 3, 120, 30),  # 120 an hour are 10 in 5 min
        (50, 3, 120, 50),
        (20, 3, 120, 30),
        (None, 3, 0, 3),  # less than one counts as one
        (0, None, None, 0),
    ],
)
def test_the_limit(above: int | None, times: int | None, normal: int | None, limit: float | None) -> None:
    """`above`, or times the normal number; the higher of two; unknown while what is normal is."""
    rule = LogRuleOutline(
        id="logs-1", title="ELK", kind="elasticsearch", per_s=300.0, every_s=15.0, above=above, times=times
    )
    status = LogStatus(rule="logs-1", baseline_count=normal, baseline_s=3600.0) if normal is not None else None
    assert limit_of(rule, status) == limit
