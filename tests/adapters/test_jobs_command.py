"""Commands as jobs: what they find, what they print, how they end."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest
from tests.adapters.jobs_bench import PATH, Stage, dies, is_alive

from controlroom.adapters.command import CommandAction
from controlroom.adapters.jobs.environment import facts_of, inherited, scrubbed
from controlroom.adapters.jobs.folder import JobFolder
from controlroom.errors import ActionError
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from pathlib import Path

    from controlroom.ports import Action, Job


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "jobs" / "000001-deploy")


# -- what a command finds


async def test_a_command_gets_its_environment_and_nothing_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """S30: exactly what the caller gave and the facts; nothing of the engine's own environment."""
    monkeypatch.setenv("LEAK", "from the engine")
    action: Action = CommandAction(["env"], label="env", environment={"PATH": PATH, "TOKEN": "é \udcff"})
    job: Job = await action.start(stage.scene(version_target="v2.1.0"))
    assert (await job.wait()).status is OutcomeStatus.PASSED
    assert sorted(stage.log.splitlines()) == [
        "CONTROLROOM_RUN_ID=20261201-s5",
        "CONTROLROOM_SERVICE_ID=auth",
        "CONTROLROOM_STEP=deploy",
        "CONTROLROOM_VERSION_TARGET=v2.1.0",
        f"PATH={PATH}",
        "TOKEN=é \ufffd",
    ]


async def test_a_command_has_no_terminal_and_no_input(stage: Stage) -> None:
    """S27: pipes, never the tty; reading input ends at once; its own process group within the supervisor's session."""
    job = await stage.start(
        "for f in 0 1 2; do test -t $f && echo tty $f; done; cat; (: </dev/tty) 2>/dev/null && echo has tty;"
        " ps -o pid=,pgid=,sid= -p $$"
    )
    assert (await job.wait()).status is OutcomeStatus.PASSED
    (pids,) = stage.log.splitlines()
    pid, group, session = map(int, pids.split())
    assert pid == group == stage.record.command.pid
    assert session == stage.record.supervisor.pid
    assert os.getsid(0) != session


