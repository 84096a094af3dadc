"""When it happens, who does it, and where people are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from controlroom.importing import vocabulary as said
from controlroom.importing.figures import window_in
from controlroom.importing.vocabulary import fold, slug

if TYPE_CHECKING:
    from controlroom.importing.draft import Draft
    from controlroom.importing.pages import Chapter, Words

_CHANNEL = re.compile(r"#[a-z0-9][\w-]*")
_PARTIES = re.compile(r",\s*(?![^()]*\))|\s+(?:y|and|;)\s+(?![^()]*\))|;\s*")
_ROLE = re.compile(r"(.+?)\s*\(([^()]+)\)\s*\.?")


def read_planning(chapter: Chapter, draft: Draft) -> None:
    """What the chapter's items and table rows say of window, people and channel."""
    for words in chapter.words:
        label = words.head or words.text.partition(":")[0]
        value = words.tail if words.head else words.text.partition(":")[2].strip()
        words.used = bool(value) and _read(fold(label), value, draft)
    for grid in chapter.grids:
        for row in [grid.head, *grid.rows]:
            if len(row) > 1 and row[1].text and _read(fold(row[0].text), row[1].text, draft):
                row[0].used = row[1].used = True
    for words in chapter.words:
        if not words.used and not draft.channel and said.WHERE.search(fold(words.text)):
            words.used = read_channel(words, draft)


def _read(topic: str, text: str, draft: Draft) -> bool:
    if said.WHERE.search(topic):
        match = _CHANNEL.search(text)
        draft.channel = match[0] if match else draft.channel
        return match is not None
    if said.WHEN.search(topic):
        hints = [hint for hint in (draft.window_hint, text.removesuffix(".")) if hint]
        draft.window = draft.window or window_in(text) or window_in("; ".join(hints))
        draft.window_hint = "" if draft.window else "; ".join(hints)
        return True
    if said.WHO.search(topic):
        draft.responsible |= _people(text)
        return True
    role = next((name for name, pattern in said.ROLES.items() if pattern.search(topic)), None)
    if role is None:
        return False
    draft.responsible[role] = text.removesuffix(".")
    return True


def read_channel(words: Words, draft: Draft) -> bool:
    """The first channel that is named anywhere, if none is known yet; whether there was one."""
    match = _CHANNEL.search(words.text)
    if match and not draft.channel:
        draft.channel = match[0]
    return match is not None


def _people(text: str) -> dict[str, str]:
    """Role → who, from `Equipo de DevOps (ejecución), Equipo de Desarrollo (soporte)`."""
    found: dict[str, str] = {}
    for party in _PARTIES.split(text.strip().removesuffix(".")):
        match = _ROLE.fullmatch(party.strip())
        who, role = (match[1], match[2]) if match else (party.strip(), "")
        named = next((name for name, pattern in said.ROLES.items() if pattern.search(fold(role))), slug(role))
        key = named or "responsible"
        while key in found:
            key += "-2"
        if who:
            found[key] = who
    return found
