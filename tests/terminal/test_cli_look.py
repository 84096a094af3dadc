"""Looking at runs by command: status, events, history, with an engine and from the journal alone."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.terminal.cli_runs import CONTROLROOM, Cli, ended, engine, folder_of, past_run

from controlroom.control.address import short_name
from controlroom.run import events as ev
from controlroom.run.phases import DataState, Phase
from controlroom.run.samples import Sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")


async def test_status_asks_the_living_engine(cli: Cli) -> None:
    """`status --json` holds the engine's newest numbers with their age, and who drives."""
    async with engine(cli, ev.LeaseTaken(operator="ana", host="bastion-1", uid=1000)) as desk:
        desk.samples = (
            Sample(series="auth/error_rate", at=0.0, elapsed=0.0, value=6.2, state=DataState.BREACH),
            Sample(series="auth/health", at=4e9, elapsed=0.0, value=1.0, state=DataState.OK),
        )
        result = await cli("status", "--json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert found["engine"] == {"pid": 4121, "host": "bastion-1", "started": "2026-12-01T03:00:11Z"}
    assert found["lease"] == {"operator": "ana", "host": "bastion-1", "since": "2026-12-01T03:00:11Z"}
    assert found["gate"] == "database"
    auth = found["services"][1]
    assert auth["metrics"]["error_rate"]["state"] == "BREACH"
    assert auth["metrics"]["error_rate"]["age_s"] > 1e9
    assert auth["health"] == {"state": "OK", "age_s": 0.0, "cause": ""}


async def test_status_reads_the_journal_without_an_engine(cli: Cli) -> None:
    """Everything but the numbers, which nobody knows; `engine` is null and the run interrupted."""
    past_run(cli)
    found = json.loads((await cli("status", "--json")).out)
    assert (found["engine"], found["interrupted"], found["phase"]) == (None, True, "ready")
    assert found["services"][1]["health"] == {"state": "NO DATA", "age_s": None, "cause": ""}
    text = (await cli("status")).out
    assert "GONE: nothing drives this run; controlroom recover 20261201-030011-shop" in text


async def test_status_survives_an_engine_that_does_not_answer(cli: Cli) -> None:
    """A socket left by a dead engine is no obstacle."""
    folder = past_run(cli)
    with socket.socket(socket.AF_UNIX) as dead, short_name(folder.socket) as name:
        dead.bind(name)
    assert json.loads((await cli("status", "--json")).out)["run"] == folder.run


async def test_status_for_people(cli: Cli) -> None:
    """What stands out first: environment, phase, holds, alarms, the gate and how to pass it; then each service."""
    happened = (
        ev.HoldPlaced(reason="guard:error-rate", by="guard:error-rate", note="auth 6.2 % > 5 %"),
        ev.AlarmRaised(alarm="guard:error-rate/auth", text="auth 6.2 % > 5 %", service="auth"),
    )
    async with engine(cli, *happened):
        text = (await cli("status")).out
    assert text.splitlines()[0] == "20261201-030011-shop  PRODUCTION  READY"
    assert "HOLD     guard:error-rate, by guard:error-rate at 2026-12-01T03:00:11Z: auth 6.2 % > 5 %" in text
    assert "ALARM    guard:error-rate/auth  auth 6.2 % > 5 %" in text
    assert "gate     database waits: controlroom advance --to database" in text
    assert "  API de Auth    auth      waiting  v2.0.0 → v2.1.0" in text


async def test_a_terminal_that_cannot_show_a_name_gets_question_marks(cli: Cli) -> None:
    """No traceback for an encoding without the plan's letters."""
    past_run(cli)
    result = await cli("status", PYTHONIOENCODING="latin-1")
    assert (result.code, result.err) == (0, "")
    assert "v2.0.0 ? v2.1.0" in result.out


async def test_events_are_cloudevents(cli: Cli) -> None:
    """One JSON object a line, in order, with who, cause, sequence and hash."""
    folder = past_run(cli, ev.NoteAdded(text="hello"))
    result = await cli("events")
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, [line["seq"] for line in lines]) == (0, [1, 2, 3])
    note = lines[-1]
    assert {key: note[key] for key in ("specversion", "id", "type", "time", "data", "actor", "cause")} == {
        "specversion": "1.0",
        "id": f"20261201-030011-shop/{3}",
        "type": "controlroom.NoteAdded",
        "time": "2026-12-01T03:00:11.000000Z",
        "data": {"text": "hello"},
        "actor": "engine",
        "cause": "",
    }
    assert len(note["hash"]) == 64
    assert folder.run == note["source"].rpartition("/")[2]


