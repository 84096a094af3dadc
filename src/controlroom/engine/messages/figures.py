"""Numbers and names in messages: durations, versions, lists, and the mark of a rehearsal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.messages import phrases as say
from controlroom.engine.messages.voice import Voice
from controlroom.run.closing import span
from controlroom.run.fold_sequence import TRAFFIC_GATE
from controlroom.run.spanish import SPANISH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controlroom.run.state import RunState


def voice_of(state: RunState) -> Voice:
    """The plan's language."""
    return Voice(state.outline.language)


def marked(state: RunState, text: str) -> str:
    """`text` as a headline; of a rehearsal it always says so (S30)."""
    return voice_of(state).say(say.REHEARSAL) + text if state.outline.rehearsal else text


def lasting(state: RunState, seconds: float) -> str:
    """`48 h`, `1,5 h`, `30 s`."""
    text = span(seconds)
    return text.replace(".", ",") if state.outline.language == SPANISH else text


def percent(state: RunState, share: float) -> str:
    """`93.1 %`; never rounded up to the whole, which it would not be."""
    text = f"{int(share * 1000) / 10:.1f}".removesuffix(".0")
    return (text.replace(".", ",") if state.outline.language == SPANISH else text) + " %"


def name_of(state: RunState, service: str) -> str:
    """The plan's own name of a service."""
    return state.services[service].name if service in state.services else service


def names_of(state: RunState, services: Iterable[str]) -> str:
    """The names of several services."""
    return ", ".join(name_of(state, service) for service in services)


def gate_of(state: RunState, gate: str) -> str:
    """What waits at a gate."""
    return voice_of(state).say(say.TRAFFIC_GATE) if gate == TRAFFIC_GATE else name_of(state, gate)


def because(text: str, note: str) -> str:
    """`text: note`, without the colon where there is no note."""
    return f"{text}: {note}" if note else text


def hold_reason(state: RunState, reason: str, by: str = "") -> str:
    """Why the run is held, in words."""
    kind, _, subject = reason.partition(":")
    if kind not in say.HOLDS:
        return reason
    title = next((guard.title for guard in state.outline.guards if guard.id == subject), subject)
    text = voice_of(state).say(say.HOLDS[kind], title=title, name=name_of(state, subject))
    return f"{text} ({by})" if by and kind == "operator" else text
