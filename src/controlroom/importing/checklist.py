"""The smoke tests: items with a box before them, in a list or in a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from controlroom.importing.draft import DraftSmoke
from controlroom.importing.vocabulary import fold, slug

if TYPE_CHECKING:
    from controlroom.importing.draft import Draft
    from controlroom.importing.pages import Chapter, Words

_OPTIONAL = re.compile(r"opcional|optional|nice to have")
_COMMAND = re.compile(r"[\w./-]+ \S.*")
_RELATIVE = re.compile(r"curl\b(?!.*https?://)")
_AT_DASH = re.compile(r"\s+[—–-]\s+|:\s+")


def read_checklist(chapter: Chapter, draft: Draft) -> None:
    """Every item of the chapter with a box; without any box, every item of its lists."""
    ticked = [words for words in chapter.words if words.ticked is not None]
    listed = [words for words in chapter.words if words.head or words.numbered]
    for words in ticked or listed:
        _add(draft, words)


def _add(draft: Draft, words: Words) -> None:
    text = words.take()
    title, _, rest = (words.head, "", words.tail) if words.head else _parted(text)
    title = title.strip().removesuffix(".") or rest.strip()
    if not title:
        return
    taken = {item.id for item in draft.smoke}
    item_id = slug(title) or f"item-{len(draft.smoke) + 1}"
    while item_id in taken:
        item_id = f"{item_id}-2"
    commands = [code for code in words.codes if _COMMAND.fullmatch(code) and not _RELATIVE.match(code)]
    draft.smoke.append(
        DraftSmoke(
            id=item_id,
            title=title,
            line=words.line,
            instructions=rest.strip() or title,
            command=commands[0] if commands else "",
            mandatory=not _OPTIONAL.search(fold(text)),
        )
    )


def _parted(text: str) -> tuple[str, str, str]:
    match = _AT_DASH.search(text)
    return (text[: match.start()], match[0], text[match.end() :]) if match else (text, "", "")
