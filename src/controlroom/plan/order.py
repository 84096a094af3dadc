"""The order of services: by what they need, and among equals as the file has them."""

from controlroom.plan.model import Plan
from controlroom.plan.service import Service


def sequence(plan: Plan) -> tuple[Service, ...]:
    """Every service after all that it needs; of several that could be next, the first in the file.

    ValueError for a cycle, which a loaded plan does not have.
    """
    waiting = list(plan.services)
    done: dict[str, Service] = {}
    while waiting:
        ready = next((service for service in waiting if all(need in done for need in service.needs)), None)
        if ready is None:
            raise ValueError(f"these services need each other: {', '.join(service.id for service in waiting)}")
        done[ready.id] = ready
        waiting.remove(ready)
    return tuple(done.values())


def dependents(plan: Plan, service_id: str) -> tuple[Service, ...]:
    """The services that need this one, directly or through others, in the order of the sequence."""
    below = {service_id}
    found = []
    for service in sequence(plan):
        if below.intersection(service.needs):
            below.add(service.id)
            found.append(service)
    return tuple(found)