async def test_a_command_starts_with_default_signals(stage: Stage) -> None:
    """What Python and the supervisor ignore is not ignored in the command.

    The real-time signals (32 and up) are left out: nobody here ignores them, and libc keeps the first for itself, so
    that it cannot be set back where whoever started the tests had ignored it.
    """
    await (await stage.start(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"])).wait()
    masks = dict(re.findall(r"^(Sig\w+):\s+([0-9a-f]+)$", stage.log, re.MULTILINE))
    assert {name: int(mask, 16) & 0x7FFFFFFF for name, mask in masks.items()} == {"SigBlk": 0, "SigIgn": 0}


async def test_text_is_a_shell_script_and_words_are_not(tmp_path: Path) -> None:
    """A string runs under `sh -e`, which stops at the first failure; words are passed as they are."""
    script, words = Stage(tmp_path / "1"), Stage(tmp_path / "2")
    assert (await (await script.start("echo a\nfalse\necho b")).wait()).exit_code == 1
    assert script.log == "a\n"
    await (await words.start(["echo", "$HOME; false", "*", ""])).wait()
    assert words.log == "$HOME; false * \n"


async def test_the_working_folder(stage: Stage, tmp_path: Path) -> None:
    """A command runs where it was told to, by default nowhere in particular."""
    action = CommandAction(["pwd"], label="pwd", environment={"PATH": PATH}, cwd=tmp_path)
    outcome = await (await action.start(stage.scene())).wait()
    assert outcome.detail == str(tmp_path)


def test_environments(tmp_path: Path) -> None:
    """S30: rehearsals get the stage's commands and a temporary home only; real runs get what the operator has."""
    ours = inherited({"KUBECONFIG": "/k", "TERM": "xterm", "CONTROLROOM_HOME": "/x"})
    assert ours == {"KUBECONFIG": "/k", "TERM": "dumb"}
    clean = scrubbed(tmp_path / "bin", tmp_path / "home")
    assert (clean["PATH"], clean["HOME"]) == (str(tmp_path / "bin"), str(tmp_path / "home"))
    assert not clean.keys() & {"SSH_AUTH_SOCK", "KUBECONFIG", "AWS_PROFILE", "USER"}
    facts = facts_of(Stage(tmp_path).scene(version_from="v1"))
    assert facts["CONTROLROOM_VERSION_FROM"] == "v1"


# -- how it ends


ENDS = {
    "success": ("echo working; echo; echo '---'", OutcomeStatus.PASSED, 0, "working"),
    "silent success": ("true", OutcomeStatus.PASSED, 0, "exit code 0"),
    "failure": ("echo out; echo no such tag >&2; exit 3", OutcomeStatus.FAILED, 3, "exit code 3: no such tag"),
    "silent failure": ("exit 42", OutcomeStatus.FAILED, 42, "exit code 42"),
    "signal": ("echo dumped; kill -SEGV $$", OutcomeStatus.FAILED, 139, "killed by SIGSEGV: dumped"),
    "in a script": ("nosuchcommand", OutcomeStatus.FAILED, 127, "exit code 127: /bin/sh: 1: nosuchcommand: not found"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_ends(stage: Stage, end: str) -> None:
    """The outcome says how a command ended, with its last words."""
    command, status, code, detail = ENDS[end]
    outcome = await (await stage.start(command)).wait()
    assert (outcome.status, outcome.exit_code, outcome.detail) == (status, code, detail)


async def test_what_cannot_be_executed_says_why(tmp_path: Path) -> None:
    """A missing command, file that is no program, missing interpreter and missing folder each have their words."""
    plain, script = tmp_path / "plain", tmp_path / "script"
    plain.write_text("not a program")
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    cases: list[tuple[list[str], Path | None, str]] = [
        (["db-migrate", "up"], None, f"db-migrate: not found on PATH ({PATH})"),
        (["/no/such"], None, "/no/such: no such file"),
        ([str(plain)], None, f"{plain}: cannot be executed: Permission denied"),
        ([str(script)], None, f"{script}: cannot be executed: the interpreter that its first line names is missing"),
        (
            ["true"],
            tmp_path / "gone",
            f"the working folder {tmp_path}/gone cannot be entered: No such file or directory",
        ),
        (["/a\0b"], None, "/a\ufffdb: cannot be executed: embedded null"),
    ]
    for number, (command, cwd, detail) in enumerate(cases):
        action = CommandAction(command, label="x", environment={"PATH": PATH}, cwd=cwd)
        outcome = await (await action.start(Stage(tmp_path / f"job{number}").scene())).wait()
        assert outcome.status is OutcomeStatus.FAILED
        assert outcome.detail.startswith(detail)


async def test_a_job_is_begun_only_once(stage: Stage) -> None:
    """S24: nothing runs twice: a job folder that was used refuses, and what is in it stays."""
    await (await stage.start("echo first")).wait()
    with pytest.raises(ActionError, match="File exists"):
        await stage.start("echo second")
    assert stage.log == "first\n"
    assert JobFolder(stage.folder).ended() is not None


async def test_a_job_needs_a_folder(tmp_path: Path) -> None:
    """Without a place for its record no command begins."""
    (tmp_path / "file").touch()
    with pytest.raises(ActionError, match="cannot be started"):
        await Stage(tmp_path / "file" / "job").start("touch begun")


async def test_offspring_that_holds_the_output_does_not_hang_the_job(stage: Stage) -> None:
    """A background process with the pipe still open is given a moment; then the job is over and says so."""
    job = await stage.start("sleep 60 & echo started $!")
    async with asyncio.timeout(10):
        outcome = await job.wait()
    left = int(stage.log.split()[1])
    assert outcome.status is OutcomeStatus.PASSED
    assert outcome.detail == f"started {left} (1 of its processes still run)"
    assert is_alive(left)
    os.kill(left, signal.SIGKILL)


async def test_late_output_of_offspring_is_kept(stage: Stage) -> None:
    """What a background process prints right after the command's end belongs to the output."""
    await (await stage.start("(sleep 0.2; echo late) & echo early")).wait()
    assert stage.log == "early\nlate\n"


async def test_a_daemon_that_lets_go_ends_nothing(stage: Stage) -> None:
    """A server that was started properly into the background lives on, and the job is over at once."""
    job = await stage.start("setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $!")
    outcome = await job.wait()
    assert outcome.status is OutcomeStatus.PASSED
    ended = JobFolder(stage.folder).ended()
    assert ended is not None
    assert ended.took_s < 0.9
    (daemon,) = ended.left
    assert is_alive(daemon)
    os.kill(daemon, signal.SIGKILL)


async def test_waiting_can_be_given_up(stage: Stage) -> None:
    """Cancelling a task that waits for the job does not touch the command; others go on waiting."""
    job = await stage.start("echo up; read x </dev/zero & sleep 0.3; kill $!; echo done")
    first, second = asyncio.create_task(job.wait()), asyncio.create_task(job.wait())
    await stage.shows("up")
    first.cancel()
    assert (await second).detail == "done"
    assert first.cancelled()


async def test_without_pidfd(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """On kernels before 5.3 the end is found by looking now and then."""

    def missing(_pid: int) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(os, "pidfd_open", missing)
    job = await stage.start("echo up; sleep 60", grace_s=5)
    await stage.shows("up")
    assert (await job.cancel()).status is OutcomeStatus.CANCELLED
    await dies(stage.record.supervisor.pid)
