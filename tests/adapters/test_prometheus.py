"""The PromQL source against its fake: what only the vendor can do to it, and the time before the run (S5, S8)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.adapters.metric_world import ERRORS, MEMORY, ROWS, World, world_of
from tests.adapters.vendors.http_server import Said
from tests.adapters.vendors.prometheus import FakePrometheus

from controlroom.ports import HistorySource
from controlroom.run.phases import DataState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROMETHEUS = next(row for row in ROWS if row.kind == "prometheus")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A Prometheus that has seen two minutes of health."""
    async with world_of(PROMETHEUS) as made:
        await made.live(120, 10, 0, watch=False)
        yield made


def fake(world: World) -> FakePrometheus:
    """The vendor of a world."""
    assert isinstance(world.vendor, FakePrometheus)
    return world.vendor


async def test_one_request_for_each_series_with_the_token(world: World) -> None:
    """S3: both halves of a rate are evaluated together; the token goes along; the server may give up in time."""
    await world.look()
    assert [asked.path for asked in world.server.requests] == ["/api/v1/query"] * 2
    (rate,) = [asked for asked in world.server.requests if "errors" in asked.params["query"]]
    assert '"requests"' in rate.params["query"]
    assert rate.params["timeout"] == "3"
    assert "time" not in rate.params, "the server's own time is the evaluation's"
    assert rate.headers["authorization"].startswith("Bearer ")


async def test_a_wrong_token_is_said(world: World) -> None:
    """S5: 401 is no data, with what it means."""
    fake(world).token = "another"
    assert (await world.look())[ERRORS].cause == "HTTP 401: the credentials are not accepted"


async def test_no_series_of_errors_is_zero_once_some_could_be(world: World) -> None:
    """S5: a service that never failed has no series of 5xx; whether it could have one is asked once."""
    fake(world).has_errors = False
    sample = (await world.look())[ERRORS]
    assert (sample.state, sample.value) == (DataState.OK, 0.0)
    asked = len(world.server.requests)
    await world.clock.advance(5)
    await world.look()
    assert len(world.server.requests) == asked + 2


async def test_errors_that_cannot_be_counted_are_not_zero(world: World) -> None:
    """S5: no series has the labels of the errors query: that is no health."""
    fake(world).has_errors = fake(world).witnessed = False
    sample = (await world.look())[ERRORS]
    assert (sample.state, sample.value) == (DataState.NO_DATA, None)
    assert sample.cause.endswith("there is none of http_requests_total{service, code} either")
    fake(world).has_errors = True
    await world.clock.advance(5)
    assert (await world.look())[ERRORS].value == 0.0


async def test_errors_seen_once_may_vanish(world: World) -> None:
    """S5: the instance that had failed is gone; no errors are left, and nothing needs to be asked."""
    await world.look()
    fake(world).has_errors = fake(world).witnessed = False
    await world.clock.advance(5)
    assert (await world.look())[ERRORS].value == 0.0


async def test_several_series_are_not_one_value(world: World) -> None:
    """S5: a query that forgot to sum up says so, instead of showing one pod of three."""
    fake(world).several = 3
    sample = (await world.look())[MEMORY]
    assert sample.state is DataState.NO_DATA
    assert sample.cause == "the query gives 3 series: put sum(…), max(…) or avg(…) around it"


async def test_warnings_stand_beside_the_value(world: World) -> None:
    """A store that did not answer makes a value partial; it is shown with the server's own words."""
    fake(world).warnings = ["fetch series for {} from store-2: unavailable"]
    sample = (await world.look())[ERRORS]
    assert (sample.value, sample.cause) == (0.0, "warning: fetch series for {} from store-2: unavailable")


async def test_old_data_under_a_fresh_evaluation(world: World) -> None:
    """S5: an exporter that hangs leaves its last value to be found for five minutes; it says nothing after a few."""
    world.service.blind = True
    await world.clock.advance(170)
    sample = (await world.look())[MEMORY]
    assert sample.state is DataState.NO_DATA
    assert sample.cause == "the newest sample is 2m50s old"


