"""What preflight makes of sources and guards: breaches that stand, and data that is not there (S5, S8)."""

from __future__ import annotations

import math

import pytest
from tests.engine.preflight_field import LATENCY, WITH_LATENCY, Answers, Field

from controlroom.run.samples import Reading


@pytest.mark.parametrize("value", [5.01, 8.0])
async def test_a_breach_that_is_there_already(around: Field, value: float) -> None:
    """S8: refused, and not blamed on the release; `--accept-breach REASON` lets a hotfix through."""
    around.errors["orders"] = value
    found = await around.refusal()
    assert found.subject == "orders/error_rate"
    assert found.detail == f"orders {value:g} % > 5 %"
    assert "--accept-breach REASON" in found.fix
    around.accept_breach = "this release mends it"
    accepted = await around.look()
    assert accepted.ok
    assert any(r.detail == f"orders {value:g} % > 5 %, accepted: this release mends it" for r in accepted.results)


async def test_the_limit_itself_and_few_requests_are_no_breach(around: Field) -> None:
    """S1/S4: strict, and nothing is judged on three requests or none."""
    around.errors["orders"] = 5.0
    assert (await around.look()).ok
    around.errors["orders"], around.requests = 50.0, 3
    found = await around.look()
    assert found.ok
    assert any(result.detail == "too few requests to judge" for result in found.results)
    around.requests = 0
    found = await around.look()
    assert any(result.detail == "no traffic" for result in found.results)


async def test_limits_are_compared_in_the_metrics_own_unit(around: Field) -> None:
    """S8: a limit of 1 s on a metric in ms is 1000, not 1."""
    around.plan = WITH_LATENCY
    around.extra = [Answers([[Reading(series="auth/latency", value=312.0, at=0.0)]])]
    assert (await around.look()).ok
    around.extra = [Answers([[Reading(series="auth/latency", value=1200.0, at=0.0)]])]
    assert (await around.refusal()).detail == "auth 1200 ms > 1000 ms"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
async def test_no_data_never_reads_as_healthy(around: Field, value: float | None) -> None:
    """S5: nothing, NaN and infinity are no data; a breach cannot be accepted where none can be seen."""
    around.errors["orders"] = value
    around.accept_breach = "whatever"
    found = await around.refusal()
    assert found.subject == "orders/error_rate"
    assert found.detail.startswith("no data: ")


async def test_a_source_that_hangs(around: Field) -> None:
    """S5: a source without an answer is no data for its series, and does not pass for lack of a reading."""
    around.plan = WITH_LATENCY
    around.extra = [Answers([None])]
    found = await around.refusal()
    assert (found.subject, found.detail) == ("auth/latency", "no data: no answer")
    assert around.extra[0].asked == 1


async def test_a_source_that_is_away_is_one_line(around: Field) -> None:
    """All its series are dark for one reason, which is said once."""
    around.errors = {"auth": None, "orders": None}
    found = await around.refusal()
    assert (found.subject, found.detail) == ("auth/error_rate", "no data: HTTP 503; so are orders/error_rate")


async def test_a_rate_may_take_a_second_scrape(around: Field) -> None:
    """S3: the first sample after a start gives no rate; the source is asked again before it is judged."""
    around.plan = WITH_LATENCY
    first = Reading(series="auth/latency", value=None, at=0.0, cause="first sample")
    around.extra = [Answers([[first], [first], [Reading(series="auth/latency", value=10.0, at=1.0)]])]
    assert (await around.look()).ok
    assert around.extra[0].asked == 3


async def test_an_unhealthy_service_is_told_and_not_refused(around: Field) -> None:
    """A service that is down may be why there is a go-live."""
    around.extra = [Answers([[Reading(series="database/health", value=0.0, at=0.0, cause="HTTP 500")]])]
    found = await around.look()
    assert found.ok
    assert any(result.detail == "NOT healthy: HTTP 500" and result.warn for result in found.results)


async def test_a_metric_without_a_guard_has_its_line(around: Field) -> None:
    """Every source is looked at: what no guard rests on is shown with its value, or with why it has none."""
    around.plan = WITH_LATENCY.replace(LATENCY, "\nrollback:")
    around.extra = [Answers([[Reading(series="auth/latency", value=312.4, at=0.0)]])]
    lines = {result.subject: result for result in (await around.look()).results}
    assert (lines["auth/latency"].detail, lines["auth/latency"].warn) == ("312 ms", False)
    around.extra = [Answers([[Reading(series="auth/latency", value=None, at=0.0, requests=0)]])]
    lines = {result.subject: result for result in (await around.look()).results}
    assert (lines["auth/latency"].detail, lines["auth/latency"].warn) == ("no traffic", True)
