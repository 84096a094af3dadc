"""Slack's, PagerDuty's and Opsgenie's own specifications judge what we ask and what our fakes of them say."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.outside_world import ALERTS, SECRETS, World
from tests.adapters.test_notifier_suite import alarm
from tests.adapters.test_notify_slack import notice
from tests.adapters.vendors.http_server import VendorServer
from tests.adapters.vendors.opsgenie import FakeOpsgenie
from tests.adapters.vendors.pagerduty import FakePagerDuty
from tests.adapters.vendors.prism import prism, specification
from tests.adapters.vendors.slack import FakeSlack

from controlroom.adapters.clock import ManualClock, SystemClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.secrets import Vault
from controlroom.errors import Undelivered
from controlroom.run.notices import NoticeKind
from controlroom.run.pace import Pace
from controlroom.run.phases import Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import httpx


@asynccontextmanager
async def judged(spec: Path, vendor: Any) -> AsyncIterator[World]:
    """A world whose vendor is asked through Prism."""
    server = VendorServer(vendor.answer, time.time)
    await server.start()
    client = open_client(loopback_only=True)
    try:
        async with prism(spec, server.url) as url:
            # Where adapters look for the vendor: at Prism.
            server.url, behind = url, server.url
            means = Means(Pace(), Vault(SECRETS, secrets=SECRETS.values()), client, SystemClock())
            yield World(vendor, server, ManualClock(SystemClock().now()), means)
            server.url = behind
    finally:
        await client.aclose()
        await server.end()


def naming_the_token(client: httpx.AsyncClient, token: Callable[[], str]) -> None:
    """Slack's specification, unlike Slack, knows the token as a header `token` only."""

    async def add(request: httpx.Request) -> None:
        request.headers["token"] = token()

    client.event_hooks["request"].append(add)


async def test_slack() -> None:
    """auth.test, chat.postMessage with and without a thread, chat.update; and the shape of refusals."""
    async with judged(specification("slack/chat.trim.json"), FakeSlack(SECRETS["TOKEN"])) as world:
        naming_the_token(world.means.client, lambda: SECRETS["TOKEN"])
        bot = world.notifier("slack", channel="#deployments", token="${env:TOKEN}", url=world.server.url)
        assert await bot.look() == "deploybot of Shop, to #deployments"
        card = await bot.deliver(notice(NoticeKind.CARD, "Go-Live"), receipt="", thread="")
        assert await bot.deliver(notice(NoticeKind.CARD, "Go-Live", "smoke"), receipt=card, thread="") == card
        await bot.deliver(notice(NoticeKind.DETAIL, "Deploying Auth"), receipt="", thread=card)
        await bot.deliver(notice(NoticeKind.ALARM, "Auth: 8 %", loud=True), receipt="", thread=card)
        assert len(world.vendor.messages) == 3
        # The specification files them under any other status; Slack gives them HTTP 200.
        world.vendor.refusing_status = 400
        world.vendor.member.clear()
        with pytest.raises(Undelivered, match=r"HTTP 400: .*not_in_channel"):
            await bot.deliver(notice(NoticeKind.DETAIL, "x"), receipt="", thread="")
        wrong = world.notifier("slack", channel="#deployments", token="wrong", url=world.server.url)
        with pytest.raises(Undelivered, match="invalid_auth"):
            await wrong.look()


async def test_pagerduty_events() -> None:
    """Trigger, acknowledge, resolve, and a wrong routing key."""
    vendor = FakePagerDuty(SECRETS["TOKEN"], SECRETS["ROUTING_KEY"])
    spec = specification("pagerduty/events-v2.openapiv3.json")
    vendor_answer = vendor.answer
    # The specification's server ends in /v2, Prism serves its paths without.
    vendor.answer = lambda asked: vendor_answer(_below("/v2", asked))  # type: ignore[method-assign]
    async with judged(spec, vendor) as world:
        pager = world.notifier("pagerduty", routing_key="${env:ROUTING_KEY}", url=world.server.url)
        pager._url = f"{world.server.url}/enqueue"  # type: ignore[attr-defined]
        assert await pager.look()
        key = await pager.deliver(alarm(), receipt="", thread="")
        await pager.deliver(alarm(acknowledged_by="ana", loud=False), receipt=key, thread="")
        await pager.deliver(alarm(over=True, loud=False), receipt=key, thread="")
        (incident,) = vendor.incidents.values()
        assert incident.log == ["trigger", "acknowledge", "resolve"]
        wrong = world.notifier("pagerduty", routing_key="wrong", url=world.server.url)
        wrong._url = f"{world.server.url}/enqueue"  # type: ignore[attr-defined]
        with pytest.raises(Undelivered, match="HTTP 400"):
            await wrong.look()


def _below(prefix: str, asked: Any) -> Any:
    return type(asked)(asked.method, f"{prefix}{asked.path}", asked.params, asked.headers, asked.json, asked.lists)


async def test_pagerduty_incidents(tmp_path: Path) -> None:
    """What is open, by service and urgency; and a wrong token."""
    written = json.loads(specification("pagerduty/incidents.trim.json").read_text())
    for name in ("statuses_incidents", "incident_urgencies"):
        # "pass statuses[] more than once", says the description; the schema says one string.
        parameter = written["components"]["parameters"][name]
        parameter["schema"] = {"type": "array", "items": parameter["schema"]}
    spec = tmp_path / "incidents.json"
    spec.write_text(json.dumps(written))
    vendor = FakePagerDuty(SECRETS["TOKEN"], SECRETS["ROUTING_KEY"])
    vendor.open("The server is on fire")
    vendor.open("Disk is filling", urgency="low")
    async with judged(spec, vendor) as world:
        found = await world.alerts(ALERTS[0], "warning").open()
        assert [(a.severity, a.title) for a in found.alerts] == [
            (Severity.WARNING, "Disk is filling"),
            (Severity.CRITICAL, "The server is on fire"),
        ], found.cause
        assert len((await world.alerts(ALERTS[0], "critical").open()).alerts) == 1
        assert (await world.alerts(ALERTS[0], token="wrong").open()).cause.startswith("HTTP 401")


async def test_opsgenie() -> None:
    """What is open, and a wrong key."""
    vendor = FakeOpsgenie(SECRETS["TOKEN"])
    vendor.open("The server is on fire")
    async with judged(specification("opsgenie/alerts.trim.json"), vendor) as world:
        found = await world.alerts(ALERTS[1]).open()
        assert [(a.severity, a.title) for a in found.alerts] == [(Severity.CRITICAL, "The server is on fire")], found
        assert (await world.alerts(ALERTS[1], token="wrong").open()).cause.startswith("HTTP 401")
