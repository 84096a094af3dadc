"""Starting a job's command: a child that waits until its job is on record before it becomes the command.

Runs in the supervisor, so it imports little.
"""

from __future__ import annotations

import errno
import os
import signal
from contextlib import suppress

TYPE_CHECKING = False  # see proc.py
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_READABLE = 120
_NOT_CATCHABLE = {signal.SIGKILL, signal.SIGSTOP}


class Child:
    """The command to be, in a process group of its own, with no input and `output` for everything it prints."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: str | None, output: int) -> None:
        """Fork; nothing of the command runs before `release`."""
        gate, self._gate = os.pipe()
        self._trouble, trouble = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)  # or the end of the supervisor would not be seen
            _become(argv, env, cwd, output, gate, trouble)
        os.close(gate)
        os.close(trouble)
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(self.pid, self.pid)  # by both sides, so that it has happened whoever runs first

    def release(self) -> None:
        """Let the command begin."""
        os.write(self._gate, b"!")
        os.close(self._gate)

    def trouble(self) -> str:
        """Why the command could not be executed, in words, or nothing; to be asked once it has ended."""
        return os.read(self._trouble, 65_536).decode("utf-8", "replace")


def _become(argv: Sequence[str], env: Mapping[str, str], cwd: str | None, output: int, gate: int, trouble: int) -> None:
    """Turn this process into the command; never returns."""
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for number in signal.valid_signals() - _NOT_CATCHABLE:
            signal.signal(number, signal.SIG_DFL)  # an ignored signal would stay ignored in the command
        if os.read(gate, 1):
            os.write(trouble, _execute(argv, env, cwd).encode("utf-8", "replace"))
        # Else the supervisor is gone, and with it whoever would have known about the command.
    finally:
        os._exit(127)


def _execute(argv: Sequence[str], env: Mapping[str, str], cwd: str | None) -> str:
    """Why the command could not be executed."""
    try:
        os.chdir(cwd or "/")
    except OSError as exc:
        return f"the working folder {cwd} cannot be entered: {exc.strerror}"
    try:
        os.execvpe(argv[0], list(argv), env)  # noqa: S606 - the plan's command is what this is for
    except ValueError as exc:
        return f"{argv[0]}: cannot be executed: {exc}"
    except OSError as exc:
        return _words(argv[0], env.get("PATH", os.defpath), exc)


def _words(name: str, path: str, exc: OSError) -> str:
    if exc.errno not in {errno.ENOENT, errno.ENOTDIR}:
        return f"{name}: cannot be executed: {exc.strerror}"
    places = [name] if "/" in name else [f"{folder or '.'}/{name}" for folder in path.split(":")]
    for place in places:
        if os.access(place, os.X_OK):
            return f"{place}: cannot be executed: the interpreter that its first line names is missing"
    return f"{name}: no such file" if "/" in name else not_on_path(name, path)


def not_on_path(name: str, path: str) -> str:
    """That a command is missing, with the places searched if they are few enough to read."""
    return f"{name}: not found on PATH" + (f" ({path})" if len(path) <= _READABLE else "")
