"""Numbers in sentences: limits (`> 5 %`), durations (`for 10 minutes`), spans (`24–48 hours`) and windows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from controlroom.importing.vocabulary import fold

if TYPE_CHECKING:
    from collections.abc import Collection

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_ABOVE = (
    r">=?|≥|por encima de|superior(?:es)? a|mayor(?:es)? (?:que|de|a)|(?:supera|excede)n?|mas del?|above|over|exceeds?"
    r"|greater than|more than|higher than|stays above"
)
_BELOW = r"<=?|≤|por debajo de|inferior(?:es)? a|menor(?:es)? (?:que|de|a)|menos del?|below|under|less than|lower than"
_LIMIT = re.compile(rf"(?:({_ABOVE})|({_BELOW}))\s*(?:el |la |the )?{_NUMBER}\s*(%|ms\b|s\b|segundos?\b|seconds?\b)")
_TIME = re.compile(rf"{_NUMBER}\s*(?:-\s*)?(segundos?|seg|seconds?|secs?|s|minut[oe]s?|mins?|m|horas?|hours?|hrs?|h)\b")
_SPAN = re.compile(rf"{_NUMBER}\s*(?:-|–|—|a|to|y|hasta)\s*{_NUMBER}\s*(horas?|hours?|hrs?|h|dias?|days?|d)\b")
_WHOLE = re.compile(rf"{_NUMBER}\s*(?:-\s*)?(horas?|hours?|hrs?|h|dias?|days?|d)\b")
_CLOCK = r"(\d\d?:\d\d)(?!\s*[ap]\.?\s?m\b)\s*(?:h\b)?\s*"
_WINDOW = re.compile(
    rf"(\d{{4}}-\d\d-\d\d)[ t,;]*(?:from|de|desde|entre|between|at|a las)?\s*{_CLOCK}"
    r"(?:(?!(?:to|until|till|hasta|and)\b)([a-z]{2,}(?:/[a-z_]+)*))?\s*(?:\([^()]*\))?(?:[^\d()]{0,60}?[,;])?\s*"
    rf"(?:-|–|—|to|until|till|a|hasta|y|and)\s*(?:las )?(?:(\d{{4}}-\d\d-\d\d)[ t]*)?{_CLOCK}"
    r"\(?([a-z]+(?:/[a-z_]+)*)?"
)


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_YEAR_S = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """A number not to be crossed, as a plan writes it (`5%`), on which side, and where in the text it ends."""

    amount: str
    below: bool
    end: int


def limit_in(text: str, units: Collection[str] = ("%", "ms", "s")) -> Limit | None:
    """The first limit that `text` names in one of these units."""
    for match in _LIMIT.finditer(fold(text)):
        unit = match[4] if match[4] in {"%", "ms"} else "s"
        if unit in units:
            gap = "" if unit == "%" else " "
            return Limit(f"{_plain(match[3])}{gap}{unit}", below=match[2] is not None, end=match.end())
    return None


def duration_in(text: str, start: int = 0) -> str | None:
    """The first duration in `text` from `start` on, as a plan writes it: `5m`."""
    match = _TIME.search(fold(text), start)
    return _time(match[1], match[2]) if match else None


def hours_in(text: str) -> tuple[str, str] | None:
    """The least and the full time that `text` names in hours or days: (`24h`, `48h`); both the same for one number."""
    folded = fold(text)
    if match := _SPAN.search(folded):
        least, whole = sorted((match[1], match[2]), key=lambda number: float(_plain(number)))
        parts = _time(least, match[3]), _time(whole, match[3])
        return (parts[0], parts[1]) if parts[0] and parts[1] else None
    if (match := _WHOLE.search(folded)) and (whole := _time(match[1], match[2])):
        return whole, whole
    return None


def _time(number: str, word: str) -> str | None:
    """A duration as a plan writes it, if it is one: more than nothing, and no longer than a year."""
    unit = word[0]
    return f"{_plain(number)}{unit}" if 0 < float(_plain(number)) * _SECONDS[unit] <= _YEAR_S else None


def window_in(text: str) -> tuple[str, str, str] | None:
    """(opening, end, zone) of a window with a day and two times; the zone is empty where none is named."""
    match = _WINDOW.search(fold(text))
    if match is None:
        return None
    opens, closes = f"{match[1]}T{match[2]:0>5}", f"{match[4] or match[1]}T{match[5]:0>5}"
    try:
        in_order = datetime.fromisoformat(opens) < datetime.fromisoformat(closes)
    except ValueError:
        return None
    zones = {zone for group in (3, 6) if match[group] and (zone := _zone(text[match.start(group) : match.end(group)]))}
    return (opens, closes, "".join(zones)) if in_order and len(zones) <= 1 else None


def _zone(word: str) -> str:
    """The IANA zone that a word names; empty for none."""
    try:
        return ZoneInfo(word.upper() if "/" not in word else word).key
    except (ValueError, OSError, KeyError):
        return ""


def _plain(number: str) -> str:
    return re.sub(r"^0+(?=\d)", "", number.replace(",", "."))
