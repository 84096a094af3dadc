"""The shipped plan's adapters against the real stage: what the go-live looks at, and what it does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.adapters.smoke_bench import needs_chromium

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.kit import build_kit
from controlroom.adapters.manual import ManualDesk
from controlroom.plan.loader import load_plan
from controlroom.plan.steps import Check
from controlroom.rehearsal.process import StageHandle, start_stage
from controlroom.run.pace import Pace
from controlroom.run.phases import OutcomeStatus, SmokeState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.adapters.conftest import MakeScene

    from controlroom.plan.model import Plan
    from controlroom.ports import Kit

pytestmark = pytest.mark.stage
S5 = Path(__file__).parents[2] / "plans" / "s5-hardening.yaml"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageHandle]:
    """A stage for this module, at the old versions."""
    handle = start_stage(tmp_path_factory.mktemp("stage"))
    yield handle
    handle.end()


@pytest.fixture
def plan(stage: StageHandle) -> Plan:
    """The shipped plan, laid over the stage."""
    return load_plan(S5, stage.endpoints).plan


@pytest.fixture
async def kit(plan: Plan, stage: StageHandle) -> AsyncIterator[Kit]:
    """Its kit, as the engine of a rehearsal has it."""
    made = build_kit(
        plan,
        run_id="r1",
        clock=SystemClock(),
        pace=Pace(),
        env={},
        newest=lambda _series: None,
        desk=ManualDesk(),
        rehearsal_bin=stage.bin,
    )
    yield made
    await made.close()


async def test_what_is_live_before(kit: Kit, plan: Plan, scene: MakeScene) -> None:
    """S10: every service's version is observed as preflight does it, and the traffic switch too."""
    seen: dict[str, str] = {}
    for service in plan.services:
        assert service.version.observe is not None
        seen[service.id] = (await kit.observer(service.version.observe).look(scene(service.id))).observed
    assert seen == {"database": "41", "auth": "v2.0.0", "catalog": "v2.0.0", "orders": "v2.0.0", "frontend": "v2.0.0"}
    assert plan.traffic is not None
    assert plan.traffic.observe is not None
    assert (await kit.observer(plan.traffic.observe).look(scene("traffic"))).observed == "false"


async def test_health_and_metrics(kit: Kit) -> None:
    """S5: every probe says healthy; every metric of the three APIs gives a reading."""
    readings = [reading for source in kit.sources() for reading in await source.read()]
    health = {reading.series: reading.value for reading in readings if reading.series.endswith("/health")}
    assert health == dict.fromkeys(("database/health", "auth/health", "catalog/health", "orders/health"), 1.0) | {
        "frontend/health": 1.0
    }
    assert sum(reading.series.startswith(("auth/", "catalog/", "orders/")) for reading in readings) == 15


async def test_the_smoke_tests(kit: Kit, plan: Plan, scene: MakeScene) -> None:
    """S20: all five of the document pass on a healthy stage, again and again, and show no token."""
    for _ in range(2):
        for item in plan.smoke:
            result = await kit.smoke(item).run(scene(item.id, run_id="r1", service_id=item.id))
            assert result.state is SmokeState.PASS, result
            assert "Bearer" not in repr(result)


async def test_deploy_verify_and_back(kit: Kit, plan: Plan, scene: MakeScene, stage: StageHandle) -> None:
    """S10, S14: the frontend's own actions and checks take it to the new version and back, through the edge's cache."""
    frontend = plan.service("frontend")
    for target, actions in (("v2.1.0", frontend.deploy), ("v2.0.0", frontend.rollback)):
        for index, action in enumerate(actions):
            here = scene("frontend", version_target=target, service_id="frontend")
            here = replace(here, job_folder=here.job_folder.with_name(f"{target}-{index}"))
            job = await kit.action(action).start(here)
            outcome = await job.wait()
            assert outcome.status is OutcomeStatus.PASSED, outcome
        (verify,) = frontend.verify
        finding = await kit.check(verify).look(scene("frontend", version_target=target))
        assert (finding.ok, finding.observed) == (True, target), finding
    assert [deploy["version"] for deploy in stage.client.report()["services"]["frontend"]["deploys"]][-2:] == [
        "v2.1.0",
        "v2.0.0",
    ]


