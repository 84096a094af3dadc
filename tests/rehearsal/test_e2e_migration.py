"""A migration that the database refuses: nothing else begins, and the schema is back where it was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from controlroom.run import events as ev

if TYPE_CHECKING:
    from tests.rehearsal.room import Room

pytestmark = pytest.mark.stage
FAILING = "database:migration-fails"


def _versions(room: Room) -> list[int]:
    """What the database itself says has been applied."""

    async def ask() -> list[int]:
        connection = await asyncpg.connect(room.stage_handle.endpoints["database.dsn"], timeout=5)
        try:
            return [int(row["version"]) for row in await connection.fetch("SELECT version FROM migrations")]
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_failing_migration_and_the_way_back(room: Room) -> None:
    """S12, S14: the failure menu, nothing else starts; rollback of the database verifies 41; abort: exit 3."""
    front = room.rehearse("--fault", FAILING, speed=600)
    room.ctl("advance", "--to", "database")
    room.wait("--service", "database=failed")
    status = room.status()
    assert (status["phase"], status["gate"], status["step"]) == ("deploying", None, None)
    (alarm,) = status["alarms"]
    assert alarm["id"] == "step:database"
    assert alarm["suggest"] == "retry, verify again, mark done, roll back, abort"
    database = room.service("database")
    assert database["failed_step"] == "deploy"
    assert "exit code 1" in database["why"]
    for service in ("auth", "database", "traffic"):
        room.refused("advance", "--to", service)
    assert "required" in room.refused("skip", "database", "--reason", "later")
    assert [service["state"] for service in room.status()["services"][1:]] == ["waiting"] * 4

    assert "not confirmed" in room.refused("rollback", "database", "--confirm", "auth")
    room.ctl("rollback", "database", "--confirm", "database")
    room.wait("--service", "database=rolled_back")
    assert _versions(room) == [41]
    assert room.stage()["migrations"] == [41]
    assert {service.service for service in room.events(ev.StepStarted)} == {"database"}
    assert room.service("database")["version"]["live"] == "41"

    room.ctl("abort", "--confirm", "rehearsal", "--reason", "the migration is mended first")
    assert "aborted by" in front.ended(3)


def test_a_failing_migration_ends_in_a_rollback_of_everything(room: Room) -> None:
    """S14: --with-database leaves 41, by the database's own word; the front end exits 3."""
    front = room.rehearse("--fault", FAILING, speed=600)
    room.ctl("advance", "--to", "database")
    room.wait("--service", "database=failed")
    room.ctl("hold")
    versions = _versions(room)
    room.ctl("rollback", "--all", "--with-database", "--confirm", "rehearsal")
    assert "rolled_back" in front.ended(3)
    assert versions == [41]
    assert room.events(ev.StepFinished)[-1].observed == "41"
    assert room.status()["services"][0]["state"] == "rolled_back"


def test_a_migration_that_went_well_is_undone_last(room: Room) -> None:
    """S14: after auth went back the inverse migration runs, on request only, until 41 is the newest."""
    front = room.rehearse(speed=600)
    room.go("database", "auth")
    assert _versions(room) == [41, 42]
    room.ctl("rollback", "--all", "--with-database", "--confirm", "rehearsal")
    room.wait("--service", "database=rolled_back")
    assert _versions(room) == [41]
    assert [s.service for s in room.events(ev.StepStarted) if s.step == "rollback"] == ["auth", "database"]
    assert room.stage()["services"]["auth"]["live"] == "v2.0.0"
    front.ended(3)
