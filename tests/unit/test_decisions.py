"""What becomes of a command, as a pure function of state, order and view (S11, S18, S25)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

import pytest
from msgspec.structs import replace
from tests.unit.run_states import OUTLINE, Told, names

from controlroom.engine.answers import View
from controlroom.engine.decisions import decide, target_of
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.outline import GuardOutline, WindowOutline
from controlroom.run.phases import OutcomeStatus, Phase, SmokeState, Step, Traffic, Verdict

if TYPE_CHECKING:
    from controlroom.engine.answers import Decision
    from controlroom.run.state import RunState

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
GUARD = GuardOutline(id="g", title="g", metric="error_rate", services=("auth",), limit=5, unit="%", for_s=300)
TRIPPED = ev.GuardTripped(guard="g", service="auth", value=8.0, limit=5, unit="%", breach_s=301, why="auth 8 % > 5 %")
EVERY_COMMAND: list[cmd.Command] = [
    cmd.Advance(to="db"),
    cmd.Hold(),
    cmd.Resume(),
    cmd.RollBack(service="auth", confirm="auth"),
    cmd.RollBackAll(confirm="production"),
    cmd.Retry(service="auth"),
    cmd.VerifyAgain(service="auth"),
    cmd.MarkDone(service="auth", reason="x"),
    cmd.MarkFailed(service="auth", reason="x"),
    cmd.Skip(service="orders", reason="x"),
    cmd.Abort(confirm="production"),
    cmd.Close(),
    cmd.RunSmoke(),
    cmd.MarkSmoke(item="look", state=SmokeState.PASS),
    cmd.UndoSmoke(item="look"),
    cmd.OpenTraffic(),
    cmd.CloseTraffic(),
    cmd.Acknowledge(alarm="a"),
    cmd.Note(reason="x"),
    cmd.TakeLease(),
    cmd.HandOver(to="ben"),
    cmd.AcceptLease(),
    cmd.KeepLease(),
]


def say(state: RunState, command: cmd.Command, *, by: str = "ana", id: str = "1", view: View | None = None) -> Decision:  # noqa: A002
    """What becomes of `command`."""
    order = cmd.Order(id=id, command=command, operator=by, host="here", uid=1)
    return decide(state, order, view or View(now=NOW))


def test_every_command_has_a_rule() -> None:
    """No command of the vocabulary is unknown to the engine."""
    assert {type(command) for command in EVERY_COMMAND} == set(get_args(cmd.Command))
    for command in EVERY_COMMAND:
        assert say(Told().state, command).message


@pytest.mark.parametrize("command", EVERY_COMMAND)
def test_a_refusal_changes_nothing(command: cmd.Command) -> None:
    """S18: whatever is refused has no events; whatever is accepted folds."""
    told = Told()
    decision = say(told.state, command)
    if not decision.ok:
        assert decision.events == ()
    told.tell(*decision.events)


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (cmd.Advance(to="db"), "db"),
        (cmd.RollBack(service="auth", confirm="auth"), "auth"),
        (cmd.MarkSmoke(item="look", state=SmokeState.PASS), "look"),
        (cmd.Acknowledge(alarm="guard:g/auth"), "guard:g/auth"),
        (cmd.RunSmoke(items=("signup", "all")), "signup, all"),
        (cmd.Hold(), ""),
    ],
)
def test_what_a_command_aims_at(command: cmd.Command, target: str) -> None:
    """S28: for the journal."""
    assert target_of(command) == target


def test_the_order_of_judgement() -> None:
    """S18/S25: repeated id, end of the run, lease, target, revision, and only then the act."""
    told = Told()
    told.tell(ev.LeaseTaken(operator="ana", host="here", uid=1))
    told.tell(ev.CommandAccepted(id="1", command="Hold", target="", message="held"))
    stale = cmd.RollBack(service="nowhere", confirm="x", seen=99)
    assert say(told.state, stale, by="ben", id="1").message == "held"
    assert "ana drives" in say(told.state, stale, by="ben", id="2").message
    assert "no service 'nowhere'" in say(told.state, stale, id="2").message
    assert "out of date" in say(told.state, cmd.RollBack(service="auth", confirm="x", seen=99), id="2").message
    assert "type auth" in say(told.state, cmd.RollBack(service="auth", confirm="x", seen=0), id="2").message
    over = told.tell(ev.PhaseChanged(phase=Phase.ABORTED))
    assert say(over, stale, by="ben", id="2").message == "the run is over: aborted"
    assert say(over, stale, by="ben", id="1").message == "held"


HELD: dict[str, tuple[ev.Event, ...]] = {
    "operator": (ev.HoldPlaced(reason="operator", by="ana"),),
    "disconnected": (ev.HoldPlaced(reason="disconnected", by="engine"),),
    "stabilize": (ev.HoldPlaced(reason="stabilize", by="engine"),),
    "verdict": (ev.HoldPlaced(reason="verdict", by="engine"),),
    "guard:g": (TRIPPED, ev.HoldPlaced(reason="guard:g", by="guard:g")),
    "no-data:auth": (ev.HoldPlaced(reason="no-data:auth", by="engine"),),
    "window": (ev.HoldPlaced(reason="window", by="engine"),),
    "rollback": (
        ev.StepStarted(service="auth", step=Step.DEPLOY, attempt=1, target="v2"),
        ev.RollbackRequested(services=("auth",), everything=False),
        ev.HoldPlaced(reason="rollback", by="ana"),
    ),
}


def held_for(reason: str, *, accepted: str = "") -> RunState:
    """A run that is held for `reason`, whose cause still stands."""
    window = WindowOutline(opens="2026-12-01T01:00:00Z", closes="2026-12-01T02:00:00Z", zone="UTC")
    told = Told(replace(OUTLINE, guards=(GUARD,), window=window))
    return replace(told.tell(*HELD[reason]), accepted_breach=accepted)


@pytest.mark.parametrize(
    ("reason", "lifted", "lifted_with_a_reason"),
    [
        ("operator", True, True),
        ("disconnected", True, True),
        ("stabilize", True, True),
        ("verdict", True, True),
        ("guard:g", False, False),
        ("no-data:auth", False, True),
        ("window", False, True),
        ("rollback", False, False),
    ],
)
def test_what_resume_lifts_while_the_cause_stands(reason: str, lifted: bool, lifted_with_a_reason: bool) -> None:
    """S11: a human's hold goes at once; what the facts still say stays, some of it until there is a reason."""
    state = held_for(reason)
    view = View(now=NOW, shut={"auth": "auth no data of error_rate for 01:30: HTTP 503"})
    assert say(state, cmd.Resume(), view=view).ok is lifted
    assert say(state, cmd.Resume(reason="we know"), view=view).ok is lifted_with_a_reason


