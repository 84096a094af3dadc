"""Commands on the checklist, alarms and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.engine import countdown
from controlroom.engine.answers import Decision, View, accept, refuse
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import SmokeState, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.events import Event
    from controlroom.run.state import RunState, SmokeStatus


def _run_smoke(state: RunState, order: cmd.Order, _view: View) -> Decision:
    wanted: tuple[str, ...] = getattr(order.command, "items", ())
    manual = [item for item in wanted if state.smoke[item].kind == "manual"]
    if manual:
        return refuse(f"{manual[0]} is done by hand: mark it pass or fail")
    automatic = (item for item in state.smoke.values() if item.kind != "manual")
    items = wanted or tuple(i.id for i in automatic if not i.state.stands and i.state is not SmokeState.RUNNING)
    if not items:
        return accept("nothing to run")
    return accept(f"running {', '.join(items)}", ev.SmokeRequested(items=items))


def _mark_smoke(state: RunState, order: cmd.Order, _view: View) -> Decision:
    command: Any = order.command
    allowed = {SmokeState.PASS, SmokeState.FAIL, SmokeState.BLOCKED, SmokeState.NOT_APPLICABLE}
    if command.state not in allowed:
        return refuse(f"an item is marked {', '.join(sorted(s.value for s in allowed))}")
    if command.state is SmokeState.NOT_APPLICABLE and not command.reason:
        return refuse("not applicable needs a reason")
    item = state.smoke[command.item]
    events: list[Event] = [ev.SmokeMarked(item=item.id, state=command.state, note=command.reason)]
    if command.state is SmokeState.FAIL and item.mandatory:
        events.append(smoke_alarm(state, item, command.reason))
    return accept(f"{item.title}: {command.state.value}", *events)


_KEPT_OUT = {Traffic.NONE: "", Traffic.CLOSED: "traffic stays closed; ", Traffic.UNKNOWN: "look at the edge; "}
"""By where the switch stands, what becomes of the public when a mandatory item fails; otherwise it is closed."""


def smoke_alarm(state: RunState, item: SmokeStatus, note: str) -> ev.AlarmRaised:
    """The alarm of a mandatory item that failed."""
    text = f"smoke test failed: {item.title}" + (f": {note}" if note else "")
    public = _KEPT_OUT.get(state.traffic, "traffic closes; ")
    return ev.AlarmRaised(alarm=f"smoke:{item.id}", text=text, suggest=f"{public}roll back")


def _undo_smoke(state: RunState, order: cmd.Order, _view: View) -> Decision:
    item = state.smoke[getattr(order.command, "item", "")]
    if item.previous is None:
        return refuse(f"{item.title}: nothing to undo")
    back = SmokeState.TODO if item.previous is SmokeState.RUNNING else item.previous
    events: list[Event] = [ev.SmokeMarked(item=item.id, state=back, note="mark taken back", undo=True)]
    if back is SmokeState.FAIL and item.mandatory:
        events.append(smoke_alarm(state, item, "the mark that hid it was taken back"))
    return accept(f"{item.title}: back to {back.value}", *events)


def _acknowledge(state: RunState, order: cmd.Order, _view: View) -> Decision:
    command: Any = order.command
    if command.alarm not in state.alarms:
        return refuse(f"no alarm {command.alarm!r}; there are {', '.join(state.alarms) or 'none'}")
    stopped = countdown.called_off(state, order.operator, command.alarm)
    message = "acknowledged; its rollback is called off" if stopped else "acknowledged"
    return accept(message, ev.AlarmAcknowledged(alarm=command.alarm, by=order.operator), *stopped)


def _note(_state: RunState, order: cmd.Order, _view: View) -> Decision:
    if not order.command.reason.strip():
        return refuse("an empty note says nothing")
    return accept("noted", ev.NoteAdded(text=order.command.reason))


CHECKLIST_RULES: dict[type, Callable[[RunState, cmd.Order, View], Decision]] = {
    cmd.RunSmoke: _run_smoke,
    cmd.MarkSmoke: _mark_smoke,
    cmd.UndoSmoke: _undo_smoke,
    cmd.Acknowledge: _acknowledge,
    cmd.Note: _note,
}
