"""The wall clock jumps by an hour: no timer moves (S9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.watched_engine import WatchedEngine

HOUR_S = 3600.0


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
async def test_a_guard_fires_when_it_would_have(watched: WatchedEngine, step_s: float) -> None:
    """S9: neither earlier nor later by more than the one sample that a step may cost."""
    await watched.breach("orders", seconds=150)
    watched.clock.step_wall(step_s)
    await watched.wait(151)
    assert watched.trips() == []
    await watched.wait(15)
    assert watched.trips() == ["orders"]
    assert [reason for reason in watched.holds if reason.startswith("no-data")] == []


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
async def test_stabilize_takes_its_time(watched: WatchedEngine, step_s: float) -> None:
    """S9/S16: five quiet minutes stay five minutes."""
    await watched.advance("database", "auth", "orders")
    await watched.roll_back("orders")
    await watched.wait(150)
    watched.clock.step_wall(step_s)
    await watched.wait(130)
    assert watched.service("orders").stable is None
    await watched.wait(40)
    assert watched.service("orders").stable is True


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
async def test_no_step_times_out(watched: WatchedEngine, step_s: float) -> None:
    """S9: timeouts of actions are real seconds on the monotonic clock."""
    await watched.advance("database")
    watched.world.script["auth", "deploy"] = ["hang"]
    await watched.advance("auth")
    watched.clock.step_wall(step_s)
    await watched.wait(580)
    assert watched.state.active is not None
    await watched.wait(20)
    assert watched.state.active is None