def test_a_firing_guard_is_overruled_only_where_it_may_never_recover() -> None:
    """S7/S8: accepted before the run, or without data since."""
    accepted = held_for("guard:g", accepted="a hotfix")
    assert not say(accepted, cmd.Resume()).ok
    assert say(accepted, cmd.Resume(reason="the fix is next")).ok
    dark = Told(replace(OUTLINE, guards=(GUARD,)))
    dark.tell(*HELD["guard:g"])
    silent = ev.GuardChanged(
        guard="g", service="auth", verdict=Verdict.FAIL, breach_s=301, value=8.0, why="no data", frozen=True
    )
    dark.tell(silent)
    assert "resume with a reason overrides it" in say(dark.state, cmd.Resume()).message
    assert say(dark.state, cmd.Resume(reason="the source is down")).ok


def test_resume_overrides_the_window_in_the_journal() -> None:
    """S19: the override is an event of its own, so that the window does not hold again a second later."""
    decision = say(held_for("window"), cmd.Resume(reason="agreed by phone"))
    assert names(decision.events) == ["WindowOverridden", "HoldLifted"]


def test_resume_lifts_some_and_names_the_rest() -> None:
    """S11: reasons are a set."""
    told = Told(replace(OUTLINE, guards=(GUARD,)))
    told.tell(ev.HoldPlaced(reason="operator", by="ana"), *HELD["guard:g"])
    decision = say(told.state, cmd.Resume())
    assert decision.message == "still held: auth 8 % > 5 %"
    assert [event.reason for event in decision.events if isinstance(event, ev.HoldLifted)] == ["operator"]


