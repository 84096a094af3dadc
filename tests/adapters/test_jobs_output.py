"""What commands print: redacted, neutralised, bounded, and shown while they run (S27)."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.adapters.jobs_bench import Stage

from controlroom.adapters.jobs.folder import JobFolder
from controlroom.adapters.jobs.follow import LINES, WIDTH, Follow
from controlroom.adapters.jobs.log import Log
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "hunter22-Zürich"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "jobs" / "000001-deploy")


# -- secrets and escapes


async def test_secrets_never_reach_disk_or_screen(stage: Stage) -> None:
    """S27: not in the log, also when split over writes; not in any other file of the job, not on the screen."""
    command = """
    echo "token=$TOKEN"
    printf 'a=hunter'; sleep 0.3; printf '22-Zür'; sleep 0.3; printf 'ich.\n'
    printf '%s' "$TOKEN" | base64
    printf 'hunt\\033[0mer22-Z\\033[1mürich\n'
    printf 'hunter22'
    exit 1
    """
    job = await stage.start(command, secrets=[SECRET], env={"TOKEN": SECRET})
    outcome = await job.wait()
    assert stage.log == "token=***\na=***.\n***\n***\nhunter22"
    assert outcome.detail == "exit code 1: hunter22"
    assert [line for line in stage.lines if line != "a="] == ["token=***", "a=***.", "***", "***", "hunter22"]
    for hidden in (SECRET.encode(), base64.b64encode(SECRET.encode())):
        assert hidden not in stage.files()
        assert hidden not in "".join(stage.lines).encode()


async def test_secrets_are_in_no_list_of_processes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """S27: neither the supervisor's command line nor its environment shows a secret, nor anything of the engine's."""
    monkeypatch.setenv("ENGINE_ONLY", SECRET)
    job = await stage.start("echo up; sleep 60", secrets=[SECRET], env={"TOKEN": SECRET})
    await stage.shows("up")
    place = Path(f"/proc/{stage.record.supervisor.pid}")
    listed = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
    assert SECRET.encode() not in listed
    assert b"supervisor.py" in listed
    assert b"ENGINE_ONLY" not in listed
    assert not [file for file in (place / "fd").iterdir() if "memfd" in str(file.readlink())]
    assert SECRET.encode() not in Path(f"/proc/{stage.record.command.pid}/cmdline").read_bytes()
    await job.cancel()


async def test_escapes_and_garbage_are_made_safe(stage: Stage) -> None:
    """S27: colours, titles, clipboard writes, bidi tricks and invalid bytes neither reach the log nor the screen."""
    job = await stage.start(
        r"printf '\033[31mred\033[0m \033]0;owned\007\033]52;c;Zm9v\033\\ok \342\200\256x \377\n'; printf '\033]0;open'"
    )
    await job.wait()
    assert stage.log == "red ok \ufffdx \ufffd\n"
    assert stage.lines == ["red ok \ufffdx \ufffd"]


async def test_both_streams_in_order(stage: Stage) -> None:
    """Standard output and error share one pipe, so that what was printed first is read first."""
    await (await stage.start("for i in 1 2 3; do echo out $i; echo err $i >&2; done")).wait()
    assert stage.log.split("\n")[:4] == ["out 1", "err 1", "out 2", "err 2"]


# -- while it runs


async def test_a_progress_bar_can_be_watched(stage: Stage) -> None:
    """The unfinished line is on the screen while it changes; in the log only its last state stays."""
    job = await stage.start("printf '10%%\\r'; sleep 0.6; printf '99%%\\r'; sleep 60")
    await stage.shows("10%")
    assert stage.log == "10%"
    await stage.until(lambda: "99%" in stage.lines)
    assert stage.log == "99%"
    await job.cancel()
    assert stage.log == "99%"


async def test_output_is_there_before_the_end(stage: Stage) -> None:
    """Lines reach log and screen while the command runs, and an unfinished prompt as well."""
    job = await stage.start("echo one; printf 'waiting for rollout...'; sleep 60")
    await stage.shows("waiting for rollout...")
    assert stage.lines == ["one", "waiting for rollout..."]
    await job.cancel()
    assert stage.lines == ["one", "waiting for rollout..."]


# -- bounds


async def test_a_hundred_megabytes(stage: Stage) -> None:
    """S27: 100 MB of output: head and tail are kept, memory stays small, the screen gets a bounded number of lines."""
    line = "2026-12-01T03:00:00Z deploying auth, step 12345 of something"
    job = await stage.start(
        f"echo first; yes '{line}' | head -c 100000000; echo; echo last", secrets=["unseen-secret"], env={}
    )
    peak = 0
    supervisor = Path(f"/proc/{stage.record.supervisor.pid}/status")

    def note_memory() -> bool:
        nonlocal peak
        with suppress(OSError, StopIteration):
            text = next(row for row in supervisor.read_text().splitlines() if row.startswith("VmHWM"))
            peak = max(peak, int(text.split()[1]))
        return "last" in stage.lines

    await stage.until(note_memory)
    outcome = await job.wait()
    assert outcome.detail == "last"
    size = JobFolder(stage.folder).output.stat().st_size
    assert 36 * 2**20 < size <= 40 * 2**20 + 200
    with JobFolder(stage.folder).output.open("rb") as file:
        assert file.read(6) == b"first\n"
    assert 0 < peak < 40_000
    assert len(stage.lines) < 2000


async def test_an_endless_line(stage: Stage) -> None:
    """S27: ten megabytes without a newline neither fill memory nor the screen."""
    job = await stage.start("head -c 10000000 /dev/zero | tr '\\0' 'x'; echo; echo end")
    assert (await job.wait()).detail == "end"
    assert stage.log == "x" * 10_000_000 + "\nend\n"
    assert max(map(len, stage.lines)) <= WIDTH


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_costs_output_not_the_outcome(small_disk: Path) -> None:
    """S24: when the disk fills up under a command, it goes on, and its exit code is on record all the same."""
    stage = Stage(small_disk / "job")
    outcome = await (await stage.start("head -c 5000000 /dev/zero | tr '\\0' 'x'; echo; exit 9")).wait()
    assert (outcome.status, outcome.exit_code) == (OutcomeStatus.FAILED, 9)
    ended = JobFolder(stage.folder).ended()
    assert ended is not None
    assert 3_900_000 < ended.output_lost < 5_000_000


# -- the log by itself


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(str(tmp_path / "output.log"), head=200, tail=100)
    yield made
    made.close()


def text_of(log: Log, tmp_path: Path) -> str:
    assert log.lost == 0
    return (tmp_path / "output.log").read_text()


def test_the_unfinished_line_is_replaced(log: Log, tmp_path: Path) -> None:
    """What `show` put at the end gives way to what comes next, longer or shorter."""
    log.append(b"a\n")
    for line in (b"10 percent", b"20", b"", b"30 percent"):
        log.show(line)
        assert text_of(log, tmp_path) == "a\n" + line.decode()
    log.append(b"b\n")
    assert text_of(log, tmp_path) == "a\nb\n"


def test_head_and_tail_are_kept(log: Log, tmp_path: Path) -> None:
    """Beyond its room the log leaves out the middle, whole lines of it, and says how much that was."""
    lines = [f"line {number:04}\n" for number in range(500)]
    for line in lines:
        log.append(line.encode())
        assert (tmp_path / "output.log").stat().st_size <= 200 + 100 + 100
    log.show(b"unfinished")
    kept = text_of(log, tmp_path).splitlines(keepends=True)
    mark = next(index for index, line in enumerate(kept) if line.startswith("[..."))
    head, tail = kept[:mark], kept[mark + 1 :]
    assert head == lines[: len(head)]
    assert tail[:-1] == lines[-len(tail) + 1 :]
    assert tail[-1] == "unfinished"
    left_out = sum(map(len, lines)) - sum(map(len, head)) - sum(map(len, tail[:-1]))
    assert f"{left_out:,} bytes of output left out" in kept[mark]
    assert sum(map(len, head)) > 180


def test_one_line_larger_than_the_log(log: Log, tmp_path: Path) -> None:
    """A single write beyond all room, without a newline in it, is cut like any other."""
    log.append(b"x" * 5000 + b"\n")
    text = text_of(log, tmp_path)
    assert "bytes of output left out" in text
    assert len(text) < 500


LIMITED = """
import resource, sys
from controlroom.adapters.jobs.log import Log

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 2000))
log = Log(sys.argv[1])
log.append(b"a" * 900)
log.append(b"b" * 500)
log.append(b"c" * 500)
log.show(b"d" * 500)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
log.append(b"e")
log.close()
"""


def test_what_the_disk_refuses_is_said(tmp_path: Path) -> None:
    """Output that could not be written is counted, and the log says so once there is room again."""
    path = tmp_path / "output.log"
    subprocess.run([sys.executable, "-c", LIMITED, str(path)], check=True)
    note = "[900 bytes of output could not be written: File too large]\n"
    assert path.read_text() == "a" * 900 + "b" * 100 + "e" + note


# -- following


class Screen:
    """A log that grows by hand and the lines that a follower gave away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        self.follow = Follow(path, self.lines.append)

    def after(self, more: str, *, last: bool = False) -> list[str]:
        """The lines given away once `more` was added."""
        with self.path.open("a") as file:
            file.write(more)
        self.lines.clear()
        self.follow.look(last=last)
        return list(self.lines)


