"""How a rollback begins: the request, the hold, and the incident that it is while watching; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.verdicts import incident
from controlroom.run import events as ev
from controlroom.run.rollback import running

if TYPE_CHECKING:
    from controlroom.run.events import Event
    from controlroom.run.rollback import RollbackPlan
    from controlroom.run.state import RunState


def begun(
    state: RunState, plan: RollbackPlan, *, why: str, by: str, everything: bool = False, with_database: bool = False
) -> list[Event]:
    """The events with which `plan` begins, together with what is going back already."""
    if (now := running(state)) is not None:
        everything, with_database = everything or now.everything, with_database or now.with_database
    listed = ", ".join(plan.services) or "nothing, since the database stays as it is"
    requested = ev.RollbackRequested(
        services=plan.services, everything=everything, with_database=with_database, why=why
    )
    held = ev.HoldPlaced(reason="rollback", by=by, note=f"{listed}: {why}")
    first = plan.services[0] if plan.services else ""
    return [requested, held, *incident(state, "rollback", f"rollback of {listed}: {why}", first)]
