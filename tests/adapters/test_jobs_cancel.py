"""Ending commands: asked, forced, confirmed, with everything that they started (S13)."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.adapters.jobs_bench import Stage, dies, is_alive

from controlroom.adapters import command as command_module
from controlroom.adapters.jobs.folder import JobFolder
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from pathlib import Path

STUBBORN = "trap '' TERM; echo up; while :; do sleep 1; done"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "jobs" / "000001-deploy")


async def test_a_command_that_listens_ends_when_asked(stage: Stage) -> None:
    """S13: SIGTERM to the group; the command's own cleaning up is part of its output."""
    job = await stage.start("trap 'echo cleaned up; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    await stage.shows("up")
    outcome = await job.cancel()
    assert outcome.status is OutcomeStatus.CANCELLED
    assert outcome.exit_code == 0
    assert outcome.detail == "cancelled, and ended when asked: cleaned up"
    assert stage.everyone() == []
    assert await job.wait() == outcome


async def test_a_command_that_does_not_listen_is_killed_after_its_grace(stage: Stage) -> None:
    """S13: SIGKILL once the grace is over, not before, and nobody of the group is left."""
    job = await stage.start(STUBBORN, grace_s=0.4)
    await stage.shows("up")
    outcome = await job.cancel()
    ended = JobFolder(stage.folder).ended()
    assert outcome.status is OutcomeStatus.CANCELLED
    assert outcome.detail == "cancelled, and killed after its grace: up"
    assert ended is not None
    assert ended.forced
    assert ended.signal == signal.SIGKILL
    assert stage.everyone() == []


async def test_whoever_escaped_the_group_is_found(stage: Stage) -> None:
    """S13: children in sessions of their own, double forks and stubborn grandchildren go too."""
    stubborn = "trap '' TERM HUP; (sh -c 'echo b \\$\\$; exec sleep 60' &); echo c \\$\\$; while :; do sleep 1; done"
    job = await stage.start(
        f"""
        setsid sh -c 'echo a $$; exec sleep 60' &
        (setsid sh -c "{stubborn}" &)
        sh -c 'echo d $$; exec sleep 60' &
        wait
        """,
        grace_s=0.3,
    )
    await stage.until(lambda: {line[0] for line in stage.lines} == set("abcd"))
    pids = [int(line[2:]) for line in stage.lines]
    assert all(map(is_alive, pids))
    assert (await job.cancel()).status is OutcomeStatus.CANCELLED
    assert not any(map(is_alive, pids))


async def test_a_stopped_command_is_woken_to_end(stage: Stage) -> None:
    """A command under Ctrl-Z (SIGSTOP) gets to hear that it has to end."""
    job = await stage.start("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    await stage.shows("up")
    os.killpg(stage.record.command.pid, signal.SIGSTOP)
    outcome = await job.cancel()
    assert outcome.detail == "cancelled, and ended when asked: bye"


async def test_a_stopped_supervisor_is_woken_too(stage: Stage) -> None:
    """Somebody who stopped the supervisor does not keep a job from being cancelled."""
    job = await stage.start("echo up; sleep 60")
    await stage.shows("up")
    os.kill(stage.record.supervisor.pid, signal.SIGSTOP)
    assert (await job.cancel()).status is OutcomeStatus.CANCELLED


async def test_too_late_to_cancel(stage: Stage) -> None:
    """A job that had ended has the outcome that it had."""
    job = await stage.start("echo fine")
    outcome = await job.wait()
    assert await job.cancel() == outcome
    assert outcome.status is OutcomeStatus.PASSED


async def test_too_late_while_offspring_lingers(stage: Stage) -> None:
    """The command is over and only a background process holds the output: its exit code counts, at once."""
    job = await stage.start("sleep 60 & echo $!")
    await stage.until(lambda: bool(stage.lines))
    await dies(stage.record.command.pid)
    outcome = await job.cancel()
    assert outcome.status is OutcomeStatus.PASSED
    os.kill(int(stage.lines[0]), signal.SIGKILL)


async def test_two_who_cancel_get_the_same_answer(stage: Stage) -> None:
    """Cancelling is idempotent."""
    job = await stage.start(STUBBORN, grace_s=0.3)
    await stage.shows("up")
    first, second = await asyncio.gather(job.cancel(), job.cancel())
    assert first == second == await job.cancel()
    assert first.status is OutcomeStatus.CANCELLED


async def test_giving_up_a_cancel_does_not_stop_it(stage: Stage) -> None:
    """Once asked to end, the command ends, even if whoever asked does not wait for it."""
    job = await stage.start(STUBBORN, grace_s=0.3)
    await stage.shows("up")
    asking = asyncio.create_task(job.cancel())
    await asyncio.sleep(0)
    asking.cancel()
    assert (await job.wait()).status is OutcomeStatus.CANCELLED


async def test_a_supervisor_that_was_killed_leaves_the_outcome_unknown(stage: Stage) -> None:
    """S24: with the supervisor gone nobody can tell how the command ends; that it still runs is said."""
    job = await stage.start("echo up; sleep 60")
    await stage.shows("up")
    os.kill(stage.record.supervisor.pid, signal.SIGKILL)
    outcome = await job.wait()
    command = stage.record.command.pid
    assert outcome.status is OutcomeStatus.UNKNOWN
    assert outcome.detail.endswith(f"nobody saw how the command ended; it still runs as process {command}")
    assert is_alive(command)
    cancelled = await job.cancel()
    assert cancelled.status is OutcomeStatus.CANCELLED
    assert not is_alive(command)


async def test_orphans_that_do_not_listen_are_killed(stage: Stage) -> None:
    """S13: without its supervisor too, a group is forced after the grace."""
    job = await stage.start(STUBBORN, grace_s=0.2)
    await stage.shows("up")
    os.kill(stage.record.supervisor.pid, signal.SIGKILL)
    await job.wait()
    assert (await job.cancel()).status is OutcomeStatus.CANCELLED
    assert stage.everyone() == []


async def test_nothing_left_to_cancel_stays_unknown(stage: Stage) -> None:
    """S24: supervisor and command both gone without a record: cancelling cannot tell either."""
    job = await stage.start("echo up; sleep 60")
    await stage.shows("up")
    os.kill(stage.record.supervisor.pid, signal.SIGKILL)
    os.killpg(stage.record.command.pid, signal.SIGKILL)
    assert (await job.wait()).status is OutcomeStatus.UNKNOWN
    await dies(stage.record.command.pid)
    assert (await job.cancel()).status is OutcomeStatus.UNKNOWN


async def test_a_supervisor_that_does_not_react_is_ended_with_its_command(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S13: a supervisor stuck beyond all patience does not keep the group alive."""
    job = await stage.start(STUBBORN, grace_s=60)
    await stage.shows("up")
    monkeypatch.setattr(command_module, "_PATIENCE_S", -59.8)
    outcome = await job.cancel()
    assert outcome.status is OutcomeStatus.CANCELLED
    assert "without its supervisor" in outcome.detail
    assert stage.everyone() == []


async def test_a_shutdown_of_the_machine_is_on_record(stage: Stage) -> None:
    """SIGTERM to everybody, as at a shutdown: the supervisor ends its command and leaves the record of it."""
    job = await stage.start("echo up; sleep 60")
    await stage.shows("up")
    os.kill(stage.record.supervisor.pid, signal.SIGTERM)
    assert (await job.wait()).status is OutcomeStatus.CANCELLED


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
async def test_a_lost_terminal_is_nothing_to_a_supervisor(stage: Stage, number: signal.Signals) -> None:
    """S23: signals that come from terminals do not end a job."""
    job = await stage.start("echo up; sleep 0.3; echo done")
    await stage.shows("up")
    os.kill(stage.record.supervisor.pid, number)
    assert (await job.wait()).detail == "done"
