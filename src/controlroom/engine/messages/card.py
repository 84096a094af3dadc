"""The one message that stands for a run and is updated in place: where everything is right now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.engine.messages import phrases as say
from controlroom.engine.messages.figures import because, gate_of, hold_reason, lasting, marked, voice_of
from controlroom.run.gates import DONE, waiting_gate
from controlroom.run.notices import Notice, NoticeKind
from controlroom.run.phases import Phase, ServiceState, SmokeState, Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.run.state import RunState, ServiceStatus, VerdictStatus

CARD = "run"
"""The key of the card."""

_SIGNS = {
    ServiceState.WAITING: "·",
    ServiceState.DEPLOYING: "▶",
    ServiceState.VERIFYING: "▶",
    ServiceState.LIVE: "✔",
    ServiceState.FAILED: "✖",
    ServiceState.UNKNOWN: "?",
    ServiceState.ROLLING_BACK: "◀",
    ServiceState.ROLLED_BACK: "↩",
    ServiceState.ROLLBACK_FAILED: "✖",
    ServiceState.SKIPPED: "-",
}
_TESTED = frozenset({Phase.SMOKE, Phase.OPENING, Phase.WATCHING})


def card(state: RunState) -> Notice:
    """The run at a glance."""
    return Notice(
        kind=NoticeKind.CARD,
        key=CARD,
        run=state.run,
        at=state.at,
        headline=marked(state, state.outline.title),
        lines=tuple(_lines(state)),
        over=state.phase.terminal,
    )


def _lines(state: RunState) -> Iterator[str]:
    yield _standing(state)
    for service in state.services.values():
        yield _service(state, service)
    yield from waiting(state)
    yield from _tests(state)
    yield from _watch(state)
    yield from _verdict(state)


def _standing(state: RunState) -> str:
    voice = voice_of(state)
    text = voice.say(
        say.STANDING,
        environment=state.outline.environment,
        phase=voice.say(say.PHASES[state.phase]),
        done=sum(service.state in DONE for service in state.services.values()),
        total=len(state.services),
    )
    if state.lease is None or state.phase.terminal:
        return text
    return f"{text} · {voice.say(say.DRIVES, operator=state.lease.operator)}"


def _service(state: RunState, service: ServiceStatus) -> str:
    voice, active = voice_of(state), state.active
    text = f"{_SIGNS[service.state]} {service.name}: {service.origin or '?'} → {service.target}"
    if active is not None and active.service == service.id:
        return f"{text}, {voice.say(say.DOING[active.step])}"
    known = say.STATES.get(service.state.value)
    return f"{text}, {voice.say(known)}" if known is not None else text


def waiting(state: RunState) -> Iterator[str]:
    """What holds the run or what it waits for, and how many alarms stand."""
    voice = voice_of(state)
    if state.phase.terminal:
        return
    if state.holds:
        yield voice.say(say.ON_HOLD, reasons="; ".join(hold_reason(state, h.reason, h.by) for h in state.holds))
    elif (gate := waiting_gate(state)) is not None:
        yield voice.say(say.WAITS, gate=gate_of(state, gate))
    standing = sum(not alarm.cleared for alarm in state.alarms.values())
    if standing:
        yield voice.say(say.ALARMS, count=standing)


def _tests(state: RunState) -> Iterator[str]:
    voice, items = voice_of(state), list(state.smoke.values())
    if items and (state.phase in _TESTED or any(item.runs for item in items)):
        failed = sum(item.state is SmokeState.FAIL for item in items)
        flaky = sum(item.state is SmokeState.FLAKY for item in items)
        passed = flaky + sum(item.state is SmokeState.PASS for item in items)
        text = voice.say(say.SMOKE_COUNT, passed=passed, total=len(items))
        text += voice.say(say.SMOKE_FLAKY, flaky=flaky) if flaky else ""
        yield text + (voice.say(say.SMOKE_FAILED, failed=failed) if failed else "")
    if state.traffic is not Traffic.NONE:
        yield voice.say(say.TRAFFIC, state=voice.say(say.TRAFFIC_STATES[state.traffic]))


def _watch(state: RunState) -> Iterator[str]:
    watch, outline = state.watch, state.outline.watch
    if watch is None or outline is None:
        return
    voice, count = voice_of(state), len(state.incidents)
    # Whole hours of a long watch: a message that changes every few minutes is noise.
    step_s = 3600.0 if outline.for_s > 2 * 3600.0 else 60.0
    watched_s = watch.elapsed_s // step_s * step_s
    incidents = voice.say(say.INCIDENTS, count=count) if count else voice.say(say.NO_INCIDENT)
    yield voice.say(
        say.WATCH, watched=lasting(state, watched_s), whole=lasting(state, outline.for_s), incidents=incidents
    )


def _verdict(state: RunState) -> Iterator[str]:
    if state.verdict is not None:
        yield verdict_text(state, state.verdict)


def verdict_text(state: RunState, verdict: VerdictStatus) -> str:
    """What the go-live came to."""
    voice = voice_of(state)
    return voice.say(say.VERDICT, verdict=because(voice.say(say.PHASES[verdict.phase]), voice.engine(verdict.why)))
