"""A go-live as its report tells it: plain values, all times RFC 3339 in UTC (empty: not yet), durations in seconds.

Durations of steps are seconds of the clock; those of guards and of the watch are the plan's own, which a rehearsal
runs through faster. Whoever tells them tells all in plan time.
"""

from msgspec import Struct

from controlroom.report.spans import AlarmSpan, Anomaly, CommandGiven, EngineLife, HoldSpan, TrafficMove, Turn
from controlroom.run.fact import Evidence, PreflightResult
from controlroom.run.outline import GuardOutline, WindowOutline
from controlroom.run.outside import AlertStatus, LogStatus
from controlroom.run.phases import OutcomeStatus, Phase, ServiceState, SmokeState, Step, Traffic, Verdict
from controlroom.run.rollup import RollUp
from controlroom.run.state import Incident, NoteStatus, VerdictStatus


class ActionRun(Struct, frozen=True, kw_only=True):
    """One action or check of a step; `status` is None when its end is not known."""

    kind: str
    label: str
    started: str
    status: OutcomeStatus | None = None
    detail: str = ""
    exit_code: int | None = None
    took_s: float = 0.0
    evidence: tuple[Evidence, ...] = ()


class StepRun(Struct, frozen=True, kw_only=True):
    """One step of one attempt, with what it did; `status` is None when its end is not known.

    `interrupted` means that one engine began it and another took it up.
    """

    service: str
    step: Step
    attempt: int
    target: str
    started: str
    ended: str = ""
    status: OutcomeStatus | None = None
    detail: str = ""
    observed: str = ""
    satisfied: bool = False
    interrupted: bool = False
    actions: tuple[ActionRun, ...] = ()


class ServiceRun(Struct, frozen=True, kw_only=True):
    """One service of the runbook: what the plan said of it, and what came of it.

    `took_s` adds up the steps of its deploys, without the time that it waited for somebody to decide.
    """

    id: str
    name: str
    origin: str
    target: str
    live: str
    state: ServiceState
    stable: bool | None
    attempts: int
    estimate_s: float
    took_s: float
    started: str
    ended: str
    why: str
    deploy: tuple[str, ...]
    verify: tuple[str, ...]
    steps: tuple[StepRun, ...]


class SmokeTurn(Struct, frozen=True, kw_only=True):
    """One result or mark of an item, as it was given."""

    at: str
    by: str
    state: SmokeState
    note: str


class SmokeResult(Struct, frozen=True, kw_only=True):
    """An item of the checklist as it stands, and every turn that led there."""

    id: str
    title: str
    kind: str
    mandatory: bool
    state: SmokeState
    by: str
    at: str
    note: str
    evidence: tuple[Evidence, ...]
    turns: tuple[SmokeTurn, ...]
    attempts: int = 0
    link: str = ""


class Point(Struct, frozen=True, kw_only=True):
    """A value of a series at a time."""

    at: str
    value: float


class Breach(Struct, frozen=True, kw_only=True):
    """A time that a guard's metric spent beyond its limit on one service; `tripped` when the guard fired.

    `longest_s` is the longest it was seen to last, `worst` the value farthest beyond the limit, `points` what the
    journal holds of the metric around it.
    """

    guard: GuardOutline
    service: str
    name: str
    began: str
    tripped: str = ""
    recovered: str = ""
    longest_s: float = 0.0
    worst: float | None = None
    points: tuple[Point, ...] = ()
    rollups: tuple[RollUp, ...] = ()


class Stabilization(Struct, frozen=True, kw_only=True):
    """What the watching after a rollback came to; `verdict` is None while it lasts or when something ended it."""

    started: str
    ended: str = ""
    verdict: Verdict | None = None
    why: str = ""


class DatabaseEffect(Struct, frozen=True, kw_only=True):
    """What a rollback did to a database: `undone` down to the version `live`, or left at it (with its `effect`)."""

    name: str
    undone: bool
    live: str
    effect: str


