"""Asking a check until it has said yes often enough, or its time is out (S10)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.engine.fake_engine import START

from controlroom.adapters.clock import ManualClock
from controlroom.engine.checks import ask
from controlroom.plan.steps import Check
from controlroom.ports import Finding, Scene
from controlroom.run.pace import Pace
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from controlroom.ports import Outcome


@dataclass
class Says:
    """A check that says what a word spells: `y` yes, `n` no, `h` nothing at all; the last letter goes on."""

    answers: str
    kind: str = "run"
    label: str = "check it"
    asked: int = 0

    async def look(self, _scene: Scene) -> Finding:
        """The next letter."""
        letter = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if letter == "h":
            await asyncio.Event().wait()
        return Finding(ok=letter == "y", detail=f"answer {self.asked} is {letter}")


@dataclass
class Asked:
    """One asking, and what was said meanwhile."""

    says: Says
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    lines: list[str] = field(default_factory=list)

    async def outcome(self, seconds: float, **spec: str) -> Outcome | None:
        """What comes of it within `seconds`; None when it still asks."""
        kind = {} if "manual" in spec else {"run": "check it"}
        check = Check.model_validate({**kind, **spec})
        scene = Scene(
            run="r1",
            service="auth",
            step="verify",
            job="",
            job_folder=Path("/nowhere"),
            facts={},
            emit=self.lines.append,
            timeout_s=check.timeout,
        )
        asking = asyncio.ensure_future(ask(self.says, check, scene, clock=self.clock, pace=Pace(), cut=self.cut))
        await self.clock.advance(seconds)
        if asking.done():
            return await asking
        asking.cancel()
        return None


@pytest.mark.parametrize(
    ("answers", "consecutive", "asked"),
    [("y", "true", 3), ("nnyyy", "true", 5), ("yynyyy", "true", 6), ("yynyyy", "false", 4)],
)
async def test_yes_as_often_as_the_plan_wants(answers: str, consecutive: str, asked: int) -> None:
    """Three times, in a row unless the plan says otherwise, at the plan's beat."""
    asking = Asked(Says(answers))
    outcome = await asking.outcome(2.0 * (asked - 1), times="3", every="2s", consecutive=consecutive)
    assert outcome is not None
    assert (outcome.status, asking.says.asked) == (OutcomeStatus.PASSED, asked)
    assert outcome.detail == f"answer {asked} is y"


async def test_progress_is_told() -> None:
    """The screen sees how far it is."""
    asking = Asked(Says("yny"))
    await asking.outcome(6, times="2", every="2s")
    assert asking.lines == [
        "check it 1 of 2 · answer 1 is y",
        "check it 0 of 2 · answer 2 is n",
        "check it 1 of 2 · answer 3 is y",
    ]


@pytest.mark.parametrize(("answers", "last"), [("n", "answer 6 is n"), ("nh", "answer 1 is n"), ("h", "no answer yet")])
async def test_time_out_says_what_was_seen_last(answers: str, last: str) -> None:
    """S12: also when the check itself hangs; the answer before that is the evidence."""
    asking = Asked(Says(answers))
    assert await asking.outcome(10.9, every="2s", timeout="11s") is None
    outcome = await Asked(Says(answers)).outcome(11, every="2s", timeout="11s")
    assert outcome is not None
    assert (outcome.status, outcome.detail) == (OutcomeStatus.FAILED, f"{last} (asked for 11 s)")


async def test_a_human_says_no_once() -> None:
    """The operator's no is the end of it: nobody is asked again and again until he gives in."""
    outcome = await Asked(Says("ny", kind="manual")).outcome(0, manual="look at it", every="2s")
    assert outcome is not None
    assert (outcome.status, outcome.detail) == (OutcomeStatus.FAILED, "answer 1 is n")


async def test_cut_off_at_once() -> None:
    """S13: a rollback waits for no check, be it asked or about to be."""
    asking = Asked(Says("h"))
    asking.cut.set()
    outcome = await asking.outcome(0)
    assert outcome is not None
    assert outcome.status is OutcomeStatus.CANCELLED


async def test_a_manual_check_has_all_the_time() -> None:
    """A human may take hours."""
    asking = Asked(Says("h", kind="manual"))
    check = Check.model_validate({"manual": "look at it", "timeout": "10s"})
    scene = Scene(
        run="r1",
        service="auth",
        step="verify",
        job="",
        job_folder=Path("/nowhere"),
        facts={},
        emit=asking.lines.append,
        timeout_s=10,
    )
    waiting = asyncio.ensure_future(ask(asking.says, check, scene, clock=asking.clock, pace=Pace(), cut=asking.cut))
    await asking.clock.advance(3 * 3600)
    assert not waiting.done()
    asking.cut.set()
    await asking.clock.settle()
    assert (await waiting).status is OutcomeStatus.CANCELLED
