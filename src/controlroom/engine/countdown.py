"""Guards that roll back by themselves: a countdown that operators can call off, driven from the folded state."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from controlroom.engine.rollback import begun
from controlroom.run import events as ev
from controlroom.run.rollback import plan_service
from controlroom.run.state import guard_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controlroom.engine.steps import Tools
    from controlroom.run.events import Event
    from controlroom.run.outside import CountdownStatus
    from controlroom.run.state import RunState

ROLLBACK = "rollback"
"""What a guard's `on_breach` says when it acts without being asked."""


def started(state: RunState, guard: str, service: str) -> list[Event]:
    """The countdown of a guard that fires, if it acts by itself and there is something to take back.

    A breach that was there before the run and was accepted is not the release's fault: then only people roll back.
    """
    outline = next(one for one in state.outline.guards if one.id == guard)
    if ROLLBACK not in outline.on_breach or state.accepted_breach or state.aborting:
        return []
    if not plan_service(state, service, cascade=True).services:
        return []
    return [ev.CountdownStarted(guard=guard, service=service, for_s=outline.countdown_s)]


def recovered(state: RunState, guard: str, service: str) -> list[Event]:
    """The end of a countdown whose metric came back within its limit."""
    if guard_key(guard, service) not in state.countdowns:
        return []
    return [ev.CountdownCancelled(guard=guard, service=service, why="the metric came back within its limit")]


def called_off(state: RunState, by: str, alarm: str = "") -> list[Event]:
    """The end of every countdown (with `alarm`, of that guard's) because an operator held the run or acknowledged."""
    return [
        ev.CountdownCancelled(guard=one.guard, service=one.service, why=f"called off by {by}")
        for key, one in state.countdowns.items()
        if alarm in {"", f"guard:{key}"}
    ]


def due(state: RunState, countdown: CountdownStatus) -> list[Event]:
    """The rollback that a countdown comes to, in the newest state: what was called off meanwhile stays called off."""
    guard, service = countdown.guard, countdown.service
    key = guard_key(guard, service)
    if state.countdowns.get(key) != countdown or state.phase.terminal or state.aborting:
        return []
    plan = plan_service(state, service, cascade=True)
    if not plan.services:
        return [ev.CountdownCancelled(guard=guard, service=service, why=plan.refused or plan.nothing)]
    return begun(state, plan, why=state.guards[key].why, by=f"guard:{guard}")


class Countdowns:
    """Follows the countdowns that the state says are running; `breaching` tells whether a breach is seen right now.

    The time without an engine does not count: a new one begins the countdown anew, so that nothing is rolled back
    before anybody could see it coming. Without fresh data nothing is rolled back either (S5).
    """

    def __init__(self, tools: Tools, elapsed: Callable[[], float], breaching: Callable[[str], bool]) -> None:
        self._tools = tools
        self._elapsed = elapsed
        self._breaching = breaching
        self._since: dict[CountdownStatus, float] = {}
        self._earlier = set(tools.ledger.state.countdowns.values())
        """Begun by an engine before this one; told by their identity, since the wall clock may have stepped between."""

    async def tick(self) -> None:
        """Begin anew what an earlier engine began, and roll back what is due."""
        for key, countdown in self._tools.ledger.state.countdowns.items():
            if countdown in self._earlier:
                await self._tools.ledger.commit(partial(_anew, countdown=countdown))
                continue
            since = self._since.setdefault(countdown, self._elapsed())
            if self._elapsed() - since >= countdown.for_s and self._breaching(key):
                await self._tools.ledger.commit(partial(due, countdown=countdown), actor=f"guard:{countdown.guard}")


def _anew(state: RunState, countdown: CountdownStatus) -> Sequence[Event]:
    if state.countdowns.get(guard_key(countdown.guard, countdown.service)) != countdown or state.phase.terminal:
        return ()
    return (ev.CountdownStarted(guard=countdown.guard, service=countdown.service, for_s=countdown.for_s),)
