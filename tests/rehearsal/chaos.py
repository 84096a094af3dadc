"""A go-live on the real stage whose operator does anything, and on whose machine anything dies."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

from tests.rehearsal.e2e_plans import written
from tests.rehearsal.room import S5, SERVICES, until

from controlroom.control.process import find_engine
from controlroom.rehearsal.life import alive
from controlroom.run import events as ev
from controlroom.run.phases import Phase, Step

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

APIS = ("auth", "catalog", "orders")
FAULTS = (
    "auth:health=degraded",
    "catalog:latency=900ms",
    "catalog:crash",
    "orders:errors=25%",
    "orders:status=broken",
    "metrics:gap",
    "frontend:stale-cdn",
    *(f"deploy:{service}={how}" for service in APIS for how in ("slow", "fail")),
)
TROUBLE = frozenset({"failed", "unknown", "rollback_failed"})
TAKEN_OR_REFUSED = (0, 5)
"""Exit codes of a command: what the state does not allow is refused, and harms nothing."""

END_WITHIN_S = 300.0
_PAUSE = threading.Event()


def plan(folder: Path) -> Path:
    """The S5 go-live with a watch of minutes."""
    return written(folder / "s5.yaml", S5.read_text(), ("  for: 48h\n  at_least: 24h", "  for: 50m\n  at_least: 40m"))


class Chaos:
    """One go-live; `seed` decides what is done and what dies, but not how fast: it repeats in kind only."""

    def __init__(self, room: Room, seed: int) -> None:
        self.room = room
        self.dice = Random(seed)  # noqa: S311 - a dice, no secret
        self.done: list[str] = []
        """What was done and what died, for the message of a failed test."""

    def begin(self, plan: Path) -> None:
        """Start the go-live; most deploys take some seconds, so that what dies dies in their middle."""
        slow = [f"deploy{version}:{service}=slow" for version in ("", "@v2.0.0") for service in APIS]
        chosen = [fault for fault in slow if self.dice.random() < 0.7]
        self.room.rehearse(*(word for fault in chosen for word in ("--fault", fault)), plan=plan, speed=600)

    def play(self, acts: int) -> None:
        """So many acts with something dying after about half of them, then on to the end of the run, looking always."""
        for _ in range(acts):
            (act,) = self.dice.choices((self.go_on, self.switch_a_fault, self.do_anything), (6, 1, 3))
            act()
            if self.dice.random() < 0.5:
                self.pause(1)
                self.strike()
            self.look()
            if self.over:
                return
        self.finish()

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return Phase(self.room.status()["phase"]).terminal

    def pause(self, most_s: float) -> None:
        """Let something go on, for up to so many seconds."""
        _PAUSE.wait(self.dice.random() * most_s)

    # -- the operator

    def go_on(self) -> None:
        """What stands in the way of the go-live is dealt with, one thing at a time."""
        status = self.room.status()
        troubled = [service["id"] for service in status["services"] if service["state"] in TROUBLE]
        if troubled:
            service = troubled[0]
            ways = (("retry", service), ("verify", service), ("rollback", service, "--confirm", service))
            self.give(*self.dice.choice(ways))
        elif status["holds"]:
            for alarm in status["alarms"]:
                self.give("ack", alarm["id"])
            self.give("resume", "--reason", "chaos")
        elif status["gate"] == "traffic":
            self.give("traffic", "open")
        elif status["gate"] is not None:
            self.give("advance", "--to", status["gate"])
        elif status["phase"] == Phase.SMOKE:
            self.give("smoke", "run", "--all")
        self.pause(1)

    def go_back(self) -> None:
        """Everything back to where it was, again where that has failed."""
        states = {service["id"]: service["state"] for service in self.room.status()["services"]}
        failed = [service for service, state in states.items() if state == "rollback_failed"]
        if failed:
            self.give("retry", failed[0])
        elif not self.room.status()["stabilizing"]:
            self.give("rollback", "--all", "--confirm", "rehearsal")
        self.pause(2)

    def switch_a_fault(self) -> None:
        """Something of the stage breaks, or works again."""
        self.give("fault", self.dice.choice(FAULTS), *self.dice.choice(([], ["--off"])), codes=(0, 2, 5))

    def do_anything(self) -> None:
        """Sensible or not."""
        service = self.dice.choice(SERVICES)
        back = ("rollback", service, "--confirm", service, "--reason", "chaos")
        anything = (
            back,
            back,
            (*back, "--single"),
            ("hold",),
            ("resume", "--reason", "chaos"),
            ("retry", service),
            ("verify", service),
            ("done", service, "--reason", "chaos"),
            ("smoke", "run", "--all"),
            ("traffic", "open"),
            ("traffic", "close"),
            ("note", "chaos"),
        )
        self.give(*self.dice.choice(anything))

    def give(self, *words: str, codes: tuple[int, ...] = TAKEN_OR_REFUSED) -> None:
        """Give a command; an engine that is gone is replaced first."""
        self.revive()
        said = self.room.say(*words)
        self.done.append(f"{' '.join(words)}: {said.code} {said.err or said.out}".strip())
        assert said.code in codes, f"{words}: exit code {said.code}: {said.err}"

    # -- what dies

    def strike(self) -> None:
        """Something dies or stands still, and whoever is on call takes the run up again."""
        strikes = (self.stall, self.kill, self.kill_twice, self.kill_with_jobs)
        (strike,) = self.dice.choices(strikes, (2, 4, 2, 4))
        strike()

    def stall(self) -> None:
        """The engine stands still for a second."""
        engine = find_engine(self.room.run.engine)
        if engine is not None:
            self.done.append("engine stands still")
            with suppress(ProcessLookupError):
                os.kill(engine.pid, signal.SIGSTOP)
                _PAUSE.wait(1)
                os.kill(engine.pid, signal.SIGCONT)

    def kill(self) -> None:
        """The engine dies."""
        self.kill_engine()
        self.pause(1)
        self.revive()

    def kill_twice(self) -> None:
        """The engine dies, and the next one while it recovers."""
        self.kill()
        self.pause(0.2)
        self.kill()

    def kill_with_jobs(self) -> None:
        """The engine dies with the supervisors of what runs, and perhaps with the commands themselves."""
        commands = self.dice.choice((True, False))
        self.kill_engine()
        for job in self.room.jobs():
            supervisor = job.record.supervisor
            if not job.over and alive(supervisor.pid, supervisor.start):
                self.done.append(f"supervisor of {job.folder.path.name} killed, its command too: {commands}")
                job.kill(command=commands)
        self.pause(1)
        self.revive()

    def kill_engine(self) -> None:
        """SIGKILL, if there is one."""
        engine = find_engine(self.room.run.engine)
        if engine is not None:
            self.done.append("engine killed")
            with suppress(ProcessLookupError):
                os.kill(engine.pid, signal.SIGKILL)
            until(lambda: not alive(engine.pid, engine.start_time))

    def revive(self) -> None:
        """A new engine, if the run is interrupted."""
        if find_engine(self.room.run.engine) is None and self.room.status()["interrupted"]:
            self.room.recover()

    # -- what must hold

    def look(self) -> None:
        """The journal is whole, and the stage saw no deploy more often than the journal says that it was begun."""
        self.room.ctl("events", "--verify")
        said = self.room.say("stage", "--json")
        if said.code == 0:  # it ends with the run
            self.nothing_ran_twice(json.loads(said.out))

    def nothing_ran_twice(self, stage: dict[str, Any]) -> None:
        """S24: each deploy that reached the stage is one that was begun on purpose; each job began once."""
        begun = Counter[tuple[str, str]]()
        target = ""
        for event in self.room.events(ev.StepStarted, ev.ActionStarted):
            if isinstance(event, ev.StepStarted):
                target = event.target
            elif event.kind == "run" and event.step in {Step.DEPLOY, Step.ROLLBACK}:
                begun[event.service, target] += 1
        for service in APIS:
            seen = stage["services"][service]
            counted = Counter(deploy["version"] for deploy in [*seen["deploys"], *seen["not_live"]])
            for version, times in counted.items():
                assert times <= begun[service, version], f"{service} {version}: {times} on the stage, {begun}"
        jobs = [event.job for event in self.room.events(ev.ActionStarted) if event.job]
        assert len(jobs) == len(set(jobs)), "a job began twice"

    # -- the end

    def finish(self) -> None:
        """Nothing fails any more; on to the end or back to the start. Who follows it headless gets the right code."""
        for fault in FAULTS:
            self.give("fault", fault, "--off", codes=(0, 2, 5))
        self.done.append("nothing fails any more")
        back = self.dice.random() < 0.4
        follower = self.room.start("attach", "--headless")
        latest = time.monotonic() + END_WITHIN_S
        while not self.over:
            assert time.monotonic() < latest, f"the run does not end: {self.room.status()}"
            if back:
                self.go_back()
            else:
                self.go_on()
            self.look()
        follower.ended(0 if self.room.status()["phase"] == Phase.SUCCEEDED else 3)
        self.room.ctl("report", self.room.run.run)
