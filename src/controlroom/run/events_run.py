"""What happens to the run as a whole: its beginning and end, its phases, who drives it."""

from controlroom.run.fact import Fact, PreflightResult
from controlroom.run.outline import RunOutline
from controlroom.run.phases import Phase, Traffic


class RunCreated(Fact, frozen=True, kw_only=True):
    """The run exists. `versions` are those observed live at preflight: what a rollback goes back to (S14)."""

    outline: RunOutline
    plan_sha256: str
    plan_path: str
    versions: dict[str, str]
    traffic: Traffic
    preflight: tuple[PreflightResult, ...] = ()
    accepted_breach: str = ""
    window_override: str = ""


class EngineStarted(Fact, frozen=True, kw_only=True):
    """An engine took the run up; `recovered` when another one had it before."""

    pid: int
    host: str
    recovered: bool = False


class EngineStopped(Fact, frozen=True, kw_only=True):
    """The engine ended in an orderly way."""

    why: str


class PhaseChanged(Fact, frozen=True, kw_only=True):
    """The run as a whole moved on."""

    phase: Phase
    why: str = ""


class PlanFileChanged(Fact, frozen=True, kw_only=True):
    """The file on disk is no longer the plan of this run, which keeps its own copy (S29)."""

    sha256: str


class AbortRequested(Fact, frozen=True, kw_only=True):
    """The run ends as it stands once the step under way is gone."""

    why: str


class WindowOverridden(Fact, frozen=True, kw_only=True):
    """The window no longer holds this run, and why (S19)."""

    reason: str


class VerdictReached(Fact, frozen=True, kw_only=True):
    """What the go-live came to, with its evidence."""

    phase: Phase
    why: str


class LeaseTaken(Fact, frozen=True, kw_only=True):
    """`operator` drives from now on; `previous` is who drove before, empty if nobody did.

    `handed_over`: the one before offered it, and `reason` is that one's note.
    """

    operator: str
    host: str
    uid: int
    previous: str = ""
    reason: str = ""
    handed_over: bool = False


class HandOverOffered(Fact, frozen=True, kw_only=True):
    """The driver offers the lease to the operator `to`, with a note; nothing changes until that one accepts."""

    by: str
    to: str
    note: str


class HandOverEnded(Fact, frozen=True, kw_only=True):
    """The lease is not offered any more: it was withdrawn or declined."""

    to: str
    why: str


class OperatorLost(Fact, frozen=True, kw_only=True):
    """The driver's screen vanished without detaching (S23)."""

    operator: str


class CommandAccepted(Fact, frozen=True, kw_only=True):
    """An operator's command was taken; `numbers` are those on screen at that moment (`auth error_rate 6.2 %`)."""

    id: str
    command: str
    target: str
    message: str
    reason: str = ""
    numbers: tuple[str, ...] = ()


class CommandRefused(Fact, frozen=True, kw_only=True):
    """An operator's command was refused; nothing else happened because of it."""

    id: str
    command: str
    target: str
    message: str
    reason: str = ""


class NoteAdded(Fact, frozen=True, kw_only=True):
    """Words of an operator."""

    text: str
