"""Preflight looks at every alert source, log source and notifier, and says what to do about each that fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.engine.test_incidents import FIRE, PLAN, SLOW, Logs, Pager
from tests.engine.told_engine import Mailbox

from controlroom.errors import Undelivered
from controlroom.run import events as ev
from controlroom.run.outside import Alerts, Tally

if TYPE_CHECKING:
    from tests.engine.preflight_field import Field

    from controlroom.engine.preflight import Preflight
    from controlroom.run.events import PreflightResult
    from controlroom.run.notices import Notice


@dataclass
class Door:
    """A notifier that is looked at only."""

    answer: str | Exception = "a door"
    gap_s: float = 0.0

    def takes(self, notice: Notice) -> bool:
        """Nothing."""
        del notice
        return False

    async def look(self) -> str:
        """The answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Nothing goes through."""
        raise AssertionError(notice, receipt, thread)


@pytest.fixture
def outside(around: Field) -> Field:
    """A field with a pager, logs and a notifier, all well."""
    around.plan = PLAN.replace("services:\n", "notify: [{webhook: {url: 'http://127.0.0.1/hook'}}]\nservices:\n", 1)
    around.alerts, around.logs, around.told = {"alerts-1": Pager()}, {"logs-1": Logs()}, {"webhook": Door()}
    return around


def line(found: Preflight, subject: str) -> PreflightResult:
    """One line of the table."""
    return next(result for result in found.results if result.subject == subject)


async def test_all_is_well(outside: Field) -> None:
    """Each has its line, and nothing is written down about it."""
    found = await outside.look()
    assert found.ok
    assert line(found, "alerts: Pager").detail == "none of severity error is open"
    assert line(found, "logs: ELK").detail == "0 entries in 5m, 50 allowed while watching"
    assert line(found, "notify: webhook").detail == "a door"
    assert found.events == []


async def test_alerts_that_are_open_already_are_listed_and_remembered(outside: Field) -> None:
    """They do not keep the run from starting; every later engine knows that they are old."""
    outside.alerts["alerts-1"] = Pager(Alerts(alerts=(FIRE, SLOW)))
    found = await outside.look()
    assert found.ok
    assert line(found, "alerts: Pager").detail == "open before the run, not blamed on it: The server is on fire"
    assert [(event.id, event.before) for event in found.events if isinstance(event, ev.AlertOpened)] == [("P1", True)]


async def test_an_alert_source_that_cannot_be_read(outside: Field) -> None:
    """Without it nobody could tell old alerts from new ones."""
    outside.alerts["alerts-1"] = Pager(Alerts(cause="HTTP 401: the credentials are not accepted"))
    found = await outside.refusal()
    assert (found.subject, found.detail) == (
        "alerts: Pager",
        "no data: HTTP 401: the credentials are not accepted",
    )
    assert "token" in found.fix


@pytest.mark.parametrize(
    "answer", [Tally(count=None, cause="HTTP 404"), Tally(count=7, cause="1 of 5 shards failed")], ids=["none", "part"]
)
async def test_logs_that_cannot_be_counted(outside: Field, answer: Tally) -> None:
    """A part of the logs is not the logs."""
    outside.logs["logs-1"] = Logs(answer)
    found = await outside.refusal()
    assert found.subject == "logs: ELK"
    assert answer.cause in found.detail


async def test_what_is_normal_is_counted_before_the_run(outside: Field) -> None:
    """`times_baseline`: over its own span, remembered for every later engine."""
    outside.plan = outside.plan.replace("above: 50", "times_baseline: 3, baseline: 2h")
    outside.logs["logs-1"] = logs = Logs(Tally(count=120))
    found = await outside.look()
    assert logs.spans == [7200.0]
    assert line(found, "logs: ELK").detail == "120 entries in 2h, 3 times that is too many"
    assert found.events == [ev.BaselineCounted(rule="logs-1", count=120, span_s=7200.0)]


async def test_a_messenger_that_somebody_has_to_mend(outside: Field) -> None:
    """A wrong token is found before the night begins, with what to do."""
    outside.told["webhook"] = Door(Undelivered("Slack: invalid_auth", fix="check the bot token"))
    found = await outside.refusal()
    assert (found.subject, found.detail, found.fix) == ("notify: webhook", "Slack: invalid_auth", "check the bot token")


@pytest.mark.parametrize("failure", [Undelivered("HTTP 503"), RuntimeError("bug")], ids=["down", "a bug of ours"])
async def test_a_messenger_that_is_down_keeps_nothing_from_starting(outside: Field, failure: Exception) -> None:
    """S26: not before the first gate either."""
    outside.told["webhook"] = Door(failure)
    found = await outside.look()
    assert found.ok
    assert "cannot be reached now, and is tried again" in line(found, "notify: webhook").detail


async def test_a_source_that_breaks_is_a_line(outside: Field) -> None:
    """An adapter's bug is said in the table, not in a traceback."""
    outside.alerts["alerts-1"] = Pager(KeyError("urgency"))
    assert (await outside.refusal()).detail == "no data: broken: KeyError"


async def test_nobody_is_told_by_looking(outside: Field) -> None:
    """The mailbox stays empty."""
    box = Mailbox(clock=None)  # type: ignore[arg-type]
    outside.told["webhook"] = box
    assert (await outside.look()).ok
    assert box.tries == []
