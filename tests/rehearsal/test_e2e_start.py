"""Starting twice, stopping, coming back: one engine, one stage, and words for whoever finds none."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import small_plan
from tests.rehearsal.room import CONTROLROOM, PATIENCE_S, until

from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

pytestmark = pytest.mark.stage
NO_SCREEN = "no terminal here that can show the screen: events follow"


def test_a_second_start(room: Room, tmp_path: Path) -> None:
    """S25: the same plan attaches to the run that is there; another plan is refused and told whose place it is."""
    front = room.rehearse(plan=small_plan(tmp_path))
    stage, run = room.stage_handle, room.run.run
    other = small_plan(tmp_path / "..", ("plan: small", "plan: other"))
    why = room.refused("rehearse", str(other), "--headless")
    assert f"a rehearsal has an active run already: {run}, of plan small" in why
    assert f"controlroom attach {run}" in why

    second = room.start("rehearse", str(small_plan(tmp_path)), "--speed", "20", "--fault", "orders:errors=8%")
    until(lambda: second.out)
    assert f"IGNORED --fault orders:errors=8%, --speed 20: attached to {run}" in second.err
    assert not room.stage_handle.client.faults()
    assert f"{run} is active already: attaching" in second.err
    assert NO_SCREEN in second.err
    assert room.stage_handle == stage
    assert [folder.run for folder in room.home.runs()] == [run]

    watching = room.start("watch")
    until(lambda: watching.out)
    room.ctl("abort", "--confirm", "rehearsal")
    for ended in (front, second, watching):
        assert f"{run} aborted" in ended.ended(3)
        assert len(ended.out.splitlines()) == len(room.records)


def test_two_starts_at_once(room: Room, tmp_path: Path) -> None:
    """Exactly one engine and one stage; the other front end attaches to it, and both see the end."""
    plan = small_plan(tmp_path)
    fronts = [room.start("rehearse", str(plan), "--headless") for _ in range(3)]
    until(lambda: all(front.out or front.process.poll() is not None for front in fronts))
    assert [front.process.poll() for front in fronts] == [None, None, None], [front.err for front in fronts]
    (run,) = room.home.runs()
    assert run.active
    assert [path.name for path in run.path.parent.iterdir()] == [run.run]
    assert sum(f"{run.run} is active already: attaching" in front.err for front in fronts) == 2
    assert room.stage()["services"]["auth"]["live"] == "v2.0.0"
    room.ctl("abort", "--confirm", "rehearsal")
    for front in fronts:
        front.ended(3)


def test_stopped_and_taken_up_again(room: Room, tmp_path: Path) -> None:
    """SIGTERM in the middle of a deploy is orderly and loses nothing; everything is to be seen without an engine."""
    front = room.rehearse("--fault", "deploy:auth=slow", plan=small_plan(tmp_path), speed=600)
    room.ctl("advance", "--to", "auth")
    job = room.job("auth-deploy")
    room.kill_engine(signal.SIGTERM)
    assert "is interrupted, nothing drives it: controlroom recover" in front.ended(4)
    assert isinstance(room.records[-1].event, ev.EngineStopped)
    assert job.group
    _without_an_engine(room)

    room.recover()
    assert "is active: controlroom attach" in room.ctl("recover").err
    room.wait("--service", "auth=live")
    assert room.deploys("auth") == ["v2.1.0"]
    assert [action.job for action in room.events(ev.ActionStarted) if action.job] == [job.folder.path.name]

    # A killed engine leaves its socket: nobody mistakes it for an engine.
    room.kill_engine()
    assert room.run.socket.is_socket()
    _without_an_engine(room)
    room.recover()
    room.wait("--gate", "traffic")
    room.ctl("abort", "--confirm", "rehearsal")
    room.wait("--phase", "aborted")
    assert "is over: there is nothing to recover" in room.refused("recover")
    assert "is over: aborted" in room.refused("hold")
    assert "has ended, so never" in room.ctl("wait", "--phase", "watching", code=3).err


def _without_an_engine(room: Room) -> None:
    run = room.run.run
    status = room.status()
    assert (status["engine"], status["interrupted"], status["phase"] in {"deploying", "smoke"}) == (None, True, True)
    assert "GONE: nothing drives this run" in room.ctl("status").out
    assert len(room.ctl("events").out.splitlines()) == len(room.records)
    assert "each follows the one before it" in room.ctl("events", "--verify").out
    assert f"controlroom recover {run}" in room.ctl("events", "--follow", code=4).err
    assert f"controlroom recover {run}" in room.ctl("attach", "--headless", code=4).err
    assert f"nothing drives {run}: controlroom recover {run}" in room.ctl("advance", "--to", "auth", code=4).err
    room.wait("--phase", status["phase"], within="1s")
    assert "not phase watching within" in room.ctl("wait", "--phase", "watching", "--timeout", "200ms", code=4).err


def test_a_front_end_that_leaves_takes_nothing_along(room: Room, tmp_path: Path) -> None:
    """SIGHUP, SIGTERM and a closed pipe end front ends with their own codes; the run goes on without a hold."""
    front = room.rehearse(plan=small_plan(tmp_path), speed=600)
    front.process.send_signal(signal.SIGHUP)
    front.ended(129)
    again = room.start("attach", "--headless")
    until(lambda: again.out)
    again.process.send_signal(signal.SIGTERM)
    again.ended(143)
    piped = subprocess.Popen([CONTROLROOM, "attach", "--headless"], stdout=subprocess.PIPE, env=room.environ)
    assert piped.stdout
    with piped.stdout:
        piped.stdout.readline()
    assert room.status()["holds"] == []
    room.go("auth")
    assert piped.wait(PATIENCE_S) == 141
    lines = again.out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))


def test_without_any_stream(room: Room, tmp_path: Path) -> None:
    """As a service manager may start it, with stdin, stdout and stderr closed: it runs, and its exit code tells."""
    words = [str(CONTROLROOM), "rehearse", str(small_plan(tmp_path)), "--headless", "--speed", "600"]
    silent = subprocess.Popen(["/bin/sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', *words], env=room.environ)
    until(lambda: silent.poll() is not None or any(run.active for run in room.home.runs()))
    room.go("auth")
    assert room.deploys("auth") == ["v2.1.0"]
    room.ctl("abort", "--confirm", "rehearsal")
    assert silent.wait(PATIENCE_S) == 3


def test_a_dumb_terminal_gets_events(room: Room, tmp_path: Path) -> None:
    """With a terminal that can draw nothing, `attach` says so and prints events instead of a screen."""
    room.rehearse(plan=small_plan(tmp_path))
    ours, theirs = pty.openpty()
    attach = subprocess.Popen(
        [CONTROLROOM, "attach"], stdin=theirs, stdout=theirs, stderr=theirs, env={**room.environ, "TERM": "dumb"}
    )
    os.close(theirs)
    said = b""

    def read() -> bytes:
        nonlocal said
        said += os.read(ours, 65536)
        return said

    try:
        until(lambda: b"EngineStarted" in read())
        assert NO_SCREEN.encode() in said
        assert b"\x1b" not in said
    finally:
        attach.kill()
        attach.wait()
        os.close(ours)


def test_a_new_rehearsal_replaces_an_interrupted_one(room: Room, tmp_path: Path) -> None:
    """The stage of the dead run is ended, the new run gets its own, and the dead one is recorded as aborted."""
    plan = small_plan(tmp_path)
    room.rehearse(plan=plan)
    first, old = room.run.run, room.stage_handle
    room.go("auth")
    room.kill_engine()
    front = room.start("rehearse", str(plan), "--headless")
    until(lambda: front.out)
    assert "ending the stage of an earlier rehearsal" in front.err
    assert not old.alive
    assert room.stage()["services"]["auth"]["live"] == "v2.0.0"
    assert f"{first} was interrupted and has lost its stage: it is recorded as aborted" in front.err
    assert "is over: there is nothing to recover" in room.refused("recover", first)
    room.ctl("events", first, "--verify")
    room.kill_engine()
    room.ctl("recover")
    assert room.run.run != first
