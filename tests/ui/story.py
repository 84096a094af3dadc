"""A go-live told event by event: the state, records and numbers that tests of the screen draw from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bench.plans import s5

from controlroom.control.protocol import Snapshot
from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, seal
from controlroom.run.fold import fold
from controlroom.run.phases import DataState, OutcomeStatus, Phase, Step, Traffic, Verdict
from controlroom.run.samples import Sample, series_id
from controlroom.run.times import stamp
from controlroom.run.trail import Trail, trail_of

if TYPE_CHECKING:
    from controlroom.run.fact import PreflightResult
    from controlroom.run.outline import RunOutline
    from controlroom.run.state import RunState

RUN = "20261201-030011-s5-hardening"
BEGAN = datetime(2026, 12, 1, 3, 0, 11, tzinfo=UTC)


class Story:
    """Tells events one after another; every one takes the time that the teller lets pass."""

    def __init__(self, plan: RunOutline | None = None, preflight: tuple[PreflightResult, ...] = ()) -> None:
        self.outline = plan or s5()
        self.elapsed = 0.0
        self.records: list[ev.Record] = []
        self.samples: dict[str, Sample] = {}
        self.trails: dict[str, Trail] = {}
        self._state: RunState | None = None
        self.tell(
            ev.RunCreated(
                outline=self.outline,
                plan_sha256="9f3c1a2b" * 8,
                plan_path="plans/s5-hardening.yaml",
                versions={s.id: "41" if s.database else "v2.0.0" for s in self.outline.services},
                traffic=Traffic.CLOSED,
                preflight=preflight,
            )
        )
        self.tell(ev.EngineStarted(pid=4121, host="bastion-1"))
        self.tell(ev.LeaseTaken(operator="ana", host="bastion-1", uid=1000))

    @property
    def state(self) -> RunState:
        """The state so far."""
        assert self._state is not None
        return self._state

    @property
    def now(self) -> datetime:
        """The engine's wall clock."""
        return BEGAN + timedelta(seconds=self.elapsed / self.outline.speed)

    def wait(self, seconds: float) -> Story:
        """Let plan time pass."""
        self.elapsed += seconds
        return self

    def tell(self, event: ev.Event, actor: str = "engine") -> ev.Record:
        """Something happens."""
        prev = self.records[-1].hash if self.records else GENESIS
        record = seal(
            seq=len(self.records) + 1,
            at=stamp(self.now),
            run=RUN,
            actor=actor,
            host="bastion-1",
            cause="",
            event=event,
            prev=prev,
        )
        self.records.append(record)
        self._state = fold(self._state, record)
        return record

    def measure(
        self,
        service: str,
        metric: str,
        value: float | None,
        state: DataState = DataState.OK,
        cause: str = "",
    ) -> Sample:
        """A sample of a series, now."""
        series = series_id(service, metric)
        sample = Sample(
            series=series, at=self.now.timestamp(), elapsed=self.elapsed, value=value, state=state, cause=cause
        )
        self.samples[series] = sample
        self.trails.setdefault(series, trail_of(self.outline, series)).take(sample)
        return sample

    def snapshot(self) -> Snapshot:
        """What an engine sends to who attaches now."""
        return Snapshot(
            state=self.state,
            samples=tuple(self.samples.values()),
            trails=tuple(trail.part(series) for series, trail in self.trails.items()),
            elapsed_s=self.elapsed,
        )

    # -- chapters

    def start_step(self, service: str, step: Step = Step.DEPLOY, job: str = "") -> None:
        """A step and its first action begin."""
        status = self.state.services[service]
        outline_ = self.outline.service(service)
        back = step in {Step.ROLLBACK, Step.VERIFY_ROLLBACK}
        target = status.origin if back else outline_.target
        attempt = status.attempt + 1 if step is Step.DEPLOY else status.attempt
        self.tell(ev.StepStarted(service=service, step=step, attempt=attempt, target=target, origin=status.origin))
        labels = {Step.DEPLOY: outline_.deploy, Step.ROLLBACK: outline_.rollback}.get(step, outline_.verify)
        kind = "run" if step in {Step.DEPLOY, Step.ROLLBACK} else "http"
        self.tell(ev.ActionStarted(service=service, step=step, index=0, kind=kind, label=labels[0], job=job))

    def end_step(
        self,
        service: str,
        step: Step = Step.DEPLOY,
        status: OutcomeStatus = OutcomeStatus.PASSED,
        detail: str = "",
    ) -> None:
        """The action and its step end."""
        self.tell(
            ev.ActionFinished(
                service=service, step=step, index=0, status=status, detail=detail, exit_code=0, took_s=10.0
            )
        )
        passed = status is OutcomeStatus.PASSED
        back = step in {Step.ROLLBACK, Step.VERIFY_ROLLBACK}
        target = self.state.services[service].origin if back else self.outline.service(service).target
        self.tell(
            ev.StepFinished(service=service, step=step, status=status, detail=detail, observed=target if passed else "")
        )

    def go_live(self, *services: str) -> Story:
        """Services go live one after another, each within its estimate."""
        for service in services:
            self.tell(ev.GatePassed(gate=service), actor="ana")
            if self.state.phase.value == "ready":
                self.tell(ev.PhaseChanged(phase=Phase.DEPLOYING))
            self.start_step(service)
            self.wait(20)
            self.end_step(service)
            self.start_step(service, Step.VERIFY)
            self.wait(10)
            self.end_step(service, Step.VERIFY)
            self.wait(5)
        return self

    def breach(self, service: str, value: float = 6.2, seconds: float = 221.0) -> Story:
        """The error rate of `service` has been above its limit for `seconds`."""
        self.measure(service, "error_rate", value, DataState.BREACH)
        self.tell(
            ev.GuardChanged(
                guard="error-rate",
                service=service,
                verdict=Verdict.FAIL,
                breach_s=seconds,
                value=value,
                why=f"{service} {value} % > 5 %",
            )
        )
        return self

    def trip(self, service: str, value: float = 6.2) -> Story:
        """The guard fires: alarm and hold."""
        why = f"{service} {value} % > 5 % for 05:01"
        self.tell(
            ev.GuardTripped(
                guard="error-rate", service=service, value=value, limit=5.0, unit="%", breach_s=301.0, why=why
            )
        )
        self.tell(
            ev.AlarmRaised(
                alarm=f"error-rate/{service}",
                text=f"{self.state.services[service].name}: {why}",
                service=service,
                suggest=f"roll back {service}",
            )
        )
        self.tell(ev.HoldPlaced(reason="guard:error-rate", by="guard:error-rate", note=why), actor="guard:error-rate")
        return self

    def chart(self, columns: int = 100) -> Story:
        """Ten minutes of quiet numbers for every series, ending now."""
        end = self.elapsed
        for at in range(columns):
            self.elapsed = max(0.0, end - (columns - 1 - at) * 5.0)
            for service in self.outline.services:
                if service.health_every_s is not None:
                    self.measure(service.id, "health", 1.0)
                for metric in service.metrics:
                    wave = ((at * 7 + len(service.id) * 13) % 11) / 10
                    base = {"error_rate": 0.6, "latency_p95": 260.0, "cpu": 31.0, "memory": 410.0}[metric.id]
                    self.measure(service.id, metric.id, round(base * (0.8 + 0.4 * wave), 2))
        self.elapsed = end
        return self
