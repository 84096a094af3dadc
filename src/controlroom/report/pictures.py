"""Pictures of pages that checks and smoke tests took: those that are small are put into the report itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from controlroom.report.blocks import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controlroom.report.blocks import Block, Document
    from controlroom.run.fact import Evidence

MOST_EACH: Final = 512 * 1024
MOST_ALL: Final = 8 * 1024 * 1024
"""Bytes, so that a report can still be sent by mail."""


def pictures_of(evidence: Iterable[Evidence], caption: str) -> list[Picture]:
    """The pictures among the evidence of one thing."""
    return [Picture(path=piece.picture, caption=caption) for piece in evidence if piece.picture]


def pictured(document: Document, read: Callable[[str, int], bytes]) -> Document:
    """The document with the contents of its pictures; `read` gives those of a file that is at most so many bytes."""
    left = MOST_ALL

    def filled(block: Block) -> Block:
        nonlocal left
        if not isinstance(block, Picture):
            return block
        content = read(block.path, min(left, MOST_EACH))
        left -= len(content)
        return replace(block, content=content)

    sections = (replace(section, blocks=tuple(map(filled, section.blocks))) for section in document.sections)
    return replace(document, sections=tuple(sections))
