"""What holds for everybody who is told, whatever the vendor: what gets through, and why something does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.outside_world import SECRETS, World, world_of
from tests.adapters.trouble_said import NONSENSE, REFUSALS
from tests.adapters.vendors.http_server import Asked, Said
from tests.adapters.vendors.pagerduty import FakePagerDuty
from tests.adapters.vendors.slack import FakeSlack

from controlroom.adapters.notify import delivery
from controlroom.errors import Undelivered
from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, seal
from controlroom.run.notices import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from controlroom.ports import Notifier

HOOK = "/services/T0SHOP/B0HOOK/${env:HOOK}"
RUN = "20261201-030000-shop"


class Receiver:
    """Takes CloudEvents, as many small services do."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def answer(self, asked: Asked) -> Said:
        """Nothing but yes."""
        if asked.headers.get("authorization") != f"Bearer {SECRETS['TOKEN']}":
            return Said("", 401)
        if asked.method == "POST":
            self.events.append(asked.json)
        return Said("", 204)


@dataclass(frozen=True)
class Row:
    """A notifier: its kind, its settings at the vendor's URL, the vendor, and how to see what that took."""

    name: str
    kind: str
    settings: Callable[[str], dict[str, Any]]
    vendor: Callable[[], Any]
    took: Callable[[Any], list[Any]]


ROWS = (
    Row(
        "slack",
        "slack",
        lambda url: {"channel": "#deployments", "token": "${env:TOKEN}", "url": f"{url}/api"},
        lambda: FakeSlack(SECRETS["TOKEN"]),
        lambda vendor: list(vendor.messages.values()),
    ),
    Row(
        "slack-hook",
        "slack",
        lambda url: {"webhook": f"{url}{HOOK}"},
        lambda: FakeSlack(SECRETS["TOKEN"]),
        lambda vendor: vendor.hooked,
    ),
    Row(
        "webhook",
        "webhook",
        lambda url: {"url": f"{url}/hook", "headers": {"Authorization": "Bearer ${env:TOKEN}"}},
        Receiver,
        lambda vendor: vendor.events,
    ),
    Row(
        "pagerduty",
        "pagerduty",
        lambda url: {"routing_key": "${env:ROUTING_KEY}", "url": url},
        lambda: FakePagerDuty(SECRETS["TOKEN"], SECRETS["ROUTING_KEY"]),
        lambda vendor: [event for event in vendor.sent if event["event_action"] == "trigger"],
    ),
)
pytestmark = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def alarm(headline: str = "Auth: 8 % > 5 % for 05:05", **how: Any) -> Notice:
    """An alarm as the engine tells of it."""
    event = ev.AlarmRaised(alarm="guard:error-rate/auth", text=headline, service="auth")
    at = "2026-12-01T03:05:05.000000Z"
    record = seal(seq=7, at=at, run=RUN, actor="engine", host="b", cause="", event=event, prev=GENESIS)
    key = "alarm:guard:error-rate/auth@2026-12-01T03:05:05.000000Z"
    lines = how.pop("lines", ("The run is on hold. Proposed: roll back Auth.",))
    kept = {"loud": True, "record": record, **how}
    return Notice(kind=NoticeKind.ALARM, key=key, run=RUN, at=at, headline=headline, lines=lines, **kept)


@pytest.fixture
async def world(row: Row) -> AsyncIterator[World]:
    """A vendor who is there."""
    async with world_of(lambda _now: row.vendor()) as made:
        yield made


@pytest.fixture
def notifier(row: Row, world: World) -> Notifier:
    """The notifier, set up as its plan says."""
    return world.notifier(row.kind, **row.settings(world.server.url))


async def test_an_alarm_gets_through_and_leaves_a_receipt(row: Row, world: World, notifier: Notifier) -> None:
    """Whoever updates it later finds it by that."""
    assert notifier.takes(alarm())
    assert await notifier.deliver(alarm(), receipt="", thread="")
    (taken,) = row.took(world.vendor)
    assert "8 % " in str(taken)
    assert "roll back Auth" in str(taken)


async def test_an_alarm_that_is_over_is_the_same_one(row: Row, world: World, notifier: Notifier) -> None:
    """S7: acknowledged and over, under the receipt of the first."""
    receipt = await notifier.deliver(alarm(), receipt="", thread="")
    seen = alarm(acknowledged_by="ana", loud=False)
    assert await notifier.deliver(seen, receipt=receipt, thread="") in {receipt, f"{RUN}/7"}
    over = alarm(acknowledged_by="ana", loud=False, over=True, lines=("Over since 03:10 UTC",))
    await notifier.deliver(over, receipt=receipt, thread="")
    assert len(row.took(world.vendor)) <= 3


async def test_looking_sends_nothing(row: Row, world: World, notifier: Notifier) -> None:
    """Preflight finds out that the way is open without anybody being told something."""
    assert await notifier.look()
    assert row.took(world.vendor) == []


