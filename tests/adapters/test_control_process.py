"""Engines as processes: started apart from the terminal, heard while they start, told alive from dead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from controlroom.control.process import (
    STATUS_FD,
    NotStarted,
    Progress,
    Ready,
    StatusPipe,
    find_engine,
    introduce,
    is_alive,
    spawn_engine,
    start_time,
)

if TYPE_CHECKING:
    from controlroom.control.process import Launch, News

ENVIRON = dict(os.environ)


def launch(tmp_path: Path, code: str) -> Launch:
    head = "import os, sys, json; from controlroom.control.process import *; pipe = StatusPipe.inherited(os.environ)\n"
    return spawn_engine([sys.executable, "-c", head + textwrap.dedent(code)], env=ENVIRON, log=tmp_path / "engine.log")


def news(started: Launch, timeout_s: float = 30.0) -> list[News]:
    found = list(started.news(timeout_s))
    if started._process.poll() is None:
        started._process.kill()
    started._process.wait()
    return found


def test_an_engine_tells_how_its_start_goes(tmp_path: Path) -> None:
    """Progress line by line, then Ready; later words are nobody's business."""
    code = """
        for text in ("observing auth", "scraping métrics"):
            pipe.tell(Progress(text))
        pipe.tell(Ready("20261201-030011-shop"))
        pipe.tell(Progress("too late"))
    """
    assert news(launch(tmp_path, code)) == [
        Progress("observing auth"),
        Progress("scraping métrics"),
        Ready("20261201-030011-shop"),
    ]


def test_a_refused_start_comes_with_its_exit_code(tmp_path: Path) -> None:
    """NotStarted carries what the operator is to read and the code to exit with."""
    refusal = NotStarted(exit_code=5, message="the window is closed")
    assert news(launch(tmp_path, f"pipe.tell({refusal!r})")) == [refusal]


def test_a_crash_while_starting_points_at_the_log(tmp_path: Path) -> None:
    """An engine that ends without a word is reported with its exit code, and what it printed is in the log."""
    (failure,) = news(launch(tmp_path, "print('on stdout'); sys.exit('on stderr')"))
    assert isinstance(failure, NotStarted)
    assert failure.exit_code == 1
    assert "ended (exit code 1) before the run began" in failure.message
    assert str(tmp_path / "engine.log") in failure.message
    assert sorted((tmp_path / "engine.log").read_text().split("\n")) == ["", "on stderr", "on stdout"]


def test_a_start_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """After `timeout_s` in all the starter is told so, while the engine may still be at it."""
    found = news(launch(tmp_path, "pipe.tell(Progress('hm')); sys.stdout.flush(); __import__('time').sleep(60)"), 1.0)
    assert isinstance(found[-1], NotStarted)
    assert "did not get ready" in found[-1].message


def test_an_engine_is_apart_from_the_terminal(tmp_path: Path) -> None:
    """S23: own session, cwd /, umask 077, no stdin, none of the starter's descriptors but the pipe, kept to itself."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    code = """
        import subprocess
        facts = {
            "session": os.getsid(0) == os.getpid(), "cwd": os.getcwd(), "umask": os.umask(0), "stdin": sys.stdin.read(),
            "fds": sorted(os.listdir("/proc/self/fd"), key=int), "named": "CONTROLROOM_STATUS_FD" in os.environ,
            "child": subprocess.check_output(["ls", "/proc/self/fd"], close_fds=False).decode().split(),
        }
        pipe.tell(Progress(json.dumps(facts)))
        pipe.tell(Ready("r"))
    """
    (progress, _) = news(launch(tmp_path, code))
    os.close(reading)
    os.close(writing)
    assert isinstance(progress, Progress)
    facts = json.loads(progress.text)
    assert facts.pop("fds")[:3] == ["0", "1", "2"]
    assert len(facts.pop("child")) == 4  # three and the folder that ls reads
    assert facts == {"session": True, "cwd": "/", "umask": 0o077, "stdin": "", "named": False}
    assert (tmp_path / "engine.log").stat().st_mode & 0o777 == 0o600


def test_the_starter_may_be_gone(tmp_path: Path) -> None:
    """An engine whose starter was killed meanwhile goes on."""
    started = launch(tmp_path, "sys.stdin.read(); pipe.tell(Progress('x')); pipe.tell(Ready('r')); print('went on')")
    os.close(started._fd)
    assert started._process.wait(20) == 0
    assert (tmp_path / "engine.log").read_text() == "went on\n"


def test_without_a_starter_there_is_no_pipe() -> None:
    """An engine started by hand, or with a number that is no pipe, tells nobody and minds it not."""
    for environ in ({}, {STATUS_FD: "nope"}, {STATUS_FD: "9999"}, {STATUS_FD: "0"}):
        StatusPipe.inherited(environ).tell(Ready("r"))
        assert environ == {}


def test_what_cannot_be_started_raises(tmp_path: Path) -> None:
    """A program that is not there is an OSError, and no descriptor is left open."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        spawn_engine(["/no/such/program"], env={}, log=tmp_path / "log")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_process_is_told_from_its_pid() -> None:
    """Alive is the same pid with the same start time; gone, a zombie, and a reused pid are dead."""
    child = subprocess.Popen(["sleep", "60"])
    started = start_time(child.pid)
    assert started is not None
    assert is_alive(child.pid, started)
    assert not is_alive(child.pid, started + 1)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert start_time(child.pid) is None  # a zombie: nobody has reaped it yet
    assert not is_alive(child.pid, started)
    child.wait()
    assert not is_alive(child.pid, started)


def test_an_engine_is_found_while_it_lives(tmp_path: Path) -> None:
    """It introduces itself in a file; killed, on another host, torn or absent it is not found."""
    path = tmp_path / "engine.json"
    assert find_engine(path) is None
    code = f"""
        from pathlib import Path
        introduce(Path({str(path)!r}), run="r", started="2026-12-01T03:00:11Z")
        pipe.tell(Ready("r"))
        __import__("time").sleep(60)
    """
    started = launch(tmp_path, code)
    assert list(started.news(30)) == [Ready("r")]
    found = find_engine(path)
    assert found is not None
    assert (found.pid, found.run, found.started) == (started.pid, "r", "2026-12-01T03:00:11Z")
    os.kill(started.pid, signal.SIGKILL)
    started._process.wait()
    assert find_engine(path) is None
    mine = introduce(path, run="r", started="")
    assert find_engine(path) == mine
    path.write_text(path.read_text().replace(mine.host, "elsewhere"))
    assert find_engine(path) is None
    path.write_text("{")
    assert find_engine(path) is None
    assert [entry.name for entry in tmp_path.glob(".engine*")] == []
