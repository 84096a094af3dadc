"""What a line of the journal says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controlroom.run.phases import Step

if TYPE_CHECKING:
    from controlroom.ui.presenter.text import Tone


class Sentence(NamedTuple):
    """A word and its tone, the service concerned, what happened, and who did it."""

    word: str
    tone: Tone
    service: str
    text: str
    who: str = ""


STEP_WORD: dict[Step, str] = {
    Step.DEPLOY: "deploy",
    Step.VERIFY: "verify",
    Step.ROLLBACK: "roll-back",
    Step.VERIFY_ROLLBACK: "verify the old version",
}
"""A step inside a sentence."""
