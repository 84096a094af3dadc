"""How far the run is, and whether what is left fits into the window (S19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controlroom.run.phases import Phase, ServiceState
from controlroom.ui.presenter.figures import epoch

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View

_DONE = {ServiceState.LIVE, ServiceState.SKIPPED}
_ALMOST = 0.95
"""A step that outlasts its estimate never counts as done before it is."""


class Fit(NamedTuple):
    """Plan seconds to spare (negative: too long) until the window closes, with a full rollback counted in."""

    spare_s: float


def step_elapsed(view: View) -> float:
    """Plan seconds since the service under way began; 0.0 when none is."""
    active = view.state.active
    if active is None:
        return 0.0
    service = view.state.services[active.service]
    return view.since(epoch(service.started or active.started))


def fraction(view: View) -> float | None:
    """The share of the present phase that is done, by estimate; None where there is nothing to measure."""
    state = view.state
    if state.phase is Phase.SMOKE and state.smoke:
        settled = sum(i.state.stands for i in state.smoke.values())
        return settled / len(state.smoke)
    if state.phase is Phase.WATCHING and state.watch is not None and state.outline.watch is not None:
        return min(1.0, view.since(epoch(state.watch.started)) / max(1.0, state.outline.watch.for_s))
    if state.phase not in {Phase.READY, Phase.DEPLOYING} or state.rollback is not None:
        return None
    total = sum(s.estimate_s for s in state.outline.services) or 1.0
    done = sum(s.estimate_s for s in state.outline.services if state.services[s.id].state in _DONE)
    active = state.active
    if active is not None:
        estimate = state.outline.service(active.service).estimate_s
        done += min(step_elapsed(view), estimate * _ALMOST)
    return min(1.0, done / total)


def fits(view: View) -> Fit | None:
    """What is left to deploy plus taking all of it back, against the end of the window; None without a window."""
    state = view.state
    window = state.outline.window
    if window is None or state.phase not in {Phase.READY, Phase.DEPLOYING}:
        return None
    left = 0.0
    for outline in state.outline.services:
        service = state.services[outline.id]
        if service.state not in _DONE:
            running = state.active is not None and state.active.service == outline.id
            left += max(0.0, outline.estimate_s - (step_elapsed(view) if running else 0.0))
        left += outline.rollback_estimate_s
    return Fit(spare_s=epoch(window.closes) - view.wall - left)
