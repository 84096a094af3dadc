"""Planning of rollbacks (S13-S17): which services go back, in which order; pure, for engine and screen alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from controlroom.run.phases import ServiceState

if TYPE_CHECKING:
    from controlroom.run.outline import ServiceOutline
    from controlroom.run.state import RollbackStatus, RunState, ServiceStatus


class RollbackPlan(Struct, frozen=True, kw_only=True):
    """`services` in the order in which they go back; `refused` is why nothing may be done, `nothing` why nothing is.

    `stays` has a sentence for each service that cannot go back, or must not because one that cannot needs it.
    """

    services: tuple[str, ...] = ()
    refused: str = ""
    nothing: str = ""
    stays: tuple[str, ...] = ()


def is_deployed(service: ServiceStatus) -> bool:
    """Whether something of `service` may have changed in this run and has not been taken back, or came back."""
    return service.touched


def plan_service(state: RunState, service_id: str, *, cascade: bool) -> RollbackPlan:
    """Take one service back, by default after everything that depends on it."""
    service = state.services[service_id]
    if service.state is ServiceState.ROLLED_BACK and not service.touched:
        return RollbackPlan(nothing=f"{service_id} is rolled back already: {service.live or service.origin} is live")
    if service_id in _under_way(state):
        return RollbackPlan(nothing=f"{service_id} is being rolled back already")
    if not is_deployed(service):
        return RollbackPlan(nothing=f"{service_id} was not deployed in this run: nothing to roll back")
    chosen = {service_id}
    if cascade:
        chosen.update(staying(state, service_id))
    return _ordered(state, chosen)


def plan_everything(state: RunState, *, with_database: bool) -> RollbackPlan:
    """Take back whatever was deployed, in reverse order; databases last, and only on request.

    What was taken back one by one leaves nothing to do but to end the run as rolled back: no services, and no reason.
    One service that cannot go back does not keep the others from it, but for those that it needs.
    """
    chosen = {
        s.id for s in state.outline.services if is_deployed(state.services[s.id]) and (with_database or not s.database)
    }
    if not any(s.attempt or is_deployed(s) for s in state.services.values()):
        return RollbackPlan(nothing="nothing was deployed in this run: nothing to roll back")
    if not chosen and state.stabilize is not None and state.stabilize.everything:
        return RollbackPlan(nothing="everything is rolled back already, and watched until it is stable")
    stays = _staying_put(state, chosen)
    if stays and not chosen - stays.keys():
        return RollbackPlan(refused="; ".join(stays.values()))
    return replace(_ordered(state, chosen - stays.keys()), stays=tuple(stays.values()))


def why_none(state: RunState) -> str:
    """Why a rollback of everything that may be asked for has no service to take back."""
    untaken = any(is_deployed(service) for service in state.services.values())
    return "nothing, since the database stays as it is" if untaken else "nothing more: all of it is back already"


def left_behind(state: RunState) -> list[str]:
    """What a rollback of everything left on its new version; databases go back only on request, and are not meant."""
    return [s.id for s in state.outline.services if not s.database and is_deployed(state.services[s.id])]


def _staying_put(state: RunState, chosen: set[str]) -> dict[str, str]:
    """Of `chosen`, what has no way back and what that needs, with the reason; a database without one is refused."""
    found: dict[str, str] = {}
    needed: dict[str, str] = {}
    for service in reversed(state.outline.services):
        why = "" if service.database else _no_way_back(state, service)
        if service.id not in chosen or not (why or service.id in needed):
            continue
        found[service.id] = why or f"{service.id} stays: {needed[service.id]} needs it"
        needed.update(dict.fromkeys(service.needs, service.id))
    return found


def _no_way_back(state: RunState, service: ServiceOutline) -> str:
    if service.irreversible:
        return f"{service.id} cannot be rolled back: {service.irreversible}"
    if not state.services[service.id].origin:
        return f"{service.id}: the version before the run is not known"
    return ""


def staying(state: RunState, service_id: str) -> list[str]:
    """What depends on the service and would be left on a version that it may not run with."""
    return [other for other in state.outline.dependents(service_id) if is_deployed(state.services[other])]


def running(state: RunState) -> RollbackStatus | None:
    """The rollback under way, which a new request adds to; one that stopped at a failure is replaced."""
    return state.rollback if state.rollback is not None and not state.rollback.stopped else None


def _under_way(state: RunState) -> set[str]:
    """What is going back already."""
    now = running(state)
    return set(now.queue) if now is not None else set()


def _ordered(state: RunState, chosen: set[str]) -> RollbackPlan:
    chosen |= _under_way(state)
    backwards = [s for s in reversed(state.outline.services) if s.id in chosen]
    for service in backwards:
        if why := _no_way_back(state, service):
            return RollbackPlan(refused=why)
    services = [s.id for s in backwards if not s.database] + [s.id for s in backwards if s.database]
    return RollbackPlan(services=tuple(services))
