"""What comes next, and what follows from a state alone (S10-S14, S19-S22)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.unit.run_states import OUTLINE, Told, names

from controlroom.engine.sequence import MoveTraffic, RunStep, bookkeeping, cancels, next_move, next_smoke
from controlroom.run import events as ev
from controlroom.run.gates import gate_revision, waiting_gate
from controlroom.run.outline import GuardOutline, SmokeOutline, WatchOutline, WindowOutline
from controlroom.run.phases import OutcomeStatus, Phase, SmokeState, Step, Traffic

if TYPE_CHECKING:
    from controlroom.run.state import RunState

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
GUARD = GuardOutline(id="g", title="g", metric="error_rate", services=("auth",), limit=5, unit="%", for_s=300)
TRIPPED = ev.GuardTripped(guard="g", service="auth", value=8.0, limit=5, unit="%", breach_s=301, why="auth 8 % > 5 %")


def all_live(told: Told, phase: Phase = Phase.SMOKE) -> RunState:
    """Everything deployed, in `phase`."""
    told.live("db", "auth", "orders")
    return told.tell(ev.PhaseChanged(phase=phase))


def smoke_passed(told: Told) -> RunState:
    """The mandatory items pass."""
    return told.tell(*(ev.SmokeMarked(item=item, state=SmokeState.PASS) for item in ("signup", "all")))


# -- next_move


def test_nothing_moves_before_its_gate() -> None:
    """S10: a new run waits."""
    told = Told()
    assert next_move(told.state) is None
    told.tell(ev.GatePassed(gate="db"))
    assert next_move(told.state) == RunStep("db", Step.DEPLOY)
    told.tell(ev.HoldPlaced(reason="operator", by="ana"))
    assert next_move(told.state) is None


def test_verification_follows_even_while_held() -> None:
    """S11: the service under way completes."""
    told = Told()
    told.tell(ev.GatePassed(gate="db"), ev.HoldPlaced(reason="operator", by="ana"))
    told.step("db", Step.DEPLOY)
    assert next_move(told.state) == RunStep("db", Step.VERIFY)


def test_closing_traffic_goes_before_everything() -> None:
    """S21: before a rollback, while held, and where the switch cannot be read; never where it is closed."""
    told = Told(traffic=Traffic.OPEN)
    told.live("db", "auth")
    told.tell(
        ev.RollbackRequested(services=("auth",), everything=False),
        ev.HoldPlaced(reason="rollback", by="ana"),
        ev.ClosureRequested(why="orders get lost"),
    )
    assert next_move(told.state) == MoveTraffic(Traffic.CLOSED, "orders get lost")
    assert next_move(replace(told.state, traffic=Traffic.UNKNOWN)) == MoveTraffic(Traffic.CLOSED, "orders get lost")
    assert next_move(replace(told.state, traffic=Traffic.CLOSED)) == RunStep("auth", Step.ROLLBACK)


def test_a_rollback_of_everything_closes_traffic_once() -> None:
    """S17: an edge that did not obey does not stop it."""
    told = Told(traffic=Traffic.OPEN)
    told.live("db", "auth")
    told.tell(ev.RollbackRequested(services=("auth",), everything=True))
    assert next_move(told.state) == MoveTraffic(Traffic.CLOSED, "everything is being rolled back")
    assert next_move(replace(told.state, unclosed="exit code 1")) == RunStep("auth", Step.ROLLBACK)


def test_a_stopped_rollback_stands_still() -> None:
    """S16: nothing goes on by itself."""
    told = Told()
    told.live("db", "auth")
    told.tell(ev.RollbackRequested(services=("auth", "db"), everything=False))
    told.step("auth", Step.ROLLBACK, OutcomeStatus.FAILED)
    assert next_move(told.state) is None
    assert waiting_gate(told.state) is None


def test_nothing_moves_while_something_does() -> None:
    """One thing at a time: a step, the switch; and nothing more once the run is aborted or over."""
    told = Told()
    told.tell(ev.GatePassed(gate="db"))
    for state in (
        replace(told.state, traffic=Traffic.OPENING),
        replace(told.state, aborting="x"),
        replace(told.state, phase=Phase.FAILED),
    ):
        assert next_move(state) is None
    told.start("db", Step.DEPLOY)
    assert next_move(told.state) is None


# -- cancels


def test_what_cuts_a_step_off() -> None:
    """S13: a rollback cuts what goes forwards; abort cuts everything; a hold cuts nothing."""
    told = Told()
    told.start("auth", Step.DEPLOY)
    told.tell(ev.HoldPlaced(reason="operator", by="ana"))
    assert cancels(told.state) is None
    told.tell(ev.RollbackRequested(services=("auth",), everything=False, why="errors"))
    assert cancels(told.state) == "errors"
    told.finish("auth", Step.DEPLOY, OutcomeStatus.CANCELLED)
    assert cancels(told.state) is None
    told.start("auth", Step.ROLLBACK)
    assert cancels(told.state) is None
    told.tell(ev.AbortRequested(why="enough"))
    assert cancels(told.state) == "enough"


# -- bookkeeping


def test_the_phases_follow_the_services() -> None:
    """DESIGN 6: ready, deploying, smoke, opening, watching; back to deploying when a service is taken back."""
    told = Told()
    assert bookkeeping(told.state, NOW) == []
    told.start("db", Step.DEPLOY)
    assert bookkeeping(told.state, NOW) == [ev.PhaseChanged(phase=Phase.DEPLOYING)]
    told = Told()
    state = all_live(told, Phase.DEPLOYING)
    assert bookkeeping(state, NOW) == [ev.PhaseChanged(phase=Phase.SMOKE)]
    state = told.tell(ev.PhaseChanged(phase=Phase.SMOKE))
    assert bookkeeping(state, NOW) == []
    assert bookkeeping(replace(state, traffic=Traffic.OPENING), NOW) == [ev.PhaseChanged(phase=Phase.OPENING)]
    opened = replace(state, phase=Phase.OPENING, traffic=Traffic.OPEN)
    assert names(bookkeeping(opened, NOW)) == ["PhaseChanged", "WatchStarted"]
    shut = replace(state, phase=Phase.OPENING, traffic=Traffic.CLOSED, traffic_why="exit code 1")
    assert bookkeeping(shut, NOW) == [ev.PhaseChanged(phase=Phase.SMOKE, why="exit code 1")]


def test_an_opened_switch_leads_on_although_the_phase_was_never_told() -> None:
    """S24: the engine died between the two."""
    state = replace(all_live(Told()), traffic=Traffic.OPEN, traffic_cleared=True)
    assert names(bookkeeping(state, NOW)) == ["PhaseChanged", "WatchStarted"]


def test_the_window_holds_once() -> None:
    """S19: from its end on, unless it is overridden, and not while watching."""
    window = WindowOutline(opens="2026-12-01T01:00:00Z", closes="2026-12-01T03:00:00Z", zone="UTC")
    told = Told(replace(OUTLINE, window=window))
    assert bookkeeping(told.state, NOW - timedelta(microseconds=1)) == []
    assert names(bookkeeping(told.state, NOW)) == ["HoldPlaced"]
    assert bookkeeping(replace(told.state, window_override="agreed"), NOW) == []
    assert bookkeeping(told.tell(*bookkeeping(told.state, NOW)), NOW) == []


def test_abort_waits_for_what_is_under_way() -> None:
    """S11: a step, or the switch on its way."""
    told = Told()
    told.start("db", Step.DEPLOY)
    told.tell(ev.PhaseChanged(phase=Phase.DEPLOYING))
    assert bookkeeping(told.tell(ev.AbortRequested(why="x")), NOW) == []
    told.finish("db", Step.DEPLOY, OutcomeStatus.CANCELLED)
    assert bookkeeping(replace(told.state, traffic=Traffic.CLOSING), NOW) == []
    assert names(bookkeeping(told.state, NOW)) == ["VerdictReached", "PhaseChanged"]


def test_alarms_clear_when_their_cause_is_gone() -> None:
    """UX 5: of a step out of trouble, an item that fails no more, a rollback that nothing is unstable after."""
    told = Told()
    told.step("auth", Step.DEPLOY, OutcomeStatus.FAILED)
    told.tell(
        ev.PhaseChanged(phase=Phase.DEPLOYING),
        ev.SmokeMarked(item="all", state=SmokeState.FAIL),
        ev.AlarmRaised(alarm="step:auth", text="x"),
        ev.AlarmRaised(alarm="smoke:all", text="x"),
        ev.AlarmRaised(alarm="guard:g/auth", text="x"),
        ev.AlarmRaised(alarm="traffic", text="x"),
    )
    assert bookkeeping(told.state, NOW) == []
    told.tell(ev.SmokeStarted(item="all"), ev.AlarmRaised(alarm="stabilize", text="x"))
    told.start("auth", Step.DEPLOY)
    spent = [event.alarm for event in bookkeeping(told.state, NOW) if isinstance(event, ev.AlarmCleared)]
    assert spent == ["step:auth", "smoke:all", "stabilize"]


@pytest.mark.parametrize(("watched", "fails"), [(None, True), (("g",), True), (("other",), False), ((), False)])
def test_a_guard_that_fires_when_the_watch_begins(watched: tuple[str, ...] | None, fails: bool) -> None:
    """S22: it counts as one that fires now, if the plan's watch minds that guard."""
    watch = WatchOutline(for_s=10, at_least_s=10, coverage=0.9, guards=watched)
    told = Told(replace(OUTLINE, guards=(GUARD,), watch=watch))
    told.tell(TRIPPED)
    assert bookkeeping(told.state, NOW) == []
    state = all_live(told, Phase.WATCHING)
    expected = ["IncidentRecorded", "VerdictReached", "HoldPlaced"] if fails else []
    assert names(bookkeeping(state, NOW)) == expected
    assert bookkeeping(told.tell(*bookkeeping(state, NOW)), NOW) == []


