"""The traffic gate on the stage's real edge: what the public got through to, whatever the journal says (S21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.rehearsal.e2e_plans import small_plan
from tests.rehearsal.room import until

from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

pytestmark = pytest.mark.stage

SMOKE = ("watch:\n  for: 48h\n", "smoke: [{id: look, title: Look at it, manual: Look at it}]\nwatch:\n  for: 48h\n")
VISITS = 6
"""How many visits of the load make sure that the public has tried again: it comes four times a second."""


def _public(room: Room) -> dict[str, int]:
    found: dict[str, int] = _stage(room)["public_requests"]
    return found


def _stage(room: Room) -> dict[str, Any]:
    """What the stage itself saw, asked on its socket: a command would take too long for what lasts five seconds."""
    return room.stage_handle.client.report()


def _kept_out(room: Room) -> None:
    """The public tries again and again, and nobody gets through."""
    before = _public(room)
    until(lambda: _public(room)["maintenance"] >= before["maintenance"] + VISITS)
    assert _public(room)["served"] == before["served"]


def _let_in(room: Room) -> None:
    """The public tries again and again, and everybody gets through."""
    before = _public(room)
    until(lambda: _public(room)["served"] >= before["served"] + VISITS)
    assert _public(room)["maintenance"] == before["maintenance"]


def test_it_opens_and_closes_and_never_against_a_failed_item(room: Room, tmp_path: Path) -> None:
    """Nobody gets in before the checklist passed; a close, asked for or not, is seen by the next visitor."""
    room.rehearse(plan=small_plan(tmp_path, SMOKE), speed=60)
    room.go("auth")
    room.ctl("smoke", "fail", "look", "--reason", "the logo is upside down")
    assert "Look at it (fail)" in room.refused("traffic", "open")
    assert room.status()["gate"] is None
    (alarm,) = room.status()["alarms"]
    assert (alarm["id"], alarm["suggest"]) == ("smoke:look", "traffic stays closed; roll back")
    _kept_out(room)
    assert _public(room)["served"] == 0

    room.ctl("smoke", "pass", "look")
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    _let_in(room)
    room.ctl("traffic", "close")
    until(lambda: room.status()["traffic"] == "closed")
    _kept_out(room)
    room.ctl("traffic", "open")
    until(lambda: room.status()["traffic"] == "open")
    _let_in(room)
    room.ctl("smoke", "fail", "look", "--reason", "the logo is upside down again")
    until(lambda: room.status()["traffic"] == "closed")
    _kept_out(room)
    # Only a human lets the public in again, and only once the item has passed.
    room.refused("traffic", "open")
    room.ctl("smoke", "pass", "look")
    _kept_out(room)
    moves = [(move.state, move.ok, move.detail) for move in room.events(ev.TrafficFinished)]
    assert moves == [(state, True, f"the edge says {state}") for state in ("open", "closed") * 2]


def test_the_public_leaves_at_once_and_first(room: Room, tmp_path: Path) -> None:
    """In the middle of a rollback's step traffic closes; a rollback of everything closes before anything goes back."""
    room.rehearse("--fault", "deploy@v2.0.0:auth=slow", plan=small_plan(tmp_path), speed=60)
    room.go("auth")
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    _let_in(room)
    room.ctl("rollback", "auth", "--confirm", "auth")
    job = room.job("auth-rollback")
    room.ctl("traffic", "close")
    until(lambda: _stage(room)["traffic"] == "closed")
    assert not job.over
    assert [deploy["version"] for deploy in _stage(room)["services"]["auth"]["deploys"]] == ["v2.1.0"]
    _kept_out(room)
    room.wait("--service", "auth=rolled_back")
    assert room.deploys("auth") == ["v2.1.0", "v2.0.0"]


def test_everything_goes_back_behind_a_closed_door(room: Room, tmp_path: Path) -> None:
    """`rollback --all`: the edge is closed while the new version is still live; it stays closed, and that is said."""
    front = room.rehearse("--fault", "deploy@v2.0.0:auth=slow", plan=small_plan(tmp_path), speed=600)
    room.go("auth")
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    _let_in(room)
    said = room.ctl("rollback", "--all", "--confirm", "rehearsal").out
    assert "traffic is closed first, and stays closed" in said
    until(lambda: _stage(room)["traffic"] == "closed")
    assert [deploy["version"] for deploy in _stage(room)["services"]["auth"]["deploys"]] == ["v2.1.0"]
    _kept_out(room)
    assert "; traffic is closed" in front.ended(3)
    closed, begun = room.events(ev.TrafficFinished)[-1], room.events(ev.StepStarted)[-2]
    assert (closed.state, begun.step) == ("closed", "rollback")
    assert "its traffic is closed; to open it, do at the edge what traffic.open says" in room.refused("traffic", "open")
