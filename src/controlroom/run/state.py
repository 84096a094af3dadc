"""The state of a run: plain immutable values, built by the fold of its events and by nothing else."""

from msgspec import Struct, field

from controlroom.run.events import Evidence, PreflightResult
from controlroom.run.outline import RunOutline
from controlroom.run.outside import AlertStatus, CountdownStatus, LogStatus
from controlroom.run.phases import (
    OutcomeStatus,
    Phase,
    ServiceState,
    SmokeState,
    Step,
    Traffic,
    Verdict,
)


class ActionStatus(Struct, frozen=True, kw_only=True):
    """One action or check of a service's latest steps; `status` is None while it runs."""

    step: Step
    index: int
    kind: str
    label: str
    job: str = ""
    status: OutcomeStatus | None = None
    detail: str = ""
    exit_code: int | None = None
    started: str = ""
    took_s: float = 0.0


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """One service. `origin` is the version observed before the run, `live` the one seen last.

    `pending` is the step that runs next without asking; `cleared` says that its gate was passed; `touched` that a
    deploy of it began; `partial` that a step was cut off; `revision` counts what an operator would want to know
    before a command is carried out (S18).
    """

    id: str
    name: str
    target: str
    origin: str = ""
    live: str = ""
    state: ServiceState = ServiceState.WAITING
    stable: bool | None = None
    attempt: int = 0
    cleared: bool = False
    pending: Step | None = None
    failed_step: Step | None = None
    touched: bool = False
    partial: bool = False
    satisfied: bool = False
    why: str = ""
    started: str = ""
    finished: str = ""
    revision: int = 0
    actions: tuple[ActionStatus, ...] = ()


class ActiveStep(Struct, frozen=True, kw_only=True):
    """The step under way; `job` names the job folder of the action that runs now, empty between actions."""

    service: str
    step: Step
    attempt: int
    target: str
    origin: str
    started: str
    index: int = -1
    kind: str = ""
    label: str = ""
    job: str = ""
    in_action: bool = False


class HoldStatus(Struct, frozen=True, kw_only=True):
    """One reason why nothing new starts."""

    reason: str
    by: str
    at: str
    note: str = ""


class LeaseStatus(Struct, frozen=True, kw_only=True):
    """Who drives."""

    operator: str
    host: str
    uid: int
    since: str


class HandOverStatus(Struct, frozen=True, kw_only=True):
    """The lease on offer: from whom, to whom, and what the next one has to know."""

    by: str
    to: str
    note: str
    at: str


class EngineStatus(Struct, frozen=True, kw_only=True):
    """The engine that holds the run, as it introduced itself; `stopped` says how it left, if it could."""

    pid: int
    host: str
    started: str
    stopped: str = ""


class GuardStatus(Struct, frozen=True, kw_only=True):
    """A guard on one service; `breach_s` plan seconds above the limit, `fired` until the metric recovers."""

    guard: str
    service: str
    verdict: Verdict = Verdict.INCONCLUSIVE
    breach_s: float = 0.0
    value: float | None = None
    why: str = "no sample yet"
    frozen: bool = False
    fired: bool = False
    since: str = ""


class AlarmStatus(Struct, frozen=True, kw_only=True):
    """An alarm that stands: until its cause is gone and somebody acknowledged it."""

    id: str
    text: str
    service: str
    suggest: str
    since: str
    cleared: bool = False
    acknowledged_by: str = ""
    revision: int = 0


class SmokeStatus(Struct, frozen=True, kw_only=True):
    """An item of the checklist; `attempts` are those of its newest run, `previous` is what undo goes back to."""

    id: str
    title: str
    kind: str
    mandatory: bool
    state: SmokeState = SmokeState.TODO
    by: str = ""
    at: str = ""
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    queued: bool = False
    runs: int = 0
    attempts: int = 0
    revision: int = 0
    previous: SmokeState | None = None


class RollbackStatus(Struct, frozen=True, kw_only=True):
    """A rollback under way: `queue` is what is left, in order; `stopped` at a failure until somebody decides."""

    queue: tuple[str, ...]
    everything: bool
    with_database: bool
    why: str
    by: str
    started: str
    done: tuple[str, ...] = ()
    stopped: str = ""


