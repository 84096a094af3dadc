"""Plays a run over a real control socket, without engine or stage: for looking at the screen and for measuring it.

    python -m bench.feed SOCKET [--services N] [--breach] [--quiet]

Every series gets a sample a second. Commands are judged by the engine's own rules; what follows from them is played.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.plans import many_services, s5

from controlroom.control.peer import Access
from controlroom.control.protocol import Output, Snapshot
from controlroom.control.server import ControlServer
from controlroom.control.session import LogExcerpt
from controlroom.engine.answers import View
from controlroom.engine.decisions import decide, target_of
from controlroom.errors import Refused
from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, seal
from controlroom.run.columns import Columns
from controlroom.run.fold import fold
from controlroom.run.phases import DataState, OutcomeStatus, Phase, SmokeState, Step, Traffic, Verdict
from controlroom.run.samples import HEALTH, Sample, series_id
from controlroom.run.state import Answer
from controlroom.run.times import stamp
from controlroom.run.trail import Trail

if TYPE_CHECKING:
    from controlroom.control.session import Session
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Order
    from controlroom.run.outline import RunOutline
    from controlroom.run.state import RunState

RUN = "20261201-030011-s5-hardening"
STEP_S = 6.0
BREACH_FOR_S = 20.0


class Player:
    """Implements the server's Desk: judges commands, and plays what follows."""

    def __init__(self, outline: RunOutline, *, breach: bool) -> None:
        self.outline = outline
        self.breach = breach
        self.server: ControlServer | None = None
        self._began = datetime.now(UTC)
        self._state: RunState | None = None
        self._prev = GENESIS
        self._samples: dict[str, Sample] = {}
        self._trails: dict[str, Trail] = {}
        self._over_s = 0.0
        self._log = "".join(f"{n:>7} applying change {n} of a long migration\n" for n in range(2000))
        self.happen(
            ev.RunCreated(
                outline=outline,
                plan_sha256="9f3c1a2b" * 8,
                plan_path="plans/s5-hardening.yaml",
                versions={s.id: "41" if s.database else "v2.0.0" for s in outline.services},
                traffic=Traffic.CLOSED,
            )
        )
        self.happen(ev.EngineStarted(pid=os.getpid(), host="bastion-1"))

    @property
    def state(self) -> RunState:
        """The state so far."""
        if self._state is None:
            raise RuntimeError("nothing has happened yet")
        return self._state

    @property
    def elapsed(self) -> float:
        """Plan seconds since the run began."""
        return (datetime.now(UTC) - self._began).total_seconds() * self.outline.speed

    def happen(self, event: ev.Event, actor: str = "engine") -> ev.Record:
        """Chain, fold, publish."""
        seq = self._state.seq + 1 if self._state else 1
        record = seal(
            seq=seq,
            at=stamp(datetime.now(UTC)),
            run=RUN,
            actor=actor,
            host="bastion-1",
            cause="",
            event=event,
            prev=self._prev,
        )
        self._prev = record.hash
        self._state = fold(self._state, record)
        if self.server is not None:
            self.server.happened(record)
        return record

    # -- Desk

    def snapshot(self) -> Snapshot:
        """The state as it is now."""
        trails = tuple(trail.part(series) for series, trail in self._trails.items())
        samples = tuple(self._samples.values())
        return Snapshot(state=self.state, samples=samples, trails=trails, elapsed_s=self.elapsed)

    async def give(self, order: Order) -> Answer:
        """Judge by the engine's rules."""
        decision = decide(self.state, order, View(now=datetime.now(UTC)))
        name, target = type(order.command).__name__, target_of(order.command)
        kind = ev.CommandAccepted if decision.ok else ev.CommandRefused
        message, reason = decision.message, order.command.reason
        self.happen(kind(id=order.id, command=name, target=target, message=message, reason=reason), order.operator)
        if not decision.ok:
            raise Refused(decision.message)
        for event in decision.events:
            self.happen(event, order.operator)
        return Answer(ok=True, message=decision.message)

    def read_log(self, job: str, offset: int, limit: int) -> LogExcerpt:  # noqa: ARG002 - one log for all
        """Part of the log."""
        start = max(0, len(self._log) + offset) if offset < 0 else offset
        return LogExcerpt(offset=start, size=len(self._log), text=self._log[start : start + limit])

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        """Nothing is kept here."""
        return Columns(span_s, columns, self.elapsed).part(series)

    def screen_attached(self, session: Session) -> None:
        """The first screen drives."""
        if self.state.lease is None:
            self.happen(ev.LeaseTaken(operator=session.operator, host=session.host, uid=session.uid))

    def screen_lost(self, session: Session, *, orderly: bool) -> None:
        """A screen is gone."""
        if not orderly:
            self.happen(ev.OperatorLost(operator=session.operator))

    # -- the play

    async def numbers(self) -> None:
        """A sample of every series, once a second."""
        while True:
            self._measure()
            await asyncio.sleep(1.0 / self.outline.speed)

    def _measure(self) -> None:
        at, elapsed = datetime.now(UTC).timestamp(), self.elapsed
        fresh = []
        for place, service in enumerate(self.outline.services):
            if service.health_every_s is not None:
                fresh.append(self._sample(service.id, HEALTH, 1.0, at, elapsed))
            for metric in service.metrics:
                base = {"error_rate": 0.6, "latency_p95": 260.0, "cpu": 31.0}.get(metric.id, 410.0)
                value = base * (1 + 0.3 * math.sin(elapsed / 17 + place) + 0.1 * math.sin(elapsed * 1.7 + place))
                if self.breach and metric.id == "error_rate" and service.id == "auth" and self._is_new(service.id):
                    value = 6.2 + 0.4 * math.sin(elapsed)
                fresh.append(self._sample(service.id, metric.id, round(value, 2), at, elapsed, metric.limit))
        if self.server is not None:
            self.server.sampled(fresh, {})
            self.server.beat(at=at, elapsed_s=elapsed)
        self._guard()

    def _is_new(self, service: str) -> bool:
        return self.state.services[service].live == self.outline.service(service).target

    def _sample(
        self, service: str, metric: str, value: float, at: float, elapsed: float, limit: float | None = None
    ) -> Sample:
        series = series_id(service, metric)
        state = DataState.BREACH if limit is not None and value > limit else DataState.OK
        sample = Sample(series=series, at=at, elapsed=elapsed, value=value, state=state)
        self._samples[series] = sample
        self._trails.setdefault(series, Trail()).add(elapsed, value)
        return sample

    def _guard(self) -> None:
        sample = self._samples.get("auth/error_rate")
        status = self.state.guards.get("error-rate/auth")
        if sample is None or sample.value is None or status is None or status.fired:
            return
        if sample.state is not DataState.BREACH:
            if status.breach_s:
                self._over_s = 0.0
                self._say_guard(Verdict.PASS, sample.value, f"auth {sample.value} % ≤ 5 %")
            return
        self._over_s += self.outline.speed
        why = f"auth {sample.value} % > 5 %"
        if int(self._over_s) % 5 == 1:
            self._say_guard(Verdict.FAIL, sample.value, why)
        if self._over_s > BREACH_FOR_S:
            tripped = ev.GuardTripped(
                guard="error-rate",
                service="auth",
                value=sample.value,
                limit=5.0,
                unit="%",
                breach_s=self._over_s,
                why=why,
            )
            self.happen(tripped)
            text = f"error rate of API de Auth {sample.value} % > 5 %"
            self.happen(
                ev.AlarmRaised(alarm="error-rate/auth", text=text, service="auth", suggest="roll back auth (r)")
            )
            self.happen(ev.HoldPlaced(reason="guard:error-rate", by="guard:error-rate", note=why))

    def _say_guard(self, verdict: Verdict, value: float, why: str) -> None:
        self.happen(
            ev.GuardChanged(
                guard="error-rate", service="auth", verdict=verdict, breach_s=self._over_s, value=value, why=why
            )
        )

    async def steps(self) -> None:
        """Play what the state asks for next, until the run is over."""
        while not self.state.phase.terminal:
            await asyncio.sleep(0.1)
            await self._next()
        await asyncio.sleep(3600)

    async def _next(self) -> None:
        state = self.state
        for item in state.smoke.values():
            if item.queued:
                await self._smoke(item.id)
                return
        for outline in self.outline.services:
            service = state.services[outline.id]
            if service.pending is not None:
                await self._step(outline.id, service.pending)
                return
            if service.cleared and service.state.value in {"waiting", "rolled_back"}:
                await self._step(outline.id, Step.DEPLOY)
                return
        if state.rollback is not None and not state.rollback.queue:
            everything = state.rollback.everything
            self.happen(ev.RollbackFinished(ok=True, detail=""))
            if everything:
                self.happen(ev.VerdictReached(phase=Phase.ROLLED_BACK, why="everything was rolled back"))
                self.happen(ev.PhaseChanged(phase=Phase.ROLLED_BACK))
        elif state.traffic_cleared and state.traffic is Traffic.CLOSED:
            await self._open()
        elif state.phase is Phase.DEPLOYING and all(s.state.value == "live" for s in state.services.values()):
            self.happen(ev.PhaseChanged(phase=Phase.SMOKE))

    async def _open(self) -> None:
        self.happen(ev.PhaseChanged(phase=Phase.OPENING))
        self.happen(ev.TrafficStarted(to=Traffic.OPEN, why=""))
        await asyncio.sleep(1.0)
        self.happen(ev.TrafficFinished(state=Traffic.OPEN, ok=True, detail=""))
        self.happen(ev.PhaseChanged(phase=Phase.WATCHING))
        self.happen(ev.WatchStarted())

    async def _step(self, service: str, step: Step) -> None:
        if self.state.phase is Phase.READY:
            self.happen(ev.PhaseChanged(phase=Phase.DEPLOYING))
        outline, status = self.outline.service(service), self.state.services[service]
        back = step in {Step.ROLLBACK, Step.VERIFY_ROLLBACK}
        target = status.origin if back else outline.target
        attempt = status.attempt + (step is Step.DEPLOY)
        self.happen(ev.StepStarted(service=service, step=step, attempt=attempt, target=target, origin=status.origin))
        labels = {Step.DEPLOY: outline.deploy, Step.ROLLBACK: outline.rollback}.get(step, outline.verify)
        job = f"{service}-{step.value}-{attempt}"
        for index, label in enumerate(labels):
            self.happen(ev.ActionStarted(service=service, step=step, index=index, kind="run", label=label, job=job))
            for line in range(int(STEP_S)):
                if self.server is not None:
                    lines = (f"{label}: part {line + 1} of {STEP_S:.0f}",)
                    self.server.output(Output(service=service, job=job, lines=lines))
                await asyncio.sleep(1.0 / self.outline.speed)
            passed = OutcomeStatus.PASSED
            self.happen(
                ev.ActionFinished(
                    service=service, step=step, index=index, status=passed, detail="", exit_code=0, took_s=STEP_S
                )
            )
        self.happen(ev.StepFinished(service=service, step=step, status=passed, detail="", observed=target))

    async def _smoke(self, item: str) -> None:
        self.happen(ev.SmokeStarted(item=item))
        await asyncio.sleep(0.8)
        evidence = (ev.Evidence(title="POST /users", ok=True, detail="201 in 84 ms", took_s=0.084),)
        self.happen(ev.SmokeFinished(item=item, state=SmokeState.PASS, note="201 in 84 ms", evidence=evidence))


async def play(path: Path, outline: RunOutline, *, breach: bool) -> None:
    """Serve the run at `path` until cancelled."""
    player = Player(outline, breach=breach)
    server = ControlServer(player, run=RUN, access=Access(owner=os.geteuid()))
    player.server = server
    await server.start(path)
    await asyncio.gather(player.numbers(), player.steps())


def main() -> None:
    """Serve a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", type=Path)
    parser.add_argument("--services", type=int, default=5)
    parser.add_argument("--breach", action="store_true", help="auth breaches its limit once deployed")
    parser.add_argument("--rehearsal", action="store_true")
    options = parser.parse_args()
    outline = s5(rehearsal=options.rehearsal) if options.services == 5 else many_services(options.services)
    asyncio.run(play(options.socket, outline, breach=options.breach))


if __name__ == "__main__":
    main()
