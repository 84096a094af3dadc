"""Random series of breach, calm, gaps and too little traffic: the guard against a slow and obvious reading of S1-S7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.guard_oracle import FOR_S, GAP_S, firing, kind_of, lasted
from tests.unit.measurements import RULE, outline, sample

from controlroom.engine.guards import GuardTimer, observe, restore
from controlroom.run import events as ev
from controlroom.run.chain import GENESIS
from controlroom.run.fold import fold
from controlroom.run.phases import Traffic, Verdict

if TYPE_CHECKING:
    from controlroom.run.samples import Sample
    from controlroom.run.state import RunState


kinds: st.SearchStrategy[float | str] = st.sampled_from([6.2, 6.2, 6.2, 6.2, 6.2, 6.2, 1.0, "none", "idle", "few"])
runs = st.tuples(kinds, st.integers(1, 90))
steps = st.sampled_from([5, 5, 5, 5, 5, 4, 6, 10, 12, 13, 25, 400])


@st.composite
def series(draw: st.DrawFn) -> list[Sample]:
    """Stretches of one kind of sample, mostly on time, in whole seconds, so that an oracle can add up exactly."""
    samples: list[Sample] = []
    elapsed = 0
    for kind, count in draw(st.lists(runs, min_size=1, max_size=8)):
        steady = draw(st.booleans())
        for _ in range(count):
            elapsed += 5 if steady else draw(steps)
            samples.append(sample(float(elapsed), kind))
    return samples


def observed(samples: list[Sample]) -> tuple[GuardTimer, list[float]]:
    """The guard's own word on the same series."""
    timer, fired = GuardTimer(), []
    for one in samples:
        timer, facts = observe(timer, one, RULE)
        fired += [one.elapsed for fact in facts if isinstance(fact, ev.GuardTripped)]
    return timer, fired


@settings(deadline=None)
@given(series())
def test_it_fires_when_it_must_and_only_then(samples: list[Sample]) -> None:
    """S1, S4, S5: never early, never missed, once an episode."""
    assert observed(samples)[1] == firing(samples)


@settings(deadline=None)
@given(series())
def test_it_never_fires_without_that_much_breach(samples: list[Sample]) -> None:
    """S1: before each firing lies more than `for` of time, from a sample in breach, without a calm one between."""
    for at in observed(samples)[1]:
        calm = max((s.elapsed for s in samples if kind_of(s) == "calm" and s.elapsed < at), default=-1.0)
        first = min(s.elapsed for s in samples if kind_of(s) == "breach" and s.elapsed > calm)
        assert at - first > FOR_S


@settings(deadline=None)
@given(series())
def test_no_data_never_reads_as_healthy(samples: list[Sample]) -> None:
    """S5: PASS stands only on a calm sample that is the newest valid one and no older than a gap."""
    timer = GuardTimer()
    newest: Sample | None = None
    for one in samples:
        timer, _ = observe(timer, one, RULE)
        newest = one if one.value is not None else newest
        if timer.verdict is Verdict.PASS:
            assert newest is not None
            assert kind_of(newest) == "calm"
            assert one.elapsed - newest.elapsed <= GAP_S


@settings(deadline=None)
@given(series(), st.integers(0, 200), st.integers(0, 100_000))
def test_a_restart_anywhere_adds_nothing_and_loses_little(samples: list[Sample], cut: int, downtime: int) -> None:
    """S7: the journal is enough to go on from: never early, and late by less than a checkpoint and a sample."""
    place = min(cut, len(samples))
    timer, state = GuardTimer(), begun()
    for one in samples[:place]:
        timer, facts = observe(timer, one, RULE)
        for fact in facts:
            state = happened(state, fact)
    known = state.guards["error-rate/orders"]
    assert known.fired == timer.fired
    assert 0 <= timer.breach_s - known.breach_s < (RULE.renew_s if timer.fired else RULE.checkpoint_s)
    timer = restore(known)
    for later in range(place, len(samples)):
        one = samples[later]
        timer, facts = observe(timer, replace(one, elapsed=one.elapsed + downtime), RULE)
        if any(isinstance(fact, ev.GuardTripped) for fact in facts):
            assert lasted(samples, later) > FOR_S
        if kind_of(one) == "breach" and lasted(samples, later) > FOR_S + RULE.checkpoint_s + GAP_S:
            assert timer.fired


@settings(deadline=None)
@given(series())
def test_the_fold_of_the_facts_tells_the_same(samples: list[Sample]) -> None:
    """What the journal says of the guard is what the guard says, but for the seconds since the last checkpoint."""
    timer, state = GuardTimer(), begun()
    for one in samples:
        timer, facts = observe(timer, one, RULE)
        for fact in facts:
            state = happened(state, fact)
        known = state.guards["error-rate/orders"]
        assert (known.fired, known.verdict) == (timer.fired, timer.verdict)
        assert known.frozen == timer.frozen


def begun() -> RunState:
    """A run that has just begun."""
    created = ev.RunCreated(outline=outline(), plan_sha256="", plan_path="", versions={}, traffic=Traffic.CLOSED)
    return fold(None, record(1, created))


def happened(state: RunState, fact: ev.Event) -> RunState:
    """The state after one more fact."""
    return fold(state, record(state.seq + 1, fact))


def record(seq: int, event: ev.Event) -> ev.Record:
    """A record of the journal."""
    return ev.Record(
        seq=seq,
        at="2026-12-01T03:00:00Z",
        run="r",
        actor="engine",
        host="h",
        cause="",
        event=event,
        prev=GENESIS,
        hash="",
    )
