"""What follows from what the watchers saw: holds, alarms, incidents; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine import countdown
from controlroom.engine.verdicts import breach
from controlroom.run import events as ev
from controlroom.run.closing import span

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from controlroom.engine.blindness import Blind
    from controlroom.engine.guards import GuardFact
    from controlroom.run.events import Event
    from controlroom.run.state import RunState


def of_guard(state: RunState, fact: GuardFact) -> Sequence[Event]:
    """A guard's fact with its hold, its alarm and, while watching, its incident (S2, S7)."""
    alarm = f"guard:{fact.guard}/{fact.service}"
    if isinstance(fact, ev.GuardRecovered):
        over = countdown.recovered(state, fact.guard, fact.service)
        return [fact, *over, ev.AlarmCleared(alarm=alarm)] if alarm in state.alarms else [fact, *over]
    if isinstance(fact, ev.GuardChanged):
        return [fact]
    outline = next(guard for guard in state.outline.guards if guard.id == fact.guard)
    name = state.services[fact.service].name
    offers = {"propose_rollback", "rollback"} & set(outline.on_breach)
    counting = countdown.started(state, fact.guard, fact.service)
    suggest = f"roll back {fact.service}" if offers else "look, then resume"
    if counting:
        suggest = f"rolls back {fact.service} in {span(outline.countdown_s)}: hold or acknowledge to call it off"
    raised = ev.AlarmRaised(alarm=alarm, text=f"{name}: {fact.why}", service=fact.service, suggest=suggest)
    events: list[Event] = [fact, raised, *counting]
    if set(outline.on_breach) != {"notify"}:
        firing = [g.why for g in state.guards.values() if g.guard == fact.guard and g.fired]
        note = "; ".join([*firing, fact.why])
        events.append(ev.HoldPlaced(reason=f"guard:{fact.guard}", by=f"guard:{fact.guard}", note=note))
    return [*events, *breach(state, fact.guard, fact.why, fact.service)]


def of_blindness(state: RunState, blind: Sequence[Blind], unseen: Collection[str] = ()) -> Sequence[Event]:
    """Hold and notify for each service that went dark, never roll back; clear what sees again (S5).

    `unseen` are services of which this engine has seen nothing yet: they are neither dark nor in sight.
    """
    events: list[Event] = []
    dark = {one.service: one for one in blind}
    for service, one in dark.items():
        alarm = state.alarms.get(f"blind:{service}")
        if alarm is not None and not alarm.cleared:
            continue
        name = state.services[service].name
        text = f"{name}: NO DATA: {one.why}"
        raised = ev.AlarmRaised(alarm=f"blind:{service}", text=text, service=service, suggest="see why, then resume")
        events.append(raised)
        events.append(ev.HoldPlaced(reason=f"no-data:{service}", by="engine", note=one.why))
    for alarm in state.alarms.values():
        kind, _, service = alarm.id.partition(":")
        if kind == "blind" and service not in dark and service not in unseen and not alarm.cleared:
            events.append(ev.AlarmCleared(alarm=alarm.id))
    return events
