"""What is written down when a step or a checklist item ends, alarms included; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.rules_checklist import smoke_alarm
from controlroom.engine.sequence import everything_but, rolled_back
from controlroom.run import events as ev
from controlroom.run.phases import BACKWARDS, OutcomeStatus, Phase, SmokeState, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.events import Event
    from controlroom.run.state import RunState


def step_finished(state: RunState, finished: ev.StepFinished) -> Sequence[Event]:
    """The end of a step, and the alarm that goes with a bad one."""
    events: list[Event] = [finished]
    if finished.status is OutcomeStatus.PASSED:
        return events
    backwards = finished.step in BACKWARDS
    queued = state.rollback is not None and finished.service in state.rollback.queue
    if not backwards and (queued or state.aborting):
        return events
    service = state.outline.service(finished.service)
    name = service.name
    if backwards:
        text, suggest = f"ROLLBACK FAILED {name}: {finished.detail}", "retry, mark done, or abort"
    else:
        word = finished.status.value.replace("_", " ")
        text = f"{name}: {finished.step.value} {word}: {finished.detail}"
        skip, back = "" if service.required else "skip, ", "" if service.irreversible else "roll back, "
        suggest = f"retry, verify again, mark done, {skip}{back}abort"
    alarm = ev.AlarmRaised(alarm=f"step:{finished.service}", text=text, service=finished.service, suggest=suggest)
    return [*events, alarm]


def smoke_finished(state: RunState, finished: ev.SmokeFinished) -> Sequence[Event]:
    """The result of an automatic item, and the alarm of a mandatory one that failed."""
    item = state.smoke[finished.item]
    if finished.state is SmokeState.FAIL and item.mandatory and item.state is SmokeState.RUNNING:
        return [finished, smoke_alarm(state, item, finished.note)]
    return [finished]


def stabilize_finished(state: RunState, finished: ev.StabilizeFinished) -> Sequence[Event]:
    """The end of stabilize: a rollback of everything ends the run, a bad end holds it with an alarm (S16)."""
    everything = state.stabilize is not None and state.stabilize.everything
    listed = ", ".join(finished.services)
    why = finished.why
    if finished.verdict is Verdict.PASS:
        if not everything:
            return [finished]
        return [finished, *rolled_back(state, f"{everything_but(state)} and stable", listed)]
    events: list[Event] = [
        finished,
        ev.HoldPlaced(reason="stabilize", by="engine", note=f"{listed}: {why}"),
        ev.AlarmRaised(alarm="stabilize", text=f"not stable after the rollback of {listed}: {why}"),
    ]
    if everything:
        verdict = ev.VerdictReached(phase=Phase.ROLLED_BACK, why=f"{everything_but(state)}, not stable: {why}")
        events.append(verdict)
    return events
