"""Commands on who drives: taking the lease, handing it over with a note, accepting it, keeping it (S25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.engine.answers import Decision, View, accept, refuse
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.gates import is_meant

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.state import RunState


def foreign(state: RunState, order: cmd.Order) -> Decision | None:
    """The refusal for whoever does not drive, None for what may be asked all the same.

    Whoever sees danger may hold: stopping is never the wrong operator's. To whom the lease is offered may answer.
    """
    lease, offer = state.lease, state.handover
    if lease is None or lease.operator == order.operator or isinstance(order.command, cmd.TakeLease | cmd.Hold):
        return None
    if isinstance(order.command, cmd.AcceptLease | cmd.KeepLease):
        if offer is not None and is_meant(offer.to, order.operator):
            return None
        return refuse(f"{lease.operator} drives this run, and hands it over to {offer.to if offer else 'nobody'}")
    return refuse(f"{lease.operator} drives this run; take the lease first (controlroom lease take --reason …)")


def take_lease(state: RunState, order: cmd.Order) -> ev.LeaseTaken:
    """The event by which the giver of `order` becomes the driver."""
    return ev.LeaseTaken(
        operator=order.operator,
        host=order.host,
        uid=order.uid,
        previous=state.lease.operator if state.lease else "",
        reason=order.command.reason,
    )


def _take(state: RunState, order: cmd.Order, view: View) -> Decision:
    lease, offer = state.lease, state.handover
    if lease is not None and lease.operator == order.operator:
        return accept("you drive already")
    if offer is not None and is_meant(offer.to, order.operator):
        return _accept(state, order, view)
    if lease is not None and not order.command.reason:
        return refuse(f"{lease.operator} drives this run: taking over needs a reason")
    return accept(f"{order.operator} drives now", take_lease(state, order))


def _hand_over(_state: RunState, order: cmd.Order, _view: View) -> Decision:
    command: Any = order.command
    to, note = command.to.strip(), command.reason.strip()
    if not to:
        return refuse("to whom? name an operator, as `status` or the screen shows the name")
    if is_meant(to, order.operator):
        return refuse("you drive already: name somebody else")
    if not note:
        return refuse("a hand-over needs a note: what does the next one have to know?")
    message = f"offered to {to}; you drive until it is accepted (controlroom lease accept)"
    return accept(message, ev.HandOverOffered(by=order.operator, to=to, note=note))


def _accept(state: RunState, order: cmd.Order, _view: View) -> Decision:
    offer = state.handover
    if offer is None:
        return refuse("no hand-over is offered: the driver begins one (controlroom lease give NAME --reason …)")
    if not is_meant(offer.to, order.operator):
        return refuse(f"the hand-over is offered to {offer.to}: only that operator accepts it")
    taken = ev.LeaseTaken(
        operator=order.operator,
        host=order.host,
        uid=order.uid,
        previous=state.lease.operator if state.lease else "",
        reason=offer.note,
        handed_over=True,
    )
    return accept(f"{order.operator} drives now; {offer.by} says: {offer.note}", taken)


def _keep(state: RunState, order: cmd.Order, _view: View) -> Decision:
    offer = state.handover
    if offer is None:
        return accept("no hand-over is offered")
    declined = is_meant(offer.to, order.operator)
    why = order.command.reason or ("declined" if declined else "withdrawn")
    driver = state.lease.operator if state.lease else offer.by
    return accept(f"the hand-over is off: {driver} drives on", ev.HandOverEnded(to=offer.to, why=why))


LEASE_RULES: dict[type, Callable[[RunState, cmd.Order, View], Decision]] = {
    cmd.TakeLease: _take,
    cmd.HandOver: _hand_over,
    cmd.AcceptLease: _accept,
    cmd.KeepLease: _keep,
}
