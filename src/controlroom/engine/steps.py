"""One step of one service, from its durable intent to its durable outcome (S10, S13, S24)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from controlroom.engine.acting import Acting
from controlroom.engine.checks import ask
from controlroom.engine.endings import step_finished
from controlroom.engine.ledger import Ledger
from controlroom.engine.looking import Looking
from controlroom.engine.scenes import SceneMaker
from controlroom.engine.sequence import RunStep, next_move
from controlroom.ports import Clock, Kit, Outcome
from controlroom.run import events as ev
from controlroom.run.pace import Pace
from controlroom.run.phases import BACKWARDS, OutcomeStatus, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.plan.service import Service
    from controlroom.run.events import Event
    from controlroom.run.state import ActiveStep, RunState

MOST_MIGRATIONS = 100
PASSED = OutcomeStatus.PASSED


class Tools(Struct, frozen=True, kw_only=True):
    """What every step works with."""

    ledger: Ledger
    kit: Kit
    clock: Clock
    pace: Pace
    scenes: SceneMaker


class StepRun:
    """Carries out one step; `cut()` ends it early, and then waits for nothing but the confirmation."""

    def __init__(self, tools: Tools, service: Service, step: Step) -> None:
        self.step = step
        self.service = service
        self._tools = tools
        self._cut = asyncio.Event()
        self._looking = Looking(tools, service, step, self._cut)
        self._acting = Acting(tools, service, step, self._looking, self._cut)

    def cut(self) -> None:
        """Cut the step off: a killable action is cancelled, its group confirmed gone, nothing else begins."""
        self._cut.set()

    async def carry_out(self) -> None:
        """Begin the step, if it still is what comes next, and see it through."""
        if await self._tools.ledger.commit(self._intent):
            await self._see_through()

    async def take_up(self, active: ActiveStep) -> None:
        """Go on with a step that an earlier engine began: adopt its job, or say that its outcome is unknown."""
        if self.step in {Step.VERIFY, Step.VERIFY_ROLLBACK}:
            if active.in_action:
                asked_again = Outcome(status=OutcomeStatus.UNKNOWN, detail="interrupted; asked again")
                await self._acting.finished(active.index, asked_again, 0.0)
        elif active.index >= 0:
            outcome = await self._acting.take_up(active)
            if outcome.status is not PASSED:
                await self._close(outcome)
                return
        await self._see_through()

    def _intent(self, state: RunState) -> Sequence[Event]:
        if next_move(state) != RunStep(self.service.id, self.step):
            return ()
        service = state.services[self.service.id]
        return (
            ev.StepStarted(
                service=service.id,
                step=self.step,
                attempt=service.attempt + (self.step is Step.DEPLOY),
                target=service.origin if self.step in BACKWARDS else service.target,
                origin=service.live,
            ),
        )

    async def _see_through(self) -> None:
        match self.step:
            case Step.DEPLOY:
                await self._deploy()
            case Step.ROLLBACK:
                await self._close(await (self._migrate_back() if self.service.database else self._acting.run()))
            case Step.VERIFY | Step.VERIFY_ROLLBACK:
                await self._close(await self._verify())

    async def _deploy(self) -> None:
        if self._acting.done == 0 and await self._looking.is_satisfied():
            live = self._looking.target
            detail = f"already satisfied: {live} is live and verified"
            await self._close(Outcome(status=PASSED, detail=detail), observed=live, satisfied=True)
            return
        await self._close(await self._acting.run())

    async def _verify(self) -> Outcome:
        for index, spec in enumerate(self.service.verify):
            check = self._tools.kit.check(spec)
            scene = self._looking.scene(spec.timeout)
            await self._acting.started(index, spec.kind, check.label)
            began = self._tools.clock.monotonic()
            outcome = await ask(check, spec, scene, clock=self._tools.clock, pace=self._tools.pace, cut=self._cut)
            await self._acting.finished(index, outcome, self._tools.clock.monotonic() - began)
            if outcome.status is not PASSED:
                return outcome
        return await self._version_fits()

    async def _version_fits(self) -> Outcome:
        """Verification passes only when the version that is observed live equals the target."""
        target = self._looking.target
        if self.service.version.observe is None:
            return Outcome(status=PASSED, detail=f"verified {target}")
        finding = await self._looking.settled()
        if finding.observed == target:
            return Outcome(status=PASSED, detail=f"verified: {target} is live")
        if self._cut.is_set():
            return Outcome(status=OutcomeStatus.CANCELLED, detail="cut off")
        seen = finding.observed or finding.detail
        return Outcome(status=OutcomeStatus.FAILED, detail=f"live version is {seen}, not {target}")

    async def _migrate_back(self) -> Outcome:
        """S14: one migration at a time until the newest version is the one captured before the run."""
        size, target = len(self._acting.specs), self._looking.target
        if self._acting.done % size:
            # An earlier engine died between two actions of one turn: that turn comes to its end first.
            done = await self._acting.run(first=self._acting.done // size * size)
            if done.status is not PASSED:
                return done
        seen = ""
        for turn in range(self._acting.done // size, MOST_MIGRATIONS):
            finding = await self._looking.version()
            if finding.observed == target:
                return Outcome(status=PASSED, detail=f"the newest version is {target}")
            if self._cut.is_set():
                return Outcome(status=OutcomeStatus.CANCELLED, detail=f"cut off after {turn} inverse migrations")
            if why := _no_way_back(finding.observed, finding.detail, seen, target):
                return Outcome(status=OutcomeStatus.FAILED, detail=why)
            seen = finding.observed
            done = await self._acting.run(first=turn * size)
            if done.status is not PASSED:
                return done
        return Outcome(status=OutcomeStatus.FAILED, detail=f"gave up after {MOST_MIGRATIONS} inverse migrations")

    async def _close(self, outcome: Outcome, *, observed: str = "", satisfied: bool = False) -> None:
        detail = outcome.detail
        if not observed and not self._cut.is_set():
            observed = (await self._looking.version()).observed
        if outcome.status is OutcomeStatus.UNKNOWN:
            detail = f"{detail}; {await self._looking.what_is_seen(observed)}"
        finished = ev.StepFinished(
            service=self.service.id,
            step=self.step,
            status=outcome.status,
            detail=detail,
            observed=observed,
            satisfied=satisfied,
        )
        await self._tools.ledger.commit(lambda state: step_finished(state, finished))


def _no_way_back(observed: str, detail: str, before: str, target: str) -> str:
    """Why another inverse migration makes no sense, empty when it does; `before` was live before the last one."""
    if not observed:
        return f"the version cannot be read: {detail}"
    if observed == before:
        return f"the newest version is still {before} after an inverse migration"
    if _number(observed) < _number(target):
        return f"the newest version is {observed}, older than {target}"
    return ""


def _number(version: str) -> int:
    """A migration's version as a number (S14); one without any digit is older than all others."""
    digits = "".join(c for c in version if c in "0123456789")
    return int(digits) if digits else -1
