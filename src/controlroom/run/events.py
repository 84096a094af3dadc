"""What has happened in a run: past-tense facts, each durable before anything acts on it."""

from typing import Any

from msgspec import Struct

from controlroom.run.events_outside import (
    AlertClosed,
    AlertOpened,
    AnomalyBegan,
    AnomalyEnded,
    BaselineCounted,
    CountdownCancelled,
    CountdownStarted,
    MessagePosted,
    NotifierFailed,
    NotifierRecovered,
)
from controlroom.run.events_run import (
    AbortRequested,
    CommandAccepted,
    CommandRefused,
    EngineStarted,
    EngineStopped,
    HandOverEnded,
    HandOverOffered,
    LeaseTaken,
    NoteAdded,
    OperatorLost,
    PhaseChanged,
    PlanFileChanged,
    RunCreated,
    VerdictReached,
    WindowOverridden,
)
from controlroom.run.events_sequence import (
    ActionFinished,
    ActionStarted,
    GatePassed,
    HoldLifted,
    HoldPlaced,
    RetryRequested,
    RollbackFinished,
    RollbackRequested,
    ServiceMarkedDone,
    ServiceSkipped,
    StabilizeFinished,
    StabilizeStarted,
    StepFinished,
    StepStarted,
    VersionObserved,
)
from controlroom.run.events_watchers import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    ClosureRequested,
    GuardChanged,
    GuardRecovered,
    GuardTripped,
    IncidentRecorded,
    SmokeFinished,
    SmokeMarked,
    SmokeRequested,
    SmokeStarted,
    TrafficFinished,
    TrafficStarted,
    WatchCheckpoint,
    WatchStarted,
    WatchSummarized,
)
from controlroom.run.fact import Evidence, PreflightResult

__all__ = [
    "AbortRequested",
    "ActionFinished",
    "ActionStarted",
    "AlarmAcknowledged",
    "AlarmCleared",
    "AlarmRaised",
    "AlertClosed",
    "AlertOpened",
    "AnomalyBegan",
    "AnomalyEnded",
    "BaselineCounted",
    "ClosureRequested",
    "CommandAccepted",
    "CommandRefused",
    "CountdownCancelled",
    "CountdownStarted",
    "EngineStarted",
    "EngineStopped",
    "Event",
    "Evidence",
    "GatePassed",
    "GuardChanged",
    "GuardRecovered",
    "GuardTripped",
    "HandOverEnded",
    "HandOverOffered",
    "HoldLifted",
    "HoldPlaced",
    "IncidentRecorded",
    "LeaseTaken",
    "MessagePosted",
    "NoteAdded",
    "NotifierFailed",
    "NotifierRecovered",
    "OperatorLost",
    "PhaseChanged",
    "PlanFileChanged",
    "PreflightResult",
    "Record",
    "RetryRequested",
    "RollbackFinished",
    "RollbackRequested",
    "RunCreated",
    "ServiceMarkedDone",
    "ServiceSkipped",
    "SmokeFinished",
    "SmokeMarked",
    "SmokeRequested",
    "SmokeStarted",
    "StabilizeFinished",
    "StabilizeStarted",
    "StepFinished",
    "StepStarted",
    "TrafficFinished",
    "TrafficStarted",
    "VerdictReached",
    "VersionObserved",
    "WatchCheckpoint",
    "WatchStarted",
    "WatchSummarized",
    "WindowOverridden",
    "event_name",
]

Event = (
    RunCreated
    | EngineStarted
    | EngineStopped
    | PhaseChanged
    | PlanFileChanged
    | AbortRequested
    | WindowOverridden
    | VerdictReached
    | LeaseTaken
    | HandOverOffered
    | HandOverEnded
    | OperatorLost
    | CommandAccepted
    | CommandRefused
    | NoteAdded
    | GatePassed
    | StepStarted
    | ActionStarted
    | ActionFinished
    | StepFinished
    | VersionObserved
    | RetryRequested
    | ServiceMarkedDone
    | ServiceSkipped
    | HoldPlaced
    | HoldLifted
    | RollbackRequested
    | RollbackFinished
    | StabilizeStarted
    | StabilizeFinished
    | GuardChanged
    | GuardTripped
    | GuardRecovered
    | AlarmRaised
    | AlarmCleared
    | AlarmAcknowledged
    | SmokeRequested
    | SmokeStarted
    | SmokeFinished
    | SmokeMarked
    | ClosureRequested
    | TrafficStarted
    | TrafficFinished
    | WatchStarted
    | WatchCheckpoint
    | WatchSummarized
    | IncidentRecorded
    | AlertOpened
    | AlertClosed
    | BaselineCounted
    | AnomalyBegan
    | AnomalyEnded
    | CountdownStarted
    | CountdownCancelled
    | NotifierFailed
    | NotifierRecovered
    | MessagePosted
)


class Record(Struct, frozen=True, kw_only=True):
    """An event as the journal keeps it (S28): `at` UTC in RFC 3339 with microseconds, `prev` and `hash` the chain.

    `actor` is an operator, `engine`, or `guard:ID`; `cause` the id of the command that led to it, or empty.
    """

    seq: int
    at: str
    run: str
    actor: str
    host: str
    cause: str
    event: Event
    prev: str
    hash: str


def event_name(event: Any) -> str:
    """The type name of an event, as in its JSON form."""
    return type(event).__name__
