"""Nights to report on, told event by event: one that goes well, one that goes back, and hostile words everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.plans import s5
from msgspec.structs import replace
from tests.ui.story import RUN, Story

from controlroom.report.close_out import close_out
from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, seal
from controlroom.run.fold import fold
from controlroom.run.phases import OutcomeStatus, Phase, SmokeState, Step, Traffic, Verdict
from controlroom.run.times import stamp

if TYPE_CHECKING:
    from controlroom.report.model import Report
    from controlroom.run.outline import RunOutline

GUARD = "error-rate"


class Night(Story):
    """A story whose events may have a cause."""

    def wait(self, seconds: float) -> Night:
        super().wait(seconds)
        return self

    def go_live(self, *services: str) -> Night:
        super().go_live(*services)
        return self

    def tell(self, event: ev.Event, actor: str = "engine", cause: str = "") -> ev.Record:
        record = seal(
            seq=len(self.records) + 1,
            at=stamp(self.now),
            run=RUN,
            actor=actor,
            host="bastion-1",
            cause=cause,
            event=event,
            prev=self.records[-1].hash if self.records else GENESIS,
        )
        self.records.append(record)
        self._state = fold(self._state, record)
        return record

    def command(self, name: str, target: str = "", reason: str = "", actor: str = "ana") -> str:
        """An accepted command; its id."""
        order = f"order-{len(self.records)}"
        numbers = ("auth error_rate 7.4 %",)
        accepted = ev.CommandAccepted(
            id=order, command=name, target=target, message="accepted", reason=reason, numbers=numbers
        )
        self.tell(accepted, actor, order)
        return order

    def guard(self, service: str, value: float | None, breach_s: float = 0.0, *, frozen: bool = False) -> None:
        """The guard's metric is at `value`."""
        within = value is not None and value <= 5 and not breach_s
        verdict = Verdict.PASS if within else Verdict.INCONCLUSIVE
        why = f"{service} {value} %"
        changed = ev.GuardChanged(
            guard=GUARD, service=service, verdict=verdict, breach_s=breach_s, value=value, why=why, frozen=frozen
        )
        self.tell(changed, f"guard:{GUARD}")

    def check(self, item: str, state: SmokeState = SmokeState.PASS, note: str = "201 in 27 ms") -> None:
        """An automatic item runs."""
        self.tell(ev.SmokeStarted(item=item))
        evidence = (
            ev.Evidence(title="POST https://auth/signup", ok=state is SmokeState.PASS, detail=note, took_s=0.03),
        )
        self.tell(ev.SmokeFinished(item=item, state=state, note=note, evidence=evidence))

    def open(self) -> None:
        """Public traffic is let in."""
        self.tell(ev.PhaseChanged(phase=Phase.OPENING))
        self.tell(ev.TrafficStarted(to=Traffic.OPEN, why="the traffic gate was passed"))
        self.wait(1).tell(ev.TrafficFinished(state=Traffic.OPEN, ok=True, detail="the edge says open"))

    def deployed(self) -> None:
        """All five services are live."""
        self.go_live("database", "auth", "catalog", "orders", "frontend")
        self.tell(ev.PhaseChanged(phase=Phase.SMOKE))

    def report(self, version: str = "1.2.3") -> Report:
        """The report on everything so far."""
        return close_out(self.records, version=version)


def outline() -> RunOutline:
    """The S5 plan with what only its report tells."""
    plan = s5()
    assert plan.watch is not None
    watch = replace(plan.watch, success="exitoso si no se reportan incidentes mayores en 48 horas")
    responsible = {"execution": "Equipo de DevOps", "support": "Equipo de Desarrollo"}
    return replace(plan, channels=("Slack #deployments",), watch=watch, responsible=responsible)


