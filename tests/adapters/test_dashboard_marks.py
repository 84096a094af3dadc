"""Marks on dashboards: a region in Grafana, events in Datadog, for each deploy and rollback of a service."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.vendors.datadog import FakeDatadog
from tests.adapters.vendors.grafana import FakeGrafana
from tests.adapters.vendors.http_server import Said, VendorServer
from tests.adapters.vendors.prism import prism, specification
from tests.adapters.vendors.prometheus import FakePrometheus
from tests.adapters.vendors.service import Service

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.http_client import open_client
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.notify import bindings
from controlroom.adapters.notify.bindings import notifiers_of
from controlroom.adapters.secrets import Vault
from controlroom.errors import Undelivered
from controlroom.plan.sources import Notifier as Told
from controlroom.run import events as ev
from controlroom.run.notices import Notice, NoticeKind
from controlroom.run.pace import Pace
from controlroom.run.phases import OutcomeStatus, Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from controlroom.ports import Notifier

TOKEN = "glsa-t0ken-t0ken"
STARTED = ev.StepStarted(service="auth", step=Step.DEPLOY, attempt=1, target="v2")
VERIFIED = ev.StepFinished(service="auth", step=Step.VERIFY, status=OutcomeStatus.PASSED, detail="ok")
BACK = ev.StepStarted(service="auth", step=Step.ROLLBACK, attempt=1, target="v1")
BACK_AGAIN = ev.StepFinished(service="auth", step=Step.VERIFY_ROLLBACK, status=OutcomeStatus.PASSED, detail="ok")
ALARM = ev.AlarmRaised(alarm="guard:error-rate/auth", text="6.2 % > 5 %", service="auth")


def notice(event: Any, second: int, text: str, *, kind: NoticeKind = NoticeKind.DETAIL, over: bool = False) -> Notice:
    """A message about an event, `second` seconds after three."""
    at = f"2026-12-01T03:00:{second:02}.000000Z"
    record = ev.Record(seq=1, at=at, run="r1", actor="ana", host="h", cause="", event=event, prev="", hash="")
    return Notice(kind=kind, key=f"event:{second}", run="r1", at=at, headline=text, record=record, over=over)


@asynccontextmanager
async def telling(answer: Any, **settings: Any) -> AsyncIterator[tuple[VendorServer, Notifier]]:
    """A vendor, and the notifier of a plan that tells it."""
    server = VendorServer(answer, time.time)
    await server.start()
    client = open_client(loopback_only=True)
    (kind,) = settings
    told = Told.model_validate({kind: {"url": server.url, **settings[kind]}})
    vault = Vault({"TOKEN": TOKEN}, secrets=[TOKEN])
    (notifier,) = notifiers_of([told], Means(Pace(), vault, client, SystemClock())).values()
    yield server, notifier
    await client.aclose()
    await server.end()


def grafana() -> FakeGrafana:
    """A Grafana without annotations."""
    return FakeGrafana(FakePrometheus(Service(), time.time), "uid", TOKEN)


GRAFANA = {"grafana": {"token": "${env:TOKEN}", "tags": ["shop"]}}
DATADOG = {"datadog": {"api_key": "${env:TOKEN}", "tags": ["team:shop"]}}


@pytest.mark.parametrize("settings", [GRAFANA, DATADOG], ids=["grafana", "datadog"])
async def test_only_what_happens_to_services_is_marked(settings: dict[str, Any]) -> None:
    """A card, a hold and an alarm that is over are not worth a mark."""
    async with telling(grafana().answer, **settings) as (_, notifier):
        for event in (STARTED, VERIFIED, BACK, BACK_AGAIN):
            assert notifier.takes(notice(event, 1, "x"))
        assert notifier.takes(notice(ALARM, 1, "x", kind=NoticeKind.ALARM))
        assert not notifier.takes(notice(ALARM, 1, "x", kind=NoticeKind.ALARM, over=True))
        assert not notifier.takes(notice(ev.HoldPlaced(reason="operator", by="ana"), 1, "x"))
        assert not notifier.takes(
            Notice(kind=NoticeKind.CARD, key="card", run="r1", at="2026-12-01T03:00:00Z", headline="x")
        )
        assert not notifier.takes(notice(ev.StepStarted(service="a", step=Step.VERIFY, attempt=1, target="v"), 1, "x"))


async def test_a_deploy_and_a_rollback_are_two_regions() -> None:
    """Grafana: each begins as it begins and is closed at its end; tags find them by service and run."""
    vendor = grafana()
    async with telling(vendor.answer, **GRAFANA) as (_, notifier):
        first = await notifier.deliver(notice(STARTED, 1, "Auth v1 → v2"), receipt="", thread="")
        await notifier.deliver(notice(VERIFIED, 9, "Auth v2 is live"), receipt="", thread="")
        await notifier.deliver(notice(ALARM, 20, "6.2 % > 5 %", kind=NoticeKind.ALARM), receipt="", thread="")
        await notifier.deliver(notice(BACK, 30, "Auth goes back to v1"), receipt="", thread="")
        await notifier.deliver(notice(BACK_AGAIN, 40, "Auth is back at v1"), receipt="", thread="")
    assert first == "1"
    begin = vendor.annotations[1]["time"]
    assert [(a["time"] - begin, a.get("timeEnd", begin) - begin) for a in vendor.annotations.values()] == [
        (0, 8000),
        (19_000, 0),
        (29_000, 39_000),
    ]
    assert [a["tags"][1] for a in vendor.annotations.values()] == ["deploy", "alarm", "rollback"]
    assert vendor.annotations[1]["tags"] == ["controlroom", "deploy", "service:auth", "run:r1", "shop"]
    assert vendor.annotations[1]["text"] == "Auth v1 → v2\nAuth v2 is live"


async def test_a_rollback_in_the_middle_of_a_deploy_ends_its_region() -> None:
    """S13: the deploy is over where the rollback begins; no region stays open."""
    vendor = grafana()
    async with telling(vendor.answer, **GRAFANA) as (_, notifier):
        for second, event in enumerate((STARTED, BACK, BACK_AGAIN)):
            await notifier.deliver(notice(event, second, "x"), receipt="", thread="")
    assert all("timeEnd" in annotation for annotation in vendor.annotations.values())


async def test_an_end_without_a_beginning_is_a_moment() -> None:
    """S24: an earlier engine began the region; its end is marked all the same."""
    vendor = grafana()
    async with telling(vendor.answer, **GRAFANA) as (_, notifier):
        await notifier.deliver(notice(VERIFIED, 9, "Auth v2 is live"), receipt="", thread="")
    assert [annotation.get("timeEnd") for annotation in vendor.annotations.values()] == [None]


@pytest.mark.parametrize("settings", [GRAFANA, DATADOG], ids=["grafana", "datadog"])
async def test_no_secret_reaches_a_dashboard(settings: dict[str, Any]) -> None:
    """What a step said of itself is written down elsewhere too; secrets are not."""
    async with telling(grafana().answer, **settings) as (server, notifier):
        server.trouble = Said({"id": 1, "event": {"id": 1}})
        await notifier.deliver(notice(STARTED, 1, f"Auth {TOKEN}"), receipt="", thread="")
        assert TOKEN not in str(server.requests[0].json)
        assert "Auth" in str(server.requests[0].json)


async def test_what_was_delivered_is_not_delivered_again() -> None:
    """A later version of the same message, as of an alarm that somebody acknowledged, is no new mark."""
    vendor = grafana()
    async with telling(vendor.answer, **GRAFANA) as (_, notifier):
        again = await notifier.deliver(notice(ALARM, 1, "x", kind=NoticeKind.ALARM), receipt="7", thread="")
    assert (again, vendor.annotations) == ("7", {})


async def test_events_of_a_service_are_gathered() -> None:
    """Datadog: info, success and error under one key for each service of the run, at the time that it happened."""
    vendor = FakeDatadog(Service(), time.time, TOKEN, None)
    async with telling(vendor.answer, **DATADOG) as (_, notifier):
        assert await notifier.look() == "events in Datadog"
        await notifier.deliver(notice(STARTED, 1, "Auth v1 → v2"), receipt="", thread="")
        await notifier.deliver(notice(VERIFIED, 9, "Auth v2 is live"), receipt="", thread="")
        await notifier.deliver(notice(ALARM, 20, "6.2 % > 5 %", kind=NoticeKind.ALARM), receipt="", thread="")
    assert [event["alert_type"] for event in vendor.events] == ["info", "success", "error"]
    assert {event["aggregation_key"] for event in vendor.events} == {"r1/auth"}
    assert vendor.events[1]["date_happened"] - vendor.events[0]["date_happened"] == 8
    assert vendor.events[0]["tags"] == ["service:auth", "run:r1", "source:controlroom", "team:shop"]


@pytest.mark.parametrize("settings", [GRAFANA, DATADOG], ids=["grafana", "datadog"])
@pytest.mark.parametrize(
    ("said", "fix", "again_s", "perhaps"),
    [
        (Said({"message": TOKEN}, 401), True, None, False),
        (Said({"errors": ["Forbidden"]}, 403), True, None, False),
        (Said({}, 404), True, None, False),
        (Said({}, 429, {"Retry-After": "7"}), False, 7.0, False),
        (Said({}, 500), False, None, True),
        (Said({}, 503, {"Retry-After": "7"}), False, 7.0, True),
        (Said("<html>", kind="text/html"), False, None, True),
        (Said('{"id": 1, "even'), False, None, True),
        (Said(""), False, None, True),
        (Said({"ok": False, "errors": ["no"]}), False, None, True),
    ],
    ids=["401", "403", "404", "429", "500", "503", "html", "half-of-json", "empty", "no-in-200"],
)
async def test_what_is_not_delivered_says_why(
    settings: dict[str, Any], said: Said, fix: bool, again_s: float | None, perhaps: bool
) -> None:
    """S26: wrong credentials wait for somebody, a limit for its time; what may have got through is not sent twice."""
    async with telling(grafana().answer, **settings) as (server, notifier):
        server.trouble = said
        with pytest.raises(Undelivered) as caught:
            await notifier.deliver(notice(STARTED, 1, "x"), receipt="", thread="")
    assert bool(caught.value.fix) is fix
    assert caught.value.perhaps is perhaps
    assert caught.value.again_s == (pytest.approx(again_s, abs=0.5) if again_s else None)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("settings", [GRAFANA, DATADOG], ids=["grafana", "datadog"])
@pytest.mark.parametrize(("trouble", "perhaps"), [("hang", True), ("gone", False)])
async def test_no_answer_at_all(
    settings: dict[str, Any], trouble: str, perhaps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S26: too slow, or nobody there; only the one may have got through."""
    monkeypatch.setattr(bindings, "TIMEOUT_S", 0.2)
    async with telling(grafana().answer, **settings) as (server, notifier):
        if trouble == "hang":
            server.then = "hang"
        else:
            await server.end()
        with pytest.raises(Undelivered) as caught:
            await notifier.deliver(notice(STARTED, 1, "x"), receipt="", thread="")
    assert (caught.value.perhaps, caught.value.fix) == (perhaps, "")


async def test_looking_says_where_and_writes_nothing() -> None:
    """Preflight finds a wrong token out without a mark on anybody's dashboard."""
    vendor = grafana()
    async with telling(vendor.answer, **GRAFANA) as (_, notifier):
        assert await notifier.look() == "annotations in Grafana"
        vendor.token = "another"
        with pytest.raises(Undelivered, match="HTTP 401") as caught:
            await notifier.look()
    assert caught.value.fix
    assert vendor.annotations == {}


async def test_events_keep_to_datadog_s_specification() -> None:
    """What is posted is an event of API v1, and what the fake says an answer of it."""
    spec = specification("datadog/v1.trim.json")
    vendor = FakeDatadog(Service(), time.time, TOKEN, None)
    server = VendorServer(vendor.answer, time.time)
    await server.start()
    async with prism(spec, server.url) as url:
        relayed = {"datadog": {**DATADOG["datadog"], "url": url}}
        async with telling(vendor.answer, **relayed) as (_, notifier):
            await notifier.look()
            assert await notifier.deliver(notice(STARTED, 1, "Auth v1 → v2"), receipt="", thread="") == "1"
            assert await notifier.deliver(notice(VERIFIED, 2, "x" * 9000), receipt="", thread="") == "2"
    await server.end()