@pytest.mark.parametrize(("status", "headers"), REFUSALS)
async def test_http_errors_say_whether_to_try_again(
    row: Row, world: World, notifier: Notifier, status: int, headers: dict[str, str]
) -> None:
    """S26: 429 and 5xx pass by themselves, at the time that the vendor names; 4xx need somebody, and say whom."""
    world.server.trouble = Said({"error": f"bad {' '.join(SECRETS.values())}"}, status, headers)
    with pytest.raises(Undelivered) as refused:
        await notifier.deliver(alarm(), receipt="", thread="")
    assert str(refused.value).startswith(f"HTTP {status}")
    assert not any(secret in str(refused.value) for secret in SECRETS.values())
    passing = status == 429 or status >= 500
    assert bool(refused.value.fix) is not passing
    assert refused.value.again_s == (30.0 if headers else None)
    if headers:
        # A date is one of the other side's clock, which need not be ours (S9).
        times = {"Date": "Mon, 01 Jan 2001 00:00:00 GMT", "Retry-After": "Mon, 01 Jan 2001 00:00:45 GMT"}
        world.server.trouble = Said({}, status, times)
        with pytest.raises(Undelivered) as refused:
            await notifier.deliver(alarm(), receipt="", thread="")
        assert refused.value.again_s == 45.0
    world.server.trouble = None
    assert await notifier.deliver(alarm(), receipt="", thread="")
    assert len(row.took(world.vendor)) == 1


@pytest.mark.parametrize("name", [name for name in NONSENSE if name not in {"empty", "number"}])
async def test_what_is_no_answer_raises_nothing_else(row: Row, world: World, notifier: Notifier, name: str) -> None:
    """Whatever comes instead of an answer is refused; of a webhook, which may say anything, HTTP 200 is enough."""
    world.server.trouble = NONSENSE[name]
    if row.name == "webhook" and NONSENSE[name].status == 200:
        assert await notifier.deliver(alarm(), receipt="", thread="")
        return
    with pytest.raises(Undelivered) as refused:
        await notifier.deliver(alarm(), receipt="", thread="")
    assert 0 < len(str(refused.value)) <= 520


async def test_an_answer_that_breaks_off(row: Row, world: World, notifier: Notifier) -> None:
    """The message may have got through: the one who sends it decides what that is worth."""
    if row.name == "webhook":
        world.vendor.answer = lambda _asked: Said("thank you very much")
        world.server.handler = world.vendor.answer
    world.server.cut = 2
    with pytest.raises(Undelivered) as refused:
        await notifier.deliver(alarm(), receipt="", thread="")
    assert refused.value.perhaps
    assert not refused.value.fix


async def test_an_answer_that_never_comes(
    row: Row, world: World, notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S26: the wait has an end; the message may have got through."""
    del row
    monkeypatch.setattr(delivery, "TIMEOUT_S", 0.2)
    world.server.then = "hang"
    with pytest.raises(Undelivered, match=r"within 0\.2 s") as refused:
        await notifier.deliver(alarm(), receipt="", thread="")
    assert (refused.value.perhaps, refused.value.fix) == (True, "")


async def test_nobody_listens(row: Row, world: World, notifier: Notifier) -> None:
    """It cannot have got through, and is worth another try."""
    del row
    await world.server.end()
    with pytest.raises(Undelivered, match="connection refused") as refused:
        await notifier.deliver(alarm(), receipt="", thread="")
    assert (refused.value.perhaps, refused.value.fix) == (False, "")
    with pytest.raises(Undelivered, match="connection refused"):
        await notifier.look()


async def test_a_rehearsal_reaches_this_machine_only(row: Row, world: World) -> None:
    """S30: a plan that names the real vendor tells nobody in a rehearsal."""
    far = world.notifier(row.kind, **row.settings("https://vendor.example.com"))
    with pytest.raises(Undelivered, match="a rehearsal reaches this machine only"):
        await far.deliver(alarm(), receipt="", thread="")


async def test_what_is_told_holds_no_secret(row: Row, world: World, notifier: Notifier) -> None:
    """S27: also when an operator's note or a command's output repeats one."""
    await notifier.deliver(alarm(f"failed: {SECRETS['TOKEN']} password=hunter2hunter2"), receipt="", thread="")
    taken = str(row.took(world.vendor))
    assert SECRETS["TOKEN"] not in taken
    assert "hunter2" not in taken


async def test_a_message_has_an_end(row: Row, world: World, notifier: Notifier) -> None:
    """A flood of lines is cut, not refused."""
    await notifier.deliver(alarm("x" * 9000, lines=tuple("y" * 900 for _ in range(50))), receipt="", thread="")
    assert len(str(row.took(world.vendor))) < 9000


async def test_a_secret_that_is_not_there_is_said_at_once(row: Row, world: World) -> None:
    """Without it a notifier stays mute, and preflight refuses it by the name of what is missing; the others speak."""
    settings = {
        key: value.replace("TOKEN", "NOBODY").replace("ROUTING_KEY", "NOBODY").replace("HOOK", "NOBODY")
        for key, value in row.settings(world.server.url).items()
        if isinstance(value, str)
    }
    if row.name == "webhook":
        settings["headers"] = {"Authorization": "Bearer ${env:NOBODY}"}  # type: ignore[assignment]
    mute = world.notifier(row.kind, **settings)
    with pytest.raises(Undelivered, match="the environment variable NOBODY is not set") as caught:
        await mute.look()
    assert caught.value.fix
    with pytest.raises(Undelivered) as caught:
        await mute.deliver(alarm("fire"), receipt="", thread="")
    assert caught.value.fix
    assert mute.takes(alarm("fire"))
