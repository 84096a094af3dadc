"""What the run does when its driver's screen vanishes (S23); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.sequence import DEPLOYING_PHASES
from controlroom.run import events as ev

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.events import Event
    from controlroom.run.state import RunState


def screen_vanished(state: RunState, operator: str) -> Sequence[Event]:
    """Hold after the service under way, unless `operator` did not drive, the plan says continue, or it is watching."""
    if state.lease is None or state.lease.operator != operator or state.phase not in DEPLOYING_PHASES:
        return ()
    lost = ev.OperatorLost(operator=operator)
    if state.outline.on_disconnect != "hold":
        return (lost,)
    return lost, ev.HoldPlaced(reason="disconnected", by="engine", note=f"the screen of {operator} vanished")
