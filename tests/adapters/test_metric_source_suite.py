"""What holds for every metric source, whatever its technology: figures, and each way to have none (S3-S5)."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

import pytest
from tests.adapters.metric_world import ERRORS, MEMORY, ROWS, SECRETS, Row, World, world_of
from tests.adapters.vendors.http_server import Said

from controlroom.run.phases import DataState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.kind)


@pytest.fixture
async def world(row: Row) -> AsyncIterator[World]:
    """A world whose source sees ten requests a second, none of them wrong, for two minutes before."""
    async with world_of(row) as made:
        await made.live(120, 10, 0)
        await made.clock.advance(1)
        yield made


async def test_eight_percent_are_seen_as_eight_percent(world: World) -> None:
    """S3: errors among requests over the last minute, with the requests they rest on; within two minutes at most."""
    samples = await world.live(120, 92, 8)
    assert samples[-1].state is DataState.BREACH
    assert samples[-1].value == pytest.approx(8.0, abs=0.01)
    assert samples[-1].requests is not None
    assert 3000 < samples[-1].requests <= 8000
    assert samples[-1].cause == ""


async def test_no_errors_are_zero(world: World) -> None:
    """A healthy service is 0 %, not unknown."""
    sample = (await world.look())[ERRORS]
    assert (sample.state, sample.value) == (DataState.OK, 0.0)


async def test_no_traffic_is_neither_zero_nor_a_hundred(world: World) -> None:
    """S4: nobody asks."""
    samples = await world.live(150, 0, 0)
    assert (samples[-1].state, samples[-1].value) == (DataState.NO_TRAFFIC, None)


async def test_few_requests_say_little(world: World) -> None:
    """S4: one error in a handful of requests starts nothing."""
    await world.live(150, 0, 0)
    await world.live(30, 0, 0)
    world.service.serve(4, 1)
    samples = await world.live(40, 0, 0)
    assert DataState.BREACH not in {sample.state for sample in samples}
    assert DataState.TOO_FEW in {sample.state for sample in samples}


async def test_a_restart_is_no_burst_and_no_negative_number(world: World) -> None:
    """S3: counters that begin anew, as at every deploy."""
    await world.live(60, 92, 8)
    world.service.restart()
    samples = await world.live(60, 92, 8)
    values = [sample.value for sample in samples if sample.value is not None]
    assert values
    assert all(7.0 < value < 9.0 for value in values)
    assert all(0 < (sample.requests or 0) <= 8000 for sample in samples)


async def test_a_gap_is_no_data_and_ends_by_itself(world: World) -> None:
    """S5: the vendor lost sight of the service; never does that read as healthy for long, and it comes back."""
    world.service.blind = True
    samples = await world.live(420, 10, 0)
    assert samples[-1].state is DataState.NO_DATA
    assert samples[-1].cause
    world.service.blind = False
    samples = await world.live(150, 10, 0)
    assert samples[-1].state is DataState.OK


async def test_a_value_that_is_none(world: World) -> None:
    """S5: NaN, or null where JSON has no NaN."""
    world.service.memory = None
    await world.live(30, 10, 0, watch=False)
    sample = (await world.look())[MEMORY]
    assert (sample.state, sample.value) == (DataState.NO_DATA, None)
    assert sample.cause


async def test_a_vendor_that_knows_nothing(row: Row) -> None:
    """S5: an answer without any series has its cause, and is no zero."""
    async with world_of(row) as world:
        world.service.blind = True
        found = await world.look()
        for sample in found.values():
            assert sample.state is DataState.NO_DATA
            assert sample.cause


@pytest.mark.parametrize(
    ("status", "headers"),
    [(401, {}), (403, {}), (404, {}), (429, {}), (429, {"Retry-After": "30"}), (500, {}), (502, {}), (503, {})],
)
async def test_http_errors_are_no_data(world: World, status: int, headers: dict[str, str]) -> None:
    """S5: with the status, and without a secret that an answer repeats; the next good answer is taken."""
    echo = {"errors": [f"bad key {' '.join(SECRETS.values())}"], "message": SECRETS["TOKEN"]}
    world.server.trouble = Said(echo, status, headers)
    for sample in (await world.look()).values():
        assert sample.state is DataState.NO_DATA
        assert sample.cause.startswith(f"HTTP {status}")
        assert not any(secret in sample.cause for secret in SECRETS.values())
    world.server.trouble = None
    await world.clock.advance(31)
    world.service.scraped(world.now())
    assert (await world.look())[ERRORS].state is not DataState.NO_DATA


@pytest.mark.parametrize(
    "said",
    [
        Said("<!doctype html><html><body>Log in</body></html>", kind="text/html; charset=utf-8"),
        Said("\n<html>Log in</html>", kind="application/json"),
        Said("", 302, {"Location": "http://127.0.0.1:1/login"}),
        Said("x" * 2_000_000, kind="text/plain"),
        Said("\x00\xff", kind="application/octet-stream"),
        Said(""),
        Said([1, 2, 3]),
        Said({"status": "success", "data": {"result": [{"metric": {}, "value": ["then", 5]}]}}),
        Said({"series": [{"pointlist": [[1, 2, 3]]}]}),
        Said({"status": "error", "error": "the store is gone"}),
    ],
    ids=[
        "html",
        "html-as-json",
        "redirect",
        "huge",
        "binary",
        "empty",
        "list",
        "wrong-shape",
        "wrong-points",
        "error-in-200",
    ],
)
async def test_what_is_no_answer_is_no_data(world: World, said: Said) -> None:
    """S5: whatever comes instead of metrics has a cause in words."""
    world.server.trouble = said
    for sample in (await world.look()).values():
        assert sample.state is DataState.NO_DATA
        assert sample.cause
        assert "Traceback" not in sample.cause
        assert len(sample.cause) <= 520


@pytest.mark.parametrize("missing", [5, 20])
async def test_an_answer_that_breaks_off(world: World, missing: int) -> None:
    """S5: half an answer is none; the next one counts again."""
    world.server.cut = missing
    for sample in (await world.look()).values():
        assert sample.state is DataState.NO_DATA
        assert sample.cause
    world.server.cut = 0
    await world.clock.advance(1)
    assert (await world.look())[ERRORS].state is DataState.OK


async def test_an_answer_that_never_comes(row: Row) -> None:
    """S5: a timeout is real seconds, and nothing is left of it once answers come again."""
    async with world_of(row, timeout="1s") as world:
        await world.live(120, 10, 0)
        world.server.then = "hang"
        for sample in (await world.look()).values():
            assert sample.state is DataState.NO_DATA
            assert sample.cause.endswith("within 1 s")
        world.server.then = "keep"
        assert (await world.live(5, 10, 0))[-1].state is DataState.OK


async def test_a_wish_to_be_left_alone_is_respected(world: World) -> None:
    """After 429 with Retry-After no request goes out before its time, and none reads as data."""
    world.server.trouble = Said("", 429, {"Retry-After": "30"})
    await world.look()
    asked = len(world.server.requests)
    await world.clock.advance(29)
    for sample in (await world.look()).values():
        assert "429" in sample.cause
    assert len(world.server.requests) == asked


async def test_nobody_listens(world: World) -> None:
    """S5: a refused connection names where."""
    await world.server.end()
    for sample in (await world.look()).values():
        assert sample.state is DataState.NO_DATA
        assert sample.cause.startswith("connection refused: nothing listens at 127.0.0.1")


@pytest.mark.parametrize("skew_s", [3600.0, -3600.0])
async def test_a_vendor_whose_clock_is_wrong(row: Row, skew_s: float) -> None:
    """S5, S9: an hour ahead or behind: its figures are the same, and its time moves on."""
    async with world_of(row, skew_s=skew_s) as world:
        await world.live(120, 92, 8, watch=False)
        samples = await world.live(30, 92, 8)
        assert [round(sample.value or 0, 1) for sample in samples[1:]] == [8.0] * 5
        assert all(later.at > earlier.at for earlier, later in pairwise(samples))


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
async def test_a_step_of_this_machine_s_clock(row: Row, step_s: float) -> None:
    """S9: the vendor's clock is right, ours jumps; at most one sample is lost to it, and none is wrong."""
    async with world_of(row) as world:
        await world.live(120, 92, 8)
        world.clock.step_wall(step_s)
        samples = await world.live(30, 92, 8)
        values = [sample.value for sample in samples if sample.value is not None]
        assert len(values) >= len(samples) - 1
        assert all(7 < value < 9 for value in values)


async def test_an_answer_that_is_the_same_for_ever_is_no_data(row: Row, world: World) -> None:
    """S5: a cache between us and the source gives yesterday's answer, and it does not read as today's."""
    good = (await world.look())[ERRORS]
    assert good.state is DataState.OK
    remembered: dict[str, Said] = {}
    handler = world.server.handler
    world.server.handler = lambda asked: remembered.setdefault(asked.params.get("query", ""), handler(asked))
    before = world.server.now()
    world.server.now = lambda: before
    samples = await world.live(420, 10, 0)
    # A page that tells no time of its own shows requests that stand still.
    assert samples[-1].state is (DataState.NO_TRAFFIC if row.kind == "openmetrics" else DataState.NO_DATA)


async def test_values_are_finite_or_none(world: World) -> None:
    """S5: whatever the mixture, no judged sample holds NaN or an infinity."""
    samples = await world.live(30, 0, 3)
    samples += await world.live(30, 0, 0)
    assert all(sample.value is None or isfinite(sample.value) for sample in samples)
