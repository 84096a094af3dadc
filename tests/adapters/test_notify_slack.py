"""Slack: one message updated in place, a thread, alarms with a mention, and its own ways to refuse with HTTP 200."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.outside_world import SECRETS, World, plan_with, world_of
from tests.adapters.vendors.http_server import Said
from tests.adapters.vendors.slack import FakeSlack

from controlroom.adapters.notify.bindings import notifiers_of
from controlroom.errors import Undelivered
from controlroom.run.notices import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from controlroom.ports import Notifier


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A workspace with its channel."""
    async with world_of(lambda _now: FakeSlack(SECRETS["TOKEN"])) as made:
        yield made


@pytest.fixture
def bot(world: World) -> Notifier:
    """A bot in #deployments."""
    return world.notifier("slack", channel="#deployments", token="${env:TOKEN}", url=f"{world.server.url}/api")


@pytest.fixture
def hook(world: World) -> Notifier:
    """An incoming webhook."""
    return world.notifier("slack", webhook=f"{world.server.url}/services/T0SHOP/B0HOOK/${{env:HOOK}}")


def notice(
    kind: NoticeKind, headline: str, *lines: str, loud: bool = False, over: bool = False, by: str = ""
) -> Notice:
    """A message of some kind."""
    at = "2026-12-01T03:00:00.000000Z"
    return Notice(
        kind=kind, key="k", run="r1", at=at, headline=headline, lines=lines, loud=loud, over=over, acknowledged_by=by
    )


async def test_the_run_s_message_is_updated_in_place(world: World, bot: Notifier) -> None:
    """One message, whose text changes; the channel's id goes with its time."""
    receipt = await bot.deliver(notice(NoticeKind.CARD, "Go-Live", "deploying"), receipt="", thread="")
    assert receipt == "C0DEPLOYMENTS:1796000000.000001"
    assert await bot.deliver(notice(NoticeKind.CARD, "Go-Live", "smoke"), receipt=receipt, thread="") == receipt
    assert world.vendor.texts() == ["*Go-Live*\nsmoke"]


async def test_details_go_in_its_thread(world: World, bot: Notifier) -> None:
    """Where they disturb nobody."""
    card = await bot.deliver(notice(NoticeKind.CARD, "Go-Live"), receipt="", thread="")
    await bot.deliver(notice(NoticeKind.DETAIL, "Deploying Auth"), receipt="", thread=card)
    assert world.vendor.texts(thread="1796000000.000001") == ["Deploying Auth"]


async def test_an_alarm_calls_those_who_are_here_and_then_tells_how_it_went(world: World, bot: Notifier) -> None:
    """On its own, in the channel; the update calls nobody again."""
    loud = notice(NoticeKind.ALARM, "Auth: 8 % > 5 %", loud=True)
    receipt = await bot.deliver(loud, receipt="", thread="C0DEPLOYMENTS:1796000000.000001")
    seen = notice(NoticeKind.ALARM, "Auth: 8 % > 5 %", "Acknowledged by ana", by="ana")
    await bot.deliver(seen, receipt=receipt, thread="")
    await bot.deliver(notice(NoticeKind.ALARM, "Auth: 8 % > 5 %", over=True), receipt=receipt, thread="")
    (message,) = world.vendor.messages.values()
    assert message.thread == ""
    assert message.versions == [
        "<!here> :rotating_light: *Auth: 8 % &gt; 5 %*",
        ":eyes: *Auth: 8 % &gt; 5 %*\nAcknowledged by ana",
        ":white_check_mark: *Auth: 8 % &gt; 5 %*",
    ]


async def test_a_summary_stands_in_the_channel(world: World, bot: Notifier) -> None:
    """Not in the thread, where nobody would find the day: a message of its own, which calls nobody."""
    card = await bot.deliver(notice(NoticeKind.CARD, "Go-Live"), receipt="", thread="")
    await bot.deliver(notice(NoticeKind.SUMMARY, "Go-Live: day 1", "Time with data"), receipt="", thread=card)
    assert [message.thread for message in world.vendor.messages.values()] == ["", ""]
    assert world.vendor.texts()[-1] == "*Go-Live: day 1*\nTime with data"


async def test_the_plan_says_who_is_called(world: World) -> None:
    """A user group, for instance."""
    settings = {"channel": "#deployments", "token": "${env:TOKEN}", "url": f"{world.server.url}/api"}
    told = world.notifier("slack", mention="<!subteam^S0ONCALL>", **settings)
    await told.deliver(notice(NoticeKind.ALARM, "x", loud=True), receipt="", thread="")
    assert world.vendor.texts()[0].startswith("<!subteam^S0ONCALL> ")


