"""A command that only looks: run for a moment, its exit code and the end of its output, and nothing of it left over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controlroom.adapters.jobs import proc
from controlroom.adapters.jobs.handle import Handle
from controlroom.adapters.trouble import NoAnswer, Unable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEPT: Final = 64 * 1024
"""Bytes of output that are kept, from its end."""
_PIPE_FULLS: Final = 4
_NOT_EXECUTABLE: Final = 126
_NOT_FOUND: Final = 127


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: `code` negative for a signal, `output` the end of both streams, as it came."""

    code: int
    output: str

    @property
    def sentence(self) -> str:
        """`exit code 3: not ready`."""
        how = f"exit code {self.code}" if self.code >= 0 else f"ended by signal {-self.code}"
        last = next((line for line in reversed(self.output.splitlines()) if line.strip()), "")
        return f"{how}: {last.strip()}" if last else how


async def run_briefly(argv: Sequence[str], env: Mapping[str, str], timeout_s: float) -> Ended:
    """Run `argv` for at most `timeout_s` real seconds; its process group is gone afterwards, also when cancelled.

    Raises Unable for a program that is not there, NoAnswer when the time is out.
    """
    try:
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - what the plan says; forking takes 1 ms
            argv,
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as exc:
        raise Unable(f"{argv[0]}: {'not found' if isinstance(exc, FileNotFoundError) else exc}") from exc
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    with process.stdout as pipe:
        tail = _Tail(pipe.fileno())
        try:
            ended = await _over(process.pid, timeout_s)
        finally:
            # Whoever holds the pipe open in the background goes too; not reaped yet, the group's number is still ours.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            output = tail.close()
    if not ended:
        raise NoAnswer(f"no end within {timeout_s:g} s", sent=True, timed_out=True)
    done = Ended(code, output)
    if code in (_NOT_EXECUTABLE, _NOT_FOUND):
        raise Unable(done.sentence)
    return done


async def _over(pid: int, timeout_s: float) -> bool:
    found = proc.find(pid)
    if found is None:
        return True
    with contextlib.suppress(ProcessLookupError), contextlib.closing(Handle(pid, found.start)) as handle:
        return await handle.gone(timeout_s)
    return True


class _Tail:
    """Reads a pipe as it fills, so that nobody is held up, and keeps the end of what came."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._kept = b""
        os.set_blocking(pipe, False)
        asyncio.get_running_loop().add_reader(pipe, self._take)

    def close(self) -> str:
        """What was kept, with all that was written until now; who escaped and still writes is not waited for."""
        for _ in range(_PIPE_FULLS):
            if not self._take():
                break
        asyncio.get_running_loop().remove_reader(self._pipe)
        return self._kept.decode("utf-8", "replace")

    def _take(self) -> bool:
        """Read once; False when there is nothing more for now."""
        try:
            chunk = os.read(self._pipe, KEPT)
        except BlockingIOError:
            return False
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._pipe)
        self._kept = (self._kept + chunk)[-KEPT:]
        return bool(chunk)
