"""What happens to services: gates, steps, marks, holds, rollbacks."""

from controlroom.run.fact import Evidence, Fact
from controlroom.run.phases import OutcomeStatus, Step, Verdict


class GatePassed(Fact, frozen=True, kw_only=True):
    """The operator (or `advance: auto`) let the service at the gate begin."""

    gate: str


class StepStarted(Fact, frozen=True, kw_only=True):
    """The intent of a step: durable before its first action begins. `target` is the version it goes to."""

    service: str
    step: Step
    attempt: int
    target: str
    origin: str = ""


class ActionStarted(Fact, frozen=True, kw_only=True):
    """The intent of one action of the step under way; `job` names its job folder where it has one."""

    service: str
    step: Step
    index: int
    kind: str
    label: str
    job: str = ""


class ActionFinished(Fact, frozen=True, kw_only=True):
    """How one action or check ended; `evidence` is what a check saw beyond `detail`."""

    service: str
    step: Step
    index: int
    status: OutcomeStatus
    detail: str
    exit_code: int | None = None
    took_s: float = 0.0
    evidence: tuple[Evidence, ...] = ()


class StepFinished(Fact, frozen=True, kw_only=True):
    """How a step ended; `observed` is the version seen live afterwards, empty when it was not looked at.

    `satisfied`: nothing had to be run, since the target was live and verified already (S10).
    """

    service: str
    step: Step
    status: OutcomeStatus
    detail: str
    observed: str = ""
    satisfied: bool = False


class VersionObserved(Fact, frozen=True, kw_only=True):
    """The version of a service that is live, as seen outside a step."""

    service: str
    version: str


class RetryRequested(Fact, frozen=True, kw_only=True):
    """The service goes again from `step`: deploy, verify, or their rollback counterparts."""

    service: str
    step: Step


class ServiceMarkedDone(Fact, frozen=True, kw_only=True):
    """An operator vouches that the service is live."""

    service: str
    reason: str


class ServiceSkipped(Fact, frozen=True, kw_only=True):
    """The run goes on without the service."""

    service: str
    reason: str


class HoldPlaced(Fact, frozen=True, kw_only=True):
    """Nothing new starts while `reason` stands: operator, window, disconnected, guard:ID, no-data:SERVICE."""

    reason: str
    by: str
    note: str = ""


class HoldLifted(Fact, frozen=True, kw_only=True):
    """`reason` no longer holds the run."""

    reason: str
    by: str


class RollbackRequested(Fact, frozen=True, kw_only=True):
    """`services` will be taken back in this order; `everything` ends the run."""

    services: tuple[str, ...]
    everything: bool
    with_database: bool = False
    why: str = ""


class RollbackFinished(Fact, frozen=True, kw_only=True):
    """The rollback under way came to its end; not `ok` when it stopped at a failure."""

    ok: bool
    detail: str


class StabilizeStarted(Fact, frozen=True, kw_only=True):
    """After a rollback, the metrics of `services` are watched before it counts as stable (S16)."""

    services: tuple[str, ...]
    everything: bool = False


class StabilizeFinished(Fact, frozen=True, kw_only=True):
    """Whether the services stayed within the guards after a rollback."""

    services: tuple[str, ...]
    verdict: Verdict
    why: str
