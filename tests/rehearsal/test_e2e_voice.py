"""A guard that rolls back by itself, as Slack and PagerDuty hear of it; and a Slack that is away meanwhile."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from tests.adapters.vendors.http_server import Said
from tests.adapters.vendors.pagerduty import FakePagerDuty
from tests.adapters.vendors.slack import FakeSlack
from tests.rehearsal.e2e_plans import SECRET, small_plan
from tests.rehearsal.room import until
from tests.rehearsal.vendor_thread import served

from controlroom.run import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.adapters.vendors.http_server import VendorServer
    from tests.rehearsal.room import Room

pytestmark = pytest.mark.stage
SPEED = 60
ERRORS = "auth:errors=50%"
COUNTDOWN = "on_breach: [hold, notify, rollback]\n    countdown: 10m"
"""Ten real seconds at that speed."""


@pytest.fixture
def workspace() -> FakeSlack:
    """A Slack workspace with a bot."""
    return FakeSlack(SECRET)


@pytest.fixture
def pager() -> FakePagerDuty:
    """A PagerDuty with one integration."""
    return FakePagerDuty("unused", SECRET)


@pytest.fixture
def slack(workspace: FakeSlack) -> Iterator[VendorServer]:
    """Its server."""
    with served(workspace) as server:
        yield server


@pytest.fixture
def events_api(pager: FakePagerDuty) -> Iterator[VendorServer]:
    """Its server."""
    with served(pager) as server:
        yield server


def told_plan(folder: Path, slack: VendorServer, pagerduty: VendorServer, *changes: tuple[str, str]) -> Path:
    """The small plan, whose rehearsal tells both."""
    told = [
        {"slack": {"channel": "#deployments", "token": "${env:E2E_TOKEN}", "url": f"{slack.url}/api"}},
        {"pagerduty": {"routing_key": "${env:E2E_TOKEN}", "url": pagerduty.url}},
    ]
    return small_plan(folder, ("stage: shop\n", f"stage: shop\n  notify: {json.dumps(told)}\n"), *changes)


def test_a_guard_that_rolls_back_by_itself(
    room: Room,
    tmp_path: Path,
    workspace: FakeSlack,
    slack: VendorServer,
    pager: FakePagerDuty,
    events_api: VendorServer,
) -> None:
    """S7, S16, S26: called off by a hold, then left to itself: rolled back, stable, and told in place and in thread."""
    plan = told_plan(tmp_path, slack, events_api, ("on_breach: [hold, notify, propose_rollback]", COUNTDOWN))
    front = room.rehearse("--fault", ERRORS, plan=plan, speed=SPEED)
    room.go("auth")
    room.wait("--guard", "error-rate=FAIL")
    until(lambda: room.status()["countdowns"])
    until(lambda: [incident.status for incident in pager.incidents.values()] == ["triggered"])
    assert "called off" in room.ctl("hold").out
    until(lambda: not room.status()["countdowns"])
    assert room.events(ev.RollbackRequested) == []

    # It fires anew only once the breach was over: the fault goes, and comes again.
    room.ctl("fault", ERRORS, "--off")
    room.wait("--guard", "error-rate=PASS")
    until(lambda: [incident.log[-1] for incident in pager.incidents.values()] == ["resolve"])
    room.ctl("fault", ERRORS)
    room.wait("--service", "auth=rolled_back")
    assert room.deploys("auth") == ["v2.1.0", "v2.0.0"]
    asked = next(record for record in room.records if isinstance(record.event, ev.RollbackRequested))
    assert asked.actor == "guard:error-rate"
    room.wait("--service", "auth=stable")

    until(lambda: {incident.status for incident in pager.incidents.values()} == {"resolved"})
    keys = {event["dedup_key"] for event in pager.sent if event["dedup_key"] != "controlroom/preflight"}
    assert len(keys) == len(pager.incidents), "each alarm has one key, from its trigger to its end"
    _slack_read_well(workspace)
    room.ctl("abort", "--confirm", "rehearsal")
    front.ended(3)
    card = next(iter(workspace.messages.values()))
    until(lambda: "ABORTED" in card.text)
    assert room.events(ev.NotifierFailed) == []


def _slack_read_well(workspace: FakeSlack) -> None:
    """One message for the run, updated in place, its details below it; alarms on their own; nobody is called."""
    card, *_ = workspace.messages.values()
    until(lambda: any("stable" in text for text in workspace.texts(thread=card.ts)))
    _, *others = workspace.messages.values()
    assert card.text.startswith("*[REHEARSAL] A small go-live*")
    assert len(card.versions) >= 3
    assert any("Deploying Auth: v2.0.0 → v2.1.0" in text for text in workspace.texts(thread=card.ts))
    alarms = [message for message in others if not message.thread]
    first = alarms[0].versions
    assert "It is rolled back in 10 min. `controlroom hold` or `ack` calls that off." in first[0]
    assert "It is rolled back in" not in first[1], "called off"
    assert all(len(message.versions) > 1 for message in alarms), "an alarm that is over says so in its own message"
    assert not any("<!here>" in version for message in alarms for version in message.versions)


def test_a_messenger_that_is_away(
    room: Room, tmp_path: Path, workspace: FakeSlack, slack: VendorServer, events_api: VendorServer
) -> None:
    """S26: 429 for a while: no step waits, `status` says who is not told, tries keep to Retry-After, no flood."""
    front = room.rehearse(plan=told_plan(tmp_path, slack, events_api), speed=SPEED)
    until(lambda: workspace.messages)
    slack.trouble = Said({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "4"})
    asked, since = len(slack.requests), time.monotonic()
    room.go("auth")
    room.wait("--gate", "traffic")
    until(lambda: room.status()["notifiers"])
    assert "429" in room.status()["notifiers"]["slack"]
    assert "slack" in room.ctl("status").out
    for number in range(3):
        room.ctl("note", f"note {number}")
    until(lambda: len(slack.requests) - asked >= 3)
    assert time.monotonic() - since >= 2 * 4, "the third try came no sooner than the other side asked"
    posted = len(workspace.messages)
    slack.trouble = None
    until(lambda: not room.status()["notifiers"])
    room.ctl("note", "the last word")
    until(lambda: any("the last word" in text for text in workspace.texts()))
    for number in range(3):
        assert sum(f"note {number}" in text for text in workspace.texts()) == 1, "once each, however often it was tried"
    assert [message.thread for message in list(workspace.messages.values())[posted:]].count("") == 0
    assert len(room.events(ev.NotifierFailed)) == len(room.events(ev.NotifierRecovered)) == 1
    room.ctl("abort", "--confirm", "rehearsal")
    front.ended(3)
