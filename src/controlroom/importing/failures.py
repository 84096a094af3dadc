"""Conditions of failure and what is done about them: guards, the traffic gate, rollback, stabilizing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from controlroom.importing import vocabulary as said
from controlroom.importing.draft import DraftGuard
from controlroom.importing.figures import duration_in, limit_in
from controlroom.importing.planning import read_channel
from controlroom.importing.vocabulary import Topic, first, fold

if TYPE_CHECKING:
    from controlroom.importing.draft import Draft
    from controlroom.importing.pages import Chapter, Grid, Words

_PARTS = re.compile(r"\s*(?:→|=>|->|:)\s*|,\s+(?:then|entonces)\s+")


def read_failures(chapter: Chapter, draft: Draft) -> None:
    """The chapter's tables of conditions, then what its items and sentences say."""
    for grid in chapter.grids:
        _read_table(grid, draft)
    for words in chapter.words:
        if not words.used:
            _read_sentence(words, draft)


def _read_table(grid: Grid, draft: Draft) -> None:
    columns: dict[str, int] = {}
    for role, pattern in said.FAILURE_COLUMNS.items():
        for place, head in enumerate(grid.head):
            if role not in columns and place not in columns.values() and pattern.search(fold(head.text)):
                columns[role] = place
    for row in grid.rows:
        cells = {role: row[place] for role, place in columns.items() if place < len(row)}
        condition, action = cells.get("condition"), cells.get("action")
        if condition is not None and condition.text:
            told = action.text if action is not None else ""
            understood = _read_condition(draft, condition, told)
            condition.used = understood
            if action is not None:
                action.used = understood
                read_channel(action, draft)
        elif action is not None and action.text:
            action.used = _read_step(action, draft)
        steps = cells.get("steps")
        if steps is not None and steps.text:
            steps.used = _read_step(steps, draft)


def _read_sentence(words: Words, draft: Draft) -> None:
    """`If the error rate of any API stays above 2 % for 10 minutes: hold and tell #releases`."""
    text = words.text
    limit = limit_in(text)
    about_smoke = said.TOPICS[Topic.SMOKE].search(fold(text))
    if limit is not None or about_smoke:
        words.used = _read_condition(draft, words, text)
        read_channel(words, draft)
    else:
        words.used = _read_step(words, draft)


def _read_condition(draft: Draft, condition: Words, action: str) -> bool:
    """A guard, or the traffic gate; whether the condition was understood."""
    text = condition.text
    named = [(metric, limit_in(text, said.UNITS[metric])) for metric in first(said.METRICS, text)]
    metric, limit = next(((metric, limit) for metric, limit in named if limit), ("", None))
    if limit is not None:
        lasting = duration_in(text, limit.end)
        if lasting is None:
            draft.remark(condition.line, "nothing says how long this must last: 5m is assumed")
        folded = fold(text)
        service = draft.service_named_in(folded)
        draft.guards.append(
            DraftGuard(
                title=_PARTS.split(text)[0].strip().removesuffix(".").strip(),
                line=condition.line,
                metric=metric,
                amount=limit.amount,
                below=limit.below,
                lasting=lasting or "5m",
                reactions=_reactions(fold(action)),
                apis_only=bool(said.EVERY_API.search(folded)),
                services=[service] if service else [],
            )
        )
        return True
    if said.TOPICS[Topic.SMOKE].search(fold(text)):
        draft.traffic_gate = True
        if not said.NO_TRAFFIC.search(fold(action)):
            draft.remark(
                condition.line, "a failed smoke test keeps public traffic out; the document says nothing of it"
            )
        return True
    return False


def _reactions(action: str) -> list[str]:
    """`hold` is always one: a breach that changes nothing would be no guard."""
    told = ["notify"] if said.TELL.search(action) or not action else []
    rolls = said.BACK.search(action) and said.BY_ITSELF.search(action)
    return ["hold", *told, "rollback" if rolls else "propose_rollback"]


def _read_step(words: Words, draft: Draft) -> bool:
    """A step of the way back, where a plan has a word for it."""
    folded = fold(words.text)
    if said.UNDO_MIGRATIONS.search(folded):
        draft.inverse_migrations = True
        return True
    if said.STABLE.search(folded):
        draft.stabilize = True
        return True
    return bool(said.BACK.search(folded)) and len(folded.split()) <= 14  # noqa: PLR2004 - a step, not a paragraph
