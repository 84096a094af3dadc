"""The kit: every kind of the plan language gets its adapter, and nothing is loaded that the plan does not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from controlroom.adapters import kit as kit_module
from controlroom.adapters.clock import SystemClock
from controlroom.adapters.kit import build_kit
from controlroom.adapters.manual import ManualDesk
from controlroom.errors import ActionError
from controlroom.plan.loader import parse_plan
from controlroom.plan.model import Plan
from controlroom.plan.observation import SmokeItem
from controlroom.plan.steps import Action, Check, Observe, Probe
from controlroom.run.pace import Pace
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from tests.adapters.conftest import MakeScene, Peer

    from controlroom.ports import Kit

PLANS = Path(__file__).parents[2] / "plans"


def kit_for(plan: Plan, rehearsal_bin: Path | None = None, env: dict[str, str] | None = None) -> Kit:
    """A kit as the engine makes it."""
    return build_kit(
        plan,
        run_id="r1",
        clock=SystemClock(),
        pace=Pace(),
        env=env or {"PATH": "/usr/bin:/bin", "SECRET": "hunter2-hunter2", "CONTROLROOM_HOME": "/nowhere"},
        newest=lambda _series: None,
        desk=ManualDesk(),
        rehearsal_bin=rehearsal_bin,
    )


@pytest.fixture
def plan() -> Plan:
    """A plan with one service."""
    auth = {
        "id": "auth",
        "name": "Auth",
        "version": {"to": "v2"},
        "deploy": [{"wait": "1s"}],
        "verify": [{"manual": "?"}],
        "rollback": [{"wait": "1s"}],
    }
    return Plan.model_validate({"plan": "p", "title": "P", "environment": "e", "services": [auth]})


def test_the_tables_say_what_the_plan_language_says() -> None:
    """Every kind of the language has an adapter, and nothing else has; what is done by hand needs none."""
    assert kit_module._ACTIONS.keys() == set(Action.KINDS)
    assert kit_module._CHECKS.keys() == set(Check.KINDS)
    assert kit_module._OBSERVERS.keys() == set(Observe.KINDS)
    assert kit_module._PROBES.keys() == set(Probe.KINDS)
    assert kit_module._SMOKE.keys() == set(SmokeItem.KINDS) - {"manual"}


@pytest.mark.parametrize("module", ["asyncpg", "jsonpath", "prometheus_client", "textual"])
def test_what_is_not_used_is_not_loaded(module: str) -> None:
    """Importing the kit, and using HTTP and commands, loads no database driver and no parser."""
    program = f"import sys, controlroom.adapters.kit; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


ENDPOINTS = {
    "auth.url": "http://127.0.0.1:1",
    "catalog.url": "http://127.0.0.1:2",
    "orders.url": "http://127.0.0.1:3",
    "frontend.url": "http://127.0.0.1:4",
    "edge.url": "http://127.0.0.1:5",
    "edge.public": "http://127.0.0.1:7",
    "edge.admin": "http://127.0.0.1:6",
    "database.dsn": "postgresql://postgres:hunter2-hunter2@127.0.0.1:7/shop",
}


async def test_the_shipped_plan_is_wholly_built_in_rehearsal(tmp_path: Path) -> None:
    """Every action, check, observer, item and source of plans/s5-hardening.yaml has an adapter with a label."""
    file = PLANS / "s5-hardening.yaml"
    s5 = parse_plan(file.read_text(encoding="utf-8"), str(file), ENDPOINTS).plan
    kit = kit_for(s5, tmp_path / "bin")
    labels: list[str] = []
    for service in s5.services:
        labels += [kit.action(spec).label for spec in (*service.deploy, *service.rollback)]
        labels += [kit.check(spec).label for spec in service.verify]
        assert service.version.observe is not None
        labels.append(kit.observer(service.version.observe).label)
    assert s5.traffic is not None
    assert s5.traffic.observe is not None
    labels += [kit.action(spec).label for spec in (*s5.traffic.open, *s5.traffic.close)]
    labels.append(kit.observer(s5.traffic.observe).label)
    assert all(labels)
    assert not any("hunter2" in label for label in labels)
    assert all(hasattr(kit.smoke(item), "run") for item in s5.smoke)
    sources = kit.sources()
    assert [source.every_s for source in sources] == [1.0] * 5 + [2.0] * 3
    for source in sources[:5]:
        (reading,) = await source.read()
        assert reading.value == 0.0
        assert "refused" in reading.cause
    await kit.close()


async def act(kit: Kit, scene: MakeScene, run: Any, **more: Any) -> tuple[OutcomeStatus, str, str]:
    """Status, detail and output of a command."""
    lines: list[str] = []
    here = scene(service_id="auth", version_target="v2.1.0")
    spec = Action.model_validate({"run": run} | more)
    job = await kit.action(spec).start(here)
    outcome = await job.wait()
    lines = (here.job_folder / "output.log").read_text().splitlines()
    return outcome.status, outcome.detail, "\n".join(lines)


async def test_commands_of_a_go_live(plan: Plan, scene: MakeScene) -> None:
    """S27: facts and the step's env reach the command, the operator's own environment too; secrets do not come out."""
    kit = kit_for(plan)
    status, _, output = await act(
        kit,
        scene,
        "echo ${version.target} $CONTROLROOM_VERSION_TARGET $CONTROLROOM_SERVICE_ID [$CONTROLROOM_HOME] $KEY $SECRET",
        env={"KEY": "${env:SECRET}"},
    )
    assert (status, output) == (OutcomeStatus.PASSED, "v2.1.0 v2.1.0 auth [] *** ***")
    with pytest.raises(ActionError, match="may not stand in a command"):
        await act(kit, scene, "curl ${env:SECRET}")
    await kit.close()


async def test_commands_of_a_rehearsal(plan: Plan, scene: MakeScene, tmp_path: Path) -> None:
    """S30: a rehearsal's commands find the stage's programs only, a home of their own, and nothing of the operator."""
    commands = tmp_path / "stage" / "bin"
    commands.mkdir(parents=True)
    (commands / "deploy").write_text('#!/bin/sh\necho "$HOME $PATH [$SECRET] $*"\n')
    (commands / "deploy").chmod(0o755)
    kit = kit_for(plan, commands)
    status, _, output = await act(kit, scene, "deploy ${service.id} ${version.target}")
    home = tmp_path / "stage" / "home"
    assert (status, output) == (OutcomeStatus.PASSED, f"{home} {commands} [] auth v2.1.0")
    assert home.is_dir()
    await kit.close()


async def test_a_command_that_is_not_the_stage_s(plan: Plan, scene: MakeScene, tmp_path: Path) -> None:
    """S30: what production would find is not there in a rehearsal."""
    kit = kit_for(plan, tmp_path / "bin")
    status, detail, _ = await act(kit, scene, ["kubectl", "get", "pods"])
    assert status is OutcomeStatus.FAILED
    assert "kubectl: not found on PATH" in detail
    await kit.close()


async def test_a_rehearsal_leaves_the_machine_by_no_adapter(plan: Plan, scene: MakeScene, tmp_path: Path) -> None:
    """S30: HTTP, pages and SQL of a rehearsal are refused any other machine."""
    kit = kit_for(plan, tmp_path / "bin")
    for spec in (
        {"http": {"url": "http://prod.internal/health"}},
        {"page": {"url": "http://prod.internal/", "id": "v", "equals": "1"}},
        {"sql": {"dsn": "postgresql://u@prod.internal/x", "query": "SELECT 1", "equals": "1"}},
    ):
        finding = await kit.check(Check.model_validate(spec)).look(scene())
        assert finding.detail.startswith("a rehearsal reaches this machine only, not prod.internal")
    await kit.close()


@pytest.mark.parametrize(
    ("spec", "ok", "detail"),
    [
        ({"run": "echo ready"}, True, "exit code 0: ready"),
        ({"run": "exit 3"}, False, "exit code 3"),
        ({"run": "echo ready: v2.1.0", "output": "ready: ${version.target}"}, True, "exit code 0: ready: v2.1.0"),
        (
            {"run": "echo v2x1x0", "output": "${version.target}"},
            False,
            "no ${version.target} in the output; exit code 0: v2x1x0",
        ),
        ({"run": ["no-such-program"]}, False, "no-such-program: not found"),
        ({"run": "printf '\\033[2Jdown\\n'; exit 1"}, False, "exit code 1: down"),
        ({"run": "echo $KEY; exit 1", "env": {"KEY": "${env:SECRET}"}}, False, "exit code 1: ***"),
        ({"run": "echo x", "env": {"KEY": "${env:NOWHERE}"}}, False, "the environment variable NOWHERE is not set"),
    ],
)
async def test_commands_as_checks(plan: Plan, scene: MakeScene, spec: dict[str, Any], ok: bool, detail: str) -> None:
    """Exit code and output are the answer; what is printed is made safe."""
    kit = kit_for(plan)
    finding = await kit.check(Check.model_validate(spec)).look(scene(version_target="v2.1.0"))
    assert (finding.ok, finding.detail) == (ok, detail)
    await kit.close()


@pytest.mark.parametrize(
    ("spec", "observed", "detail"),
    [
        ({"run": "echo ' v2.1.0 '"}, "v2.1.0", "the command says v2.1.0"),
        ({"run": "echo build 7, version v2.1.0", "pattern": r"version (\S+)"}, "v2.1.0", "the command says v2.1.0"),
        ({"run": "echo build 7", "pattern": r"version (\S+)"}, "", "the command prints nothing like version (\\S+)"),
        ({"run": "true"}, "", "the command prints nothing"),
        ({"run": "echo a; echo b"}, "", "the command prints more than one line"),
        ({"run": "echo v2.1.0; exit 1"}, "", "exit code 1: v2.1.0"),
        ({"run": "sleep 30"}, "", "no end within 0.5 s"),
    ],
)
async def test_commands_as_observers(
    plan: Plan, scene: MakeScene, spec: dict[str, Any], observed: str, detail: str
) -> None:
    """A version is what a successful command prints on its one line, or what the pattern finds in it."""
    kit = kit_for(plan)
    finding = await kit.observer(Observe.model_validate(spec)).look(scene(timeout_s=0.5))
    assert (finding.ok, finding.observed, finding.detail) == (bool(observed), observed, detail)
    await kit.close()


async def test_http_observers_read_the_traffic_switch(peer: Peer, plan: Plan, scene: MakeScene) -> None:
    """A JSON flag is observed as the text that a plan compares it with."""
    peer.say(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"open": true}')
    kit = kit_for(plan)
    spec = Observe.model_validate({"http": {"url": peer.url, "json_path": "$.open"}})
    assert (await kit.observer(spec).look(scene())).observed == "true"
    await kit.close()
