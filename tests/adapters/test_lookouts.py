"""Every log rule, alert rule and notifier of the shipped plan has an adapter, made without asking anybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.adapters.outside_world import World, plan_with, world_of
from tests.adapters.vendors.pagerduty import FakePagerDuty

from controlroom.adapters.alerts.listing import Listing
from controlroom.adapters.logs.elasticsearch import ElasticsearchLogs
from controlroom.adapters.logs.splunk import SplunkLogs
from controlroom.adapters.lookouts import alert_sources, log_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.notify.bindings import notifiers_of
from controlroom.adapters.notify.slack import SlackBot
from controlroom.adapters.secrets import Vault
from controlroom.plan.loader import load_plan
from controlroom.plan.references import secrets_of
from controlroom.plan.sources import Source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

S5 = Path(__file__).parents[2] / "plans" / "s5-hardening.yaml"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world with some vendor."""
    async with world_of(lambda _now: FakePagerDuty("t", "r")) as made:
        yield made


async def test_the_s5_plan(world: World) -> None:
    """Grafana and Datadog aside: Splunk and ELK, PagerDuty and Opsgenie, and #deployments."""
    plan = load_plan(str(S5)).plan
    secrets = {secret.name: f"value-of-{secret.name}" for secret in secrets_of(plan)}
    means = Means(world.means.pace, Vault(secrets), world.means.client, world.clock)
    logs, alerts = log_sources(plan, means), alert_sources(plan, means)
    assert {name: type(source) for name, source in logs.items()} == {
        "logs-1": ElasticsearchLogs,
        "logs-2": SplunkLogs,
    }
    assert {name: type(source) for name, source in alerts.items()} == {"alerts-1": Listing, "alerts-2": Listing}
    assert {name: type(told) for name, told in notifiers_of(plan.notify, means).items()} == {"slack": SlackBot}
    assert [source.every_s for source in logs.values()] == [15.0, 30.0]
    assert [source.every_s for source in alerts.values()] == [15.0, 15.0]


async def test_a_rule_may_name_a_source_of_the_plan(world: World) -> None:
    """One source, many rules."""
    world.vendor.token = "t"
    settings = Source.model_validate({"pagerduty": {"token": "t", "url": world.server.url}})
    plan = plan_with(alerts=[{"source": "pager", "severity": "critical"}])
    plan = plan.model_copy(update={"sources": {"pager": settings}})
    world.vendor.open("The server is on fire")
    found = await alert_sources(plan, world.means)["alerts-1"].open()
    assert [alert.title for alert in found.alerts] == ["The server is on fire"], found.cause
