"""What `wait` can wait for, read from the state alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from controlroom.errors import UsageError
from controlroom.run.fold_sequence import TRAFFIC_GATE
from controlroom.run.gates import waiting_gate
from controlroom.run.phases import Phase, ServiceState, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import StrEnum

    from controlroom.run.state import GuardStatus, RunState

    E = TypeVar("E", bound=StrEnum)

STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Condition:
    """`wanted` in words, `now` how it stands; `misfit` a sentence when the run has nothing by that name, or empty."""

    wanted: str
    holds: Callable[[RunState], bool]
    misfit: Callable[[RunState], str]
    now: Callable[[RunState], str]


def phase_is(text: str) -> Condition:
    """The run is in that phase."""
    phase = _word(text, Phase, "phase")
    return Condition(
        wanted=f"phase {phase.value}",
        holds=lambda state: state.phase is phase,
        misfit=lambda _state: "",
        now=lambda state: f"the phase is {state.phase.value}",
    )


def gate_waits(gate: str) -> Condition:
    """That gate waits for the operator."""
    return Condition(
        wanted=f"gate {gate}",
        holds=lambda state: waiting_gate(state) == gate,
        misfit=lambda state: _unknown("gate", gate, [*state.services, TRAFFIC_GATE]),
        now=lambda state: f"the gate that waits is {waiting_gate(state) or 'none'}",
    )


def service_is(text: str) -> Condition:
    """`ID=STATE`, or `ID=stable` for a rollback that was watched and held."""
    service, wanted = _pair(text, "--service auth=live")
    state_wanted = None if wanted == STABLE else _word(wanted, ServiceState, "state", STABLE)

    def holds(state: RunState) -> bool:
        found = state.services[service]
        return found.stable is True if state_wanted is None else found.state is state_wanted

    return Condition(
        wanted=f"service {service} {wanted}",
        holds=holds,
        misfit=lambda state: _unknown("service", service, state.services),
        now=lambda state: f"{service} is {state.services[service].state.value}",
    )


def guard_says(text: str) -> Condition:
    """`ID=VERDICT` of any service, or `ID/SERVICE=VERDICT`."""
    guard, wanted = _pair(text, "--guard error-rate=FAIL")
    verdict = _word(wanted.upper(), Verdict, "verdict")

    def meant(state: RunState) -> list[GuardStatus]:
        return [found for key, found in state.guards.items() if guard in {key, found.guard}]

    def known(state: RunState) -> list[str]:
        return [*dict.fromkeys(found.guard for found in state.guards.values()), *state.guards]

    return Condition(
        wanted=f"guard {guard} {verdict.value}",
        holds=lambda state: any(found.verdict is verdict for found in meant(state)),
        misfit=lambda state: _unknown("guard", guard, known(state)),
        now=lambda state: "; ".join(f"{found.service} {found.verdict.value}" for found in meant(state)),
    )


def _pair(text: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UsageError(f"{text!r} is not of the form NAME=VALUE, as in {example}")
    return name, value


def _word(text: str, kind: type[E], what: str, *others: str) -> E:
    try:
        return kind(text)
    except ValueError as exc:
        raise UsageError(f"{text!r} is no {what}; there are: {', '.join([*kind, *others])}") from exc


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    known = list(known)
    return "" if name in known else f"the run has no {what} {name!r}; it has: {', '.join(known)}"
