"""Automatic items of the checklist: attempt after attempt until one passes, each cleaned up after."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec.structs import replace

from controlroom.errors import ActionError
from controlroom.plan.references import texts
from controlroom.plan.tokens import Reference, parse
from controlroom.ports import SmokeResult
from controlroom.run.events import Evidence
from controlroom.run.phases import OutcomeStatus, SmokeState

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.adapters.secrets import Vault
    from controlroom.plan.observation import SmokeItem
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.ports import Action, Clock, Scene

CLEANUP_S: Final = 45.0
"""Real seconds for the clean-up of one attempt, whatever its actions may take by themselves."""


class Attempt:
    """One attempt: a visitor of its own, with its captures and its `${run.unique}`, and what it has seen.

    `praise` says how it passed, `shaky` that what it looked at had to be tried again, `left` what its clean-up could
    not undo.
    """

    def __init__(self, number: int, scene: Scene) -> None:
        job = f"{scene.job}-{number}"
        self.facts: dict[str, Any] = {**scene.facts, "run.unique": secrets.token_hex(5)}
        self.scene = replace(scene, job=job, job_folder=scene.job_folder.with_name(job), facts=self.facts)
        self.number = number
        self.evidence: list[Evidence] = []
        self.left: list[str] = []
        self.praise = ""
        self.shaky = False

    def saw(self, title: str, *, ok: bool, detail: str, took_s: float = 0.0, **more: str) -> None:
        """Add a piece of evidence; its texts are as they are shown, without secrets."""
        piece = Evidence(title=title, ok=ok, detail=detail, took_s=round(took_s, 3), attempt=self.number, **more)
        self.evidence.append(piece)


class Body(Protocol):
    """What one kind of item does in an attempt."""

    async def go(self, attempt: Attempt) -> str:
        """What went wrong, empty when nothing did; evidence goes to `attempt`. Cancelling it ends all that it began."""


class Errand:
    """Carries out an action of the plan within an item."""

    def __init__(self, make: Callable[[ActionSpec], Action], vault: Vault, clock: Clock) -> None:
        self._make = make
        self._vault = vault
        self._clock = clock

    async def run(self, spec: ActionSpec, attempt: Attempt, *, part: str = "", limit_s: float) -> tuple[bool, str]:
        """Whether the action passed, and its detail; both are evidence too. `part` tells it from others' jobs."""
        action = self._make(spec)
        name = f"{attempt.scene.job}-{part}" if part else attempt.scene.job
        folder = attempt.scene.job_folder.with_name(name)
        scene = replace(attempt.scene, job=name, job_folder=folder, timeout_s=min(spec.timeout, limit_s))
        began = self._clock.monotonic()
        ok, detail = False, "cut off"
        try:
            ok, detail = await _carried_out(action, scene)
        except ActionError as exc:
            detail = self._vault.shown(str(exc))
        finally:
            label = f"clean-up: {action.label}" if part else action.label
            attempt.saw(label, ok=ok, detail=detail, took_s=self._clock.monotonic() - began)
        return ok, detail


async def _carried_out(action: Action, scene: Scene) -> tuple[bool, str]:
    job = await action.start(scene)
    try:
        async with asyncio.timeout(scene.timeout_s):
            outcome = await job.wait()
    except TimeoutError:
        ended = await job.cancel()
        return False, f"no end within {scene.timeout_s:g} s; {ended.detail}"
    except asyncio.CancelledError:
        await job.cancel()
        raise
    return outcome.status is OutcomeStatus.PASSED, outcome.detail


class SmokeRun:
    """One item: `body` is what its kind does."""

    def __init__(self, item: SmokeItem, body: Body, errand: Errand) -> None:
        self._item = item
        self._body = body
        self._errand = errand

    async def run(self, scene: Scene) -> SmokeResult:
        """Try until an attempt passes or the retries are used up; a pass that needed one is flaky."""
        evidence: list[Evidence] = []
        left: list[str] = []
        chances = self._item.retries + 1
        wrong = ""
        for number in range(1, chances + 1):
            earlier, attempt = wrong, Attempt(number, scene)
            wrong = await self._try(attempt)
            evidence += attempt.evidence
            left += attempt.left
            if not wrong:
                flaky = f"passed at attempt {number} of {chances}; before that {earlier}" if earlier else ""
                state = SmokeState.FLAKY if flaky or attempt.shaky else SmokeState.PASS
                return _result(state, flaky or attempt.praise, left, evidence, number)
        often = f" ({chances} attempts)" if chances > 1 else ""
        return _result(SmokeState.FAIL, f"{wrong}{often}", left, evidence, chances)

    async def _try(self, attempt: Attempt) -> str:
        """One attempt with its clean-up, which runs also when the attempt fails or is cancelled; what went wrong."""
        try:
            async with asyncio.timeout(self._item.timeout):
                return await self._body.go(attempt)
        except TimeoutError:
            wrong = f"no end within {self._item.timeout:g} s"
            attempt.saw(f"attempt {attempt.number}", ok=False, detail=wrong, took_s=self._item.timeout)
            return wrong
        finally:
            await self._clean_up(attempt)

    async def _clean_up(self, attempt: Attempt) -> None:
        try:
            async with asyncio.timeout(CLEANUP_S):
                for index, spec in enumerate(self._item.cleanup):
                    if _needs(spec) <= attempt.facts.keys():
                        ok, detail = await self._errand.run(spec, attempt, part=f"cleanup-{index}", limit_s=CLEANUP_S)
                        attempt.left += [] if ok else [detail]
        except TimeoutError:
            attempt.left.append(f"no end within {CLEANUP_S:g} s")


def _result(state: SmokeState, note: str, left: list[str], evidence: list[Evidence], attempts: int) -> SmokeResult:
    unclean = f"; clean-up failed: {'; '.join(left)}" if left else ""
    return SmokeResult(state=state, note=f"{note}{unclean}", evidence=tuple(evidence), attempts=attempts)


def _needs(spec: ActionSpec) -> set[str]:
    """The captures without which there is nothing to clean up."""
    found = (reference for _, text in texts(spec) for reference in parse(text))
    return {r.key for r in found if isinstance(r, Reference) and r.family == "capture"}
