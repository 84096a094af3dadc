"""A run in production: the small plan with the endpoints of a stage that no rehearsal owns."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import SECRET, SMALL, small_plan, written
from tests.rehearsal.room import until

from controlroom.run import events as ev

if TYPE_CHECKING:
    from tests.rehearsal.room import Room

    from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage
PAST = "{opens: 2020-12-01T03:00, closes: 2020-12-01T05:00, zone: UTC}"
ESCAPE = b"\x1b"
MOST_GROWTH_KIB = 24 * 1024
NOISY = """
import os, sys, time
secret = os.environ["TOKEN"]
def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()
say("\\x1b]0;owned\\x07\\x1b[2J\\x1b[1;31mred\\x1b[0m\\n")
for piece in (secret[:5], secret[5:9], secret[9:] + "\\n"):
    say(piece)
    time.sleep(0.05)
line = "x" * 999 + "\\n"
for _ in range(100_000):
    sys.stdout.write(line)
say("\\x1b[31m" + secret + "\\x1b[0m\\n")
os.execvp("deploy", ["deploy", "auth", sys.argv[1]])
"""


@pytest.fixture
def stage(room: Room) -> StageHandle:
    """The stage as production, its commands on PATH."""
    stage = room.own_stage()
    room.environ["PATH"] = f"{stage.bin}{os.pathsep}{room.environ['PATH']}"
    return stage


def production(folder: Path, stage: StageHandle, *changes: tuple[str, str]) -> Path:
    """The small plan for that production, with a watch and a stabilize of seconds."""
    return written(
        folder / "production.yaml",
        SMALL[: SMALL.index("rehearsal:")],
        ("https://auth.example.com", stage.endpoints["auth.url"]),
        ("https://edge.example.com", stage.endpoints["edge.admin"]),
        ("guards: [error-rate], for: 5m", "guards: [error-rate], for: 3s"),
        ("  for: 48h\n", "  for: 6s\n  coverage: 80%\n"),
        *changes,
    )


def test_a_run_in_production(room: Room, tmp_path: Path, stage: StageHandle) -> None:
    """S19, S29, S30: window, override, its own name to confirm with, an interruption that blocks the next: exit 3."""
    plan = production(tmp_path, stage, ("environment: production\n", f"environment: production\nwindow: {PAST}\n"))
    _checked_before(room, plan, stage)
    why = room.refused("run", str(plan), "--headless")
    assert "FAIL  window" in why
    assert "2020-12-01 03:00 to 05:00 UTC, it is 2" in " ".join(why.split())
    front = room.start("run", str(plan), "--headless", "--override-window", "the window moved")
    room.has_begun(front)
    status = room.status()
    assert (status["environment"], status["rehearsal"], status["speed"]) == ("production", False, 1)
    assert "PRODUCTION" in room.ctl("status").out
    (created,) = room.events(ev.RunCreated)
    assert created.window_override == "the window moved"

    plan.write_text(plan.read_text().replace("to: v2.1.0", "to: v9.9.9"))
    room.go("auth")
    assert stage.client.report()["services"]["auth"]["live"] == "v2.1.0"
    until(lambda: room.status()["plan_changed"])
    assert "file changed since" in room.ctl("status").out

    room.kill_engine()
    front.ended(4)
    assert f"{room.run.run} was interrupted and is not over: controlroom recover" in room.refused("run", str(plan))
    room.recover()
    assert room.status()["plan_changed"] is True
    attached = room.start("attach", "--headless")
    _two_at_once(room, tmp_path)

    assert "not confirmed: type production" in room.refused("rollback", "--all", "--confirm", "rehearsal")
    room.ctl("rollback", "--all", "--confirm", "production", "--reason", "for the sake of it")
    assert "rolled_back: everything is rolled back and stable" in attached.ended(3)
    assert [deploy["version"] for deploy in stage.client.report()["services"]["auth"]["deploys"]] == [
        "v2.1.0",
        "v2.0.0",
    ]
    assert stage.alive


def _checked_before(room: Room, plan: Path, stage: StageHandle) -> None:
    """`preview --check` says what a run would say, with its exit codes, and neither deploys nor leaves anything."""
    words = ("preview", "--check", str(plan))
    said = room.ctl(*words, code=5).out
    assert re.findall(r"^FAIL  (\S+)", said, re.MULTILINE) == ["window"]
    assert re.search(r"^ok    auth +v2.0.0 is live, goes to v2.1.0$", said, re.MULTILINE)
    assert re.search(r"^ok    target auth +http://127.0.0.1:\d+ answers", said, re.MULTILINE)
    assert room.ctl(*words, "--override-window", "the window moved").out.endswith(" checks passed, 1 warning\n")
    assert stage.client.report()["services"]["auth"]["deploys"] == []
    assert room.home.runs() == []


def _two_at_once(room: Room, tmp_path: Path) -> None:
    """A rehearsal beside production has a place of its own; from then on a command must say which run it means."""
    production_run = room.run.run
    front = room.start("rehearse", str(small_plan(tmp_path)), "--headless")
    until(lambda: front.out)
    assert "several runs are active; say which one" in room.refused("status")
    (rehearsal,) = (folder.run for folder in room.home.runs() if folder.run != production_run)
    room.ctl("abort", "--confirm", "rehearsal", "--run", rehearsal)
    front.ended(3)


def test_a_go_live_in_production_that_succeeds(room: Room, tmp_path: Path, stage: StageHandle) -> None:
    """S27: 100 MB of output, escapes and a split secret harm nothing; the watch comes to its end: exit 0."""
    noisy = tmp_path / "noisy.py"
    noisy.write_text(NOISY)
    run = f'run: [python3, {noisy}, "${{version.target}}"]\n        env: {{TOKEN'
    changes = (('run: test -n "$TOKEN" && deploy auth ${version.target}\n        env: {TOKEN', run),)
    front = room.start("run", str(production(tmp_path, stage, *changes)), "--headless")
    room.has_begun(front)
    before = _peak_kib(room.engine.pid)
    room.go("auth")
    assert _peak_kib(room.engine.pid) - before < MOST_GROWTH_KIB
    log = (room.job("auth-deploy").folder.output).read_bytes()
    assert ESCAPE not in log
    assert 32 * 2**20 < len(log) < 44 * 2**20
    assert b"switched auth to v2.1.0" in log
    until(lambda: room.service("auth")["metrics"]["error_rate"]["state"] == "OK")
    room.ctl("traffic", "open")
    assert "succeeded: no major incident in 6 s" in front.ended(0)
    assert stage.client.report()["traffic"] == "open"
    _no_trace_of_the_secret(room, front.out + front.err + room.ctl("events").out)


def _peak_kib(pid: int) -> int:
    """The largest memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])


def _no_trace_of_the_secret(room: Room, said: str) -> None:
    assert SECRET not in said
    assert "\\u001b" not in said
    assert ESCAPE.decode() not in said
    for path in room.home.path.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
