"""The program's entry: what every ending looks like, and the shortest way to a screen."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from controlroom.errors import ControlroomError, PlanError

if TYPE_CHECKING:
    from types import FrameType, TracebackType

ERROR_LOG = "error.log"
INTERRUPTED = 130


def main() -> int:
    """Run the command line; the exit code of the process."""
    _open_closed_streams()
    sys.excepthook = report_crash
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _leave)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a name gets a question mark, not a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    try:
        return _obey(sys.argv[1:])
    except ControlroomError as exc:
        # A plan's problems begin with FILE:LINE:COLUMN, where editors look for it.
        _complain(str(exc) if isinstance(exc, PlanError) else f"controlroom: {exc}")
        return exc.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED


def _obey(words: list[str]) -> int:
    """Do what `words` say; a screen without options opens without click, whose import is a twentieth of its start."""
    match words:
        case ["attach" | "watch"] if sys.stdout.isatty():
            word, run = words[0], None
        case ["attach" | "watch", run] if sys.stdout.isatty() and not run.startswith("-"):
            word = words[0]
        case _:
            from controlroom.commands.root import read  # noqa: PLC0415 - as the docstring says

            return read()
    from controlroom import frontends  # noqa: PLC0415 - help does without

    return frontends.attach(run=run) if word == "attach" else frontends.watch(run=run)


def _open_closed_streams() -> None:
    """A standard stream that was closed leads nowhere; left so, the next file opened would take its number."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def report_crash(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    """An error that nobody foresaw: a line for the operator, the traceback for the log."""
    from controlroom.control.home import Home  # noqa: PLC0415 - for the worst case only

    try:
        log = Home.locate(os.environ).path / ERROR_LOG
        log.touch(mode=0o600)
        with log.open("a", encoding="utf-8") as file:
            traceback.print_exception(kind, exc, trace, file=file)
    except (OSError, ControlroomError):
        sys.__excepthook__(kind, exc, trace)
        return
    _complain(f"controlroom: unexpected {kind.__name__}; please report it with {log}")


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - this is the command line's voice
