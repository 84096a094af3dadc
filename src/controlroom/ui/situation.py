"""Where the operator stands when a key is pressed: the run at this moment, and what is selected."""

from __future__ import annotations

from msgspec import Struct

from controlroom.ui.presenter.layout import SEQUENCE
from controlroom.ui.presenter.view import Freshness, View


class Situation(Struct, frozen=True, kw_only=True):
    """The moment, the selected service and checklist item, and the pane that has the focus."""

    view: View
    service: str = ""
    item: str = ""
    pane: str = SEQUENCE

    @property
    def barred(self) -> str:
        """Why this operator may ask nothing of the run at all; empty if he may."""
        view = self.view
        if view.read_only:
            return "this is a read-only screen"
        if not view.may_drive:
            return f"{view.operator or 'you'} may watch, not drive"
        return "the run is over" if view.state.phase.terminal else ""

    @property
    def lost(self) -> bool:
        """Whether nobody hears what is asked now."""
        return self.view.link.freshness is Freshness.LOST

    @property
    def cannot_drive(self) -> str:
        """Why this operator may give no command now; empty if he may."""
        lease = self.view.state.lease
        if self.barred or self.view.drives or lease is None:
            return self.barred
        return f"{lease.operator} drives: take the lease first (L)"
