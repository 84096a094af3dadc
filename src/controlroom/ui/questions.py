"""What is asked before an action, by its id. Loaded when the first question is put: a screen starts without them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from controlroom.run.phases import SmokeState
from controlroom.ui import prompts, prompts_back, prompts_lease, prompts_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controlroom.ui.presenter.prompt import Prompt
    from controlroom.ui.situation import Situation

QUESTIONS: Mapping[str, Callable[[Situation], Prompt | None]] = {
    "advance": prompts.advance,
    "resume": prompts.resume,
    "rollback": prompts_back.roll_back,
    "rollback_all": prompts_back.roll_back_all,
    "failure": prompts_back.failure_menu,
    "abort": prompts_back.abort,
    "smoke_pass": partial(prompts_marks.mark, to=SmokeState.PASS),
    "smoke_fail": partial(prompts_marks.mark, to=SmokeState.FAIL),
    "smoke_block": partial(prompts_marks.mark, to=SmokeState.BLOCKED),
    "smoke_note": prompts_marks.with_note,
    "smoke_na": prompts_marks.not_applicable,
    "smoke_run": prompts_marks.run,
    "smoke_undo": prompts_marks.undo,
    "note": prompts.note,
    "lease": prompts_lease.lease,
    "close_traffic": prompts.close_traffic,
    "close": prompts.close_run,
}
"""None from one of them: there is nothing to ask now, and the action's own command goes ahead."""
