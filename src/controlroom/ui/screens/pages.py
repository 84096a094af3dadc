"""The pages that only show: help, a service's detail, what a checklist item saw, and what preflight found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui import keymap
from controlroom.ui.presenter.detail import detail_rows
from controlroom.ui.presenter.evidence import evidence_rows
from controlroom.ui.presenter.helping import Entry, help_rows
from controlroom.ui.presenter.preflight import preflight_heading, preflight_rows
from controlroom.ui.presenter.text import Line, Span, Tone, clean
from controlroom.ui.screens.pager import Pager
from controlroom.ui.situation import Situation

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View


class HelpPage(Pager):
    """Every key, from the one registry."""

    def __init__(self, at: Situation) -> None:
        super().__init__("?")
        self._at = at

    def heading(self, view: View) -> Line:
        """The title."""
        rule = "" if view.read_only else "   keys that act ask first, or say: at once"
        return (Span("Keys", Tone.STRONG), Span(rule, Tone.QUIET))

    def rows(self, view: View, width: int) -> list[Line]:
        """Every action, with its reason if it cannot be taken now."""
        at = Situation(view=view, service=self._at.service, item=self._at.item, pane=self._at.pane)
        entries = [
            Entry(" ".join(a.keys), a.label, a.tooltip, keymap.group_of(a), a.disabled_reason(at))
            for a in keymap.available(read_only=view.read_only)
        ]
        return help_rows(sorted(entries, key=lambda e: keymap.GROUPS.index(e.group)), width)


class EvidencePage(Pager):
    """All that one item of the checklist saw."""

    def __init__(self, item: str) -> None:
        super().__init__("v")
        self._item = item

    def heading(self, view: View) -> Line:
        """The title."""
        return (Span(clean(view.state.smoke[self._item].title), Tone.STRONG), Span(f"   {self._item}", Tone.QUIET))

    def rows(self, view: View, width: int) -> list[Line]:
        """Its evidence."""
        return evidence_rows(view, self._item, width)


class DetailPage(Pager):
    """All about one service."""

    def __init__(self, service: str) -> None:
        super().__init__("enter")
        self._service = service

    def heading(self, view: View) -> Line:
        """The title."""
        name = clean(view.state.services[self._service].name)
        return (Span(name, Tone.STRONG), Span(f"   {self._service}", Tone.QUIET))

    def rows(self, view: View, width: int) -> list[Line]:
        """Its detail."""
        return detail_rows(view, self._service, width)


class PreflightPage(Pager):
    """All that was looked at before the first gate."""

    def __init__(self) -> None:
        super().__init__("i")

    def heading(self, view: View) -> Line:
        """The title."""
        return preflight_heading(view)

    def rows(self, view: View, width: int) -> list[Line]:
        """The table."""
        return preflight_rows(view, width)
