"""The clockwork of the guards: how long a breach has lasted, when it fires, and what no data does to it (S1-S7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from controlroom.engine.figures import clock
from controlroom.run.events import GuardChanged, GuardRecovered, GuardTripped
from controlroom.run.phases import DataState, Verdict

if TYPE_CHECKING:
    from controlroom.engine.guard_rules import GuardRule
    from controlroom.run.samples import Sample
    from controlroom.run.state import GuardStatus

GuardFact = GuardChanged | GuardTripped | GuardRecovered


class GuardTimer(Struct, frozen=True, kw_only=True):
    """How a guard stands on one service after the samples so far.

    `breach_s` counts only while valid samples follow one another closely and all are in breach. `seen` is the plan time
    of the newest valid sample that this engine saw, `waiting` that of its first sample of any kind. `silence` says why
    there has been no valid sample for longer than a gap; None while there is one. `noted_s` is the part of `breach_s`
    that the journal knows of.
    """

    verdict: Verdict = Verdict.INCONCLUSIVE
    breach_s: float = 0.0
    value: float | None = None
    why: str = "no sample yet"
    breaching: bool = False
    fired: bool = False
    silence: DataState | None = None
    seen: float | None = None
    waiting: float | None = None
    noted_s: float = 0.0

    @property
    def frozen(self) -> bool:
        """True while a breach neither grows nor ends for want of valid samples."""
        return self.breaching and self.silence is not None

    @property
    def standing(self) -> bool:
        """True while this engine sees the breach of a guard that has fired."""
        return self.fired and self.breaching and self.silence is None and self.seen is not None


def restore(status: GuardStatus) -> GuardTimer:
    """The timer that an engine goes on with; the time without an engine neither counts for nor against it (S5, S7)."""
    breaching = status.fired or status.breach_s > 0
    return GuardTimer(
        verdict=status.verdict,
        breach_s=status.breach_s,
        value=status.value,
        why=status.why,
        breaching=breaching,
        fired=status.fired,
        silence=DataState.NO_DATA if status.frozen else None,
        noted_s=status.breach_s,
    )


def status_of(timer: GuardTimer, known: GuardStatus) -> GuardStatus:
    """`known`, as folded from the journal, with what has moved since the last fact."""
    return replace(
        known,
        verdict=timer.verdict,
        breach_s=timer.breach_s,
        value=timer.value,
        why=timer.why,
        frozen=timer.frozen,
        fired=timer.fired,
    )


def observe(timer: GuardTimer, sample: Sample, rule: GuardRule) -> tuple[GuardTimer, list[GuardFact]]:
    """The timer after `sample`, and what has to be written down because of it."""
    state = rule.state_of(sample)
    value = sample.value
    if value is not None and state is DataState.BREACH:
        return _breach(timer, sample.elapsed, value, rule)
    if value is not None and state is DataState.OK:
        return _within(timer, sample.elapsed, value, rule)
    return _silent(timer, sample, state, rule)


def _breach(timer: GuardTimer, elapsed: float, value: float, rule: GuardRule) -> tuple[GuardTimer, list[GuardFact]]:
    breach_s = timer.breach_s + _growth(timer, elapsed, rule)
    trips = not timer.fired and rule.is_over(breach_s)
    fired = timer.fired or trips
    after = GuardTimer(
        verdict=Verdict.FAIL if fired else Verdict.INCONCLUSIVE,
        breach_s=breach_s,
        value=value,
        why=f"{rule.service} {rule.over(value, breach_s) if fired else rule.pending(value, breach_s)}",
        breaching=True,
        fired=fired,
        seen=elapsed,
        waiting=timer.waiting,
        noted_s=timer.noted_s,
    )
    if trips:
        return replace(after, noted_s=breach_s), [_tripped(after, value, rule)]
    turned = not timer.breaching or timer.silence is not None
    if turned or rule.is_due(breach_s - timer.noted_s, fired=fired):
        return replace(after, noted_s=breach_s), [_changed(after, rule)]
    return after, []


def _growth(timer: GuardTimer, elapsed: float, rule: GuardRule) -> float:
    if not timer.breaching or timer.seen is None:
        return 0.0
    passed = elapsed - timer.seen
    return passed if 0 <= passed <= rule.gap_s else 0.0


def _within(timer: GuardTimer, elapsed: float, value: float, rule: GuardRule) -> tuple[GuardTimer, list[GuardFact]]:
    after = GuardTimer(
        verdict=Verdict.PASS,
        value=value,
        why=f"{rule.service} {rule.keeps(value)}",
        seen=elapsed,
        waiting=timer.waiting,
    )
    if timer.fired:
        return after, [GuardRecovered(guard=rule.guard, service=rule.service, value=value, why=after.why)]
    return after, [] if timer.verdict is Verdict.PASS else [_changed(after, rule)]


def _silent(timer: GuardTimer, sample: Sample, state: DataState, rule: GuardRule) -> tuple[GuardTimer, list[GuardFact]]:
    since = timer.waiting if timer.seen is None else timer.seen
    if since is None:
        return replace(timer, waiting=sample.elapsed), []
    gap_s = sample.elapsed - since
    if gap_s <= rule.gap_s:
        return timer, []
    after = replace(
        timer,
        verdict=Verdict.FAIL if timer.fired else Verdict.INCONCLUSIVE,
        why=f"{rule.service} {rule.silence(sample, state, gap_s)}; {_before(timer, rule)}",
        silence=state,
        noted_s=timer.breach_s,
    )
    return after, [] if timer.silence is state else [_changed(after, rule)]


def _before(timer: GuardTimer, rule: GuardRule) -> str:
    """What was known before the silence, with the number and the limit."""
    if timer.value is None:
        return rule.bound
    if not timer.breaching:
        return f"last {rule.keeps(timer.value)}"
    if timer.fired:
        return f"last {rule.breaks(timer.value)} for {clock(timer.breach_s)}"
    return f"{rule.breaks(timer.value)} stands at {clock(timer.breach_s)} of {clock(rule.for_s)}"


def _changed(timer: GuardTimer, rule: GuardRule) -> GuardChanged:
    return GuardChanged(
        guard=rule.guard,
        service=rule.service,
        verdict=timer.verdict,
        breach_s=timer.breach_s,
        value=timer.value,
        why=timer.why,
        frozen=timer.frozen,
    )


def _tripped(timer: GuardTimer, value: float, rule: GuardRule) -> GuardTripped:
    return GuardTripped(
        guard=rule.guard,
        service=rule.service,
        value=value,
        limit=rule.limit,
        unit=rule.unit,
        breach_s=timer.breach_s,
        why=timer.why,
    )