@pytest.fixture
def screen(tmp_path: Path) -> Screen:
    return Screen(tmp_path / "output.log")


def test_lines_are_followed(screen: Screen) -> None:
    """Each line is given away once, when it is whole; a missing log is no trouble."""
    screen.follow.look()
    assert screen.after("one\ntwo\nthr") == ["one", "two", "thr"]
    assert screen.after("") == []
    assert screen.after("ee\nfour\n") == ["three", "four"]
    assert screen.after("\n\tx\n") == ["", "    x"]


def test_a_line_seen_unfinished_is_not_repeated(screen: Screen) -> None:
    """A line that was given away before its newline came is not given away again."""
    assert screen.after("Deploying...") == ["Deploying..."]
    assert screen.after("\n") == []
    assert screen.after("Deploying...\nDone\n") == ["Deploying...", "Done"]


def test_unfinished_lines_are_rationed(screen: Screen) -> None:
    """A progress bar gets through now and then, and in its last state at the end."""
    seen = [screen.after(f"{number} ") for number in range(12)]
    assert [bool(lines) for lines in seen] == [True] + [False] * 5 + [True] + [False] * 5
    assert screen.after("end", last=True) == ["0 1 2 3 4 5 6 7 8 9 10 11 end"]


def test_a_flood_is_cut(screen: Screen) -> None:
    """Of more lines than a screen can use the newest are given away, and that there were more is said."""
    lines = screen.after("".join(f"line {number}\n" for number in range(100_000)))
    assert len(lines) == LINES + 1
    assert lines[-1] == "line 99999"
    assert "more was printed" in lines[0]
    assert screen.after("next\n") == ["next"]


def test_long_lines_are_cut(screen: Screen) -> None:
    """A long line is given away with an ellipsis at the screen's width."""
    (line,) = screen.after("é" * 5000 + "\n")
    assert line == "é" * (WIDTH - 1) + "…"


def test_a_log_that_shrank_is_followed_from_its_new_end(screen: Screen) -> None:
    """When the log's middle is left out, following goes on with what is there."""
    screen.after("old\n" * 1000)
    screen.path.write_text("")
    assert screen.after("new\n") == ["new"]
