"""Which gate waits, and what is under way, read from the state alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.fold_sequence import TRAFFIC_GATE
from controlroom.run.phases import Phase, ServiceState, SmokeState, Traffic

if TYPE_CHECKING:
    from controlroom.run.state import RunState, ServiceStatus, SmokeStatus

DONE = frozenset({ServiceState.LIVE, ServiceState.SKIPPED})
AT_GATE = frozenset({ServiceState.WAITING, ServiceState.ROLLED_BACK})
IN_TROUBLE = frozenset({ServiceState.FAILED, ServiceState.UNKNOWN, ServiceState.ROLLBACK_FAILED})
_STANDS_BEFORE = {
    Phase.SMOKE: frozenset({Traffic.CLOSED, Traffic.UNKNOWN, Traffic.NONE, Traffic.OPEN}),
    Phase.WATCHING: frozenset({Traffic.CLOSED, Traffic.UNKNOWN}),
}
"""By phase, the positions of the switch at which the traffic gate waits: before the watch a human lets it begin."""


def next_service(state: RunState) -> ServiceStatus | None:
    """The first service in the sequence that is neither live nor skipped."""
    for outline in state.outline.services:
        service = state.services[outline.id]
        if service.state not in DONE:
            return service
    return None


def open_smoke(state: RunState) -> list[SmokeStatus]:
    """The mandatory items that do not stand."""
    return [item for item in state.smoke.values() if item.mandatory and not item.state.stands]


def failed_smoke(state: RunState) -> list[SmokeStatus]:
    """The mandatory items that failed."""
    return [item for item in open_smoke(state) if item.state is SmokeState.FAIL]


def waiting_gate(state: RunState) -> str | None:
    """The gate that waits for the operator: a service id, `traffic`, or None."""
    if state.phase.terminal or state.active is not None or state.rollback is not None:
        return None
    service = next_service(state)
    if service is not None:
        stands = service.state in AT_GATE and not service.cleared and service.pending is None
        return service.id if stands else None
    if state.traffic_cleared or state.closure or state.traffic not in _STANDS_BEFORE.get(state.phase, ()):
        return None
    return None if open_smoke(state) else TRAFFIC_GATE


def gate_revision(state: RunState, gate: str) -> int:
    """The revision that a command on `gate` is checked against (S18)."""
    return state.revision if gate == TRAFFIC_GATE else state.services[gate].revision


def is_meant(name: str, operator: str) -> bool:
    """Whether `name` means `operator`: the whole of it, or the label that tells people of one account apart (S25)."""
    return name in {operator, operator.partition(" (")[0]}
