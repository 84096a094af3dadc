"""A start that is broken off while preflight still looks: nothing of it goes on behind the operator's back."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import SMALL, small_plan, written
from tests.rehearsal.room import until

from controlroom.rehearsal.process import find_stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rehearsal.room import Front, Room

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture
def silence() -> Iterator[str]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _looks(front: Front) -> None:
    until(lambda: "observing live versions" in front.err or front.process.poll() is not None)
    assert front.process.poll() is None, front.err


def _broken_off(room: Room, front: Front, number: signal.Signals) -> None:
    _looks(front)
    engines = room.processes()
    assert len(engines) >= 2
    front.process.send_signal(number)
    front.ended(CODES[number])
    assert front.out == ""
    until(lambda: not room.processes(), 3)
    assert list(room.home.path.glob("runs/*")) == []


@pytest.mark.parametrize("number", CODES)
def test_a_production_start(room: Room, tmp_path: Path, silence: str, number: signal.Signals) -> None:
    """Ctrl-C, the end of the session and SIGTERM leave no engine that would hold the environment."""
    changes = (("https://auth.example.com", silence), ("deploy auth ${version.target}", "true"))
    plan = written(tmp_path / "silent.yaml", SMALL[: SMALL.index("rehearsal:")], *changes)
    _broken_off(room, room.start("run", str(plan), "--headless"), number)
    again = room.start("run", str(plan), "--headless")
    _looks(again)
    assert "active already" not in again.err


@pytest.mark.stage
def test_a_rehearsal(room: Room, tmp_path: Path, silence: str) -> None:
    """Its stage goes too."""
    plan = small_plan(tmp_path, ('auth: "${stage.auth.url}"', f'auth: "{silence}"'))
    _broken_off(room, room.start("rehearse", str(plan), "--headless"), signal.SIGINT)
    assert find_stage(room.home.stage) is None
