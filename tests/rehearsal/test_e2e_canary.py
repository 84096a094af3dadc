"""The canary plan on the real stage: step by step to all of the public, or back to nobody at 10 %."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.rehearsal.e2e_plans import written
from tests.rehearsal.room import S5, until

from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

pytestmark = pytest.mark.stage

CANARY = S5.with_name("canary.yaml")
OLD, NEW = "v2.0.0", "v2.1.0"


def _plan(folder: Path) -> Path:
    """The shipped plan with a watch of six real seconds, in which a busy machine may miss a look or two."""
    changes = (("  for: 6h\n  at_least: 1h\n", "  for: 1h\n"), ("  coverage: 95%\n", "  coverage: 50%\n"))
    return written(folder / "canary.yaml", CANARY.read_text(), *changes)


def _edge(room: Room) -> dict[str, Any]:
    """What the edge saw of the public of the catalogue."""
    found: dict[str, Any] = room.stage()["canaries"]["catalog"]
    return found


def _answers(edge: dict[str, Any], release: str, code: str = "") -> int:
    return sum(count for name, count in edge["requests"].items() if name.startswith(f"{release} {code}"))


@pytest.mark.timeout(240)
def test_step_by_step_to_everybody(room: Room, tmp_path: Path) -> None:
    """10 %, 50 %, all, each asked for and each seen at the edge; then smoke tests, the gate, the watch: exit 0."""
    front = room.rehearse(plan=_plan(tmp_path), speed=600)
    assert room.stage()["traffic"] == "open"
    assert [service["version"]["from"] for service in room.status()["services"]] == ["none", "0", "0", "0"]
    room.go("catalog")
    assert _edge(room)["release"] == NEW
    for weight in (10, 50, 100):
        step = f"canary-{weight}"
        before = _edge(room)
        room.go(step)
        after = _edge(room)
        assert after["weight"] == weight
        assert room.service(step)["version"] == {"from": "0", "to": str(weight), "live": str(weight)}
        met = _answers(after, NEW) - _answers(before, NEW)
        everybody = met + _answers(after, OLD) - _answers(before, OLD)
        assert everybody > 50
        assert weight * 0.5 <= 100 * met / everybody <= min(weight * 1.6, 100)
    until(lambda: room.service("catalog")["metrics"]["share"]["value"] == 100)
    room.ctl("smoke", "run", "--all")
    room.wait("--gate", "traffic")
    room.ctl("advance", "--to", "traffic")
    assert "succeeded" in front.ended(0, 120)
    assert [service["state"] for service in room.status()["services"]] == ["live"] * 4


@pytest.mark.timeout(240)
def test_a_bad_release_reaches_a_tenth_of_the_public(room: Room, tmp_path: Path) -> None:
    """Errors at 10 %: the guard trips, the run holds, the rollback takes everybody off; no one else ever met it."""
    room.rehearse("--fault", "catalog:errors=50%", plan=_plan(tmp_path), speed=600)
    room.go("catalog")
    assert _answers(_edge(room), NEW) == 0
    room.ctl("advance", "--to", "canary-10")
    room.wait("--guard", "canary-errors=FAIL")
    until(lambda: room.status()["holds"])
    assert "guard:canary-errors" in {hold["reason"] for hold in room.status()["holds"]}
    alarms = {alarm["id"]: alarm["suggest"] for alarm in room.status()["alarms"]}
    assert alarms["guard:canary-errors/catalog"] == "roll back catalog", alarms
    room.refused("advance", "--to", "canary-50")
    room.ctl("rollback", "catalog", "--confirm", "catalog")
    room.wait("--service", "catalog=rolled_back")

    order = [step.service for step in room.events(ev.StepStarted) if step.step == "rollback"]
    assert order == ["canary-10", "catalog"]
    verified = [step for step in room.events(ev.StepFinished) if step.step == "verify_rollback"]
    assert [(step.status, step.observed) for step in verified] == [("passed", "0"), ("passed", "none")]
    seen = _edge(room)
    assert seen["weight"] == 0
    assert seen["release"] is None
    assert _answers(seen, NEW, "500") > 0
    assert _answers(seen, OLD, "5") == 0
    # Everybody met the old release, at least after the way back.
    share = seen["visitors"][NEW] / seen["visitors"][OLD]
    assert 0.05 <= share <= 0.15
    status = {service["id"]: service["state"] for service in room.status()["services"]}
    assert status == {
        "catalog": "rolled_back",
        "canary-10": "rolled_back",
        "canary-50": "waiting",
        "canary-100": "waiting",
    }


def test_everything_goes_back_from_the_middle(room: Room, tmp_path: Path) -> None:
    """`rollback --all` at 50 %: the public first, then the release; the run ends rolled back with nobody on it."""
    front = room.rehearse(plan=_plan(tmp_path), speed=600)
    room.go("catalog", "canary-10", "canary-50")
    room.ctl("rollback", "--all", "--confirm", "rehearsal", "--reason", "the team has changed its mind")
    until(lambda: _edge(room)["weight"] == 0)
    gone = _edge(room)
    until(lambda: _answers(_edge(room), OLD) > _answers(gone, OLD) + 20)
    assert _answers(_edge(room), NEW) <= _answers(gone, NEW) + 2
    assert "rolled_back" in front.ended(3)
