"""The state folder: safe to use, runs named by time and plan, and the one that is meant found."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controlroom.control.home import Home, RunFolder
from controlroom.control.process import introduce
from controlroom.errors import NoSuchRun, Refused, UsageError

NOW = datetime(2026, 12, 1, 3, 0, 11, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "state" / "controlroom")
    found.prepare()
    return found


def begun(home: Home, plan: str = "shop", *, second: int = 11, active: bool = False) -> RunFolder:
    """A run with a journal, and an engine (this process) if it is active."""
    folder = home.new_run(plan, NOW.replace(second=second))
    folder.journal.touch()
    if active:
        introduce(folder.engine, run=folder.run, started="2026-12-01T03:00:11Z")
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_private(home: Home) -> None:
    """Folder, runs and each run are 0700, whatever the umask lets through; preparing again changes nothing."""
    home.prepare()
    folder = home.new_run("shop", NOW)
    assert [mode(path) for path in (home.path, home.path / "runs", folder.path, folder.jobs)] == [0o700] * 4


def test_a_shared_folder_can_be_walked_through(home: Home) -> None:
    """With operators of other accounts they reach the socket, and can still write nothing."""
    home.prepare(shared=True)
    folder = home.new_run("shop", NOW, shared=True)
    assert [mode(path) for path in (home.path, home.path / "runs", folder.path)] == [0o755] * 3
    assert mode(folder.jobs) == 0o700


def test_a_folder_that_others_write_is_refused(home: Home) -> None:
    """Whoever could write in it could put a run or a socket there."""
    (home.path / "runs").chmod(0o777)
    for use in (home.prepare, home.runs, home.find):
        with pytest.raises(UsageError, match="others may write"):
            use()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_starts_no_run(home: Home) -> None:
    """It may be read, so that an operator can attach, but a run is started in a folder of one's own."""
    begun(home)
    os.chown(home.path, 65534, 65534)
    with pytest.raises(UsageError, match="belongs to another account"):
        home.prepare()
    assert len(home.runs()) == 1


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    """A file in the way, or a place that does not take folders, is said in a sentence."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nope")):
        with pytest.raises(UsageError, match="cannot be used"):
            Home(path).prepare()


def test_the_place_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CONTROLROOM_HOME before XDG_STATE_HOME before ~/.local/state; relative XDG values are ignored."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ana")
    assert Home.locate({"CONTROLROOM_HOME": "here", "XDG_STATE_HOME": "/x"}).path == tmp_path / "here"
    assert Home.locate({"XDG_STATE_HOME": "/x"}).path == Path("/x/controlroom")
    for environ in ({}, {"XDG_STATE_HOME": "relative"}, {"XDG_STATE_HOME": ""}):
        assert Home.locate(environ).path == Path("/home/ana/.local/state/controlroom")


def test_runs_of_one_second_have_names_of_their_own(home: Home) -> None:
    """Ids are time and plan; a taken one makes way for the next second."""
    assert [home.new_run("s5-hardening", NOW).run for _ in range(3)] == [
        "20261201-030011-s5-hardening",
        "20261201-030012-s5-hardening",
        "20261201-030013-s5-hardening",
    ]


def test_a_run_is_found_by_id_and_by_unique_prefix(home: Home) -> None:
    """A prefix of several is refused with their names; what matches nothing is exit code 6."""
    first, second = begun(home, second=11), begun(home, second=12)
    assert home.find(first.run) == first
    assert home.find("20261201-030012") == second
    with pytest.raises(UsageError, match=f"{first.run}\n  {second.run}"):
        home.find("2026")
    for reference in ("1999", "../" + home.path.name, "/etc"):
        with pytest.raises(NoSuchRun, match="no run is called") as caught:
            home.find(reference)
        assert caught.value.exit_code == 6


def test_an_id_that_begins_another_is_still_found(home: Home) -> None:
    """A whole id is never ambiguous."""
    short, long = begun(home, "shop"), begun(home, "shop-eu")
    assert home.find(short.run) == short
    assert home.find(long.run) == long


def test_left_out_means_the_active_run_else_the_newest(home: Home) -> None:
    """The only active run before newer ones that ended; several active ones are refused with their names."""
    with pytest.raises(NoSuchRun, match="there is no run in"):
        home.find()
    oldest = begun(home, second=1)
    newest = begun(home, second=3)
    assert home.find() == newest
    active = begun(home, second=2, active=True)
    assert home.find() == active
    introduce(oldest.engine, run=oldest.run, started="")
    with pytest.raises(Refused, match=f"several runs are active.*\n  {oldest.run}\n  {active.run}"):
        home.find()


def test_a_run_that_never_began_is_no_run(home: Home) -> None:
    """A folder that a refused start left behind, and other files, are not taken for runs."""
    home.new_run("shop", NOW)
    (home.path / "runs" / "notes").mkdir()
    begun(home, second=30)
    assert [folder.run for folder in home.runs()] == ["20261201-030030-shop"]
