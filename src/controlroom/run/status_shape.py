"""The shape of `status --json`, which scripts rely on: keys are only added. Times are RFC 3339 in whole seconds."""

from msgspec import Struct, field

from controlroom.run.phases import DataState, Phase, ServiceState, SmokeState, Step, Traffic, Verdict
from controlroom.run.status_outside import AlertLine, CountdownLine, SourceLine
from controlroom.run.watch_standing import Milestone


class HoldLine(Struct, frozen=True, kw_only=True):
    """A reason why nothing new starts."""

    reason: str
    by: str
    at: str
    note: str


class EngineLine(Struct, frozen=True, kw_only=True):
    """The engine that drives the run now."""

    pid: int
    host: str
    started: str


class LeaseLine(Struct, frozen=True, kw_only=True):
    """Who drives."""

    operator: str
    host: str
    since: str


class StepLine(Struct, frozen=True, kw_only=True):
    """The step under way and the action of it that runs, empty between two."""

    service: str
    step: Step
    target: str
    action: str
    started: str


class HandOverLine(Struct, frozen=True, kw_only=True):
    """The lease on offer, and what the next one has to know; the driver drives until it is accepted."""

    by: str
    to: str
    note: str
    at: str


class VersionLine(Struct, frozen=True, kw_only=True):
    """The version before the run, the one it goes to, and the one seen last; null when not known."""

    from_: str | None = field(name="from")
    to: str
    live: str | None


class MetricLine(Struct, frozen=True, kw_only=True):
    """The newest sample of a series; `age_s` real seconds, null when there never was one."""

    state: DataState
    value: float | None
    unit: str
    age_s: float | None
    cause: str


class HealthLine(Struct, frozen=True, kw_only=True):
    """The newest answer to a health probe."""

    state: DataState
    age_s: float | None
    cause: str


class ServiceLine(Struct, frozen=True, kw_only=True):
    """One service; `health` is null when the plan has no probe for it."""

    id: str
    name: str
    state: ServiceState
    stable: bool | None
    attempt: int
    version: VersionLine
    health: HealthLine | None
    metrics: dict[str, MetricLine]
    partial: bool
    failed_step: Step | None
    why: str


class GuardLine(Struct, frozen=True, kw_only=True):
    """A guard on one service; `breach_s` of `for_s` plan seconds, `fired` until the metric recovers."""

    id: str
    service: str
    verdict: Verdict
    breach_s: float
    for_s: float
    why: str
    value: float | None
    limit: float
    unit: str
    frozen: bool
    fired: bool


class AlarmLine(Struct, frozen=True, kw_only=True):
    """An alarm that stands."""

    id: str
    text: str
    service: str | None
    suggest: str
    since: str
    cleared: bool
    acknowledged_by: str | None


class SmokeLine(Struct, frozen=True, kw_only=True):
    """An item of the checklist; `attempts` of its newest run, 0 before there was one."""

    id: str
    title: str
    state: SmokeState
    mandatory: bool
    by: str | None
    at: str | None
    kind: str
    note: str
    attempts: int = 0


class RollbackLine(Struct, frozen=True, kw_only=True):
    """A rollback under way: what is left in order, what is done, and why it stopped, if it did."""

    queue: tuple[str, ...]
    done: tuple[str, ...]
    everything: bool
    why: str
    stopped: str


class CoverageLine(Struct, frozen=True, kw_only=True):
    """How much of the watch an indicator was seen, as a fraction."""

    indicator: str
    share: float


class WatchLine(Struct, frozen=True, kw_only=True):
    """The watch, in plan seconds; coverage as fractions by indicator and series.

    `worst` has the indicators alone, the least covered first; `next` is what the watch comes to, null after a verdict.
    """

    started: str
    elapsed_s: float
    for_s: float
    at_least_s: float
    coverage: dict[str, float]
    coverage_wanted: float
    worst: list[CoverageLine] = field(default_factory=list)
    incidents: int = 0
    next: Milestone | None = None


class VerdictLine(Struct, frozen=True, kw_only=True):
    """What the go-live came to."""

    phase: Phase
    why: str
    at: str


class IncidentLine(Struct, frozen=True, kw_only=True):
    """Something that speaks against the go-live."""

    kind: str
    text: str
    service: str | None
    at: str
    evidence: tuple[str, ...] = ()


class Status(Struct, frozen=True, kw_only=True):
    """A run at a glance; `engine` is null when nothing drives it, `interrupted` when something should.

    `notifiers` holds those that cannot be reached, with the reason.
    """

    run: str
    plan: str
    title: str
    plan_sha256: str
    plan_changed: bool
    environment: str
    rehearsal: bool
    speed: float
    phase: Phase
    seq: int
    started: str
    at: str
    holds: list[HoldLine]
    engine: EngineLine | None
    interrupted: bool
    gate: str | None
    step: StepLine | None
    lease: LeaseLine | None
    traffic: Traffic
    services: list[ServiceLine]
    guards: list[GuardLine]
    alarms: list[AlarmLine]
    smoke: list[SmokeLine]
    rollback: RollbackLine | None
    stabilizing: tuple[str, ...]
    watch: WatchLine | None
    verdict: VerdictLine | None
    incidents: list[IncidentLine]
    sources: list[SourceLine] = field(default_factory=list)
    alerts: list[AlertLine] = field(default_factory=list)
    countdowns: list[CountdownLine] = field(default_factory=list)
    notifiers: dict[str, str] = field(default_factory=dict)
    handover: HandOverLine | None = None
