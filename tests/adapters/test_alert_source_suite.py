"""What holds for every alert source, whatever its vendor: what is open, how grave it is, and each way not to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.outside_world import ALERTS, SECRETS, AlertRow, World, world_of
from tests.adapters.trouble_said import NONSENSE, REFUSALS
from tests.adapters.vendors.http_server import Said

from controlroom.run.phases import Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.parametrize("row", ALERTS, ids=lambda row: row.kind)


@pytest.fixture
async def world(row: AlertRow) -> AsyncIterator[World]:
    """A vendor with nothing open."""
    async with world_of(lambda _now: row.vendor()) as made:
        yield made


async def test_nothing_is_open(row: AlertRow, world: World) -> None:
    """An empty list is an answer, not a failure."""
    found = await world.alerts(row).open()
    assert (found.alerts, found.cause) == ((), "")


async def test_an_alert_has_what_people_need(row: AlertRow, world: World) -> None:
    """Its title, how grave it is, since when, and where to look."""
    row.raises(world.vendor, "The server is on fire", row.words[Severity.CRITICAL])
    (alert,) = (await world.alerts(row).open()).alerts
    assert "The server is on fire" in alert.title
    assert alert.severity is Severity.CRITICAL
    assert alert.since.startswith("2026-12-01T03:00:01")
    assert alert.link.startswith("http") or row.kind == "opsgenie"


async def test_every_word_of_the_vendor_has_its_severity(row: AlertRow, world: World) -> None:
    """Asked for warnings, everything comes that is one at least, each with the vendor's word translated."""
    for severity, word in row.words.items():
        row.raises(world.vendor, f"of {severity.value}", word)
    found = await world.alerts(row, "warning").open()
    seen = {alert.severity: alert.title for alert in found.alerts if alert.severity.reaches("warning")}
    wanted = {severity for severity in row.words if severity.reaches("warning")}
    assert set(seen) == wanted
    assert all(severity.value in title for severity, title in seen.items())


async def test_asked_for_critical_ones_no_lesser_is_taken_for_one(row: AlertRow, world: World) -> None:
    """What the vendor lists besides is marked as what it is."""
    for severity, word in row.words.items():
        row.raises(world.vendor, f"of {severity.value}", word)
    found = await world.alerts(row, "critical").open()
    assert [alert.severity for alert in found.alerts if alert.severity.reaches("critical")] == [Severity.CRITICAL]


async def test_only_what_the_plan_asks_for(row: AlertRow, world: World) -> None:
    """Another team's service, tag or label is not ours."""
    row.elsewhere(world.vendor)
    row.raises(world.vendor, "ours", row.words[Severity.CRITICAL])
    found = await world.alerts(row).open()
    assert [alert for alert in found.alerts if "not ours" in alert.title] == []
    assert len(found.alerts) == 1


async def test_ids_stay_and_what_is_over_is_gone(row: AlertRow, world: World) -> None:
    """The same alert is the same alert in every answer, and no longer listed once it is over."""
    row.raises(world.vendor, "a", row.words[Severity.CRITICAL])
    source = world.alerts(row)
    first, second = await source.open(), await source.open()
    assert [alert.id for alert in first.alerts] == [alert.id for alert in second.alerts]
    row.closes(world.vendor)
    assert (await source.open()).alerts == ()
    row.raises(world.vendor, "a", row.words[Severity.CRITICAL])
    third = await source.open()
    assert {alert.id for alert in third.alerts}.isdisjoint(alert.id for alert in first.alerts)


async def test_the_newest_come_first_and_a_storm_is_cut(row: AlertRow, world: World) -> None:
    """Of thousands, the newest hundred."""
    for number in range(59):
        row.raises(world.vendor, f"alert {number}", row.words[Severity.CRITICAL])
    found = await world.alerts(row).open()
    assert "alert 58" in found.alerts[0].title
    assert len(found.alerts) == 59


async def test_titles_are_fit_to_be_shown(row: AlertRow, world: World) -> None:
    """S27: escapes, secrets and endless text do not get through."""
    row.raises(world.vendor, f"\x1b[31mred\x1b[0m {SECRETS['TOKEN']} " + "x" * 5000, row.words[Severity.CRITICAL])
    (alert,) = (await world.alerts(row).open()).alerts
    assert "\x1b" not in alert.title
    assert SECRETS["TOKEN"] not in alert.title
    assert len(alert.title) <= 200


@pytest.mark.parametrize(("status", "headers"), REFUSALS)
async def test_http_errors_are_causes(row: AlertRow, world: World, status: int, headers: dict[str, str]) -> None:
    """S22: NO DATA with the status, no secret that an answer repeats, and the next good answer is taken."""
    source = world.alerts(row)
    world.server.trouble = Said({"errors": [f"bad {' '.join(SECRETS.values())}"]}, status, headers)
    found = await source.open()
    assert found.alerts == ()
    assert found.cause.startswith(f"HTTP {status}")
    assert not any(secret in found.cause for secret in SECRETS.values())
    world.server.trouble = None
    await world.clock.advance(31)
    assert (await source.open()).cause == ""


async def test_a_wish_to_be_left_alone_is_respected(row: AlertRow, world: World) -> None:
    """After 429 with Retry-After no request goes out before its time."""
    source = world.alerts(row)
    world.server.trouble = Said("", 429, {"Retry-After": "30"})
    await source.open()
    asked = len(world.server.requests)
    await world.clock.advance(29)
    assert "429" in (await source.open()).cause
    assert len(world.server.requests) == asked


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
async def test_what_is_no_answer_is_a_cause(row: AlertRow, world: World, said: Said) -> None:
    """S22: never read as "nothing is open"."""
    world.server.trouble = said
    found = await world.alerts(row).open()
    assert found.alerts == ()
    assert found.cause
    assert len(found.cause) <= 520


async def test_an_answer_that_breaks_off(row: AlertRow, world: World) -> None:
    """Half a list is none."""
    row.raises(world.vendor, "a", row.words[Severity.CRITICAL])
    world.server.cut = 10
    assert (await world.alerts(row).open()).cause


async def test_an_answer_that_never_comes(row: AlertRow, world: World) -> None:
    """The timeout of the plan, in real seconds."""
    world.server.then = "hang"
    assert (await world.alerts(row, timeout="1s").open()).cause.endswith("within 1 s")


async def test_nobody_listens(row: AlertRow, world: World) -> None:
    """A refused connection names where."""
    await world.server.end()
    assert (await world.alerts(row).open()).cause.startswith("connection refused: nothing listens at 127.0.0.1")


async def test_a_secret_that_is_not_there_is_said_before_anything_is_asked(row: AlertRow, world: World) -> None:
    """Without its token a source is dark, by the name of what is missing; the others are asked all the same."""
    found = await world.alerts(row, token="${env:NOBODY}").open()
    assert (found.alerts, found.cause) == ((), "the environment variable NOBODY is not set")
    assert world.server.requests == []


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
async def test_a_step_of_this_machine_s_clock(row: AlertRow, world: World, step_s: float) -> None:
    """S9: what is open is open, and the same alert as before."""
    row.raises(world.vendor, "The server is on fire", row.words[Severity.CRITICAL])
    source = world.alerts(row)
    before = (await source.open()).alerts
    world.clock.step_wall(step_s)
    after = await source.open()
    assert (after.alerts, after.cause) == (before, "")
