"""What holds for every log source, whatever its vendor: how many, the newest, and each way not to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.outside_world import LOGS, SECRETS, LogRow, World, world_of
from tests.adapters.trouble_said import NONSENSE, REFUSALS
from tests.adapters.vendors.http_server import Said

from controlroom.adapters.logs.lines import LONGEST_LINE, MOST_LINES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.parametrize("row", LOGS, ids=lambda row: row.kind)


@pytest.fixture
async def world(row: LogRow) -> AsyncIterator[World]:
    """A vendor without any entry."""
    async with world_of(row.vendor) as made:
        yield made


async def test_nothing_is_there(row: LogRow, world: World) -> None:
    """Zero is a number, and no failure."""
    found = await world.logs(row).tally(300.0)
    assert (found.count, found.lines, found.cause) == (0, (), "")


async def test_what_is_in_the_span_counts(row: LogRow, world: World) -> None:
    """By the source's own clock, to the second."""
    for ago in (1.0, 100.0, 299.0, 301.0, 4000.0):
        world.vendor.log(f"{ago} ago", ago=ago)
    source = world.logs(row)
    assert (await source.tally(300.0)).count == 3
    assert (await source.tally(1.5)).count == 1
    assert (await source.tally(3600.0)).count == 4


async def test_the_newest_lines_are_the_evidence(row: LogRow, world: World) -> None:
    """A handful, newest first, however many there are."""
    for number in range(300):
        world.vendor.log(f"payment {number} refused", ago=300.0 - number)
    found = await world.logs(row).tally(3600.0)
    assert found.count == 300
    assert len(found.lines) == MOST_LINES
    assert "payment 299 refused" in found.lines[0]
    assert "payment 298 refused" in found.lines[1]


async def test_a_single_line_is_evidence_too(row: LogRow, world: World) -> None:
    """One is not less than a list."""
    world.vendor.log("payment refused")
    found = await world.logs(row).tally(60.0)
    assert found.count == 1
    assert len(found.lines) == 1
    assert "payment refused" in found.lines[0]


async def test_lines_are_fit_to_be_shown(row: LogRow, world: World) -> None:
    """S27: escapes, secrets, line breaks and endless text do not get through."""
    world.vendor.log(f"\x1b]0;title\x07 password=hunter2hunter2 {SECRETS['TOKEN']}\nsecond line " + "x" * 9000)
    (line,) = (await world.logs(row).tally(60.0)).lines
    assert "\x1b" not in line
    assert "\n" not in line
    assert "hunter2" not in line
    assert SECRETS["TOKEN"] not in line
    assert len(line) <= LONGEST_LINE


@pytest.mark.parametrize(("status", "headers"), REFUSALS)
async def test_http_errors_are_causes(row: LogRow, world: World, status: int, headers: dict[str, str]) -> None:
    """S22: NO DATA with the status, no secret that an answer repeats, and the next good answer is taken."""
    source = world.logs(row)
    world.server.trouble = Said({"error": f"bad {' '.join(SECRETS.values())}"}, status, headers)
    found = await source.tally(300.0)
    assert (found.count, found.lines) == (None, ())
    assert found.cause.startswith(f"HTTP {status}")
    assert not any(secret in found.cause for secret in SECRETS.values())
    world.server.trouble = None
    await world.clock.advance(31)
    assert (await source.tally(300.0)).count == 0


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
async def test_what_is_no_answer_is_a_cause(row: LogRow, world: World, said: Said) -> None:
    """S22: never read as zero entries."""
    world.server.trouble = said
    found = await world.logs(row).tally(300.0)
    assert found.count is None
    assert found.cause
    assert len(found.cause) <= 520


async def test_an_answer_that_breaks_off(row: LogRow, world: World) -> None:
    """Half an answer is none."""
    world.vendor.log("payment refused")
    world.server.cut = 10
    assert (await world.logs(row).tally(60.0)).count is None


async def test_an_answer_that_never_comes(row: LogRow, world: World) -> None:
    """The timeout of the plan, in real seconds."""
    world.server.then = "hang"
    assert (await world.logs(row, timeout="1s").tally(60.0)).cause.endswith("within 1 s")


async def test_nobody_listens(row: LogRow, world: World) -> None:
    """A refused connection names where."""
    await world.server.end()
    assert (await world.logs(row).tally(60.0)).cause.startswith("connection refused: nothing listens at 127.0.0.1")


async def test_a_secret_that_is_not_there_is_said_before_anything_is_asked(row: LogRow, world: World) -> None:
    """Without its token a source is dark, by the name of what is missing; the others are asked all the same."""
    found = await world.logs(row, token="${env:NOBODY}").tally(60.0)
    assert (found.count, found.cause) == (None, "the environment variable NOBODY is not set")
    assert world.server.requests == []


async def test_a_wish_to_be_left_alone_is_respected(row: LogRow, world: World) -> None:
    """After 429 with Retry-After no request goes out before its time."""
    source = world.logs(row)
    world.server.trouble = Said("", 429, {"Retry-After": "30"})
    await source.tally(60.0)
    asked = len(world.server.requests)
    await world.clock.advance(29)
    assert "429" in (await source.tally(60.0)).cause
    assert len(world.server.requests) == asked


@pytest.mark.parametrize("skew_s", [3600.0, -3600.0])
async def test_a_vendor_whose_clock_is_wrong(row: LogRow, skew_s: float) -> None:
    """S9: the span is counted by the clock that wrote the entries, whatever ours says or does meanwhile."""
    async with world_of(row.vendor, skew_s=skew_s) as world:
        source = world.logs(row)
        world.vendor.log("now", ago=1.0)
        world.vendor.log("long ago", ago=301.0)
        assert (await source.tally(300.0)).count == 1
        world.clock.step_wall(-skew_s)
        assert (await source.tally(300.0)).count == 1
