"""What the commands that open a screen do: start an engine (and a stage), attach, and say how the run ended."""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.control.home import Home, RunFolder
from controlroom.errors import Interrupted, NoSuchRun, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.rehearsal.process import StageHandle

DEFAULT_PLAN = "s5-hardening.yaml"
SUCCESS, NO_SUCCESS = 0, 3


def say(text: str) -> None:
    """A line for the operator, beside whatever a script reads from stdout."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the command line's voice


# -- starting


def run(*, plan: str, headless: bool, label: str, accept_breach: str = "", override_window: str = "") -> int:
    """Preflight, start the engine, attach as driver; attach to the run of the same plan if one is active."""
    from controlroom.launching import Starter  # noqa: PLC0415 - attach and ctl never load the plan model
    from controlroom.plan.loader import load_plan  # noqa: PLC0415

    loaded = load_plan(plan)
    starter = Starter(Home.locate(os.environ), say)
    notice = ""
    with starter.alone(loaded, rehearsal=False):
        folder = starter.active(loaded, rehearsal=False)
        if folder is not None:
            notice = _ignored(folder, accept_breach=accept_breach, override_window=override_window)
        else:
            starter.refuse_interrupted(loaded.plan.environment)
            folder = starter.run(loaded, label, accept_breach=accept_breach, override_window=override_window)
    return _front(folder, headless=headless, label=label, notice=notice)


def rehearse(
    *,
    plan: str | None,
    faults: Sequence[str] = (),
    speed: float = 1.0,
    window: str = "",
    headless: bool = False,
    label: str = "",
    accept_breach: str = "",
    edge: str = "own",
) -> int:
    """Start the stage, then do as `run` does; the default plan is the S5 go-live."""
    from controlroom.daemon.beginning import window_of  # noqa: PLC0415 - see run
    from controlroom.launching import Starter  # noqa: PLC0415
    from controlroom.plan.loader import load_plan  # noqa: PLC0415
    from controlroom.plan.overlay import placeholders  # noqa: PLC0415

    if window:
        window_of(window)  # words that make no sense are refused before anything comes up
    loaded = load_plan(plan or shipped_plan(DEFAULT_PLAN), placeholders("shop"))
    starter = Starter(Home.locate(os.environ), say)
    notice = ""
    with starter.alone(loaded, rehearsal=True):
        folder = starter.active(loaded, rehearsal=True)
        if folder is not None:
            asked = {"speed": f"{speed:g}" if speed != 1.0 else "", "window": window, "accept_breach": accept_breach}
            notice = _ignored(folder, fault=" ".join(faults), **asked)
        else:
            auto_close = headless or not _has_terminal()
            folder = starter.rehearse(
                loaded,
                label,
                faults,
                speed,
                edge=edge,
                window=window,
                auto_close=auto_close,
                accept_breach=accept_breach,
            )
    return _front(folder, headless=headless, label=label, notice=notice)


def _ignored(folder: RunFolder, **asked: str) -> str:
    """What is said to whoever wanted to start what runs already: it goes on as it was started."""
    options = ", ".join(f"--{name.replace('_', '-')} {words}" for name, words in asked.items() if words)
    notice = f"attached to {folder.run}, which was running already"
    if options:
        notice = f"IGNORED {options}: {notice}"
        say(notice)
    return notice


def recover(*, run: str | None, follow: bool = False) -> int:
    """Start a new engine on an interrupted run's journal; it goes on by itself from there.

    Without `run` it is the newest that was interrupted. With `follow` its events are printed until it ends, or until
    the run does; the exit code is the run's then, as of every front end.
    """
    from controlroom.launching import Starter, is_interrupted  # noqa: PLC0415 - see run

    home = Home.locate(os.environ)
    starter = Starter(home, say)
    folder = home.find(run) if run else starter.newest_interrupted() or home.find()
    if folder.active:
        say(f"{folder.run} is active: controlroom attach {folder.run}")
    elif not is_interrupted(folder):
        raise Refused(f"{folder.run} is over: there is nothing to recover")
    else:
        starter.recover(folder)
        say(f"{folder.run} goes on: controlroom attach {folder.run}")
    return _front(folder, headless=True, label="", read_only=True) if follow else SUCCESS


def shipped_plan(name: str) -> Path:
    """A plan of this package: in the wheel beside the code, in a checkout beside `src`. Raises UsageError."""
    here = Path(__file__).parent
    for folder in (here / "plans", here.parents[1] / "plans"):
        if (folder / name).is_file():
            return folder / name
    raise UsageError(f"the plan {name} is not part of this installation")


# -- attaching


def attach(*, run: str | None, headless: bool = False, label: str = "") -> int:
    """The screen of a run, as driver."""
    return _front(Home.locate(os.environ).find(run), headless=headless, label=label)


def watch(*, run: str | None, headless: bool = False) -> int:
    """The screen of a run, read-only."""
    return _front(Home.locate(os.environ).find(run), headless=headless, label="", read_only=True)


def _front(folder: RunFolder, *, headless: bool, label: str, read_only: bool = False, notice: str = "") -> int:
    if not headless and not _has_terminal():
        say("no terminal here that can show the screen: events follow (controlroom attach opens it elsewhere)")
        headless = True
    if not folder.active:
        return _ended(folder)
    if headless:
        from controlroom.headless import follow  # noqa: PLC0415 - the screen does without

        follow(folder)
        return _ended(folder)
    gc.disable()  # until the first picture is ready: collections cost a tenth of the start, and find nothing yet
    from controlroom.ui.entry import run_screen  # noqa: PLC0415 - Textual is loaded for a screen only

    code = run_screen(folder.socket, label=label, read_only=read_only, report=partial(_report, folder), notice=notice)
    if code is not None:
        return code
    return _ended(folder, detached=True)


def _report(folder: RunFolder) -> str:
    from controlroom.written import markdown_of  # noqa: PLC0415 - only for who exports

    return markdown_of(folder)


def _has_terminal() -> bool:
    # Textual draws on stderr.
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream.isatty() for stream in streams) and os.environ.get("TERM", "dumb") != "dumb"


def _ended(folder: RunFolder, *, detached: bool = False) -> int:
    """The exit code of a front end, from the run and from nothing else."""
    from controlroom.adapters.journal.sqlite_file import read_records  # noqa: PLC0415 - see run
    from controlroom.run.fold import fold_all  # noqa: PLC0415
    from controlroom.run.phases import Phase  # noqa: PLC0415

    state = fold_all(read_records(folder.journal))
    if state is not None and state.phase.terminal:
        why = f": {state.verdict.why}" if state.verdict else ""
        say(f"{folder.run} {state.phase.value}{why}")
        return SUCCESS if state.phase is Phase.SUCCEEDED else NO_SUCCESS
    if detached and folder.active:
        say(f"{folder.run} goes on; come back with: controlroom attach {folder.run}")
        return SUCCESS
    raise Interrupted(f"{folder.run} is interrupted, nothing drives it: controlroom recover {folder.run}")


# -- the stage


def _stage() -> StageHandle:
    from controlroom.rehearsal.process import find_stage  # noqa: PLC0415 - an extra

    stage = find_stage(Home.locate(os.environ).stage)
    if stage is None:
        raise NoSuchRun("no stage runs: controlroom rehearse starts one")
    return stage


def stage_report() -> dict[str, object]:
    """What the running stage itself saw."""
    return _stage().client.report()


def switch_fault(spec: str, *, on: bool) -> list[str]:
    """Switch a fault of the running stage; the faults that are on then."""
    return _stage().client.fault(spec, on=on)


def faults_on() -> list[str]:
    """The faults that are on."""
    return _stage().client.faults()
