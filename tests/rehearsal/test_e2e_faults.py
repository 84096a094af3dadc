"""What else can go wrong on the stage, and that the run notices, holds, and never makes it worse by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import small_plan, written
from tests.rehearsal.room import S5, SERVICES, until

from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

pytestmark = pytest.mark.stage


def test_a_stale_edge_and_a_failed_smoke_test(room: Room, tmp_path: Path) -> None:
    """The footer check names the stale answer; a failed mandatory item keeps traffic out until it passes (S20, S21)."""
    plan = written(tmp_path / "s5.yaml", S5.read_text(), ("    verify_within: 20s", "    verify_within: 5s"))
    room.rehearse("--fault", "frontend:stale-cdn", "--fault", "orders:status=broken", plan=plan, speed=600)
    room.go(*SERVICES[:-1])
    room.ctl("advance", "--to", "frontend")
    room.wait("--service", "frontend=failed")
    named = "stale CDN answer: the page shows v2.0.0, not v2.1.0 (Age "
    assert named in room.service("frontend")["why"]
    (alarm,) = room.status()["alarms"]
    for said in (alarm["text"], room.ctl("status").out, room.ctl("events").out, room.ctl("report").out):
        assert named in said
    assert room.stage()["services"]["frontend"]["live"] == "v2.1.0"
    room.ctl("fault", "frontend:stale-cdn", "--off")
    room.ctl("retry", "frontend")
    room.wait("--service", "frontend=live")

    room.ctl("smoke", "run", "--all")
    until(lambda: _smoke(room)["order-status"]["state"] == "fail")
    assert "unknown" in _smoke(room)["order-status"]["note"]
    standing = {alarm["id"] for alarm in room.status()["alarms"] if not alarm["cleared"]}
    assert standing == {"smoke:order", "smoke:order-status"}
    why = room.refused("traffic", "open")
    assert "traffic stays closed: mandatory smoke tests are not passed:" in why
    assert "Verificar Estado de Pedido (fail)" in why
    assert room.status()["gate"] is None
    assert room.stage()["traffic"] == "closed"
    room.ctl("fault", "orders:status", "--off")
    room.ctl("smoke", "run", "--all")
    room.wait("--gate", "traffic")
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    assert room.stage()["traffic"] == "open"

    # An item that fails while the public is in closes the door (S21).
    room.ctl("smoke", "fail", "login", "--reason", "the team cannot log in")
    until(lambda: room.status()["traffic"] == "closed")
    assert room.stage()["traffic"] == "closed"


def _smoke(room: Room) -> dict[str, dict[str, str]]:
    return {item["id"]: item for item in room.status()["smoke"]}


def test_a_gap_in_the_metrics_holds(room: Room, tmp_path: Path) -> None:
    """S5: no data holds and shuts the gate, rolls nothing back, and never reads as healthy; afterwards it goes on."""
    room.rehearse(plan=small_plan(tmp_path))
    room.ctl("fault", "metrics:gap")
    until(lambda: room.status()["holds"])
    status = room.status()
    (hold,) = status["holds"]
    assert hold["reason"] == "no-data:auth"
    assert "no data of error_rate for" in hold["note"]
    assert "503" in hold["note"]
    assert room.service("auth")["metrics"]["error_rate"]["state"] == "NO DATA"
    assert status["guards"][0]["verdict"] == "INCONCLUSIVE"
    room.refused("advance", "--to", "auth")
    assert "auth is still without data" in room.refused("resume")
    room.ctl("fault", "metrics:gap", "--off")
    until(lambda: room.service("auth")["metrics"]["error_rate"]["state"] == "OK")
    room.ctl("resume")
    assert room.events(ev.RollbackRequested) == []
    room.go("auth")


def test_a_service_that_dies_after_its_deploy(room: Room, tmp_path: Path) -> None:
    """catalog:crash: live for a moment, then nothing answers: hold and alarm, and the operator takes it back."""
    plan = small_plan(tmp_path, ("auth", "catalog"))
    room.rehearse("--fault", "catalog:crash", plan=plan)
    room.ctl("advance", "--to", "catalog")
    until(lambda: room.status()["holds"])
    assert room.stage()["services"]["catalog"]["live"] is None
    room.ctl("rollback", "catalog", "--confirm", "catalog")
    room.wait("--service", "catalog=rolled_back")
    assert room.stage()["services"]["catalog"]["live"] == "v2.0.0"


def test_a_degraded_service_is_not_live(room: Room, tmp_path: Path) -> None:
    """auth:health=degraded: the deploy succeeds and the verification does not, so the service failed (S10)."""
    plan = small_plan(tmp_path, ("        timeout: 10s", "        timeout: 1s"))
    room.rehearse("--fault", "auth:health=degraded", plan=plan, speed=600)
    room.ctl("advance", "--to", "auth")
    room.wait("--service", "auth=failed")
    auth = room.service("auth")
    assert (auth["failed_step"], auth["version"]["live"]) == ("verify", "v2.1.0")
    assert "degraded" in auth["why"]
    until(lambda: room.service("auth")["health"]["state"] == "BREACH")
    room.ctl("rollback", "auth", "--confirm", "auth")
    room.wait("--service", "auth=stable")
    assert room.service("auth")["health"]["state"] == "OK"


def test_a_slow_service_trips_a_guard_of_latency(room: Room, tmp_path: Path) -> None:
    """catalog:latency=900ms: its health is fine, the guard on the 95th percentile is not."""
    plan = small_plan(
        tmp_path,
        ("auth", "catalog"),
        ("metric: error_rate", "metric: latency_p95"),
        ("id: error-rate", "id: slow"),
        ("[error-rate]", "[slow]"),
        ("above: 5%", "above: 500ms"),
        ("for: 5m", "for: 2m"),
    )
    room.rehearse("--fault", "catalog:latency=900ms", plan=plan)
    room.go("catalog")
    room.wait("--guard", "slow=FAIL")
    (hold,) = room.status()["holds"]
    assert "ms > 500 ms for 02:" in hold["note"]
    assert room.service("catalog")["health"]["state"] == "OK"
    room.ctl("rollback", "catalog", "--confirm", "catalog")
    room.wait("--service", "catalog=stable")
