"""What the operator has selected: it follows the run until he moves it, and comes back with escape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.gates import IN_TROUBLE, next_service, waiting_gate
from controlroom.ui.presenter.layout import CHECKLIST, JOURNAL, PANES, SEQUENCE, TRENDS

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View


class Selection:
    """The selected service and checklist item, the focused pane, and how far the journal is scrolled back."""

    def __init__(self) -> None:
        self.service = ""
        self.item = ""
        self.pane = SEQUENCE
        self.lower = TRENDS
        self.back = 0
        self._moved = False

    def follow(self, view: View) -> None:
        """Keep the selection valid; where the operator has not chosen, let it follow the run."""
        state = view.state
        if not self._moved or self.service not in state.services:
            self.service = _where_it_happens(view)
        if self.item not in state.smoke:
            self.item = next(iter(state.smoke), "")

    def focus(self, pane: str) -> None:
        """Give `pane` the focus."""
        self.pane = pane
        if pane != SEQUENCE:
            self.lower = pane

    def move(self, what: str, view: View, page: int) -> None:
        """A move of the registry, within the focused pane; `page` is its height in rows."""
        if what == "back":
            self.focus(SEQUENCE)
            self._moved, self.back = False, 0
            self.follow(view)
        elif what in {"next_pane", "previous_pane"}:
            step = 1 if what == "next_pane" else -1
            self.focus(PANES[(PANES.index(self.pane) + step) % len(PANES)])
        elif self.pane == JOURNAL:
            self._scroll(what, view, page)
        else:
            self._step(what, view, page)

    def _step(self, what: str, view: View, page: int) -> None:
        checklist = self.pane == CHECKLIST
        names = list(view.state.smoke if checklist else view.state.services)
        if not names:
            return
        here = names.index(self.item if checklist else self.service)
        to = {
            "down": here + 1,
            "up": here - 1,
            "page_down": here + page,
            "page_up": here - page,
            "first": 0,
            "last": len(names) - 1,
        }[what]
        name = names[min(max(to, 0), len(names) - 1)]
        if checklist:
            self.item = name
        else:
            self.service, self._moved = name, True

    def _scroll(self, what: str, view: View, page: int) -> None:
        most = len(view.records)
        to = {
            "down": self.back - 1,
            "up": self.back + 1,
            "page_down": self.back - page,
            "page_up": self.back + page,
            "first": most,
            "last": 0,
        }[what]
        self.back = min(max(to, 0), most)


def _where_it_happens(view: View) -> str:
    """The service in trouble, else the one under way, else the one at its gate, else the next, else the last."""
    state = view.state
    trouble = _where_it_hurts(view)
    if trouble:
        return trouble
    if state.active is not None:
        return state.active.service
    gate = waiting_gate(state)
    if gate in state.services:
        return str(gate)
    coming = next_service(state)
    if coming is not None:
        return coming.id
    return next(reversed(state.services), "")


def _where_it_hurts(view: View) -> str:
    """A failed service, then one with a standing alarm, then one whose breach is growing; empty if all is well."""
    state = view.state
    failed = [s.id for s in state.services.values() if s.state in IN_TROUBLE]
    alarmed = [a.service for a in state.alarms.values() if a.service in state.services and not a.cleared]
    growing = [g.service for g in state.guards.values() if g.breach_s > 0]
    return next(iter([*failed, *alarmed, *growing]), "")
