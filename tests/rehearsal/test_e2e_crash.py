"""kill -9 of the engine at bad moments, and recovery (S24); what ran is counted at the stage, not in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import small_plan
from tests.rehearsal.room import until

from controlroom.run import events as ev
from controlroom.run.times import parse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Front, Room

    from controlroom.run.events import Record

pytestmark = pytest.mark.stage
SLOW = ("--fault", "deploy:auth=slow")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """One service, one secret."""
    return small_plan(tmp_path)


def rehearse(room: Room, plan: Path, *words: str, speed: int = 600) -> Front:
    return room.rehearse(*words, plan=plan, speed=speed)


def deploys_begun(room: Room) -> list[str]:
    """The versions whose deploy began on the stage, whether it went live or not."""
    seen = room.stage()["services"]["auth"]
    return [deploy["version"] for deploy in [*seen["deploys"], *seen["not_live"]]]


def test_a_deploy_that_still_runs_is_attached_to_again(room: Room, plan: Path) -> None:
    """Killed in the middle of a deploy and recovered at once: the same job goes on, and the stage saw one deploy."""
    front = rehearse(room, plan, *SLOW)
    room.ctl("advance", "--to", "auth")
    job = room.job("auth-deploy")
    room.kill_engine()
    assert "controlroom recover" in front.ended(4)
    assert not job.over
    assert room.status()["interrupted"] is True
    room.recover()
    assert not job.over
    assert room.status()["step"]["service"] == "auth"
    room.wait("--service", "auth=live")
    assert deploys_begun(room) == ["v2.1.0"]
    assert [action.job for action in room.events(ev.ActionStarted) if action.step == "deploy"] == [job.folder.path.name]
    assert [engine.recovered for engine in room.events(ev.EngineStarted)] == [False, True]


def test_the_exit_code_of_a_job_that_ended_alone_is_adopted(room: Room, plan: Path) -> None:
    """Killed in the middle of a deploy, which ends while no engine lives: recovery takes its exit code and verifies."""
    rehearse(room, plan, *SLOW)
    room.ctl("advance", "--to", "auth")
    job = room.job("auth-deploy")
    room.kill_engine()
    until(lambda: job.over)
    assert room.stage()["services"]["auth"]["live"] == "v2.1.0"
    room.recover()
    room.wait("--service", "auth=live")
    assert deploys_begun(room) == ["v2.1.0"]
    (deploy,) = (action for action in room.events(ev.ActionFinished) if action.step == "deploy")
    assert (deploy.status, deploy.exit_code) == ("passed", 0)
    assert [step.step for step in room.events(ev.StepStarted)] == ["deploy", "verify"]


def test_a_job_that_nobody_saw_end_is_verified_by_the_operator(room: Room, plan: Path) -> None:
    """Engine and supervisor killed while the command goes on: unknown, with what can be seen, until `verify`."""
    rehearse(room, plan, *SLOW)
    room.ctl("advance", "--to", "auth")
    job = room.job("auth-deploy")
    room.kill_engine()
    job.kill(command=False)
    until(lambda: not job.group)
    room.recover()
    room.wait("--service", "auth=unknown")
    auth = room.service("auth")
    assert "nobody saw how the command ended" in auth["why"]
    assert auth["why"].endswith("live version v2.1.0, verification passes")
    assert auth["version"]["live"] == "v2.1.0"
    status = room.status()
    assert status["gate"] is None
    assert [alarm["id"] for alarm in status["alarms"]] == ["step:auth"]
    room.refused("advance", "--to", "auth")
    assert deploys_begun(room) == ["v2.1.0"]
    room.ctl("verify", "auth")
    room.wait("--service", "auth=live")
    assert deploys_begun(room) == ["v2.1.0"]


def test_a_job_that_was_killed_too_is_retried_by_the_operator(room: Room, plan: Path) -> None:
    """Engine, supervisor and command killed: unknown, the old version live; nothing runs again until `retry`."""
    rehearse(room, plan, *SLOW)
    room.ctl("advance", "--to", "auth")
    job = room.job("auth-deploy")
    room.kill_engine()
    job.kill(command=True)
    room.recover()
    room.wait("--service", "auth=unknown")
    assert room.service("auth")["why"].endswith("verification passes")
    assert "live version v2.0.0" in room.service("auth")["why"]
    until(lambda: deploys_begun(room))
    assert room.stage()["services"]["auth"]["deploys"] == []
    room.ctl("fault", "deploy:auth", "--off")
    room.ctl("retry", "auth")
    room.wait("--service", "auth=live")
    assert room.service("auth")["attempt"] == 2
    assert room.deploys("auth") == ["v2.1.0"]


def test_killed_during_a_rollback(room: Room, plan: Path) -> None:
    """The rollback's job is attached to again, the old version verified, and the run ends as rolled back."""
    rehearse(room, plan, "--fault", "deploy@v2.0.0:auth=slow")
    room.go("auth")
    room.ctl("rollback", "--all", "--confirm", "rehearsal")
    job = room.job("auth-rollback")
    room.kill_engine()
    room.recover()
    assert not job.over
    attached = room.start("attach", "--headless")
    room.wait("--service", "auth=rolled_back")
    assert room.deploys("auth") == ["v2.1.0", "v2.0.0"]
    assert "rolled_back" in attached.ended(3)


def test_killed_during_the_watch(room: Room, tmp_path: Path) -> None:
    """S7, S22: the hours go on without an engine, a guard's countdown stands where it stood and then fires: failed."""
    rehearse(room, small_plan(tmp_path, ("for: 5m\n    window", "for: 8m\n    window")), speed=60)
    room.go("auth")
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    room.ctl("fault", "auth:errors=25%")
    until(lambda: any(guard.breach_s > 30 for guard in room.events(ev.GuardChanged)))
    room.kill_engine()
    left = room.status()
    room.recover()
    attached = room.start("attach", "--headless")
    assert "failed: auth " in attached.ended(3)
    _the_hours_went_on(room.records)
    (tripped,) = room.events(ev.GuardTripped)
    assert tripped.breach_s > 8 * 60
    later = [r.event for r in room.records[left["seq"] :] if isinstance(r.event, ev.GuardChanged)]
    assert later[0].breach_s >= left["guards"][0]["breach_s"] > 0
    assert room.status()["traffic"] == "open"


def _the_hours_went_on(records: list[Record]) -> None:
    """Every checkpoint counts from go-live on the wall clock, those after the restart too, to a second at speed 60."""
    (begun,) = (parse(record.at) for record in records if isinstance(record.event, ev.WatchStarted))
    hours = [(record.at, record.event.elapsed_s) for record in records if isinstance(record.event, ev.WatchCheckpoint)]
    assert len(hours) >= 2
    for at, elapsed_s in hours:
        assert elapsed_s == pytest.approx(60 * (parse(at) - begun).total_seconds(), abs=60)


def test_a_missing_secret_does_not_lose_the_run(room: Room, plan: Path) -> None:
    """S24: recovery without the secret ends with 2 and names it; with it the run goes on."""
    rehearse(room, plan)
    room.kill_engine()
    secret = room.environ.pop("E2E_TOKEN")
    said = room.ctl("recover", code=2)
    assert "the environment variable E2E_TOKEN is not set" in said.err
    assert room.status()["interrupted"] is True
    room.environ["E2E_TOKEN"] = secret
    room.recover()
    room.go("auth")
    assert room.deploys("auth") == ["v2.1.0"]
