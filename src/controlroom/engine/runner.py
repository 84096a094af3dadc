"""The loop that drives a run: settle what follows, start what is due, cut what must stop, until the run is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from controlroom.engine import checklist, switch
from controlroom.engine.decisions import decide, target_of
from controlroom.engine.recovery import interrupted
from controlroom.engine.rules_lease import take_lease
from controlroom.engine.sequence import MoveTraffic, RunStep, bookkeeping, cancels, next_move, next_smoke
from controlroom.engine.steps import StepRun, Tools
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.events import event_name
from controlroom.run.phases import Traffic
from controlroom.run.state import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from controlroom.engine.answers import View
    from controlroom.plan.model import Plan
    from controlroom.run.events import Event
    from controlroom.run.state import RunState

    Reply = Callable[[str, bool, str], bool]
    """Answers what a service asks of the operator: yes or no, with a note; False when it asks nothing."""

TICK_S = 1.0
"""Real seconds after which the loop looks again without being told to: the window opens and closes by itself."""


class Lookout(Protocol):
    """What the runner asks of whoever watches the metrics."""

    def view(self) -> View:
        """Numbers and shut gates as of now."""


class Runner:
    """Drives one run. Everything it does follows from the folded state, so a new one can take up where one died."""

    def __init__(self, tools: Tools, plan: Plan, lookout: Lookout, *, reply: Reply = lambda *_: False) -> None:
        self._tools = tools
        self._ledger = tools.ledger
        self._plan = plan
        self._lookout = lookout
        self._reply = reply
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._step: StepRun | None = None
        self._busy: set[str] = set()

    def wake(self) -> None:
        """Something changed: look again."""
        self._wake.set()

    async def run(self) -> None:
        """Drive the run to its end. Raises JournalError (in an exception group) when it can no longer remember."""
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self._tick())
            await self._take_up(group)
            while not self._ledger.state.phase.terminal:
                self._wake.clear()
                await self._settle()
                self._start_due(group)
                await self._wake.wait()
            self._over.set()
            ticking.cancel()

    async def give(self, order: cmd.Order) -> Answer:
        """Decide on a command and make the decision durable; a repeated id gets its first answer (S18)."""
        answer = Answer(ok=False, message="")
        repeated = False

        def deciding(state: RunState) -> Sequence[Event]:
            nonlocal answer, repeated
            view = self._lookout.view()
            decision = decide(state, order, view)
            answer = Answer(ok=decision.ok, message=decision.message)
            repeated = order.id in state.answers
            if repeated:
                return ()
            return self._minutes(state, order, answer, view, decision.events)

        await self._ledger.commit(deciding, actor=order.operator, cause=order.id)
        if answer.ok and not repeated and isinstance(order.command, cmd.MarkDone | cmd.MarkFailed):
            yes = isinstance(order.command, cmd.MarkDone)
            self._reply(order.command.service, yes, order.command.reason)
        self.wake()
        return answer

    def _minutes(
        self, state: RunState, order: cmd.Order, answer: Answer, view: View, events: Sequence[Event]
    ) -> list[Event]:
        command, target = event_name(order.command), target_of(order.command)
        reason = order.command.reason
        if not answer.ok:
            return [
                ev.CommandRefused(id=order.id, command=command, target=target, message=answer.message, reason=reason)
            ]
        driving = state.lease is None and not any(isinstance(e, ev.LeaseTaken) for e in events)
        lease: list[Event] = [take_lease(state, order)] if driving else []
        numbers = tuple(f"{service} {text}" for service, text in view.numbers.items() if text)
        accepted = ev.CommandAccepted(
            id=order.id, command=command, target=target, message=answer.message, reason=reason, numbers=numbers
        )
        return [*lease, accepted, *events]

    async def _tick(self) -> None:
        while True:
            await self._tools.clock.sleep(TICK_S)
            self.wake()

    async def _settle(self) -> None:
        while await self._ledger.commit(self._follows):
            pass

    def _follows(self, state: RunState) -> Sequence[Event]:
        return bookkeeping(state, self._tools.clock.now(), self._lookout.view().shut)

    async def _take_up(self, group: asyncio.TaskGroup) -> None:
        state = self._ledger.state
        moving = state.traffic in {Traffic.OPENING, Traffic.CLOSING}
        seen = await switch.look(self._tools, self._plan.traffic) if moving else state.traffic
        if left := interrupted(state, seen):
            await self._ledger.record(*left)
        active = self._ledger.state.active
        if active is not None:
            self._step = StepRun(self._tools, self._plan.service(active.service), active.step)
            self._start(group, "step", self._step.take_up(active))

    def _start_due(self, group: asyncio.TaskGroup) -> None:
        state = self._ledger.state
        if self._step is not None and cancels(state):
            self._step.cut()
        match next_move(state):
            case RunStep(service=service, step=step) if "step" not in self._busy:
                self._step = StepRun(self._tools, self._plan.service(service), step)
                self._start(group, "step", self._step.carry_out())
            case MoveTraffic() as wanted if self._plan.traffic is not None and "traffic" not in self._busy:
                self._start(group, "traffic", switch.move(self._tools, self._plan.traffic, wanted))
        if "smoke" not in self._busy and (items := next_smoke(state)):
            specs = [spec for spec in self._plan.smoke if spec.id in items]
            self._start(group, "smoke", checklist.run_items(self._tools, specs, self._over))

    def _start(self, group: asyncio.TaskGroup, track: str, work: Coroutine[None, None, None]) -> None:
        self._busy.add(track)
        task = group.create_task(work)

        def over(_task: asyncio.Task[None]) -> None:
            self._busy.discard(track)
            if track == "step":
                self._step = None
            self.wake()

        task.add_done_callback(over)