def test_advance_at_the_wrong_gate_says_which_waits() -> None:
    """S10: each way not to pass a gate has its own sentence."""
    told = Told()
    shut = View(now=NOW, shut={"db": "db no data of health for 00:10: refused"})
    assert "the gate of db is shut: db no data" in say(told.state, cmd.Advance(to="db"), view=shut).message
    assert say(told.state, cmd.Advance(to="auth")).message == "the gate that waits is db, not auth"
    told.start("db", Step.DEPLOY)
    assert say(told.state, cmd.Advance(to="db")).message == "no gate waits now"


def test_a_rollback_says_why() -> None:
    """S15: the reason given, or else what fires, or else who asked; a number within its limit caused nothing."""
    told = Told(replace(OUTLINE, guards=(GUARD,)))
    told.live("db", "auth")
    back = cmd.RollBack(service="auth", confirm="auth")

    def why(state: RunState, command: cmd.RollBack, numbers: dict[str, str]) -> str:
        decision = say(state, command, view=View(now=NOW, numbers=numbers))
        (event,) = [event for event in decision.events if isinstance(event, ev.RollbackRequested)]
        return event.why

    assert why(told.state, back, {}) == "asked for by ana"
    assert why(told.state, back, {"auth": "error_rate 0.2 %"}) == "asked for by ana"
    told.tell(TRIPPED)
    assert why(told.state, back, {"auth": "error_rate 6.2 %"}) == "auth 8 % > 5 %"
    assert why(told.state, replace(back, reason="customers call"), {}) == "customers call"


def test_an_aborting_run_starts_no_rollback() -> None:
    """S11: abort means that nothing is rolled back."""
    told = Told()
    told.live("db", "auth")
    told.tell(ev.AbortRequested(why="x"))
    assert say(told.state, cmd.RollBack(service="auth", confirm="auth")).message == "the run is being aborted"


@pytest.mark.parametrize(
    ("traffic", "phase", "message"),
    [
        (Traffic.OPEN, Phase.WATCHING, "traffic is open already"),
        (Traffic.OPENING, Phase.OPENING, "traffic is opening already"),
        (Traffic.CLOSING, Phase.WATCHING, "traffic is closing already"),
    ],
)
def test_why_traffic_does_not_open(traffic: Traffic, phase: Phase, message: str) -> None:
    """S21: the refusal tells what is the case."""
    told = Told()
    told.live("db", "auth", "orders")
    state = replace(told.state, traffic=traffic, phase=phase)
    assert say(state, cmd.OpenTraffic()).message == message


def test_a_lease_is_taken_with_a_reason_only() -> None:
    """S25: and the event says from whom."""
    told = Told()
    told.tell(ev.LeaseTaken(operator="ana", host="here", uid=1))
    assert not say(told.state, cmd.TakeLease(), by="ben").ok
    (event,) = say(told.state, cmd.TakeLease(reason="shift"), by="ben").events
    assert isinstance(event, ev.LeaseTaken)
    assert (event.operator, event.previous) == ("ben", "ana")


def test_a_failed_step_backwards_is_retried_backwards() -> None:
    """S12: what failed on the way back is never deployed again by a retry."""
    told = Told()
    told.live("db", "auth")
    told.tell(ev.RollbackRequested(services=("auth",), everything=False))
    told.step("auth", Step.ROLLBACK)
    told.step("auth", Step.VERIFY_ROLLBACK, OutcomeStatus.FAILED)
    (event,) = say(told.state, cmd.Retry(service="auth")).events
    assert event == ev.RetryRequested(service="auth", step=Step.ROLLBACK)
