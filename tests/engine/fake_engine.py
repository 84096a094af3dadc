"""A whole engine on fakes and a manual clock: what Given/When/Then tests and the crash sweep drive."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.adapters.fakes import FakeKit, FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.engine.answers import View
from controlroom.engine.ledger import Ledger
from controlroom.engine.outline import outline_of
from controlroom.engine.runner import Runner
from controlroom.engine.scenes import SceneMaker
from controlroom.engine.steps import Tools
from controlroom.plan.loader import parse_plan
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.fold import fold_all
from controlroom.run.gates import waiting_gate
from controlroom.run.pace import Pace
from controlroom.run.phases import Phase, ServiceState, Traffic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.adapters.clock import ManualClock
    from controlroom.run.events import Record
    from controlroom.run.state import Answer, RunState, ServiceStatus

PLAN = """
plan: shop
title: Shop go-live
environment: production
services:
  - id: database
    name: Database
    database: {effect: expand-only}
    version: {to: "42", observe: {run: version database}}
    deploy: [{run: migrate up}]
    verify: [{run: check database}]
    rollback: [{run: migrate down}]
  - id: auth
    name: Auth API
    needs: [database]
    version: {to: v2, observe: {run: version auth}}
    deploy: [{run: "deploy auth ${version.target}"}]
    verify: [{run: check auth, times: 2, every: 1s, timeout: 10s}]
    rollback: [{run: "deploy auth ${version.target}"}]
  - id: orders
    name: Orders API
    needs: [auth]
    required: false
    version: {to: v2, observe: {run: version orders}}
    deploy: [{run: "deploy orders ${version.target}"}]
    verify: [{run: check orders}]
    rollback: [{run: "deploy orders ${version.target}"}]
traffic:
  open: [{run: switch open}]
  close: [{run: switch close}]
  observe: {run: switch state, open: open}
smoke:
  - {id: signup, title: Sign-up, service: auth, run: smoke signup}
  - {id: order, title: Order, service: orders, run: smoke order}
  - {id: look, title: Look at it, manual: open the shop, mandatory: false}
"""
OLD = {"database": "41", "auth": "v1", "orders": "v1"}
NEW = {"database": "42", "auth": "v2", "orders": "v2"}
START = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)


class EngineDied(Exception):  # noqa: N818 - an event of the test, not an error
    """kill -9, as far as the engine's own memory goes."""


def mortal_journal(die_after: int) -> MemoryJournal:
    """A journal whose engine dies once `die_after` records are durable (the process does, not the journal)."""

    def dies(records: Sequence[Record]) -> None:
        if records[-1].seq >= die_after:
            raise EngineDied

    return MemoryJournal(on_append=dies)


