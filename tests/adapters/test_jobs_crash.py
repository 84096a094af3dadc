"""Jobs and the death of engines: adopted, re-attached, or unknown (S24)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.adapters.jobs_bench import Stage, dies, is_alive

from controlroom.adapters.jobs.folder import JobFolder, is_running
from controlroom.adapters.jobs.record import EXIT, JOB
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = """
import asyncio, sys
from pathlib import Path
from tests.adapters.jobs_bench import Stage

async def main():
    stage = Stage(Path(sys.argv[1]))
    job = await stage.start(sys.argv[2], secrets=["hunter22"], env={"TOKEN": "hunter22"})
    print("begun", flush=True)
    await job.wait()
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "jobs" / "000001-deploy")


def engine_dies_after_beginning(stage: Stage, command: str) -> None:
    """Begin `command` from an engine that is killed right afterwards."""
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, str(stage.folder), command], stdout=subprocess.PIPE)
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"begun\n"
    engine.kill()
    engine.wait()
    engine.stdout.close()


async def test_a_running_job_is_attached_to_again(stage: Stage) -> None:
    """S24: after kill -9 of the engine the command goes on, and the next engine sees its output and its end."""
    engine_dies_after_beginning(stage, "echo one $TOKEN; sleep 0.5; echo two $TOKEN; exit 7")
    job = await stage.adopt()
    assert job is not None
    assert is_running(stage.record)
    outcome = await job.wait()
    assert (outcome.status, outcome.exit_code, outcome.detail) == (OutcomeStatus.FAILED, 7, "exit code 7: two ***")
    assert stage.lines == ["one ***", "two ***"]
    await dies(stage.record.supervisor.pid)


async def test_a_running_job_can_be_cancelled_by_the_next_engine(stage: Stage) -> None:
    """S13, S24: an adopted job ends like one's own."""
    engine_dies_after_beginning(stage, "echo up; sleep 60")
    job = await stage.adopt()
    assert job is not None
    assert (await job.cancel()).status is OutcomeStatus.CANCELLED
    assert not is_alive(stage.record.command.pid)


async def test_a_finished_job_is_adopted_with_its_outcome(stage: Stage) -> None:
    """S24: what ended while no engine lived is known from the job folder, with how long it took."""
    engine_dies_after_beginning(stage, "sleep 0.3; echo migrated")
    job = await stage.adopt()
    assert job is not None
    outcome = await job.wait()
    assert (outcome.status, outcome.exit_code, outcome.detail) == (OutcomeStatus.PASSED, 0, "migrated")
    record = JobFolder(stage.folder).ended()
    assert record is not None
    assert outcome.took_s == record.took_s >= 0.3
    assert await job.cancel() == outcome


async def test_an_empty_folder_holds_no_job(stage: Stage) -> None:
    """S24: without job.json, or with a torn one, the command never began: nothing to adopt."""
    assert await stage.adopt() is None
    stage.folder.mkdir(parents=True)
    assert await stage.adopt() is None
    (stage.folder / JOB).write_bytes(b'{"boot": "x", "supervisor"')
    assert await stage.adopt() is None


async def test_supervisor_and_engine_killed(stage: Stage) -> None:
    """S24: with the supervisor dead and no exit record the outcome is unknown, never guessed."""
    engine_dies_after_beginning(stage, "sleep 60")
    os.kill(stage.record.supervisor.pid, signal.SIGKILL)
    await dies(stage.record.supervisor.pid)
    job = await stage.adopt()
    assert job is not None
    assert (await job.wait()).status is OutcomeStatus.UNKNOWN
    assert (await job.cancel()).status is OutcomeStatus.CANCELLED
    assert not is_alive(stage.record.command.pid)


@pytest.mark.parametrize("change", ["start", "boot"])
async def test_a_reused_pid_is_not_the_job(stage: Stage, change: str) -> None:
    """S24: another process by the supervisor's pid, in this boot or a later one, is neither watched nor signalled."""
    job = await stage.start("echo up; sleep 60")
    record = msgspec.to_builtins(stage.record)
    other = Stage(stage.folder.with_name("000002-deploy"))
    other.folder.mkdir()
    if change == "boot":
        record["boot"] = "another"
    else:
        record["supervisor"]["start"] += 1
        record["command"]["start"] += 1
        record["session"] = 1
    (other.folder / JOB).write_bytes(msgspec.json.encode(record))
    mistaken = await other.adopt()
    assert mistaken is not None
    assert (await mistaken.wait()).status is OutcomeStatus.UNKNOWN
    assert (await mistaken.cancel()).status is OutcomeStatus.UNKNOWN
    assert is_alive(stage.record.command.pid)
    await job.cancel()


async def test_a_zombie_supervisor_is_dead(stage: Stage) -> None:
    """A supervisor that has ended but was not reaped yet counts as ended."""
    job = await stage.start("sleep 60")
    supervisor = stage.record.supervisor.pid
    os.kill(supervisor, signal.SIGKILL)
    while is_alive(supervisor):  # without giving the loop a chance to reap it
        os.sched_yield()
    os.kill(supervisor, 0)  # still there, for whoever asks the kernel that way
    assert not is_running(stage.record)
    assert (await job.wait()).status is OutcomeStatus.UNKNOWN
    await job.cancel()


ABANDONED = """
import os, sys
from controlroom.adapters.jobs.start import Child

child = Child(["touch", sys.argv[1]], dict(os.environ), None, 1)
os.close(child._gate)
print(os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1]))
"""


def test_a_command_never_begins_off_record(tmp_path: Path) -> None:
    """S24: when its supervisor dies before the job is on record, the command to be ends without having run."""
    marker = tmp_path / "ran"
    done = subprocess.run(
        [sys.executable, "-c", ABANDONED, str(marker)], check=True, capture_output=True, timeout=30, text=True
    )
    assert done.stdout == "127\n"
    assert not marker.exists()


def test_kills_at_random_moments_never_lie(stage: Stage) -> None:
    """S24: whenever the supervisor is killed, the record of the end is whole or missing; no command is off record."""
    for number in range(12):
        one = Stage(stage.folder.with_name(f"sweep{number}"))
        asyncio.run(_killed_after(one, number * 0.004))
        ended = JobFolder(one.folder).ended()
        marker = one.folder / "ran"
        if ended is not None:
            assert ended.exit_code == 0
            assert marker.exists()
        if marker.exists():
            assert JobFolder(one.folder).record() is not None
        assert not (one.folder / EXIT).exists() or ended is not None


async def _killed_after(stage: Stage, seconds: float) -> None:
    job = await stage.start(f"touch {stage.folder}/ran")
    await asyncio.wait([asyncio.ensure_future(job.wait())], timeout=seconds)
    if is_alive(stage.record.supervisor.pid):
        os.kill(stage.record.supervisor.pid, signal.SIGKILL)
    await job.wait()
    await job.cancel()