def test_a_failed_test_closes_what_is_open() -> None:
    """S21: once, and only where there is something to close."""
    told = Told(traffic=Traffic.OPEN)
    all_live(told, Phase.WATCHING)
    state = told.tell(ev.SmokeMarked(item="all", state=SmokeState.FAIL))
    assert names(bookkeeping(state, NOW)) == ["ClosureRequested"]
    assert bookkeeping(told.tell(*bookkeeping(state, NOW)), NOW) == []
    assert bookkeeping(replace(state, traffic=Traffic.CLOSED), NOW) == []
    assert bookkeeping(replace(state, unclosed="exit code 1"), NOW) == []


def test_headless_runs_close_once_nothing_is_under_way() -> None:
    """DESIGN 6: with a verdict, and not during a step, a rollback or stabilize."""
    told = Told(replace(OUTLINE, auto_close=True))
    all_live(told, Phase.WATCHING)
    state = told.tell(ev.VerdictReached(phase=Phase.FAILED, why="x"))
    assert bookkeeping(state, NOW) == [ev.PhaseChanged(phase=Phase.FAILED, why="x")]
    waiting = told.tell(ev.StabilizeStarted(services=("auth",)))
    assert bookkeeping(waiting, NOW) == []
    assert bookkeeping(replace(state, outline=OUTLINE), NOW) == []


