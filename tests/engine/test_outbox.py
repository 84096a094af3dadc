"""S26: people are told without anybody waiting for it, whatever their messenger does."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.engine.fake_engine import OLD, PLAN, START
from tests.engine.told_engine import Mailbox, ToldEngine, refused

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.notices import NoticeKind
from controlroom.run.phases import Phase, ServiceState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Launch(Protocol):
    """Starts an engine with the mailbox `slack`, or a new one after `after`."""

    async def __call__(self, *, after: ToldEngine | None = None, **mailbox: Any) -> ToldEngine: ...


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    made: list[ToldEngine] = []

    async def begin(*, after: ToldEngine | None = None, **mailbox: Any) -> ToldEngine:
        if after is None:
            clock, world = ManualClock(START), FakeWorld(versions=dict(OLD))
            told = {"slack": Mailbox(clock, **mailbox)}
            engine = ToldEngine(world, MemoryJournal(), clock, PLAN, told=told)
        else:
            await after.stop()
            journal = MemoryJournal(after.journal.records)
            engine = ToldEngine(after.world, journal, after.clock, PLAN, told=after.told)
        made.append(engine)
        await engine.start()
        return engine

    yield begin
    for engine in made:
        await engine.stop()


def slack(engine: ToldEngine) -> Mailbox:
    """Its mailbox."""
    return engine.told["slack"]


async def failed_deploy(engine: ToldEngine) -> None:
    """An alarm stands: the deploy of the database failed."""
    engine.world.script["database", "deploy"] = ["fail"]
    await engine.advance("database", seconds=5.0)
    assert "step:database" in engine.state.alarms


async def test_one_message_is_updated_and_details_go_in_its_thread(launch: Launch) -> None:
    """S26: one card for the whole run, every detail under it, no second card."""
    engine = await launch()
    await engine.go_live()
    await engine.clock.advance(60.0)
    box = slack(engine)
    cards = [receipt for receipt, notice in box.posts.items() if notice.kind is NoticeKind.CARD]
    assert cards == ["m1"]
    assert "watching" in "\n".join(box.posts["m1"].lines)
    assert "Deploying Auth API: v1 → v2" in box.told(NoticeKind.DETAIL)
    under = {thread for thread, n in zip(box.threads, box.taken, strict=True) if n.kind is NoticeKind.DETAIL}
    assert under == {"m1"}


async def test_a_card_is_not_sent_again_while_it_reads_the_same(launch: Launch) -> None:
    """What changes nothing for the reader is not sent."""
    engine = await launch()
    await engine.clock.advance(5.0)
    before = len(slack(engine).taken)
    await engine.ledger.record(ev.PlanFileChanged(sha256="0" * 64))
    await engine.clock.advance(30.0)
    assert len(slack(engine).taken) == before


async def test_messages_are_spaced(launch: Launch) -> None:
    """A burst of events is not a burst of messages."""
    engine = await launch(gap_s=1.0)
    for turn in range(5):
        await engine.agreed(cmd.Note(reason=f"note {turn}"))
    await engine.clock.advance(30.0)
    times = [at for at, _ in slack(engine).tries]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))
    assert slack(engine).told(NoticeKind.DETAIL) == [f"Note by ana: note {turn}" for turn in range(5)]


async def test_an_alarm_goes_before_everything_and_follows_its_cause(launch: Launch) -> None:
    """S7: one message for the alarm, updated when it is acknowledged and when it is over."""
    engine = await launch()
    await failed_deploy(engine)
    box = slack(engine)
    raised = next(notice for notice in box.taken if notice.kind is NoticeKind.ALARM)
    assert raised.loud
    assert raised.headline == "Database: the deploy failed: exit code 1"
    await engine.agreed(cmd.Acknowledge(alarm="step:database"))
    await engine.clock.advance(5.0)
    await engine.agreed(cmd.Retry(service="database"))
    await engine.clock.advance(10.0)
    told = [(n.acknowledged_by, n.over, n.loud) for n in box.taken if n.kind is NoticeKind.ALARM]
    assert told == [("", False, True), ("ana", False, False), ("ana", True, False)]
    assert len([n for n in box.posts.values() if n.kind is NoticeKind.ALARM]) == 1


@pytest.mark.parametrize(
    "failure",
    [refused(), refused("invalid_auth", fix="check the token"), refused("HTTP 429", again_s=30.0), RuntimeError("bug")],
    ids=["down", "wrong token", "429", "a bug of ours"],
)
async def test_steps_take_no_notice(launch: Launch, failure: Exception) -> None:
    """S26: down, wrong token, 429 or broken: the run goes as ever; one event and one badge for the whole episode."""
    engine = await launch(failure=failure)
    await engine.go_live()
    await engine.clock.advance(300.0)
    assert engine.state.phase is Phase.WATCHING
    assert set(engine.states().values()) == {ServiceState.LIVE}
    assert len(engine.happened(ev.NotifierFailed)) == 1
    assert list(engine.state.notifiers) == ["slack"]


async def test_a_messenger_that_hangs_keeps_nobody(launch: Launch) -> None:
    """S26: slow is no different from down; meanwhile newer words replace older ones."""
    engine = await launch(hangs=3600.0)
    await engine.go_live()
    assert engine.state.phase is Phase.WATCHING
    assert len(slack(engine).tries) == 1


async def test_tries_are_few_and_end(launch: Launch) -> None:
    """S26: backing off to a minute, and giving up once a message has expired."""
    engine = await launch(failure=refused())
    await engine.clock.advance(3600.0)
    times = [at for at, _ in slack(engine).tries]
    assert 8 <= len(times) <= 20
    assert times[-1] - times[0] <= 700.0


async def test_retry_after_is_honoured(launch: Launch) -> None:
    """S26: not a moment earlier, also for what is more urgent."""
    engine = await launch(failure=refused("HTTP 429", again_s=45.0))
    await engine.clock.advance(1.0)
    await failed_deploy(engine)
    await engine.clock.advance(30.0)
    assert len(slack(engine).tries) == 1
    await engine.clock.advance(15.0)
    assert len(slack(engine).tries) == 2


async def test_after_an_outage_there_is_no_flood(launch: Launch) -> None:
    """S26: the newest card, the alarms that still stand, and a word on what was lost; nothing stale."""
    engine = await launch()
    await engine.clock.advance(5.0)
    box = slack(engine)
    box.failure = refused()
    for turn in range(40):
        await engine.agreed(cmd.Note(reason=f"note {turn}"))
    await failed_deploy(engine)
    await engine.clock.advance(200.0)
    box.failure = None
    before = len(box.taken)
    await engine.clock.advance(120.0)
    after = box.taken[before:]
    assert [notice.kind for notice in after].count(NoticeKind.ALARM) == 1
    assert not [text for text in box.texts()[before:] if "note " in text]
    lost = [notice.headline for notice in after if "could not be delivered" in notice.headline]
    assert len(lost) == 1
    assert len(after) <= 4
    assert [type(e) for e in engine.happened(ev.NotifierFailed, ev.NotifierRecovered)] == [
        ev.NotifierFailed,
        ev.NotifierRecovered,
    ]
    assert engine.state.notifiers == {}


async def test_a_card_that_was_given_up_is_brought_up_to_date_once_anything_gets_through(launch: Launch) -> None:
    """S26: what reads as ready is deploying long since; a word that changes no card brings it along."""
    engine = await launch()
    await engine.clock.advance(5.0)
    box = slack(engine)
    box.failure = refused()
    await engine.advance("database")
    await engine.clock.advance(1200.0)
    box.failure = None
    await engine.agreed(cmd.Note(reason="hello again"))
    await engine.clock.advance(120.0)
    assert "1 of 3 services" in box.posts["m1"].lines[0]


async def test_an_alarm_that_came_and_went_unheard_is_not_told_late(launch: Launch) -> None:
    """S26: what is over and was never posted expires as a detail does."""
    engine = await launch()
    await engine.clock.advance(5.0)
    slack(engine).failure = refused()
    await failed_deploy(engine)
    await engine.agreed(cmd.Retry(service="database"))
    await engine.clock.advance(300.0)
    slack(engine).failure = None
    await engine.clock.advance(120.0)
    assert not [n for n in slack(engine).taken if n.kind is NoticeKind.ALARM]


async def test_a_detail_that_may_have_arrived_is_not_said_twice(launch: Launch) -> None:
    """After a timeout nobody knows: a detail is left at that, an alarm is worth a repetition."""
    engine = await launch()
    await engine.clock.advance(5.0)
    box = slack(engine)
    box.failure = refused("no answer in time", perhaps=True)
    await engine.agreed(cmd.Note(reason="once"))
    await failed_deploy(engine)
    await engine.clock.advance(20.0)
    box.failure = None
    await engine.clock.advance(120.0)
    assert sum("once" in "\n".join((n.headline, *n.lines)) for _, n in box.tries) <= 1
    assert box.told(NoticeKind.ALARM) == ["Database: the deploy failed: exit code 1"]


async def test_after_a_restart_nothing_is_posted_twice(launch: Launch) -> None:
    """S26: the card and the alarm are found again by their receipts; details are not repeated."""
    engine = await launch()
    await failed_deploy(engine)
    await engine.clock.advance(10.0)
    box = slack(engine)
    posts, details = dict(box.posts), len(box.told(NoticeKind.DETAIL))
    recovered = await launch(after=engine)
    await recovered.clock.advance(30.0)
    assert set(box.posts) == set(posts)
    assert len(box.told(NoticeKind.DETAIL)) == details
    assert len(box.told(NoticeKind.ALARM)) == 1
    await recovered.agreed(cmd.Retry(service="database"))
    await recovered.clock.advance(30.0)
    alarms = [n for n in box.posts.values() if n.kind is NoticeKind.ALARM]
    assert [n.over for n in alarms] == [True]


async def test_an_alarm_that_died_with_its_engine_is_told_by_the_next(launch: Launch) -> None:
    """S24: durable, but not yet posted: the new engine tells of it."""
    engine = await launch(failure=refused())
    await failed_deploy(engine)
    slack(engine).failure = None
    recovered = await launch(after=engine)
    await recovered.clock.advance(5.0)
    assert slack(recovered).told(NoticeKind.ALARM) == ["Database: the deploy failed: exit code 1"]


async def test_when_the_run_is_over_the_last_word_is_still_said(launch: Launch) -> None:
    """The engine waits a moment for it; alarms that stand are over with the run."""
    engine = await launch()
    await failed_deploy(engine)
    await engine.agreed(cmd.Abort(confirm="production"))
    await engine.clock.advance(10.0)
    assert engine.over
    box = slack(engine)
    assert "ABORTED" in "\n".join(box.posts["m1" if box.posts["m1"].kind is NoticeKind.CARD else "m2"].lines)
    assert [n.over for n in box.posts.values() if n.kind is NoticeKind.ALARM] == [True]


async def test_a_dead_messenger_does_not_keep_the_run_from_ending(launch: Launch) -> None:
    """The wait at the end is short."""
    engine = await launch(failure=refused())
    await engine.agreed(cmd.Abort(confirm="production"))
    await engine.clock.advance(11.0)
    assert engine.over


async def test_who_only_takes_alarms_gets_nothing_else(launch: Launch) -> None:
    """A pager has no use for a card."""
    engine = await launch(kinds=frozenset({NoticeKind.ALARM}))
    await failed_deploy(engine)
    await engine.clock.advance(10.0)
    assert {notice.kind for notice in slack(engine).taken} == {NoticeKind.ALARM}


async def test_what_is_posted_is_journalled_without_its_text(launch: Launch) -> None:
    """One event for the card and one for each alarm, none for updates and details."""
    engine = await launch()
    await failed_deploy(engine)
    await engine.agreed(cmd.Acknowledge(alarm="step:database"))
    await engine.clock.advance(30.0)
    posted = [event for event in engine.happened(ev.MessagePosted) if isinstance(event, ev.MessagePosted)]
    assert [(event.key.partition("@")[0], event.notifier) for event in posted] == [
        ("run", "slack"),
        ("alarm:step:database", "slack"),
    ]