class Rollback(Struct, frozen=True, kw_only=True):
    """A rollback as it was asked for, and what came of it; `ok` is None while it goes on or when another followed."""

    requested: str
    by: str
    why: str
    services: tuple[str, ...]
    everything: bool
    with_database: bool
    numbers: tuple[str, ...] = ()
    ended: str = ""
    ok: bool | None = None
    detail: str = ""
    steps: tuple[StepRun, ...] = ()
    stabilization: Stabilization | None = None
    databases: tuple[DatabaseEffect, ...] = ()


class Watched(Struct, frozen=True, kw_only=True):
    """An indicator of one service over the watch: what was kept of it, in columns; one without samples is not there.

    `coverage` is the fraction of the time with data, None where it was not counted.
    """

    service: str
    name: str
    indicator: str
    unit: str
    limit: float | None
    below: bool
    coverage: float | None
    columns: tuple[RollUp, ...]

    @property
    def low(self) -> float:
        """The lowest value."""
        return min(column.low for column in self.columns)

    @property
    def mean(self) -> float:
        """The mean of all samples."""
        return sum(column.mean * column.count for column in self.columns) / sum(c.count for c in self.columns)

    @property
    def high(self) -> float:
        """The highest value."""
        return max(column.high for column in self.columns)


class Watch(Struct, frozen=True, kw_only=True):
    """The watch; `coverage` is a fraction by indicator, and by series (`auth/cpu`) where that was counted.

    `watched` covers `shown_s` plan seconds from its beginning, in columns of `column_s`.
    """

    for_s: float
    at_least_s: float
    wanted: float
    indicators: tuple[str, ...]
    success: str
    started: str = ""
    elapsed_s: float = 0.0
    coverage: dict[str, float] = {}
    alerts: tuple[AlertStatus, ...] = ()
    logs: tuple[LogStatus, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    titles: dict[str, str] = {}
    watched: tuple[Watched, ...] = ()
    shown_s: float = 0.0
    column_s: float = 0.0


class Trace(Struct, frozen=True, kw_only=True):
    """By what the report can be checked against plan and journal; `flaw` names what breaks the chain of hashes."""

    plan_sha256: str
    plan_path: str
    plan_changed: bool
    head: str
    events: int
    flaw: str
    version: str
    engines: tuple[EngineLife, ...]


class Report(Struct, frozen=True, kw_only=True):
    """The close-out report of a run; an `interim` one when the run is not over."""

    run: str
    plan: str
    title: str
    environment: str
    rehearsal: bool
    speed: float
    language: str
    phase: Phase
    started: str
    ended: str
    verdict: VerdictStatus | None
    traffic: Traffic
    window: WindowOutline | None
    window_hint: str
    window_override: str
    responsible: dict[str, str]
    channels: tuple[str, ...]
    notifiers: dict[str, str]
    accepted_breach: str
    preflight: tuple[PreflightResult, ...]
    drivers: tuple[Turn, ...]
    services: tuple[ServiceRun, ...]
    smoke: tuple[SmokeResult, ...]
    guards: tuple[GuardOutline, ...]
    breaches: tuple[Breach, ...]
    rollbacks: tuple[Rollback, ...]
    moves: tuple[TrafficMove, ...]
    holds: tuple[HoldSpan, ...]
    alarms: tuple[AlarmSpan, ...]
    commands: tuple[CommandGiven, ...]
    notes: tuple[NoteStatus, ...]
    watch: Watch | None
    incidents: tuple[Incident, ...]
    trace: Trace

    @property
    def interim(self) -> bool:
        """Whether the run goes on, so that this is how it stands and not how it ended."""
        return not self.phase.terminal

    @property
    def steps(self) -> tuple[StepRun, ...]:
        """Every step of every service, in the order of time."""
        return tuple(sorted((step for service in self.services for step in service.steps), key=lambda s: s.started))
