"""Rolling back while a step runs: the step is ended, or waited for where it may not be killed (S13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import small_plan
from tests.rehearsal.room import until

from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

pytestmark = pytest.mark.stage


def test_a_hanging_deploy_is_rolled_back(room: Room, tmp_path: Path) -> None:
    """The step's process group is gone before the old version goes out; v2.0.0 is verified, the run held."""
    room.rehearse("--fault", "deploy:auth=hang", plan=small_plan(tmp_path), speed=600)
    room.ctl("advance", "--to", "auth")
    job = room.job("auth-deploy")
    assert len(job.group) >= 2
    room.ctl("hold")
    room.ctl("rollback", "auth", "--confirm", "auth")
    back = room.job("auth-rollback")
    assert job.group == {}
    assert back.record.command.start >= job.record.command.start
    room.wait("--service", "auth=stable")
    auth = room.service("auth")
    assert (auth["state"], auth["version"]["live"], auth["partial"]) == ("rolled_back", "v2.0.0", False)
    seen = room.stage()["services"]["auth"]
    assert [deploy["version"] for deploy in seen["deploys"]] == ["v2.0.0"]
    assert [deploy["version"] for deploy in seen["not_live"]] == ["v2.1.0"]
    assert {hold["reason"] for hold in room.status()["holds"]} == {"operator", "rollback"}
    deploy, back_step, verified = room.events(ev.StepFinished)
    assert (deploy.step, deploy.status) == ("deploy", "cancelled")
    assert (back_step.status, verified.status, verified.observed) == ("passed", "passed", "v2.0.0")
    # Twice is a no-op with a message (S17).
    assert "rolled back already" in room.ctl("rollback", "auth", "--confirm", "auth").out


def test_a_migration_is_not_killed(room: Room, tmp_path: Path) -> None:
    """A database service's step comes to its end; the rollback queues behind it, and its success flips nothing."""
    plan = small_plan(tmp_path, ("    rollback:\n", "    database: true\n    rollback:\n"))
    room.rehearse("--fault", "deploy:auth=slow", plan=plan, speed=600)
    room.ctl("advance", "--to", "auth")
    job = room.job("auth-deploy")
    room.ctl("rollback", "auth", "--confirm", "auth")
    assert job.group
    assert "being rolled back already" in room.ctl("rollback", "auth", "--confirm", "auth").out
    until(lambda: job.over)
    room.wait("--service", "auth=rolled_back")
    assert room.deploys("auth") == ["v2.1.0", "v2.0.0"]
    assert [step.step for step in room.events(ev.StepStarted)] == ["deploy", "rollback", "verify_rollback"]


def test_a_rollback_that_fails_stops_loudly(room: Room, tmp_path: Path) -> None:
    """S16: ROLLBACK FAILED, an alarm, no second try by itself; `retry` brings the old version back."""
    plan = small_plan(tmp_path)
    room.rehearse("--fault", "deploy@v2.0.0:auth=fail", plan=plan, speed=600)
    room.go("auth")
    room.ctl("rollback", "auth", "--confirm", "auth")
    room.wait("--service", "auth=rollback_failed")
    (alarm,) = room.status()["alarms"]
    assert alarm["text"].startswith("ROLLBACK FAILED Auth: exit code 1")
    assert len(room.stage()["services"]["auth"]["not_live"]) == 1
    room.ctl("fault", "deploy@v2.0.0:auth", "--off")
    room.ctl("retry", "auth")
    room.wait("--service", "auth=rolled_back")
    assert room.deploys("auth") == ["v2.1.0", "v2.0.0"]
