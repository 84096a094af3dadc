"""One human sentence for every kind of event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.events import event_name
from controlroom.ui.presenter.sentence import Sentence
from controlroom.ui.presenter.sentences_outside import OUTSIDE
from controlroom.ui.presenter.sentences_run import RUN
from controlroom.ui.presenter.sentences_watchers import WATCHERS
from controlroom.ui.presenter.text import Tone

if TYPE_CHECKING:
    from controlroom.run.events import Record

SENTENCES = {**RUN, **WATCHERS, **OUTSIDE}


def sentence(record: Record) -> Sentence:
    """What the journal line of `record` says; a kind from a newer engine is named as it is.

    Who did it stands at its end, unless the words name him already.
    """
    told = SENTENCES.get(type(record.event))
    if told is None:
        return Sentence("EVENT", Tone.QUIET, "", event_name(record.event))
    said = told(record.event)
    named = {word.strip(",:;") for word in said.text.split()}
    return said if record.actor == "engine" or record.actor in named else said._replace(who=record.actor)
