"""What a decision on a command looks at, and what it comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field

from controlroom.run.events import Event

if TYPE_CHECKING:
    from controlroom.run.state import RunState


class View(Struct, frozen=True, kw_only=True):
    """What a decision may know beyond the state.

    `numbers` are those on screen by service, `shut` the services whose gate is shut for want of data, with the reason;
    `watched_s` how many plan seconds the watch has run, and `covered` the shares of them with data.
    """

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    numbers: dict[str, str] = field(default_factory=dict)
    shut: dict[str, str] = field(default_factory=dict)
    watched_s: float = 0.0
    covered: dict[str, float] = field(default_factory=dict)


class Decision(Struct, frozen=True, kw_only=True):
    """The answer to a command and the events that follow from it; a refusal has none."""

    ok: bool
    message: str
    events: tuple[Event, ...] = ()


def accept(message: str, *events: Event) -> Decision:
    """The command is carried out."""
    return Decision(ok=True, message=message, events=events)


def refuse(message: str) -> Decision:
    """The command is not carried out, and why."""
    return Decision(ok=False, message=message)


def held_by(state: RunState) -> str:
    """The reasons that hold the run, for a sentence."""
    return ", ".join(h.reason for h in state.holds)