async def test_the_server_s_words_without_our_own_question(world: World) -> None:
    """A mistake in a query is told as the server tells it, but for a place that is not the plan's."""
    message = 'invalid parameter "query": 1:213: parse error: unknown function with name "summ"'
    world.server.trouble = Said({"status": "error", "errorType": "bad_data", "error": message}, 400)
    assert (await world.look())[ERRORS].cause == 'HTTP 400 (parse error: unknown function with name "summ")'


async def test_a_server_that_repeats_our_question_is_cut_short(world: World) -> None:
    """VictoriaMetrics quotes all that it was asked, before what is wrong with it and after."""
    asked = 'label_replace((up{\\n), \\"controlroom\\", \\"value\\")' * 20
    message = (
        f'error when executing query="{asked}" for (time=1795899531896, step=300000): '
        f'unexpected token ")"; unparsed data: "{asked}"'
    )
    world.server.trouble = Said({"status": "error", "errorType": "422", "error": message}, 422)
    assert (await world.look())[ERRORS].cause == 'HTTP 422 (unexpected token ")")'


async def test_too_many_requests_are_not_repeated(world: World) -> None:
    """429 with Retry-After: nothing is asked before that, and the cause says how long."""
    world.server.trouble = Said({}, 429, {"Retry-After": "60"})
    await world.look()
    asked = len(world.server.requests)
    world.server.trouble = None
    await world.clock.advance(20)
    assert (await world.look())[ERRORS].cause == "HTTP 429: too many requests; asked again in 40s"
    assert len(world.server.requests) == asked
    await world.live(45, 10, 0, watch=False)
    assert (await world.look())[ERRORS].state is DataState.OK


async def test_histograms_are_no_numbers(world: World) -> None:
    """A native histogram has no value."""
    element = {"metric": {"controlroom": "value"}, "histogram": [1, {}]}
    world.server.trouble = Said({"status": "success", "data": {"resultType": "vector", "result": [element]}})
    assert (await world.look())[MEMORY].cause == "the query gives histograms, not numbers"


async def test_the_past_is_what_would_have_been_read(world: World) -> None:
    """S8: every 5 s of the last ten minutes, oldest first, in the server's time; before the first scrape, nothing."""
    await world.live(120, 92, 8, watch=False)
    assert isinstance(world.source, HistorySource)
    past = [reading for reading in await world.source.past(600.0, 5.0) if reading.series == ERRORS]
    assert len(past) == 121
    assert past[-1].at == pytest.approx(world.now(), abs=1.0)
    assert [round(b.at - a.at, 3) for a, b in pairwise(past)] == [5.0] * 120
    assert past[0].value is None
    assert past[0].cause == "no series answers the requests query"
    assert past[-1].value == pytest.approx(8.0)
    assert past[-1].requests == pytest.approx(5900, abs=100)
    assert past[-26].value == 0.0


@pytest.mark.parametrize("skew_s", [3600.0, -3600.0])
async def test_the_past_of_a_server_with_another_time(skew_s: float) -> None:
    """S9: the span is asked for by the server's own clock."""
    async with world_of(PROMETHEUS, skew_s=skew_s) as world:
        await world.live(120, 92, 8, watch=False)
        assert isinstance(world.source, HistorySource)
        past = await world.source.past(60.0, 5.0)
        assert past[12].value == pytest.approx(8.0)


async def test_no_past_has_a_cause(world: World) -> None:
    """A source that fails gives one reading for each series, which says why."""
    world.server.trouble = Said("gone", 502, kind="text/plain")
    assert isinstance(world.source, HistorySource)
    past = await world.source.past(600.0, 5.0)
    assert [(reading.series, reading.value, reading.cause) for reading in past] == [
        (ERRORS, None, "HTTP 502"),
        (MEMORY, None, "HTTP 502"),
    ]


async def test_a_long_past_is_asked_for_in_bounded_steps(world: World) -> None:
    """Two days in steps of 5 s would be more points than a server gives."""
    assert isinstance(world.source, HistorySource)
    past = await world.source.past(172_800.0, 5.0)
    assert len(past) == 2 * 1001
