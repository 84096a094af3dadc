"""The lock of an environment: one engine at a time, free as soon as that engine is dead, however it died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from controlroom.control.lock import EnvironmentLock, Held, Holder, read_holder
from controlroom.control.process import start_time
from controlroom.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = """
import os, subprocess, sys
from pathlib import Path
from controlroom.control.lock import EnvironmentLock, Held, Holder
from controlroom.control.process import start_time

pid = os.getpid()
holder = Holder(run=f"run-{pid}", plan="shop", plan_sha256="ab", environment="production", rehearsal=False, pid=pid,
                start_time=start_time(pid), host=os.uname().nodename, since="2026-12-01T03:00:11Z")
sys.stdin.buffer.read(1)
try:
    lock = EnvironmentLock.acquire(Path(sys.argv[1]), holder)
except Held as exc:
    print("refused", exc.holder.run, flush=True)
    sys.exit()
job = subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print("holds", job.pid, flush=True)
sys.stdin.buffer.read(1)
job.kill()
job.wait()
"""

LOOKER = """
import sys
from pathlib import Path
from controlroom.control.lock import read_holder

print("looking", flush=True)
while True:
    read_holder(Path(sys.argv[1]), "production", rehearsal=False)
"""


def holder(environment: str = "production", *, rehearsal: bool = False, pid: int = 0, host: str = "") -> Holder:
    pid = pid or os.getpid()
    return Holder(
        run="20261201-030011-shop",
        plan="shop",
        plan_sha256="ab" * 32,
        environment=environment,
        rehearsal=rehearsal,
        pid=pid,
        start_time=start_time(pid) or 0,
        host=host or os.uname().nodename,
        since="2026-12-01T03:00:11Z",
    )


def engine(locks: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", ENGINE, str(locks)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.write(b".")
    process.stdin.flush()


def said(process: subprocess.Popen[bytes]) -> list[str]:
    assert process.stdout
    return process.stdout.readline().decode().split()


def test_an_environment_is_held_by_one_run(tmp_path: Path) -> None:
    """A second run is refused by exit code 5 and told which one is active; a release lets the next in."""
    lock = EnvironmentLock.acquire(tmp_path / "locks", holder())
    with pytest.raises(Held, match="environment production has an active run already: 20261201-030011-shop") as caught:
        EnvironmentLock.acquire(tmp_path / "locks", holder())
    assert (caught.value.exit_code, caught.value.holder) == (5, holder())
    assert read_holder(tmp_path / "locks", "production", rehearsal=False) == holder()
    lock.release()
    lock.release()
    assert read_holder(tmp_path / "locks", "production", rehearsal=False) is None
    EnvironmentLock.acquire(tmp_path / "locks", holder()).release()


def test_environment_and_rehearsal_are_the_identity(tmp_path: Path) -> None:
    """Other environments are free, and a rehearsal is never taken for production of the same name."""
    locks = [
        EnvironmentLock.acquire(tmp_path, holder(environment, rehearsal=rehearsal))
        for environment in ("production", "staging", "../odd name", "production.rehearsal")
        for rehearsal in (False, True)
    ]
    assert read_holder(tmp_path, "production", rehearsal=True) == holder(rehearsal=True)
    assert read_holder(tmp_path, "unheard-of", rehearsal=False) is None
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*.lock"))
    for lock in locks:
        lock.release()


def test_of_many_starts_at_once_one_wins(tmp_path: Path) -> None:
    """Eight engines released together: one holds, and the seven others name it."""
    engines = [engine(tmp_path) for _ in range(8)]
    for process in engines:
        go(process)
    words = [said(process) for process in engines]
    (winner,) = [place for place, word in enumerate(words) if word[0] == "holds"]
    name = f"run-{engines[winner].pid}"
    assert [word for place, word in enumerate(words) if place != winner] == [["refused", name]] * 7
    for process in engines:
        if process is engines[winner]:
            go(process)
        assert process.wait(10) == 0
        process.communicate()


def test_a_killed_engine_leaves_the_environment_free(tmp_path: Path) -> None:
    """S25: after kill -9, with a job still running and its name in the file, nobody holds and the next start works."""
    process = engine(tmp_path)
    go(process)
    _, job = said(process)
    assert read_holder(tmp_path, "production", rehearsal=False) is not None
    process.kill()
    process.wait()
    process.communicate()
    assert start_time(int(job)) is not None
    assert read_holder(tmp_path, "production", rehearsal=False) is None
    EnvironmentLock.acquire(tmp_path, holder()).release()
    os.kill(int(job), signal.SIGKILL)


def test_reading_who_holds_never_keeps_an_engine_out(tmp_path: Path) -> None:
    """Somebody who just looks, again and again, makes no start fail."""
    looker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            LOOKER,
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
    )
    said(looker)
    for _ in range(300):
        EnvironmentLock.acquire(tmp_path, holder()).release()
    looker.kill()
    looker.communicate()


def test_a_lock_without_a_living_name_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else that locks the file, or a reused pid in it, is reported instead of believed."""
    monkeypatch.setattr("controlroom.control.lock._PATIENCE_S", 0.05)
    lock = EnvironmentLock.acquire(tmp_path, holder())
    (path,) = tmp_path.glob("*.lock")
    for content in (b"", b"{", msgspec.json.encode(msgspec.structs.replace(holder(), start_time=1))):
        path.write_bytes(content)
        with pytest.raises(Refused, match="does not say who it is"):
            EnvironmentLock.acquire(tmp_path, holder())
        with pytest.raises(Refused, match="does not say who it is"):
            read_holder(tmp_path, "production", rehearsal=False)
    lock.release()


def test_an_engine_on_another_host_is_named(tmp_path: Path) -> None:
    """S25: on a shared file system the lock is the truth, and a pid of elsewhere is not looked up here."""
    lock = EnvironmentLock.acquire(tmp_path, holder(pid=1, host="bastion-2"))
    with pytest.raises(Held, match="on bastion-2"):
        EnvironmentLock.acquire(tmp_path, holder())
    lock.release()
