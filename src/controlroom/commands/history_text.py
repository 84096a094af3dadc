"""The runs so far, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.commands.runs import last_state
from controlroom.commands.table import aligned
from controlroom.errors import ControlroomError
from controlroom.plan.units import format_duration
from controlroom.run.times import seconds_between

if TYPE_CHECKING:
    from controlroom.control.home import RunFolder


class HistoryLine(Struct, frozen=True, kw_only=True):
    """A run in the list; only `run` and `why` are known of one whose journal cannot be read."""

    run: str
    plan: str = ""
    environment: str = ""
    rehearsal: bool = False
    phase: str = "unreadable"
    active: bool = False
    started: str = ""
    took_s: float = 0.0
    why: str = ""


def history_line(folder: RunFolder) -> HistoryLine:
    """What `folder` holds."""
    try:
        state = last_state(folder)
    except ControlroomError as exc:
        return HistoryLine(run=folder.run, why=str(exc))
    return HistoryLine(
        run=folder.run,
        plan=state.outline.plan,
        environment=state.outline.environment,
        rehearsal=state.outline.rehearsal,
        phase=state.phase.value,
        active=folder.active,
        started=state.started,
        took_s=round(seconds_between(state.started, state.at), 1),
        why=state.verdict.why if state.verdict else "",
    )


def history_table(lines: list[HistoryLine]) -> str:
    """All of them, ending in a newline; nothing for none."""
    return "".join(f"{line}\n" for line in aligned(map(_row, lines), indent=""))


def _row(line: HistoryLine) -> list[str]:
    where = "rehearsal" if line.rehearsal else line.environment
    over = line.phase in {"unreadable", "succeeded", "failed", "inconclusive", "rolled_back", "aborted"}
    state = "" if over else "active" if line.active else "interrupted"
    took = format_duration(round(line.took_s)) if line.plan else ""
    return [line.run, where, line.phase.replace("_", " "), state, took, line.why]
