"""The user's go-live on the real stage, driven by keys alone in tmux: to its end, and back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.terminal.tmux_room import rehearsal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.stage,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


def test_a_go_live_by_keys_alone(tmp_path: Path) -> None:
    """Five services, the checklist, traffic, the whole watch; the program ends with 0."""
    with rehearsal(tmp_path, "--speed", "3000") as room:
        for number in range(1, 6):
            room.sees(f"next: gate {number}")
            room.answer("a", f"ADVANCE to {number}", str(number))
        room.sees("SMOKE TESTS")
        room.press("c")
        for _ in range(5):
            room.press("Enter", "Down")
        room.sees("5 of 5 passed", "next: gate traffic")
        room.answer("a", "OPEN TRAFFIC", "traffic")
        room.sees("WATCHING")
        room.sees("RUN ENDED  SUCCEEDED", within=120)
        room.press("q")
        assert room.exit_code() == 0


def test_a_breach_is_seen_and_rolled_back_by_keys_alone(tmp_path: Path) -> None:
    """The guard fires, the alarm stands, `r` takes orders back; the run stays held and can be steered."""
    with rehearsal(tmp_path, "--speed", "60", "--fault", "orders:errors=8%", size=(120, 36)) as room:
        for number in range(1, 5):
            room.sees(f"next: gate {number}")
            room.answer("a", f"ADVANCE to {number}", str(number))
        room.sees("▲ ALARM", "■ HELD", within=90)
        room.answer("r", "ROLL BACK orders", "orders")
        room.sees("◁ 4 API de Pedidos", within=90)
        room.press("!")
        room.answer("R", "ROLL BACK EVERYTHING", "rehearsal", "enough for tonight")
        room.sees("RUN ENDED  ROLLED BACK", within=120)
        room.press("q")
        assert room.exit_code() == 3