def test_auto_gates_pass_by_themselves() -> None:
    """S10: unless held, shut for want of data, or after a rollback."""
    services = tuple(replace(service, auto=True) for service in OUTLINE.services)
    told = Told(replace(OUTLINE, services=services))
    assert bookkeeping(told.state, NOW) == [ev.GatePassed(gate="db")]
    assert bookkeeping(told.state, NOW, {"db": "no data"}) == []
    held = told.tell(ev.HoldPlaced(reason="operator", by="ana"))
    assert bookkeeping(held, NOW) == []


# -- gates and smoke


def test_the_traffic_gate_waits_for_the_checklist() -> None:
    """S21: before the watch whatever the switch says; while watching only where the public is kept out."""
    told = Told()
    state = all_live(told)
    assert waiting_gate(state) is None
    state = smoke_passed(told)
    for traffic in (Traffic.CLOSED, Traffic.OPEN, Traffic.UNKNOWN, Traffic.NONE):
        assert waiting_gate(replace(state, traffic=traffic)) == "traffic"
    watching = replace(state, phase=Phase.WATCHING)
    assert waiting_gate(watching) == "traffic"
    assert waiting_gate(replace(watching, traffic=Traffic.OPEN)) is None
    assert waiting_gate(replace(watching, traffic=Traffic.NONE)) is None
    assert waiting_gate(replace(state, closure="x")) is None
    assert waiting_gate(replace(state, traffic_cleared=True)) is None


def test_gates_have_revisions() -> None:
    """S18: of the service, and for traffic of the run."""
    told = Told()
    told.tell(ev.GatePassed(gate="db"), ev.PhaseChanged(phase=Phase.DEPLOYING))
    assert (gate_revision(told.state, "db"), gate_revision(told.state, "traffic")) == (1, 1)


def test_one_item_at_a_time() -> None:
    """S20: the queue goes in the plan's order, and waits for what runs."""
    told = Told()
    assert next_smoke(told.state) == ()
    told.tell(ev.SmokeRequested(items=("all", "signup")))
    assert next_smoke(told.state) == ("signup",)
    told.tell(ev.SmokeStarted(item="signup"))
    assert next_smoke(told.state) == ()
    told.tell(ev.SmokeFinished(item="signup", state=SmokeState.PASS, note=""))
    assert next_smoke(told.state) == ("all",)


def test_neighbours_that_may_run_together() -> None:
    """S20: items that say parallel go together with their neighbours in the queue, eight at the most."""
    names = "a b c d e f g h i j".split()  # noqa: SIM905 - a row of names
    alone = {"d"}
    items = tuple(SmokeOutline(id=n, title=n, kind="http", parallel=n not in alone) for n in names)
    told = Told(replace(OUTLINE, smoke=items))
    told.tell(ev.SmokeRequested(items=tuple(names)))
    seen = []
    while wave := next_smoke(told.state):
        seen.append("".join(wave))
        told.tell(*(ev.SmokeStarted(item=item) for item in wave))
        assert next_smoke(told.state) == ()
        told.tell(*(ev.SmokeFinished(item=item, state=SmokeState.PASS, note="") for item in wave))
    assert seen == ["abc", "d", "efghij"]
    told.tell(ev.SmokeRequested(items=tuple(n for n in names if n not in alone)))
    assert next_smoke(told.state) == tuple("abcefghi")