async def test_events_can_be_followed(cli: Cli) -> None:
    """What there is, then each as it happens, until the engine ends; exit code 0 when the run is over."""
    async with engine(cli) as desk:
        following = await cli.start("events", "--follow")
        assert following.stdout
        for _ in desk.records:
            await asyncio.wait_for(following.stdout.readline(), 30)
        desk.happen(ev.NoteAdded(text="now"))
        assert json.loads(await asyncio.wait_for(following.stdout.readline(), 30))["data"] == {"text": "now"}
        desk.end(Phase.SUCCEEDED)
    result = await ended(following)
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["data"] == {"phase": "succeeded", "why": ""}


async def test_following_an_engine_that_goes_away_says_so(cli: Cli) -> None:
    """Exit code 4, and how the run is taken up."""
    async with engine(cli) as desk:
        following = await cli.start("events", "--follow")
        assert following.stdout
        for _ in desk.records:
            await asyncio.wait_for(following.stdout.readline(), 30)
    result = await ended(following)
    assert (result.code, result.out) == (4, "")
    assert "controlroom recover 20261201-030011-shop" in result.err


async def test_events_are_verified(cli: Cli) -> None:
    """S28: an event that was altered after it was written is named, with exit code 1."""
    folder = past_run(cli, ev.NoteAdded(text="hello"))
    assert await cli("events", "--verify") == (
        0,
        f"{folder.run}: 3 events, each follows the one before it\n",
        "",
    )
    with closing(sqlite3.connect(folder.journal)) as connection, connection:
        connection.execute("UPDATE events SET record = replace(record, 'hello', 'hullo')")
    result = await cli("events", "--verify")
    assert (result.code, result.out) == (1, "")
    assert "event 3 was altered after it was written" in result.err


async def test_a_reader_that_has_enough_ends_it_quietly(cli: Cli) -> None:
    """`events | head -1` prints a line and no traceback."""
    past_run(cli, *(ev.NoteAdded(text="n" * 1000) for _ in range(500)))
    piped = await asyncio.create_subprocess_shell(
        f"{CONTROLROOM} events | head -1",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=cli.environ,
    )
    result = await ended(piped)
    assert result.err == ""
    assert json.loads(result.out)["seq"] == 1


async def test_history_lists_the_newest_first(cli: Cli) -> None:
    """What each run came to; one that is unreadable does not hide the others."""
    past_run(
        cli, ev.VerdictReached(phase=Phase.FAILED, why="error rate"), ev.PhaseChanged(phase=Phase.FAILED), second=1
    )
    past_run(cli, second=2)
    folder_of(cli, second=3).journal.write_bytes(b"no journal" * 1000)
    async with engine(cli, second=4):
        result = await cli("history")
        lines = [json.loads(line) for line in (await cli("history", "--json")).out.splitlines()]
    assert result.code == 0
    rows = [line.split() for line in result.out.splitlines()]
    assert [row[:4] for row in rows[:1]] == [["20261201-030004-shop", "production", "ready", "active"]]
    assert rows[1][:2] == ["20261201-030003-shop", "unreadable"]
    assert rows[2][:4] == ["20261201-030002-shop", "production", "ready", "interrupted"]
    assert rows[3][:3] == ["20261201-030001-shop", "production", "failed"]
    assert rows[3][-2:] == ["error", "rate"]
    assert [line["phase"] for line in lines] == ["ready", "unreadable", "ready", "failed"]


async def test_an_empty_home_has_no_history(cli: Cli) -> None:
    """Nothing printed, no error, and no folder made by looking."""
    fresh = os.fspath(cli.home.path / "elsewhere")
    assert await cli("history", CONTROLROOM_HOME=fresh) == (0, "", "")
    assert not os.path.exists(fresh)  # noqa: PTH110 - a string is at hand