class BlankLookout:
    """No metrics: a test says what is seen, and the time is the clock's."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.numbers: dict[str, str] = {}
        self.shut: dict[str, str] = {}
        self.watched_s = 0.0

    def view(self) -> View:
        """What was set."""
        return View(now=self._clock.now(), numbers=self.numbers, shut=self.shut, watched_s=self.watched_s)


class FakeEngine:
    """One engine on one journal and one world; make another on the same two to recover."""

    def __init__(
        self,
        world: FakeWorld,
        journal: MemoryJournal,
        clock: ManualClock,
        plan: str = PLAN,
        *,
        speed: float = 1.0,
        auto_close: bool = False,
        traffic: Traffic = Traffic.CLOSED,
        accepted_breach: str = "",
    ) -> None:
        self.world, self.journal, self.clock = world, journal, clock
        self.loaded = parse_plan(plan, "plan.yaml")
        self.pace = Pace(speed)
        self.auto_close = auto_close
        self.traffic_before = traffic
        self.versions_before = dict(world.versions)
        self.lookout = BlankLookout(clock)
        self.replies: list[tuple[str, bool, str]] = []
        self.accepted_breach = accepted_breach
        self.orders = 0
        self.kit = FakeKit(world)
        self.ledger: Ledger
        self.tools: Tools
        self.runner: Runner
        self._assembled = False
        self._task: asyncio.Task[None] | None = None

    # -- life

    async def start(self) -> None:
        """Begin the run, or take it up where the journal ends."""
        known = fold_all(await self.journal.read())
        self.ledger = Ledger(self.journal, self.clock, run="r1", host="here", publish=self._published, state=known)
        self.tools = Tools(
            ledger=self.ledger,
            kit=self.kit,
            clock=self.clock,
            pace=self.pace,
            scenes=SceneMaker("r1", Path("/nowhere"), lambda *_: None),
        )
        started = ev.EngineStarted(pid=1, host="here", recovered=known is not None)
        if known is None:
            await self.ledger.begin([self._created(), started])
        else:
            await self.ledger.record(started)
        self._assemble()
        self._assembled = True
        self._task = asyncio.ensure_future(self._live())
        await self.clock.settle()

    async def stop(self) -> None:
        """Drop the engine with whatever it was doing."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
            await self._task

    async def failure(self) -> BaseException:
        """What the engine ended with."""
        assert self._task is not None
        with contextlib.suppress(BaseException):
            await self._task
        found = self._task.exception()
        assert found is not None
        return found

    @property
    def over(self) -> bool:
        """Whether the engine has ended."""
        return self._task is not None and self._task.done()

    def _created(self) -> ev.RunCreated:
        outline = outline_of(
            self.loaded.plan,
            lambda spec: spec.kind,
            rehearsal=self.pace.speed != 1.0,
            speed=self.pace.speed,
            auto_close=self.auto_close,
        )
        return ev.RunCreated(
            outline=outline,
            plan_sha256=self.loaded.sha256,
            plan_path="plan.yaml",
            versions=self.versions_before,
            traffic=self.traffic_before,
            accepted_breach=self.accepted_breach,
        )

    def _assemble(self) -> None:
        self.runner = Runner(self.tools, self.loaded.plan, self.lookout, reply=self._reply)

    async def _live(self) -> None:
        await self.runner.run()

    def _reply(self, service: str, ok: bool, note: str) -> bool:
        self.replies.append((service, ok, note))
        return True

    def _published(self, _record: Record) -> None:
        if self._assembled:
            self.runner.wake()

    # -- driving

    async def give(self, command: cmd.Command, *, operator: str = "ana", id: str = "") -> Answer:  # noqa: A002
        """Give a command as `operator` and let everything come to rest."""
        answer = await self.runner.give(self.order(command, operator=operator, id=id))
        await self.clock.settle()
        return answer

    def order(self, command: cmd.Command, *, operator: str = "ana", id: str = "") -> cmd.Order:  # noqa: A002
        """The command on its way, with an id of its own unless one is given."""
        self.orders += 1
        order_id = id or f"{operator}-{self.state.seq}-{self.orders}"
        return cmd.Order(id=order_id, command=command, operator=operator, host="here", uid=1000)

    async def give_at_once(self, *commands: cmd.Command) -> list[Answer]:
        """Give several commands at the same moment; the engine acts on none before all are decided."""
        answers = await asyncio.gather(*(self.runner.give(self.order(command)) for command in commands))
        await self.clock.settle()
        return answers

    async def agreed(self, command: cmd.Command) -> str:
        """Give a command that must be accepted; the answer."""
        answer = await self.give(command)
        assert answer.ok, answer.message
        return answer.message

    async def refused(self, command: cmd.Command, *, operator: str = "ana") -> str:
        """Give a command that must be refused; the reason."""
        answer = await self.give(command, operator=operator)
        assert not answer.ok, f"accepted: {answer.message}"
        return answer.message

    async def advance(self, *gates: str, seconds: float = 5.0) -> None:
        """Pass each gate in turn, and give its service the time to get live."""
        for gate in gates:
            await self.agreed(cmd.Advance(to=gate))
            await self.clock.advance(seconds)

    async def go_live(self) -> None:
        """All services, smoke tests and traffic, up to the watch."""
        await self.advance(*(service.id for service in self.state.outline.services))
        await self.agreed(cmd.RunSmoke())
        await self.agreed(cmd.OpenTraffic())
        assert self.state.phase is Phase.WATCHING

    async def roll_back(self, service: str, *, cascade: bool = True, seconds: float = 5.0, reason: str = "") -> str:
        """Roll one service back, as an operator who typed its name; the answer."""
        command = cmd.RollBack(service=service, confirm=service, cascade=cascade, reason=reason)
        message = await self.agreed(command)
        await self.clock.advance(seconds)
        return message

    async def roll_back_all(self, *, with_database: bool = False, seconds: float = 5.0) -> str:
        """Roll everything back; the answer."""
        confirm = self.state.outline.environment
        message = await self.agreed(cmd.RollBackAll(confirm=confirm, with_database=with_database))
        await self.clock.advance(seconds)
        return message

    # -- looking

    @property
    def state(self) -> RunState:
        """The state as folded."""
        return self.ledger.state

    @property
    def gate(self) -> str | None:
        """The gate that waits."""
        return waiting_gate(self.state)

    @property
    def holds(self) -> list[str]:
        """The reasons that hold the run."""
        return [hold.reason for hold in self.state.holds]

    def service(self, service: str) -> ServiceStatus:
        """One service as it stands."""
        return self.state.services[service]

    def states(self) -> dict[str, ServiceState]:
        """Where each service stands."""
        return {key: service.state for key, service in self.state.services.items()}

    def happened(self, *kinds: type) -> list[ev.Event]:
        """The events of these kinds, in order."""
        return [record.event for record in self.journal.records if isinstance(record.event, kinds)]
