"""The title of the lower pane at 80x24, where one of three panes has room: all three are named, with what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui.presenter.layout import CHECKLIST, JOURNAL, TRENDS
from controlroom.ui.presenter.tally import passed
from controlroom.ui.presenter.text import Line, Span, Tone

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View


def tab_title(shown: str, view: View) -> Line:
    """`Health │ Smoke 1/5 │ Journal`, the one shown in bold."""
    words = {TRENDS: "Health", CHECKLIST: f"Smoke {passed(view.state)}/{len(view.state.smoke)}", JOURNAL: "Journal"}
    spans: list[Span] = []
    for name, word in words.items():
        if spans:
            spans.append(Span(" │ ", Tone.FRAME))
        spans.append(Span(word, Tone.STRONG if name == shown else Tone.QUIET))
    return tuple(spans)
