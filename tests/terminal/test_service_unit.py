"""The systemd unit of the operating guide: sound in systemd's own eyes, and the exit codes that it goes by."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.adapters.control_room import until
from tests.terminal.cli_runs import CONTROLROOM, Cli, ended, engine, past_run

from controlroom.run import events as ev
from controlroom.run.phases import Phase

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"
ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")


def unit() -> str:
    """The unit as the guide has it."""
    (found,) = re.findall(r"```ini\n(\[Unit\].*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (apt install systemd)")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    """Every setting is known and every value makes sense; the program is there, once it is where it was installed."""
    (tmp_path / "run").mkdir(mode=0o700)
    file = tmp_path / "controlroom@20261201-030011-shop.service"
    file.write_text(unit().replace("%h/.local/bin/controlroom", str(CONTROLROOM)), encoding="utf-8")
    assert ANALYZE is not None
    looked = subprocess.run(
        [ANALYZE, "verify", "--user", "--man=no", file],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "run")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (looked.returncode, looked.stderr) == (0, "")


def test_it_tries_again_only_where_that_helps() -> None:
    """An engine that is gone (4) and a broken disk (1) are tried again; an end, a refusal, a missing secret are not."""
    (prevented,) = re.findall(r"^RestartPreventExitStatus=(.*)$", unit(), re.MULTILINE)
    assert prevented.split() == ["2", "3", "5", "6"]
    assert "\nRestart=on-failure\n" in unit()
    assert "\nKillMode=process\n" in unit()


async def test_following_a_living_engine_ends_as_the_run_does(cli: Cli) -> None:
    """A run that another start brought up is followed; its events are printed; a verdict that is no success is 3."""
    async with engine(cli) as desk:
        following = await cli.start("recover", "--follow")
        server = desk.server
        assert server is not None
        await until(lambda: bool(server.sessions) and desk.snapshots > 0)
        desk.happen(ev.NoteAdded(text="all quiet"))
        desk.end(Phase.FAILED)
    result = await ended(following)
    assert result.code == 3
    assert "all quiet" in result.out


async def test_following_an_engine_that_goes_away_is_tried_again(cli: Cli) -> None:
    """The engine is gone and the run is not over: 4, upon which systemd recovers it."""
    async with engine(cli) as desk:
        following = await cli.start("recover", "--follow")
        server = desk.server
        assert server is not None
        await until(lambda: bool(server.sessions) and desk.snapshots > 0)
    assert (await ended(following)).code == 4


async def test_a_run_that_is_over_is_not_taken_up(cli: Cli) -> None:
    """5: systemd leaves it at that, also at every boot from then on."""
    past_run(cli, ev.PhaseChanged(phase=Phase.SUCCEEDED))
    assert (await cli("recover", "--follow")).code == 5
