"""How a job ended, in one sentence for the operator."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from controlroom.adapters.neutralise import neutralise
from controlroom.ports import Outcome
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from controlroom.adapters.jobs.folder import ExitRecord

_WIDTH = 200


def outcome_of(record: ExitRecord, last_line: str) -> Outcome:
    """The outcome of a job whose end is on record; `last_line` is what its output ends in.

    A command that ended by a signal has the exit code that a shell would report, 128 and the signal's number.
    """
    return replace(_told(record, last_line), took_s=record.took_s)


def _told(record: ExitRecord, last_line: str) -> Outcome:
    said = last_line if len(last_line) <= _WIDTH else last_line[: _WIDTH - 1] + "…"
    if record.trouble:
        return Outcome(status=OutcomeStatus.FAILED, detail=neutralise(record.trouble))
    code = 128 + record.signal if record.signal else record.exit_code
    if record.cancelled:
        return _cancelled(record, code, said)
    if code is None:
        return Outcome(status=OutcomeStatus.UNKNOWN, detail="the record does not say how the command ended")
    passed = code == 0
    how = f"killed by {_signal_name(record.signal)}" if record.signal else f"exit code {code}"
    detail = (said or how) if passed else f"{how}: {said}" if said else how
    if record.left:
        detail += f" ({len(record.left)} of its processes still run)"
    status = OutcomeStatus.PASSED if passed else OutcomeStatus.FAILED
    return Outcome(status=status, detail=detail, exit_code=code)


def _cancelled(record: ExitRecord, code: int | None, said: str) -> Outcome:
    if record.left:
        pids = ", ".join(map(str, record.left))
        detail = f"cancelled, but these processes could not be ended: {pids}"
        return Outcome(status=OutcomeStatus.UNKNOWN, detail=detail, exit_code=code)
    how = "cancelled, and killed after its grace" if record.forced else "cancelled, and ended when asked"
    return Outcome(status=OutcomeStatus.CANCELLED, detail=f"{how}: {said}" if said else how, exit_code=code)


def _signal_name(number: int | None) -> str:
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"