async def test_a_stale_edge_is_found_out(kit: Kit, plan: Plan, scene: MakeScene, stage: StageHandle) -> None:
    """The fault frontend:stale-cdn: verification says that the edge answered from its cache."""
    (verify,) = plan.service("frontend").verify
    stage.client.fault("frontend:stale-cdn", on=True)
    await kit.check(verify).look(scene("frontend", version_target="v2.0.0"))
    stage.client.deploy("frontend", "v2.1.0")
    finding = await kit.check(verify).look(scene("frontend", version_target="v2.1.0"))
    assert finding.detail.startswith("stale CDN answer: the page shows v2.0.0, not v2.1.0 (Age ")
    stage.client.fault("frontend:stale-cdn", on=False)
    stage.client.deploy("frontend", "v2.0.0")


@needs_chromium
async def test_the_footer_in_a_real_browser(plan: Plan, stage: StageHandle, scene: MakeScene) -> None:
    """The check that the document asks for, as production has it: old, new, and the old one again from a stale edge."""
    page = {"url": f"{stage.endpoints['edge.url']}/", "selector": "footer#version", "equals": "${version.target}"}
    kit = build_kit(
        plan,
        run_id="r1",
        clock=SystemClock(),
        pace=Pace(),
        env=os.environ,
        newest=lambda _series: None,
        desk=ManualDesk(),
        rehearsal_bin=stage.bin,
    )
    check = kit.check(Check.model_validate({"browser": page}))
    finding = await check.look(scene("frontend", timeout_s=30, version_target="v2.0.0"))
    assert (finding.ok, finding.observed) == (True, "v2.0.0"), finding
    here = scene("frontend", timeout_s=30, version_target="v2.1.0")
    stage.client.deploy("frontend", "v2.1.0")
    finding = await check.look(here)
    assert finding.detail.startswith("stale CDN answer: the page shows v2.0.0, not v2.1.0 (Age ")
    assert (here.job_folder / "page.png").read_bytes().startswith(b"\x89PNG")
    stage.client.invalidate()
    finding = await check.look(here)
    assert (finding.ok, finding.observed) == (True, "v2.1.0"), finding
    stage.client.deploy("frontend", "v2.0.0")
    stage.client.invalidate()
    await kit.close()


async def test_the_traffic_switch(kit: Kit, plan: Plan, scene: MakeScene, stage: StageHandle) -> None:
    """S21: the plan's actions open and close the edge, and the observer sees it."""
    assert plan.traffic is not None
    assert plan.traffic.observe is not None
    for actions, said, stands in ((plan.traffic.open, "true", "open"), (plan.traffic.close, "false", "closed")):
        outcome = await (await kit.action(actions[0]).start(scene("traffic"))).wait()
        assert outcome.status is OutcomeStatus.PASSED, outcome
        assert (await kit.observer(plan.traffic.observe).look(scene("traffic"))).observed == said
        assert stage.client.report()["traffic"] == stands


async def test_an_unhealthy_service_says_why(kit: Kit, stage: StageHandle) -> None:
    """The fault auth:health=degraded on the new version turns the probe, with the service's own word as cause."""
    stage.client.deploy("auth", "v2.1.0")
    stage.client.fault("auth:health=degraded", on=True)
    readings = [reading for source in kit.sources() for reading in await source.read()]
    (auth,) = (reading for reading in readings if reading.series == "auth/health")
    assert auth.value == 0.0
    assert "degraded" in auth.cause
    stage.client.fault("auth:health=degraded", on=False)
    stage.client.deploy("auth", "v2.0.0")
