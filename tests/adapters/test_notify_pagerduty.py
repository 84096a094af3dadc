"""PagerDuty: triggered, acknowledged and resolved under one key, and no page about its own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.outside_world import ALERTS, SECRETS, World, world_of
from tests.adapters.test_notifier_suite import RUN, alarm
from tests.adapters.vendors.pagerduty import FakePagerDuty

from controlroom.errors import Undelivered
from controlroom.run.notices import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from controlroom.ports import Notifier


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """An account with one service."""
    async with world_of(lambda _now: FakePagerDuty(SECRETS["TOKEN"], SECRETS["ROUTING_KEY"])) as made:
        yield made


@pytest.fixture
def pager(world: World) -> Notifier:
    """An integration of it."""
    return world.notifier("pagerduty", routing_key="${env:ROUTING_KEY}", url=world.server.url)


async def test_trigger_acknowledge_resolve(world: World, pager: Notifier) -> None:
    """One incident from the breach to its end."""
    key = await pager.deliver(alarm(), receipt="", thread="")
    assert key == f"controlroom/{RUN}/alarm:guard:error-rate/auth@2026-12-01T03:05:05.000000Z"
    await pager.deliver(alarm(acknowledged_by="ana", loud=False), receipt=key, thread="")
    await pager.deliver(alarm(acknowledged_by="ana", loud=False, over=True), receipt=key, thread="")
    (incident,) = world.vendor.incidents.values()
    assert incident.log == ["trigger", "acknowledge", "resolve"]
    assert incident.status == "resolved"
    assert world.vendor.sent[0]["payload"]["severity"] == "critical"
    assert world.vendor.sent[0]["payload"]["timestamp"] == "2026-12-01T03:05:05.000000Z"


async def test_what_was_never_triggered_is_not_resolved(world: World, pager: Notifier) -> None:
    """An alarm that came and went while PagerDuty was down leaves nothing behind."""
    assert await pager.deliver(alarm(over=True, loud=False), receipt="", thread="") == ""
    assert world.vendor.sent == []


async def test_only_alarms_of_the_run_page(pager: Notifier) -> None:
    """No card, no detail, and no alarm about an alert, which is a page already, or about charts."""
    at = "2026-12-01T03:05:05.000000Z"
    assert not pager.takes(Notice(kind=NoticeKind.CARD, key="run", run=RUN, at=at, headline="x"))
    assert not pager.takes(Notice(kind=NoticeKind.DETAIL, key="event:1", run=RUN, at=at, headline="x"))
    about = Notice(kind=NoticeKind.ALARM, key=f"alarm:alert:alerts-1/P1@{at}", run=RUN, at=at, headline="x")
    assert not pager.takes(about)
    unkept = Notice(kind=NoticeKind.ALARM, key=f"alarm:samples@{at}", run=RUN, at=at, headline="x")
    assert not pager.takes(unkept)
    assert not pager.takes(Notice(kind=NoticeKind.SUMMARY, key="summary:1", run=RUN, at=at, headline="x"))
    assert pager.takes(alarm())


async def test_a_rehearsal_s_page_is_no_emergency(world: World, pager: Notifier) -> None:
    """S30: whoever still pages in a rehearsal pages quietly."""
    await pager.deliver(alarm("[REHEARSAL] Auth: 8 %", loud=False), receipt="", thread="")
    assert world.vendor.sent[0]["payload"]["severity"] == "info"


async def test_its_own_incident_names_the_run(world: World, pager: Notifier) -> None:
    """That is how the run knows it again when it lists what is open."""
    await pager.deliver(alarm(), receipt="", thread="")
    next(iter(world.vendor.incidents.values())).service = "PSHOP01"
    (alert,) = (await world.alerts(ALERTS[0]).open()).alerts
    assert RUN in alert.title


async def test_preflight_finds_a_wrong_routing_key(world: World) -> None:
    """400 says so, and nobody was paged."""
    wrong = world.notifier("pagerduty", routing_key="wrong", url=world.server.url)
    with pytest.raises(Undelivered, match="HTTP 400") as refused:
        await wrong.look()
    assert "Events API v2" in refused.value.fix
    assert world.vendor.incidents == {}
