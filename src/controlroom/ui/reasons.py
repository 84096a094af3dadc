"""Why an action cannot be taken now: one function an action, each with a sentence for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.closing import why_open
from controlroom.run.fold_sequence import TRAFFIC_GATE
from controlroom.run.gates import IN_TROUBLE, open_smoke, waiting_gate
from controlroom.run.phases import Phase, SmokeState, Traffic
from controlroom.run.rollback import plan_everything, plan_service
from controlroom.ui.presenter.figures import epoch
from controlroom.ui.presenter.words import SMOKE

if TYPE_CHECKING:
    from controlroom.run.state import AlarmStatus
    from controlroom.ui.presenter.view import View
    from controlroom.ui.situation import Situation


def advance(at: Situation) -> str:
    """There must be a gate, and no hold."""
    state = at.view.state
    gate = waiting_gate(state)
    if gate is None:
        if state.active is not None:
            return f"no gate waits: {state.active.service} is under way"
        if state.rollback is not None:
            return "no gate waits: a roll-back is under way"
        waiting = open_smoke(state)
        if state.phase is Phase.SMOKE and waiting:
            return f"traffic waits for {len(waiting)} mandatory smoke tests"
        return "no gate waits now"
    if state.held:
        return "held: resume first (u)"
    if gate == TRAFFIC_GATE and open_smoke(state):
        return "mandatory smoke tests are not passed"
    return ""


def resume(at: Situation) -> str:
    """Something must be held."""
    return "" if at.view.state.held else "nothing is held"


def rollback(at: Situation) -> str:
    """There must be something of the selected service to take back, and a way."""
    if at.service not in at.view.state.services:
        return "no service is selected"
    plan = plan_service(at.view.state, at.service, cascade=False)
    return plan.refused or plan.nothing


def rollback_all(at: Situation) -> str:
    """Something must have been deployed, and there must be a way back at least without the database."""
    plan = plan_everything(at.view.state, with_database=False)
    return plan.refused or plan.nothing


def failure(at: Situation) -> str:
    """The selected service must be in trouble, or rolled back and to be deployed again."""
    status = at.view.state.services.get(at.service)
    if status is None:
        return "no service is selected"
    if status.state in IN_TROUBLE or by_hand(at.view, at.service):
        return ""
    return f"{at.service} is {status.state.value.replace('_', ' ')}: nothing has failed there"


def by_hand(view: View, service: str) -> bool:
    """Whether `service` waits for something that the operator does himself."""
    active = view.state.active
    return active is not None and active.service == service and active.kind == "manual" and active.in_action


def oldest_alarm(at: Situation) -> AlarmStatus | None:
    """The alarm that the next acknowledgement is for."""
    waiting = [a for a in at.view.state.alarms.values() if not a.acknowledged_by]
    return min(waiting, key=lambda a: a.since, default=None)


def acknowledge(at: Situation) -> str:
    """There must be an alarm that nobody has acknowledged."""
    return "" if oldest_alarm(at) else "no alarm waits"


def mark(at: Situation, to: SmokeState) -> str:
    """A checklist item must be selected that does not stand there already: a second mark would spoil the undo."""
    status = at.view.state.smoke.get(at.item)
    if status is None:
        return "no item is selected"
    return f"{at.item} is {SMOKE[to].word} already" if status.state is to else ""


def any_item(at: Situation) -> str:
    """A checklist item must be selected."""
    return "" if at.item in at.view.state.smoke else "no item is selected"


def runnable_item(at: Situation) -> str:
    """The item must be automatic and not running."""
    status = at.view.state.smoke.get(at.item)
    if status is None:
        return "no item is selected"
    if status.kind == "manual":
        return "this item is done by hand: y pass, n fail"
    return "it is running" if status.state is SmokeState.RUNNING else ""


def undo(at: Situation) -> str:
    """There must be something to take back."""
    status = at.view.state.smoke.get(at.item)
    if status is None:
        return "no item is selected"
    return "" if status.previous is not None else "nothing to undo here"


def close_traffic(at: Situation) -> str:
    """Traffic must be open."""
    state = at.view.state
    return (
        "" if state.traffic in {Traffic.OPEN, Traffic.OPENING, Traffic.UNKNOWN} else f"traffic is {state.traffic.value}"
    )


def close(at: Situation) -> str:
    """The run must have its verdict, or be watched for long enough and well enough."""
    watch = at.view.state.watch
    return why_open(at.view.state, at.view.since(epoch(watch.started)) if watch else 0.0)
