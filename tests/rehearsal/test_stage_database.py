"""The stage's database and its migrations."""

import subprocess

import asyncpg
import httpx
import pytest

from controlroom.errors import StageError, UsageError
from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage


async def _query(stage: StageHandle, query: str) -> list[str]:
    connection = await asyncpg.connect(stage.endpoints["database.dsn"])
    try:
        return [str(row[0]) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def _order_1(stage: StageHandle) -> object:
    async with httpx.AsyncClient(trust_env=False) as web:
        return (await web.get(stage.endpoints["orders.url"] + "/orders/1")).json()


def _migrate(stage: StageHandle, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["db-migrate", *words], env={"PATH": str(stage.bin)}, capture_output=True, text=True, check=False, timeout=20
    )


async def test_the_document_s_query_works_as_written(stage: StageHandle) -> None:
    """`SELECT version FROM migrations` has one row for each migration; 41 is the newest at the start."""
    assert await _query(stage, "SELECT version FROM migrations") == ["41"]


async def test_up_and_down_move_one_migration(stage: StageHandle) -> None:
    """`db-migrate up` brings 42, under which the old services work; `down` undoes it alone, and 41 stays."""
    up = _migrate(stage, "up")
    assert (up.returncode, up.stderr) == (0, "")
    assert "Applied: 42_order_notes.sql" in up.stdout
    assert await _query(stage, "SELECT version FROM migrations ORDER BY version") == ["41", "42"]
    assert stage.client.report()["migrations"] == [41, 42]
    assert _migrate(stage, "up").returncode == 0
    assert await _order_1(stage) == {"id": 1, "status": "placed"}
    down = _migrate(stage, "down")
    assert (down.returncode, down.stderr) == (0, "")
    assert stage.client.report()["migrations"] == [41]
    assert await _order_1(stage) == {"id": 1, "status": "placed"}


def test_the_first_migration_cannot_be_undone(stage: StageHandle) -> None:
    """It is what was there before the go-live."""
    assert _migrate(stage, "down").returncode == 1
    assert stage.client.report()["migrations"] == [41]


async def test_a_failing_migration_leaves_41(stage: StageHandle) -> None:
    """`database:migration-fails`: the database itself refuses 42, exit 1, and nothing of it stays."""
    stage.client.fault("database:migration-fails")
    failed = _migrate(stage, "up")
    assert failed.returncode == 1
    assert 'column "note" of relation "orders" contains null values' in failed.stdout
    assert stage.client.report()["migrations"] == [41]
    assert "note" not in await _query(
        stage, "SELECT column_name FROM information_schema.columns WHERE table_name = 'orders'"
    )
    with pytest.raises(StageError, match="contains null values"):
        stage.client.migrate("up")
    stage.client.fault("database:migration-fails", on=False)
    stage.client.migrate("up")
    assert stage.client.report()["migrations"] == [41, 42]
    stage.client.migrate("down")


def test_status_lists_what_is_applied(stage: StageHandle) -> None:
    """`db-migrate status` shows both."""
    status = _migrate(stage, "status")
    assert status.stdout.splitlines()[:2] == ["[X] 41_initial.sql", "[ ] 42_order_notes.sql"]


@pytest.mark.parametrize("words", [(), ("sideways",), ("up", "now")])
def test_unknown_directions_are_refused(stage: StageHandle, words: tuple[str, ...]) -> None:
    """Exit 2, saying which there are."""
    refused = _migrate(stage, *words)
    assert (refused.returncode, refused.stderr) == (2, "db-migrate up|down|status\n")
    with pytest.raises(UsageError):
        stage.client.migrate("sideways")


async def test_nobody_gets_in_without_the_password(stage: StageHandle) -> None:
    """Other users of the machine reach the port, not the data."""
    dsn = stage.endpoints["database.dsn"]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(dsn, password="guess")
