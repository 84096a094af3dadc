"""A monkey at the keyboard while the run goes on and the window is resized: the screen survives, and asks first."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.ui.moments import EVERY
from tests.ui.session import NAMED, session

from controlroom.run import commands as cmd
from controlroom.run import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.ui.session import Session
    from tests.ui.story import Story

KEYS = [*"abcdefghijklmnopqrstuvwxyzRLTCx!?/12", *sorted(NAMED), "ctrl+p", "ctrl+g", "ctrl+u"]
KEYS.remove("q")
HARMLESS = (cmd.Hold, cmd.Acknowledge, cmd.MarkSmoke, cmd.RunSmoke, cmd.UndoSmoke, cmd.Note, cmd.TakeLease)
"""What a monkey may do: hold, marks that can be taken back, and words."""


@pytest.mark.parametrize("moment", EVERY, ids=lambda m: m.__name__)
async def test_random_keys_sizes_and_events_never_break_it(
    moment: Callable[[], Story], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No exception, whatever comes in whatever order; and nothing is deployed, rolled back or ended by accident."""
    monkeypatch.chdir(tmp_path)
    random = Random(moment.__name__)  # noqa: S311 - the same monkey every time
    async with session(moment()) as s:
        for _ in range(160):
            await act(s, random)
            assert s.app.failure is None
            assert s.app.is_running
        dangerous = [command for command in s.given if not isinstance(command, HARMLESS)]
        assert dangerous == []
        _ = s.picture


async def act(s: Session, random: Random) -> None:
    """One thing that happens to a screen."""
    match random.randrange(12):
        case 0:
            await s.resize(random.randrange(1, 200), random.randrange(1, 60))
        case 1:
            await s.wait(random.choice([0.05, 0.5, 1.0, 31.0]))
        case 2:
            await s.tell(ev.NoteAdded(text="something"), actor="ben")
        case 3:
            await s.tell(ev.AlarmRaised(alarm=random.choice("abc"), text="look", service=random.choice(["auth", ""])))
        case 4:
            s.story.wait(random.uniform(0, 5)).chart(2)
            s.link.say(s.story.snapshot())
        case 5:
            await s.paste("auth\n")
        case 6:
            s.link.status = random.choice(["LIVE", "LIVE", "STALE", "LOST"])
        case _:
            await s.key(random.choice(KEYS))
            await s.wait(random.choice([0.01, 0.2, 0.6]))