class StabilizeStatus(Struct, frozen=True, kw_only=True):
    """Services whose metrics are being watched after their rollback."""

    services: tuple[str, ...]
    everything: bool
    started: str


class WatchStatus(Struct, frozen=True, kw_only=True):
    """The watch: `elapsed_s` plan seconds and coverage as of the last checkpoint.

    `day` is the last one that people were told of, at `summarized`; `ended` once they were told that its time is over.
    """

    started: str
    elapsed_s: float = 0.0
    coverage: dict[str, float] = field(default_factory=dict)
    day: int = 0
    summarized: str = ""
    ended: bool = False


class VerdictStatus(Struct, frozen=True, kw_only=True):
    """What the go-live came to."""

    phase: Phase
    why: str
    at: str


class Incident(Struct, frozen=True, kw_only=True):
    """Something that speaks against the go-live."""

    kind: str
    text: str
    service: str
    at: str
    evidence: tuple[str, ...] = ()


class NoteStatus(Struct, frozen=True, kw_only=True):
    """Words of an operator."""

    text: str
    by: str
    at: str


class Answer(Struct, frozen=True, kw_only=True):
    """What a command was answered; a repeated id gets it again (S18)."""

    ok: bool
    message: str


class RunState(Struct, frozen=True, kw_only=True):
    """A run after `seq` events; `head` is the hash of the last one and `at` its time.

    `closure` is why traffic is to be closed, `unclosed` why it could not be: it is not tried again unasked.
    `notifiers` holds those that cannot be reached, with the reason; `posted` what messages are found again by.
    """

    run: str
    seq: int
    head: str
    at: str
    started: str
    outline: RunOutline
    plan_sha256: str
    plan_path: str
    plan_changed: bool = False
    preflight: tuple[PreflightResult, ...] = ()
    accepted_breach: str = ""
    window_override: str = ""
    phase: Phase = Phase.READY
    services: dict[str, ServiceStatus] = field(default_factory=dict)
    active: ActiveStep | None = None
    holds: tuple[HoldStatus, ...] = ()
    lease: LeaseStatus | None = None
    handover: HandOverStatus | None = None
    engine: EngineStatus | None = None
    guards: dict[str, GuardStatus] = field(default_factory=dict)
    alarms: dict[str, AlarmStatus] = field(default_factory=dict)
    smoke: dict[str, SmokeStatus] = field(default_factory=dict)
    traffic: Traffic = Traffic.CLOSED
    traffic_cleared: bool = False
    traffic_why: str = ""
    closure: str = ""
    unclosed: str = ""
    aborting: str = ""
    rollback: RollbackStatus | None = None
    stabilize: StabilizeStatus | None = None
    watch: WatchStatus | None = None
    verdict: VerdictStatus | None = None
    incidents: tuple[Incident, ...] = ()
    notes: tuple[NoteStatus, ...] = ()
    alerts: dict[str, AlertStatus] = field(default_factory=dict)
    logs: dict[str, LogStatus] = field(default_factory=dict)
    countdowns: dict[str, CountdownStatus] = field(default_factory=dict)
    notifiers: dict[str, str] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    revision: int = 0

    @property
    def held(self) -> bool:
        """True while any reason keeps new work from starting."""
        return bool(self.holds)

    def hold(self, reason: str) -> HoldStatus | None:
        """The hold for `reason`, if it stands."""
        return next((h for h in self.holds if h.reason == reason), None)


def guard_key(guard: str, service: str) -> str:
    """The key of a guard on one service in `RunState.guards`, and of its countdown in `RunState.countdowns`."""
    return f"{guard}/{service}"


def alert_key(rule: str, alert: str) -> str:
    """The key of another system's alert in `RunState.alerts`."""
    return f"{rule}/{alert}"


def message_key(notifier: str, message: str) -> str:
    """The key of a message in `RunState.posted`."""
    return f"{notifier}|{message}"
