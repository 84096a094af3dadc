"""The language of a plan: picks phrases, and puts the engine's own short sentences into it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from controlroom.run.spanish import SPANISH, in_language

_DECIMALS: Final = (
    (r"(?<=\d)\.(?=\d+(?: \S+)? [<>≤≥])|(?<=[<>≤≥] )(\d+)\.(?=\d)", r"\1,"),
    (r"\b(\d+)\.(\d+)(?=%)", r"\1,\2"),
)
"""Points that are decimal commas: in comparisons and percentages, and not in versions."""

_COMPILED: Final = tuple((re.compile(pattern), comma) for pattern, comma in _DECIMALS)


class Phrase(NamedTuple):
    """One thing to say, in every language; the names in braces are filled in."""

    en: str
    es: str


class Voice(NamedTuple):
    """Speaks one language."""

    language: str

    def say(self, phrase: Phrase, **values: object) -> str:
        """`phrase` with its names filled in."""
        template = phrase.es if self.language == SPANISH else phrase.en
        return template.format(**values)

    def engine(self, text: str) -> str:
        """A sentence of the engine, as far as it is made of known parts."""
        if self.language == SPANISH:
            for pattern, comma in _COMPILED:
                text = pattern.sub(comma, text)
        return in_language(text, self.language)
