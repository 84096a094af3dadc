"""States made of events, for tests of the fold and of the pure rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, seal
from controlroom.run.fold import fold
from controlroom.run.outline import RunOutline, ServiceOutline, SmokeOutline
from controlroom.run.phases import OutcomeStatus, Step, Traffic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.state import RunState

AT = "2026-12-01T03:00:00.000000Z"
VERSIONS = {"db": "41", "auth": "v1", "orders": "v1"}
OUTLINE = RunOutline(
    plan="shop",
    title="Shop",
    environment="production",
    rehearsal=False,
    services=(
        ServiceOutline(id="db", name="Database", target="42", database=True),
        ServiceOutline(id="auth", name="Auth", target="v2", needs=("db",)),
        ServiceOutline(id="orders", name="Orders", target="v2", needs=("auth",), required=False),
    ),
    smoke=(
        SmokeOutline(id="signup", title="Sign-up", kind="run", services=("auth",)),
        SmokeOutline(id="all", title="All of it", kind="run"),
        SmokeOutline(id="look", title="Look", kind="manual", mandatory=False),
    ),
    has_traffic=True,
)


class Told:
    """Tells events one after another; keeps records and state."""

    def __init__(self, outline: RunOutline = OUTLINE, *, traffic: Traffic = Traffic.CLOSED) -> None:
        self.records: list[ev.Record] = []
        self._state: RunState | None = None
        self.tell(
            ev.RunCreated(
                outline=outline, plan_sha256="0" * 64, plan_path="plan.yaml", versions=dict(VERSIONS), traffic=traffic
            )
        )

    @property
    def state(self) -> RunState:
        """The state so far."""
        assert self._state is not None
        return self._state

    def tell(self, *events: ev.Event, actor: str = "engine", at: str = AT) -> RunState:
        """Fold `events` in; the state after them."""
        for event in events:
            seq, prev = (0, GENESIS) if self._state is None else (self._state.seq, self._state.head)
            record = seal(seq=seq + 1, at=at, run="r1", actor=actor, host="here", cause="", event=event, prev=prev)
            self.records.append(record)
            self._state = fold(self._state, record)
        return self.state

    def step(self, service: str, step: Step, status: OutcomeStatus = OutcomeStatus.PASSED, **more: Any) -> RunState:
        """A step from its start to its end."""
        self.start(service, step)
        return self.finish(service, step, status, **more)

    def start(self, service: str, step: Step) -> RunState:
        """The start of a step."""
        known = self.state.services[service]
        back = step in {Step.ROLLBACK, Step.VERIFY_ROLLBACK}
        return self.tell(
            ev.StepStarted(
                service=service,
                step=step,
                attempt=known.attempt + (step is Step.DEPLOY),
                target=known.origin if back else known.target,
            )
        )

    def finish(self, service: str, step: Step, status: OutcomeStatus = OutcomeStatus.PASSED, **more: Any) -> RunState:
        """The end of a step."""
        told = {"detail": "told", **more}
        return self.tell(ev.StepFinished(service=service, step=step, status=status, **told))

    def live(self, *services: str) -> RunState:
        """Deploy and verify each."""
        for service in services:
            self.tell(ev.GatePassed(gate=service))
            self.step(service, Step.DEPLOY)
            self.step(service, Step.VERIFY, observed=self.state.services[service].target)
        return self.state


def names(events: Sequence[ev.Event]) -> list[str]:
    """The types of events, for short comparisons."""
    return [type(event).__name__ for event in events]
