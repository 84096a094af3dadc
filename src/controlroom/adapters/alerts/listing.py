"""What every alert source has in common: one GET that lists what is open, read in the vendor's own shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from controlroom.adapters.secrets import cut
from controlroom.adapters.trouble import NoAnswer
from controlroom.run.outside import Alert, Alerts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from controlroom.adapters.json_api import JsonApi
    from controlroom.adapters.secrets import Vault
    from controlroom.run.phases import Severity

T = TypeVar("T")

MOST_LISTED: Final = 100
"""Alerts that are asked for: the newest; more than these change no verdict."""
LONGEST_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """Implements the AlertSource port: `read` makes alerts of an answer of the vendor's `shape`."""

    api: JsonApi
    every_s: float
    path: str
    params: Mapping[str, str | Sequence[str]]
    shape: type[T]
    read: Callable[[T], list[Alert]]

    async def open(self) -> Alerts:
        """What is open now; a failure to ask is the cause."""
        try:
            found = await self.api.get(self.path, self.params, self.shape)
        except NoAnswer as exc:
            return Alerts(cause=str(exc))
        return Alerts(alerts=tuple(self.read(found)[:MOST_LISTED]))


def alert(vault: Vault, number: str, title: str, severity: Severity, *, since: str = "", link: str = "") -> Alert:
    """An alert whose words are fit to be shown: they come from outside."""
    shown = cut(vault.hidden(title), LONGEST_TITLE) or "(no title)"
    return Alert(id=vault.shown(number), title=shown, severity=severity, since=since, link=vault.shown(link))