def good_night() -> Night:
    """Everything goes well, with a retry, a near miss, a smoke test that failed first, and a note."""
    night = Night(outline())
    night.go_live("database")
    night.tell(ev.GatePassed(gate="auth"), "ana")
    night.start_step("auth")
    night.wait(12).end_step("auth", status=OutcomeStatus.FAILED, detail="exit code 1: no space left on device")
    night.tell(ev.AlarmRaised(alarm="step:auth", text="API de Auth: deploy failed", service="auth"))
    order = night.wait(30).command("Acknowledge", "step:auth")
    night.tell(ev.AlarmAcknowledged(alarm="step:auth", by="ana"), "ana", order)
    order = night.command("Retry", "auth", "the disk was cleared")
    night.tell(ev.RetryRequested(service="auth", step=Step.DEPLOY), "ana", order)
    night.tell(ev.AlarmCleared(alarm="step:auth"))
    night.start_step("auth")
    night.wait(20).end_step("auth", detail="rolled out")
    night.start_step("auth", Step.VERIFY)
    night.wait(8).end_step("auth", Step.VERIFY, detail='200 in 3 ms · {"status":"ok"}')
    night.guard("auth", 0.4)
    night.wait(5).guard("auth", 6.0)
    night.wait(60).guard("auth", 6.5, 60.0)
    night.wait(10).guard("auth", 1.0)
    night.go_live("catalog", "orders", "frontend")
    night.tell(ev.PhaseChanged(phase=Phase.SMOKE))
    night.tell(ev.NoteAdded(text="QA joins on the bridge"), "berta")
    items = [item.id for item in night.outline.smoke]
    for item in items[:-1]:
        night.wait(2).check(item)
    night.check(items[-1], SmokeState.FAIL, "500 in 12 ms")
    night.wait(30).check(items[-1])
    night.open()
    night.tell(ev.PhaseChanged(phase=Phase.WATCHING))
    night.tell(ev.WatchStarted())
    assert night.outline.watch is not None
    coverage = dict.fromkeys(night.outline.watch.indicators, 0.9994)
    night.wait(172_800).tell(ev.WatchCheckpoint(elapsed_s=172_800.0, coverage={**coverage, "auth/cpu": 0.91}))
    night.tell(ev.VerdictReached(phase=Phase.SUCCEEDED, why="no major incident in 48 h"))
    night.tell(ev.PhaseChanged(phase=Phase.SUCCEEDED))
    night.tell(ev.EngineStopped(why="the run is over"))
    return night


def breach(night: Night, service: str) -> None:
    """Five minutes above the limit: the guard fires, alarm and hold."""
    night.guard(service, 0.4)
    for place in range(11):
        night.wait(30).guard(service, 7.0 + place % 3, 30.0 * place)
    tripped = ev.GuardTripped(
        guard=GUARD, service=service, value=8.0, limit=5.0, unit="%", breach_s=301.0, why=f"{service} 8 % > 5 %"
    )
    night.wait(1).tell(tripped, f"guard:{GUARD}")
    alarm = f"guard:{GUARD}/{service}"
    night.tell(
        ev.AlarmRaised(alarm=alarm, text=f"{service} 8 % > 5 %", service=service, suggest=f"roll back {service}")
    )
    night.tell(ev.HoldPlaced(reason=f"guard:{GUARD}", by=f"guard:{GUARD}", note=f"{service} 8 % > 5 %"))


def back(night: Night, *services: str, everything: bool = False, with_database: bool = False, why: str = "") -> None:
    """A rollback, asked for and carried out."""
    order = night.command("RollBackAll" if everything else "RollBack", services[0], why)
    requested = ev.RollbackRequested(services=services, everything=everything, with_database=with_database, why=why)
    night.tell(requested, "ana", order)
    night.tell(ev.HoldPlaced(reason="rollback", by="ana", note=why), "ana", order)
    for service in services:
        night.start_step(service, Step.ROLLBACK)
        night.wait(15).end_step(service, Step.ROLLBACK, detail="rolled out")
        night.start_step(service, Step.VERIFY_ROLLBACK)
        night.wait(5).end_step(service, Step.VERIFY_ROLLBACK, detail="verified")
    night.tell(ev.RollbackFinished(ok=True, detail=f"rolled back: {', '.join(services)}"))
    night.tell(ev.StabilizeStarted(services=services, everything=everything))


def bad_night() -> Night:
    """Orders breaches its guard and goes back; berta takes over and rolls back everything, the database too."""
    night = Night(outline())
    night.go_live("database", "auth", "catalog", "orders")
    breach(night, "orders")
    back(night, "orders", why="8 % of errors")
    recovered = ev.GuardRecovered(guard=GUARD, service="orders", value=0.5, why="orders 0.5 % ≤ 5 %")
    night.tell(recovered, f"guard:{GUARD}")
    stable = ev.StabilizeFinished(services=("orders",), verdict=Verdict.PASS, why="quiet for 05:00")
    night.wait(300).tell(stable)
    night.tell(
        ev.LeaseTaken(operator="berta", host="bastion-2", uid=1001, previous="ana", reason="shift ends"), "berta"
    )
    back(night, "catalog", "auth", "database", everything=True, with_database=True, why="decided on the bridge")
    stable = ev.StabilizeFinished(services=("catalog", "auth"), verdict=Verdict.PASS, why="quiet for 05:00")
    night.wait(300).tell(stable)
    night.tell(ev.VerdictReached(phase=Phase.ROLLED_BACK, why="everything is rolled back and stable"))
    night.tell(ev.PhaseChanged(phase=Phase.ROLLED_BACK))
    return night
