"""S24 as a whole: whatever dies, and whatever the operator does, nothing runs twice and the run gets to its end.

One short round by default; `make chaos` plays many (`make chaos ROUNDS=100 SEED=7`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.chaos import Chaos, plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

FIRST, ROUNDS = int(os.environ.get("CHAOS_SEED", "1")), int(os.environ.get("CHAOS_ROUNDS", "1"))
ACTS = 25 if "CHAOS_ROUNDS" in os.environ else 8


@pytest.mark.stage
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + ROUNDS))
def test_a_go_live_in_chaos(room: Room, tmp_path: Path, seed: int) -> None:
    """Engines, supervisors and commands are killed at random moments; the journal agrees with what the stage saw."""
    chaos = Chaos(room, seed)
    try:
        chaos.begin(plan(tmp_path))
        chaos.play(ACTS)
    except AssertionError as exc:
        exc.add_note(f"seed {seed}, in this order:\n" + "\n".join(chaos.done))
        raise
