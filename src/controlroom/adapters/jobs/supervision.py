"""One command from start to end, on record at every moment, whatever becomes of the engine that asked for it.

The job folder holds `job.json` (who runs, written before the command begins), `output.log` and, once the command is
over, `exit.json`. When that one is missing and the supervisor is gone, nobody knows how the command ended.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import signal
import sys
import time

from controlroom.adapters.jobs import log, proc
from controlroom.adapters.jobs.ending import Ending
from controlroom.adapters.jobs.output import Output
from controlroom.adapters.jobs.record import OUTPUT, Record
from controlroom.adapters.jobs.start import Child

TYPE_CHECKING = False  # see proc.py
if TYPE_CHECKING:
    from typing import Any

READY = b"ready\n"
"""What standard output says once the job is on record and its command begins; anything else is why it could not be."""
LINGER_S = 1.0
"""How long a command's offspring may go on printing after it has exited, before the job counts as over."""

_NAMED = 20
"""How many processes that are left behind are named in the record."""
_TICK_S = 0.05
_PIPE = 2**20
_PR_SET_CHILD_SUBREAPER = 36
_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def supervise(folder: str) -> None:
    """Carry out the order on standard input (see `launch`), keeping the record in `folder`."""
    with open(0, "rb", closefd=False) as file:
        order = json.load(file)
    try:
        job = Supervision(folder, order)
    except OSError as exc:
        sys.exit(f"{exc.filename or folder}: {exc.strerror}")
    os.write(1, READY)
    _let_go_of_the_engine()
    job.attend()


class Supervision:
    """A job as its supervisor sees it; the command begins with its construction."""

    def __init__(self, folder: str, order: dict[str, Any]) -> None:
        """Begin the job; raises OSError when it cannot be put on record, and then nothing of it ran."""
        self._asked_to_end = False
        self._wake = self._listen()
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._record = Record(folder)
        self._record.reserve()
        written = log.Log(f"{folder}/{OUTPUT}", order["head"], order["tail"])
        pipe, end = os.pipe()
        _widen(pipe)
        self._child = Child(order["argv"], order["env"], order["cwd"], end)
        os.close(end)
        self._output = Output(pipe, written, order["secrets"])
        self._grace_s: float = order["grace_s"]
        self._status: int | None = None
        self._began = time.monotonic()
        self._started = _utc()
        self._ended = 0.0
        self._record.begin(self._identity())
        self._child.release()

    def attend(self) -> None:
        """Stay with the command until it is over, and put on record how it ended."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._output.pipe, select.POLLIN)
        ending: Ending | None = None
        while True:
            for file, _ in poll.poll(self._patience(ending)):
                if file == self._wake:
                    os.read(self._wake, 4096)
                elif not self._output.read():
                    poll.unregister(self._output.pipe)
            self._reap()
            if ending is None and self._status is not None:
                # Asked to end now, it is too late to cancel: it has ended, and how is known.
                if self._output.ended or self._asked_to_end or time.monotonic() >= self._ended + LINGER_S:
                    break
            elif ending is None and self._asked_to_end:
                ending = Ending(self._child.pid, self._grace_s)
            elif ending is not None and ending.finished():
                break
        self._reap()
        self._output.close()
        self._record.end(self._outcome(ending))

    def _patience(self, ending: Ending | None) -> int | None:
        """Milliseconds until something has to be done even if nothing happens."""
        waits = [self._output.show()]
        if ending is not None:
            waits.append(_TICK_S)
        elif self._status is not None:
            waits.append(max(0.0, self._ended + LINGER_S - time.monotonic()))
        times = [wait for wait in waits if wait is not None]
        return int(min(times) * 1000) + 1 if times else None

    def _reap(self) -> None:
        """Take note of whoever has died: the command, or orphans of it that became our children."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._child.pid:
                    self._status = status
                    self._ended = time.monotonic()
        except ChildProcessError:
            return

    def _identity(self) -> dict[str, Any]:
        me, command = proc.find(os.getpid()), proc.find(self._child.pid)
        if me is None or command is None:
            raise ProcessLookupError(0, "the command was killed before it began")
        return {
            "boot": proc.boot(),
            "supervisor": {"pid": me.pid, "start": me.start},
            "command": {"pid": command.pid, "start": command.start},
            "session": me.session,
            "started": self._started,
        }

    def _outcome(self, ending: Ending | None) -> dict[str, Any]:
        status = self._status
        return {
            "exit_code": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None,
            "trouble": self._child.trouble() if status is not None else "",
            "cancelled": ending is not None,
            "forced": ending is not None and ending.forced,
            "left": [process.pid for process in proc.descendants(os.getpid())][:_NAMED],
            "output_lost": self._output.lost,
            "started": self._started,
            "finished": _utc(),
            "took_s": round((self._ended or time.monotonic()) - self._began, 3),
        }

    def _listen(self) -> int:
        """A file that becomes readable with each signal that matters."""
        wake, signalled = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(signalled, False)
        signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._ask_to_end)
        return wake

    def _ask_to_end(self, *_: object) -> None:
        self._asked_to_end = True


def _let_go_of_the_engine() -> None:
    """Keep no pipe to whoever started us, so that its end does not touch us."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for file in (0, 1, 2):
        os.dup2(nothing, file)
    os.close(nothing)


def _widen(pipe: int) -> None:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
    except OSError:
        return  # a user's share of pipe memory is used up: slower, nothing else


def _utc() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
