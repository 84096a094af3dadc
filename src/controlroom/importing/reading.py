"""From a document's text to a draft: which chapter is about what, and what nobody understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from controlroom.importing.checklist import read_checklist
from controlroom.importing.draft import Draft, Remark
from controlroom.importing.failures import read_failures
from controlroom.importing.monitoring import read_watch
from controlroom.importing.pages import chapters
from controlroom.importing.paths import path_comment
from controlroom.importing.planning import read_planning
from controlroom.importing.runbook import read_list, read_table
from controlroom.importing.vocabulary import Topic, language, slug, topic

if TYPE_CHECKING:
    from controlroom.importing.pages import Chapter

_PARTS = re.compile(r"\s+[—–|-]\s+|:\s+")
_ORDER = (Topic.RUNBOOK, Topic.PLANNING, Topic.SMOKE, Topic.FAILURE, Topic.WATCH)
"""Services first: what comes later names them."""


def read_document(text: str) -> tuple[Draft, list[Remark]]:
    """The draft of a document, and every piece of text that nothing was made of, in its order."""
    found = chapters(text)
    title = next((chapter.title.text for chapter in found if chapter.level == 1), "") or found[0].title.text
    draft = Draft(language(text), title or "Go-live", _plan_id(title))
    sorted_by_topic = _by_topic(found)
    for about in _ORDER:
        for chapter in sorted_by_topic[about]:
            _read(about, chapter, draft)
    _mind_paths(draft)
    unread = [
        Remark(words.line, words.text)
        for chapter in found
        for words in chapter.all_words()
        if words.text and not words.used
    ]
    return draft, sorted(unread, key=lambda remark: remark.line)


def _mind_paths(draft: Draft) -> None:
    commands = [(service.line, act.command) for service in draft.services for act in service.acts]
    commands += [(service.line, service.verification.command) for service in draft.services]
    commands += [(item.line, item.command) for item in draft.smoke]
    for line, command in commands:
        if comment := path_comment(command):
            draft.remark(line, comment)


def _plan_id(title: str) -> str:
    """Of `Plan de Go-Live — S5 Hardening` what it is about: `s5-hardening`."""
    return slug(_PARTS.split(title)[-1]) or slug(title) or "go-live"


def _by_topic(found: list[Chapter]) -> dict[Topic, list[Chapter]]:
    """Chapters by what they are about; one that does not say is about what the chapter around it is about."""
    sorted_by_topic: dict[Topic, list[Chapter]] = {about: [] for about in Topic}
    around: dict[int, Topic | None] = {}
    for chapter in found:
        own = topic(chapter.title.text) if chapter.level > 1 else None
        inherited = next((around[level] for level in range(chapter.level - 1, 0, -1) if around.get(level)), None)
        about = own or inherited or _by_looks(chapter)
        around = {level: known for level, known in around.items() if level < chapter.level} | {chapter.level: about}
        if about is not None:
            sorted_by_topic[about].append(chapter)
    return sorted_by_topic


def _by_looks(chapter: Chapter) -> Topic | None:
    """A list of boxes is a checklist whatever its heading says."""
    return Topic.SMOKE if any(words.ticked is not None for words in chapter.words) else None


def _read(about: Topic, chapter: Chapter, draft: Draft) -> None:
    if about is Topic.RUNBOOK:
        tables = [grid for grid in chapter.grids if read_table(grid, draft)]
        if not tables:
            read_list(chapter, draft)
    elif about is Topic.PLANNING:
        read_planning(chapter, draft)
    elif about is Topic.SMOKE:
        read_checklist(chapter, draft)
    elif about is Topic.FAILURE:
        read_failures(chapter, draft)
    else:
        read_watch(chapter, draft)
