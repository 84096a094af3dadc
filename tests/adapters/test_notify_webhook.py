"""Webhooks: CloudEvents 1.0 in JSON, one for each event, with the words that people read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.outside_world import World, world_of
from tests.adapters.test_notifier_suite import RUN, Receiver, alarm

from controlroom.errors import Undelivered
from controlroom.run.notices import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from controlroom.ports import Notifier


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A service that takes events."""
    async with world_of(lambda _now: Receiver()) as made:
        yield made


@pytest.fixture
def webhook(world: World) -> Notifier:
    """Its hook."""
    return world.notifier("webhook", url=f"{world.server.url}/hook", headers={"Authorization": "Bearer ${env:TOKEN}"})


def whole(event: dict[str, Any]) -> None:
    """What CloudEvents 1.0 demands of attributes."""
    assert event["specversion"] == "1.0"
    assert all(isinstance(event[name], str) and event[name] for name in ("id", "source", "type"))
    assert datetime.fromisoformat(event["time"]).tzinfo is not None
    assert all(name.isalnum() and name.islower() for name in event)
    attributes = [value for name, value in event.items() if name != "data" and isinstance(value, str)]
    assert all(character.isprintable() for value in attributes for character in value)


async def test_the_event_is_that_of_the_journal(world: World, webhook: Notifier) -> None:
    """Its id is the run's and the sequence number: whoever gets it twice knows."""
    receipt = await webhook.deliver(alarm(), receipt="", thread="")
    (event,) = world.vendor.events
    whole(event)
    assert receipt == event["id"] == f"{RUN}/7"
    assert event["type"] == "controlroom.AlarmRaised"
    assert event["data"]["service"] == "auth"
    assert event["text"] == "Auth: 8 % > 5 % for 05:05 · The run is on hold. Proposed: roll back Auth."
    assert world.server.requests[0].headers["content-type"].startswith("application/cloudevents+json")


async def test_what_a_new_engine_tells_of_is_an_event_too(world: World, webhook: Notifier) -> None:
    """An alarm that the engine before could not tell of has no record at hand."""
    await webhook.deliver(alarm(record=None), receipt="", thread="")
    (event,) = world.vendor.events
    whole(event)
    assert event["type"] == "controlroom.alarm"


async def test_a_card_is_no_event(webhook: Notifier) -> None:
    """It would be one of these every few seconds."""
    card = Notice(kind=NoticeKind.CARD, key="run", run=RUN, at="2026-12-01T03:00:00.000000Z", headline="x")
    assert not webhook.takes(card)


async def test_preflight_finds_a_wrong_token(world: World) -> None:
    """401 to a question is 401 to an event."""
    wrong = world.notifier("webhook", url=f"{world.server.url}/hook", headers={"Authorization": "Bearer wrong"})
    with pytest.raises(Undelivered, match="HTTP 401") as refused:
        await wrong.look()
    assert "headers" in refused.value.fix
