"""Log entries as evidence: one line each, in the order time, level, message, fit to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from controlroom.adapters.secrets import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controlroom.adapters.secrets import Vault

MOST_LINES: Final = 5
LONGEST_LINE: Final = 300
_LEVELS: Final = ("log.level", "level", "severity", "severity_text")
_MESSAGES: Final = ("message", "msg", "error.message", "log", "event.original", "body")


def evidence(vault: Vault, lines: Sequence[str]) -> tuple[str, ...]:
    """The first few of `lines`, redacted, neutralised and bounded."""
    return tuple(cut(vault.hidden(line), LONGEST_LINE) for line in lines[:MOST_LINES])


def line_of(entry: Mapping[str, Any], time_field: str) -> str:
    """A structured log entry as one line; one without any message is shown as it is."""
    message = _first(entry, _MESSAGES)
    if not message:
        return msgspec.json.encode(entry).decode()
    parts = (_first(entry, (time_field,)), _first(entry, _LEVELS), _first(entry, ("service.name", "service")), message)
    return " ".join(part for part in parts if part)


def _first(entry: Mapping[str, Any], names: Sequence[str]) -> str:
    for name in names:
        value = entry[name] if name in entry else _inside(entry, name)
        if isinstance(value, str | int | float) and str(value):
            return str(value)
    return ""


def _inside(entry: Mapping[str, Any], name: str) -> Any:
    """What `log.level` names, where it is an object in an object."""
    found: Any = entry
    for part in name.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found
