"""The closed vocabularies of a run: phases, states, steps, outcomes, verdicts."""

from enum import StrEnum


class Phase(StrEnum):
    """Where the run as a whole stands; holds are orthogonal to it."""

    READY = "ready"
    DEPLOYING = "deploying"
    SMOKE = "smoke"
    OPENING = "opening"
    WATCHING = "watching"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"

    @property
    def terminal(self) -> bool:
        """True once nothing more can happen in the run."""
        return self in TERMINAL


TERMINAL = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.INCONCLUSIVE, Phase.ROLLED_BACK, Phase.ABORTED})


class ServiceState(StrEnum):
    """Where one service stands."""

    WAITING = "waiting"
    DEPLOYING = "deploying"
    VERIFYING = "verifying"
    LIVE = "live"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    SKIPPED = "skipped"


class Step(StrEnum):
    """What is being done to a service; a rollback is verified by a step of its own."""

    DEPLOY = "deploy"
    VERIFY = "verify"
    ROLLBACK = "rollback"
    VERIFY_ROLLBACK = "verify_rollback"


BACKWARDS = frozenset({Step.ROLLBACK, Step.VERIFY_ROLLBACK})
"""The steps that take a service back."""


class OutcomeStatus(StrEnum):
    """How an action, a check or a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class SmokeState(StrEnum):
    """Where a smoke-test item stands; FLAKY is a pass that needed another attempt."""

    TODO = "todo"
    RUNNING = "running"
    PASS = "pass"  # noqa: S105 - a state, not a password
    FLAKY = "flaky"
    FAIL = "fail"
    BLOCKED = "blocked"
    NOT_APPLICABLE = "not_applicable"
    STALE = "stale"

    @property
    def stands(self) -> bool:
        """True when nothing about the item keeps traffic out."""
        return self in {SmokeState.PASS, SmokeState.FLAKY, SmokeState.NOT_APPLICABLE}


class Traffic(StrEnum):
    """What the traffic gate lets through to the new environment."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    UNKNOWN = "unknown"
    NONE = "none"


class Verdict(StrEnum):
    """What a measurement says (S6); never inferred from silence."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"


class Severity(StrEnum):
    """How grave an alert is, in the words that all sources are translated to; graver ones come first."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def reaches(self, least: str) -> bool:
        """Whether this is as grave as `least`, or graver."""
        grades = list(Severity)
        return grades.index(self) <= grades.index(Severity(least))


class DataState(StrEnum):
    """What a series says right now; each has its own word on screen."""

    OK = "OK"
    BREACH = "BREACH"
    NO_DATA = "NO DATA"
    NO_TRAFFIC = "NO TRAFFIC"
    TOO_FEW = "TOO FEW"
