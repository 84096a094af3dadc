"""What the alarm of a failed step suggests: nothing that would be refused (S12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import PLAN

if TYPE_CHECKING:
    from tests.engine.conftest import Launch

FIXED = PLAN.replace('rollback: [{run: "deploy auth ${version.target}"}]', "irreversible: true\n    reason: it is sold")


@pytest.mark.parametrize(
    ("plan", "service", "suggest"),
    [
        (PLAN, "auth", "retry, verify again, mark done, roll back, abort"),
        (PLAN, "orders", "retry, verify again, mark done, skip, roll back, abort"),
        (FIXED, "auth", "retry, verify again, mark done, abort"),
    ],
    ids=["required", "may be skipped", "irreversible"],
)
async def test_the_alarm_offers_what_may_be_done(launch: Launch, plan: str, service: str, suggest: str) -> None:
    """Skip only where the plan does without the service, roll back only where there is a way."""
    engine = await launch(plan)
    engine.world.script[service, "deploy"] = ["fail"]
    services = list(engine.states())
    await engine.advance(*services[: services.index(service) + 1])
    assert engine.state.alarms[f"step:{service}"].suggest == suggest
