"""What a new engine writes down about things that the one before left in the air (S24); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.switch import finished
from controlroom.run import events as ev
from controlroom.run.phases import SmokeState, Traffic

if TYPE_CHECKING:
    from controlroom.run.events import Event
    from controlroom.run.state import RunState


def interrupted(state: RunState, traffic: Traffic) -> list[Event]:
    """Events for checklist items and a traffic move that were under way; `traffic` is what the edge says now.

    Items go back to do: running them again is theirs by design. A step under way is not settled here: its job is
    adopted first.
    """
    events: list[Event] = [
        ev.SmokeMarked(item=item.id, state=SmokeState.TODO, note="interrupted: the engine stopped")
        for item in state.smoke.values()
        if item.state is SmokeState.RUNNING
    ]
    if state.traffic in {Traffic.OPENING, Traffic.CLOSING}:
        wanted = Traffic.OPEN if state.traffic is Traffic.OPENING else Traffic.CLOSED
        detail = "interrupted: the engine stopped"
        events += finished(state, wanted, traffic, detail, ok=traffic is wanted)
    return events
