"""The time after go-live: for how long, which indicators, which tools, and what counts as success."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from controlroom.importing import vocabulary as said
from controlroom.importing.draft import DraftWatch
from controlroom.importing.figures import hours_in
from controlroom.importing.vocabulary import first, fold

if TYPE_CHECKING:
    from controlroom.importing.draft import Draft
    from controlroom.importing.pages import Chapter


_SENTENCES = re.compile(r"(?<=[.!?])\s+")


def read_watch(chapter: Chapter, draft: Draft) -> None:
    """What the chapter says of the watch, sentence by sentence."""
    watch = draft.watch or DraftWatch(chapter.title.line)
    for words in chapter.all_words():
        text = words.text
        success = next((part for part in _SENTENCES.split(text) if said.SUCCESS.search(fold(part))), "")
        hours = hours_in(text)
        if success and not watch.success:
            watch.success = success.removesuffix(".")
            words.used = True
        if hours and not watch.whole:
            watch.at_least, watch.whole = hours
            words.used = True
        for table, known in (
            (said.METRICS, watch.indicators),
            (said.METRIC_TOOLS, watch.metric_tools),
            (said.LOG_TOOLS, watch.log_tools),
            (said.ALERT_TOOLS, watch.alert_tools),
        ):
            named = first(table, text)
            known += [name for name in named if name not in known]
            words.used = words.used or bool(named)
    if watch.whole or watch.log_tools or watch.alert_tools or watch.indicators:
        draft.watch = watch
        for other in watch.metric_tools[1:]:
            draft.remark(watch.line, f"{other} is named as well: every metric is asked from {watch.metric_tools[0]}")
