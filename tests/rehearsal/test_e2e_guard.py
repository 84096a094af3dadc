"""A release with errors: the guard of the document stops the go-live, and the operator takes it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.room import SERVICES, until

from controlroom.run import events as ev

if TYPE_CHECKING:
    from tests.rehearsal.room import Room

ERRORS = "orders:errors=8%"


@pytest.mark.stage
def test_errors_above_the_guard(room: Room) -> None:
    """S1, S7, S13-S17: FAIL, hold, alarm; one service back and stable; redeployed; then everything back, exit 3."""
    front = room.rehearse("--fault", ERRORS)
    room.go("database", "auth", "catalog", "orders")
    room.wait("--guard", "error-rate=FAIL")
    _held_by_the_guard(room)

    room.ctl("rollback", "orders", "--confirm", "orders")
    room.wait("--service", "orders=rolled_back")
    assert room.stage()["services"]["orders"]["live"] == "v2.0.0"
    room.wait("--service", "orders=stable")
    orders = room.service("orders")
    assert orders["metrics"]["error_rate"]["value"] < 5
    assert orders["version"] == {"from": "v2.0.0", "to": "v2.1.0", "live": "v2.0.0"}
    assert "rollback" in {hold["reason"] for hold in room.status()["holds"]}

    room.ctl("fault", ERRORS, "--off")
    room.ctl("ack", "guard:error-rate/orders")
    assert room.status()["gate"] == "orders"
    assert "resume first" in room.refused("advance", "--to", "orders")
    room.ctl("resume")
    room.go("orders")
    assert room.service("orders")["attempt"] == 2
    assert room.deploys("orders") == ["v2.1.0", "v2.0.0", "v2.1.0"]
    assert room.status()["gate"] == "frontend"

    assert "not confirmed: type rehearsal" in room.refused("rollback", "--all", "--confirm", "production")
    room.ctl("rollback", "--all", "--confirm", "rehearsal")
    until(lambda: room.events(ev.RollbackFinished)[1:])
    report = room.stage()
    assert "rolled_back" in front.ended(3)
    _everything_went_back(room, report)


def _held_by_the_guard(room: Room) -> None:
    status = room.status()
    (guard,) = (guard for guard in status["guards"] if guard["service"] == "orders")
    assert (guard["verdict"], guard["fired"]) == ("FAIL", True)
    assert re.fullmatch(r"orders [6-9](\.\d)? % > 5 % for (0[5-9]|[1-5]\d):\d\d", guard["why"])
    assert [hold["reason"] for hold in status["holds"]] == ["guard:error-rate"]
    (alarm,) = status["alarms"]
    assert (alarm["id"], alarm["suggest"]) == ("guard:error-rate/orders", "roll back orders")
    assert re.search(r"still held: orders [6-9](\.\d)? % > 5 %", room.refused("resume"))
    assert "held (guard:error-rate)" in room.refused("advance", "--to", "frontend")
    assert room.stage()["services"]["orders"]["live"] == "v2.1.0"


def _everything_went_back(room: Room, report: dict[str, object]) -> None:
    (one, everything) = room.events(ev.RollbackRequested)
    assert re.fullmatch(r"orders [6-9](\.\d)? % > 5 % for 0[5-9]:\d\d", one.why)
    assert everything.why.startswith("asked for by ")
    assert everything.services == ("orders", "catalog", "auth")
    begun = [step.service for step in room.events(ev.StepStarted) if step.step == "rollback"]
    assert begun == ["orders", "orders", "catalog", "auth"]
    services = report["services"]
    assert isinstance(services, dict)
    assert {services[name]["live"] for name in SERVICES[1:]} == {"v2.0.0"}
    backs = [services[name]["deploys"][-1]["at"] for name in ("orders", "catalog", "auth")]
    assert backs == sorted(backs)
    assert services["frontend"]["deploys"] == []
    # The schema stays unless it is asked for: the old services run on it.
    assert report["migrations"] == [41, 42]
    assert room.status()["phase"] == "rolled_back"