async def test_nothing_from_outside_calls_anybody_or_draws_links(world: World, bot: Notifier) -> None:
    """S27: a service's output is text."""
    evil = notice(NoticeKind.DETAIL, "<!channel> <https://evil|click> a & b", "<@U123>")
    await bot.deliver(evil, receipt="", thread="")
    assert world.vendor.texts() == ["&lt;!channel&gt; &lt;https://evil|click&gt; a &amp; b\n&lt;@U123&gt;"]


async def test_a_message_that_somebody_deleted_is_posted_anew(world: World, bot: Notifier) -> None:
    """The receipt is a new one from then on."""
    receipt = await bot.deliver(notice(NoticeKind.CARD, "Go-Live"), receipt="", thread="")
    world.vendor.messages.clear()
    after = await bot.deliver(notice(NoticeKind.CARD, "Go-Live"), receipt=receipt, thread="")
    assert after != receipt
    assert world.vendor.texts() == ["*Go-Live*"]


@pytest.mark.parametrize(
    ("complaint", "fix"),
    [
        ("invalid_auth", "check the bot token"),
        ("token_revoked", "check the bot token"),
        ("missing_scope", "chat:write"),
        ("is_archived", "archived"),
        ("no_such_thing", "api.slack.com/methods"),
        ("ratelimited", ""),
        ("fatal_error", ""),
    ],
)
async def test_not_ok_with_http_200(world: World, bot: Notifier, complaint: str, fix: str) -> None:
    """Each of Slack's own refusals is told from a passing one, and says who has to mend what."""
    world.vendor.complaint = complaint
    with pytest.raises(Undelivered, match=f"Slack: {complaint}") as refused:
        await bot.deliver(notice(NoticeKind.CARD, "Go-Live"), receipt="", thread="")
    assert bool(fix) is bool(refused.value.fix)
    assert fix in refused.value.fix


async def test_a_bot_that_was_not_invited(world: World, bot: Notifier) -> None:
    """What happens most."""
    world.vendor.member.clear()
    with pytest.raises(Undelivered, match="not_in_channel") as refused:
        await bot.deliver(notice(NoticeKind.CARD, "Go-Live"), receipt="", thread="")
    assert "/invite" in refused.value.fix


async def test_preflight_tells_whose_token_it_is(world: World, bot: Notifier) -> None:
    """auth.test, with the scopes that come along."""
    assert await bot.look() == "deploybot of Shop, to #deployments"
    world.vendor.scopes = "channels:read"
    with pytest.raises(Undelivered, match="lacks the scope chat:write"):
        await bot.look()


async def test_a_webhook_posts_what_people_have_to_hear(world: World, hook: Notifier) -> None:
    """It cannot update: an alarm, its end, and details; no card, no change in between."""
    assert not hook.takes(notice(NoticeKind.CARD, "Go-Live"))
    receipt = await hook.deliver(notice(NoticeKind.ALARM, "Auth: 8 %", loud=True), receipt="", thread="")
    seen = notice(NoticeKind.ALARM, "Auth: 8 %", by="ana")
    assert await hook.deliver(seen, receipt=receipt, thread="") == receipt
    over = notice(NoticeKind.ALARM, "Auth: 8 %", "Over since 03:10 UTC", over=True)
    await hook.deliver(over, receipt=receipt, thread="")
    await hook.deliver(notice(NoticeKind.DETAIL, "Deploying Auth"), receipt="", thread="")
    assert world.vendor.hooked == [
        "<!here> :rotating_light: *Auth: 8 %*",
        ":white_check_mark: *Auth: 8 %*\nOver since 03:10 UTC",
        "Deploying Auth",
    ]


async def test_a_webhook_that_is_gone(world: World) -> None:
    """404 no_team: somebody has to make a new one."""
    gone = world.notifier("slack", webhook=f"{world.server.url}/services/T0SHOP/B0HOOK/revoked")
    with pytest.raises(Undelivered, match="HTTP 404: no_team") as refused:
        await gone.look()
    assert "make a new incoming webhook" in refused.value.fix


async def test_the_path_of_a_webhook_is_a_secret(world: World, hook: Notifier) -> None:
    """S27: whoever has it can post; an answer that repeats it is masked."""
    world.server.trouble = Said(f"cannot post to /services/T0SHOP/B0HOOK/{SECRETS['HOOK']}", 400, kind="text/plain")
    with pytest.raises(Undelivered) as refused:
        await hook.deliver(notice(NoticeKind.DETAIL, "x"), receipt="", thread="")
    assert "B0HOOK" not in str(refused.value)


def test_several_of_a_kind_have_names_of_their_own(world: World) -> None:
    """Two channels are two notifiers, each with its own badge."""
    url = f"{world.server.url}/services/a"
    plan = plan_with(({"slack": {"webhook": url}}, {"slack": {"webhook": url}}, {"webhook": {"url": url}}))
    assert list(notifiers_of(plan.notify, world.means)) == ["slack", "slack-2", "webhook"]
