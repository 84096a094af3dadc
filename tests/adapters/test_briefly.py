"""Commands that only look: what is kept of them, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from pathlib import Path

import pytest

from controlroom.adapters.briefly import KEPT, Ended, run_briefly
from controlroom.adapters.jobs import proc
from controlroom.adapters.jobs.handle import Handle
from controlroom.adapters.trouble import NoAnswer, Unable

ENV = {"PATH": "/usr/bin:/bin"}


async def sh(command: str, timeout_s: float = 5.0) -> Ended:
    """Run a shell command."""
    return await run_briefly(["/bin/sh", "-ec", command], ENV, timeout_s)


async def test_exit_code_and_output() -> None:
    """Both streams are kept; the sentence has the last line that says anything."""
    assert await sh("echo one; echo two >&2") == Ended(0, "one\ntwo\n")
    assert (await sh("echo not ready; echo; exit 3")).sentence == "exit code 3: not ready"
    assert (await sh("kill -TERM $$")).sentence == "ended by signal 15"
    assert (await run_briefly(["false"], ENV, 5)).sentence == "exit code 1"


async def test_it_sees_only_what_it_is_given() -> None:
    """The environment is the one that was asked for, and there is no input."""
    ended = await run_briefly(["/usr/bin/env"], {"A": "1"}, 5)
    assert ended.output == "A=1\n"
    assert (await sh("cat; echo end")).output == "end\n"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["no-such-program"], "no-such-program: not found"),
        (["/etc/passwd"], "Permission denied"),
        (["/bin/sh", "-c", "no-such-program"], "no-such-program: not found"),
        (["bad\0name"], "embedded null byte"),
    ],
)
async def test_a_program_that_is_not_there(argv: list[str], reason: str) -> None:
    """What cannot be started is told apart from a command that says no."""
    with pytest.raises(Unable, match=reason):
        await run_briefly(argv, ENV, 5)


async def test_much_output_costs_no_memory() -> None:
    """A flood is read to its end, and its end is kept."""
    ended = await sh("head -c 30000000 /dev/zero | tr '\\0' x; echo end")
    assert len(ended.output) == KEPT
    assert ended.output.endswith("xend\n")


async def test_time_is_out(tmp_path: Path) -> None:
    """A command that does not end is ended, and everything that it started."""
    file = tmp_path / "pid"
    with pytest.raises(NoAnswer, match=r"no end within 0\.3 s"):
        await sh(f"sleep 60 & echo $! > {file}; wait", timeout_s=0.3)
    assert await gone(int(file.read_text()))


async def test_cancelled(tmp_path: Path) -> None:
    """Given up by the engine, it is gone as well."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    looking = asyncio.ensure_future(sh(f"echo $$ > {fifo}; sleep 60"))
    with closing(await asyncio.to_thread(fifo.open)) as begun:
        pid = int(begun.read())
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert await gone(pid)


async def test_who_stays_behind_holds_nothing_up(tmp_path: Path) -> None:
    """A background process that keeps the output open, as ssh's master does, neither delays the answer nor survives."""
    file = tmp_path / "pid"
    ended = await sh(f"sleep 60 & echo $! > {file}; echo done", timeout_s=5)
    assert ended == Ended(0, "done\n")
    assert await gone(int(file.read_text()))


async def test_no_file_is_left_open() -> None:
    """A probe that runs for 48 hours leaks nothing."""
    await sh("true")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        await sh("true")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def gone(pid: int) -> bool:
    """Whether the process dies within two seconds; one that nobody has reaped yet counts as dead."""
    found = proc.find(pid)
    if found is None:
        return True
    try:
        with closing(Handle(pid, found.start)) as handle:
            return await handle.gone(2)
    except ProcessLookupError:
        return True
