"""Random operators on a fake world, whose engine may die anywhere, and what must hold after each of their acts."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from tests.engine.fake_engine import OLD, PLAN, START, EngineDied, FakeEngine

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.engine.sequence import bookkeeping, next_move
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.chain import first_flaw
from controlroom.run.fold import fold_all
from controlroom.run.gates import AT_GATE, IN_TROUBLE, next_service, open_smoke
from controlroom.run.phases import Phase, ServiceState, SmokeState, Step, Traffic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.events import Record
    from controlroom.run.state import RunState

QUICK = re.sub(r'(run: (?:migrate \w+|"deploy [^"]*"|switch (?:open|close)))}', r"\1, timeout: 60s}", PLAN)
"""The plan with actions that give up after a minute, so that no session takes long."""
SERVICES = ("database", "auth", "orders")
ITEMS = ("signup", "order", "look")
services = st.sampled_from(SERVICES)
why = st.sampled_from(["", "because"])

commands: st.SearchStrategy[cmd.Command] = st.one_of(
    st.builds(cmd.Advance, to=st.sampled_from((*SERVICES, "traffic"))),
    st.builds(cmd.Hold),
    st.builds(cmd.Resume, reason=why),
    services.flatmap(
        lambda s: st.builds(cmd.RollBack, service=st.just(s), confirm=st.just(s), cascade=st.booleans(), reason=why)
    ),
    st.builds(cmd.RollBackAll, confirm=st.just("production"), with_database=st.booleans()),
    st.builds(cmd.Retry, service=services),
    st.builds(cmd.VerifyAgain, service=services),
    st.builds(cmd.MarkDone, service=services, reason=st.just("by hand")),
    st.builds(cmd.MarkFailed, service=services, reason=st.just("looks wrong")),
    st.builds(cmd.Skip, service=services, reason=st.just("later")),
    st.builds(cmd.RunSmoke),
    st.builds(cmd.MarkSmoke, item=st.sampled_from(ITEMS), state=st.sampled_from(SmokeState), reason=why),
    st.builds(cmd.UndoSmoke, item=st.sampled_from(ITEMS)),
    st.builds(cmd.OpenTraffic),
    st.builds(cmd.CloseTraffic),
    st.builds(cmd.Close),
)
forwards = st.sampled_from(["next", "next", "recover"])
"""What the operator most often does: let the next thing go, or clear away what stands in its way."""
acts: st.SearchStrategy[cmd.Command | str] = st.one_of(
    forwards,
    commands,
    st.sampled_from(["wait", "wait long", "end a job", "restart", *(f"kill {turn}" for turn in range(1, 7))]),
)
behaviours = st.lists(
    st.sampled_from(["", "", "", "fail", "half", "idle", "hang", "late", "stuck", "refuse", "lose"]), max_size=3
)
scripts = st.dictionaries(
    st.tuples(st.sampled_from((*SERVICES, "traffic")), st.sampled_from(["deploy", "rollback", "open", "closed"])),
    behaviours,
    max_size=5,
)
sessions = st.builds(
    lambda begun, rest: [*["next"] * begun, *rest], st.integers(0, 7), st.lists(acts, min_size=3, max_size=20)
)
"""Some way into the go-live, and then anything."""


class Session:
    """One random session; `step` does one act and looks at everything that must hold after it."""

    def __init__(self, script: dict[tuple[str, str], list[str]]) -> None:
        self.world = FakeWorld(versions=dict(OLD), script={key: list(value) for key, value in script.items()})
        self.clock = ManualClock(START)
        self.engine = FakeEngine(self.world, MemoryJournal(), self.clock, QUICK)

    async def step(self, act: cmd.Command | str) -> None:
        """Do it, and look."""
        try:
            if isinstance(act, str):
                await self._do(act)
            else:
                await self.engine.give(act)
            died = self.engine.over and not self.engine.state.phase.terminal
        except EngineDied:
            died = True
        if died:
            await self._do("restart")
        self.look()

    async def _do(self, act: str) -> None:
        if act == "restart":
            with contextlib.suppress(EngineDied):
                await self.engine.stop()
            self.engine = FakeEngine(self.world, MemoryJournal(self.engine.journal.records), self.clock, QUICK)
            await self.engine.start()
        elif act.startswith("kill"):
            self.kill_after(self.engine.state.seq + int(act.removeprefix("kill ")))
        elif act == "end a job":
            for job in self.world.jobs.values():
                if job.outcome is None:
                    job.succeed()
            await self.clock.settle()
        elif act in {"next", "recover"}:
            command = self.way_on() if act == "next" else self.way_out()
            if command is not None:
                await self.engine.give(command)
            await self.clock.advance(4)
        else:
            await self.clock.advance(3 if act == "wait" else 70)

    def kill_after(self, seq: int) -> None:
        """Let the engine die once the record `seq` is durable."""

        def dies(records: Sequence[Record]) -> None:
            if records[-1].seq >= seq:
                raise EngineDied

        self.engine.journal.on_append = dies

    def way_on(self) -> cmd.Command | None:
        """What a hopeful operator does next."""
        state = self.engine.state
        if state.held:
            return cmd.Resume(reason="go on")
        if self.engine.gate is not None:
            return cmd.Advance(to=self.engine.gate)
        return cmd.RunSmoke() if state.phase is Phase.SMOKE else None

    def way_out(self) -> cmd.Command | None:
        """What a careful operator does about the first service in trouble."""
        for service in self.engine.state.services.values():
            if service.state in IN_TROUBLE:
                return cmd.MarkDone(service=service.id, reason="mended by hand")
        return None

    def look(self) -> None:
        """The rules that hold at any time."""
        engine = self.engine
        state = engine.state
        assert first_flaw(engine.journal.records) is None
        assert fold_all(engine.journal.records) == state
        nothing_began_twice(engine.journal.records)
        if state.phase.terminal:
            return
        assert not engine.over, engine.over
        assert bookkeeping(state, self.clock.now()) == [], "bookkeeping has settled"
        assert sum(s.state in {ServiceState.DEPLOYING, ServiceState.VERIFYING} for s in state.services.values()) <= 1
        self._queue_moves(state)
        self._somebody_can_act(state)

    def _queue_moves(self, state: RunState) -> None:
        """A rollback that has not stopped at a failure is doing something, or about to."""
        if state.rollback is None or state.rollback.stopped:
            return
        moving = state.active is not None or state.traffic in {Traffic.OPENING, Traffic.CLOSING}
        assert moving or next_move(state) is not None, f"the rollback is stuck: {state.rollback}"

    def _somebody_can_act(self, state: RunState) -> None:
        """There is always a gate, a menu, a hold to lift, something under way, or a checklist to settle."""
        service = next_service(state)
        ways = (
            state.active is not None,
            next_move(state) is not None,
            state.traffic in {Traffic.OPENING, Traffic.CLOSING},
            state.held,
            engine_gate := self.engine.gate is not None,
            service is not None and service.state in IN_TROUBLE,
            service is None and bool(open_smoke(state)),
            state.phase is Phase.WATCHING,
        )
        assert any(ways), f"nobody can do anything: {state.phase}, {service}, gate {engine_gate}"
        if service is not None and service.state in AT_GATE and state.active is None and state.rollback is None:
            assert self.engine.gate is not None or next_move(state) is not None or state.held or state.closure

    async def abort(self) -> None:
        """Abort is accepted in every state, and ends the run within the time limits of what is under way."""
        if self.engine.state.phase.terminal:
            return
        self.engine.journal.on_append = None
        answer = await self.engine.give(cmd.Abort(confirm="production"))
        assert answer.ok
        await self.clock.advance(130)
        assert self.engine.state.phase.terminal, f"abort does not end the run: {self.engine.state.active}"
        assert self.engine.over


def nothing_began_twice(records: Sequence[Record]) -> None:
    """S24: within one step of a service, each of its actions begins once at most, whatever engine is at work."""
    begun: set[tuple[str, int]] = set()
    for record in records:
        event = record.event
        if isinstance(event, ev.StepStarted):
            begun.clear()
        elif isinstance(event, ev.ActionStarted) and event.step in {Step.DEPLOY, Step.ROLLBACK}:
            assert (event.service, event.index) not in begun, f"{event.label} began twice"
            begun.add((event.service, event.index))
