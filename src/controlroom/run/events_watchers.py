"""What the watchers saw and did: guards, alarms, smoke tests, traffic, watch."""

from controlroom.run.fact import Evidence, Fact
from controlroom.run.phases import SmokeState, Traffic, Verdict


class GuardChanged(Fact, frozen=True, kw_only=True):
    """A guard's state for one service, journalled when it turns and every few seconds while a breach grows (S7)."""

    guard: str
    service: str
    verdict: Verdict
    breach_s: float
    value: float | None
    why: str
    frozen: bool = False


class GuardTripped(Fact, frozen=True, kw_only=True):
    """The breach lasted: the guard fires, once an episode."""

    guard: str
    service: str
    value: float
    limit: float
    unit: str
    breach_s: float
    why: str


class GuardRecovered(Fact, frozen=True, kw_only=True):
    """The metric came back within its limit after the guard had fired; a hold stays (S7)."""

    guard: str
    service: str
    value: float
    why: str


class AlarmRaised(Fact, frozen=True, kw_only=True):
    """Something the operator must see; raising an alarm that stands again changes only its text."""

    alarm: str
    text: str
    service: str = ""
    suggest: str = ""


class AlarmCleared(Fact, frozen=True, kw_only=True):
    """The cause of an alarm is gone; it stands until somebody acknowledges it."""

    alarm: str


class AlarmAcknowledged(Fact, frozen=True, kw_only=True):
    """A human has seen the alarm."""

    alarm: str
    by: str


class SmokeRequested(Fact, frozen=True, kw_only=True):
    """These automatic items are to be run, in this order."""

    items: tuple[str, ...]


class SmokeStarted(Fact, frozen=True, kw_only=True):
    """The intent of running an automatic item."""

    item: str


class SmokeFinished(Fact, frozen=True, kw_only=True):
    """The result of an automatic item, after so many attempts."""

    item: str
    state: SmokeState
    note: str
    evidence: tuple[Evidence, ...] = ()
    attempts: int = 1


class SmokeMarked(Fact, frozen=True, kw_only=True):
    """An operator set an item by hand, or took the last change back (`undo`)."""

    item: str
    state: SmokeState
    note: str = ""
    undo: bool = False


class ClosureRequested(Fact, frozen=True, kw_only=True):
    """Public traffic has to be kept out at once, or as soon as a switch that is being opened has come to rest."""

    why: str


class TrafficStarted(Fact, frozen=True, kw_only=True):
    """The intent to open or close the traffic gate."""

    to: Traffic
    why: str


class TrafficFinished(Fact, frozen=True, kw_only=True):
    """How opening or closing ended: `state` is what governs the edge now."""

    state: Traffic
    ok: bool
    detail: str


class WatchStarted(Fact, frozen=True, kw_only=True):
    """The watch begins; its hours count from this event's time."""


class WatchCheckpoint(Fact, frozen=True, kw_only=True):
    """How far the watch is: plan seconds, coverage as a fraction per indicator."""

    elapsed_s: float
    coverage: dict[str, float]


class WatchSummarized(Fact, frozen=True, kw_only=True):
    """People are told how the watch stands after `day` days of it, or when its full time is over (`ended`)."""

    day: int
    elapsed_s: float
    coverage: dict[str, float]
    ended: bool = False


class IncidentRecorded(Fact, frozen=True, kw_only=True):
    """Something that makes the go-live a failure: a guard breach, a rollback, a critical alert, a log anomaly."""

    kind: str
    text: str
    service: str = ""
    evidence: tuple[str, ...] = ()
