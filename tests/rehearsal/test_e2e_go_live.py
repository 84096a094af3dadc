"""The whole S5 go-live on the real stage, by commands alone, to the end of its 48 hours."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.rehearsal.processes import living, tree
from tests.rehearsal.room import SERVICES, until

from controlroom.run.fold import fold_all
from controlroom.run.status import status_of

if TYPE_CHECKING:
    from tests.rehearsal.room import Room

APIS_AND_SITE = SERVICES[1:]


@pytest.mark.stage
@pytest.mark.long_wait
@pytest.mark.timeout(480)
def test_the_go_live_to_the_end_of_its_watch(room: Room) -> None:
    """Five gates, five smoke tests, traffic, 48 h at speed 600: exit 0; the stage saw each act once and is gone."""
    front = room.rehearse(speed=600)
    room.go(*SERVICES)
    room.wait("--phase", "smoke")
    assert room.status()["gate"] is None
    room.ctl("smoke", "run", "--all")
    room.wait("--gate", "traffic")
    before = room.stage()
    assert before["traffic"] == "closed"
    assert before["public_requests"]["served"] == 0
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    assert room.stage()["traffic"] == "open"
    until(lambda: room.stage()["public_requests"]["served"] > 0)
    seen = room.stage()
    assert [room.deploys(name) for name in APIS_AND_SITE] == [["v2.1.0"]] * 4
    assert seen["migrations"] == [41, 42]
    processes = tree(room.stage_handle.pid)
    assert len(processes) >= 16
    _live_and_folded_agree(room)

    assert "succeeded: no major incident in 48 h" in front.ended(0, 400)
    over = time.monotonic()
    until(lambda: not living(processes), 3)
    assert time.monotonic() - over <= 3
    assert not room.home.path.joinpath("stage", "stage.json").exists()
    _the_record_holds(room, front.out)
    _the_report_closes_it(room)


def _live_and_folded_agree(room: Room) -> None:
    """What the engine says of itself is what its journal folds to, but for what was measured since."""
    live = room.status()
    records = [record for record in room.records if record.seq <= live["seq"]]
    state = fold_all(records)
    assert state is not None
    folded = json.loads(msgspec.json.encode(status_of(state, {}, now=time.time(), alive=True)))
    for status in (live, folded):
        for service in status["services"]:
            del service["metrics"], service["health"]
        del status["guards"], status["watch"]
    assert live == folded


def _the_record_holds(room: Room, printed: str) -> None:
    """S28: the chain holds, the front end printed all of it, and it folds to what `status` says."""
    assert "each follows the one before it" in room.ctl("events", "--verify").out
    events = room.ctl("events").out
    assert printed == events
    lines = [json.loads(line) for line in events.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    status = room.status()
    assert status["seq"] == len(lines)
    assert (status["phase"], status["engine"], status["gate"]) == ("succeeded", None, None)
    assert status["traffic"] == "open"
    assert all(service["state"] == "live" for service in status["services"])
    assert [service["attempt"] for service in status["services"]] == [1, 1, 1, 1, 1]
    assert all(item["state"] == "pass" for item in status["smoke"])
    assert status["watch"]["elapsed_s"] >= 48 * 3600
    assert min(status["watch"]["coverage"].values()) >= 0.95
    assert [status["alarms"], status["holds"], status["incidents"]] == [[], [], []]
    assert status["rehearsal"] is True
    assert all(json.loads(line)["data"] is not None for line in printed.splitlines())


def _the_report_closes_it(room: Room) -> None:
    """The user's document filled in: marked as a rehearsal, every box ticked, every service live, the chain whole."""
    report = room.ctl("report").out
    assert report.startswith("# Informe de cierre: Go-Live — S5 Hardening\n\n**ÉXITO** · ENSAYO · ")
    assert report.count("\n- [x] ") == 5
    assert report.count("| 1 | ✓ en producción |") == 5
    assert "- **Monitoreo**: 48 h" in report
    assert "- **Cadena de hashes**: ✓ íntegra" in report
    page = room.ctl("report", "--html").out
    assert "demo-password" not in page
    assert "postgresql://" not in page
