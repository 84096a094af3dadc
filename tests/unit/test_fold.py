"""The one reducer: what each event makes of the state (STYLE: one fold serves everybody)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.run_states import OUTLINE, Told

from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, seal
from controlroom.run.fold import fold, fold_all
from controlroom.run.outline import GuardOutline
from controlroom.run.phases import OutcomeStatus, Phase, ServiceState, SmokeState, Step, Traffic, Verdict
from controlroom.run.state import guard_key


def test_a_run_begins_with_run_created() -> None:
    """S24: anything else at the beginning is no run."""
    record = seal(seq=1, at="", run="r", actor="", host="", cause="", event=ev.NoteAdded(text="x"), prev=GENESIS)
    with pytest.raises(ValueError, match="a run begins with RunCreated, not NoteAdded"):
        fold(None, record)
    assert fold_all([]) is None


def test_gaps_and_repetitions_are_no_history() -> None:
    """S28: a record that does not follow the state is refused."""
    told = Told()
    told.tell(ev.NoteAdded(text="one"), ev.NoteAdded(text="two"))
    state = fold_all(told.records[:2])
    assert state is not None
    for wrong in (told.records[1], seal_far(told)):
        with pytest.raises(ValueError, match="does not follow event 2"):
            fold(state, wrong)


def seal_far(told: Told) -> ev.Record:
    """A record from further on."""
    return seal(seq=9, at="", run="r", actor="", host="", cause="", event=ev.NoteAdded(text="x"), prev=told.state.head)


def test_every_event_has_its_place() -> None:
    """Each event of the vocabulary is folded without an error from a state in which it can come."""
    told = Told()
    told.live("db", "auth")
    plain: list[ev.Event] = [
        ev.EngineStarted(pid=1, host="h"),
        ev.EngineStopped(why="x"),
        ev.PlanFileChanged(sha256="1" * 64),
        ev.AbortRequested(why="x"),
        ev.WindowOverridden(reason="x"),
        ev.VerdictReached(phase=Phase.FAILED, why="x"),
        ev.LeaseTaken(operator="ana", host="h", uid=1),
        ev.OperatorLost(operator="ana"),
        ev.CommandAccepted(id="1", command="Hold", target="", message="held"),
        ev.CommandRefused(id="2", command="Hold", target="", message="no"),
        ev.NoteAdded(text="x"),
        ev.VersionObserved(service="auth", version="v3"),
        ev.AlarmRaised(alarm="a", text="x"),
        ev.AlarmAcknowledged(alarm="a", by="ana"),
        ev.AlarmCleared(alarm="a"),
        ev.AlarmCleared(alarm="unknown"),
        ev.AlarmAcknowledged(alarm="unknown", by="ana"),
        ev.HoldLifted(reason="unknown", by="ana"),
        ev.WatchCheckpoint(elapsed_s=1.0, coverage={}),
        ev.WatchStarted(),
        ev.IncidentRecorded(kind="guard", text="x"),
    ]
    state = told.tell(*plain)
    assert state.seq == len(told.records)
    assert state.plan_changed
    assert (state.answers["1"].ok, state.answers["2"].ok) == (True, False)
    assert state.alarms == {}
    assert state.services["auth"].live == "v3"


def test_deploy_then_verify_then_live() -> None:
    """S10: a deploy that passed is verified next, without asking; only verification makes it live."""
    told = Told()
    told.tell(ev.GatePassed(gate="db"))
    assert told.start("db", Step.DEPLOY).services["db"].state is ServiceState.DEPLOYING
    state = told.finish("db", Step.DEPLOY)
    assert (state.services["db"].pending, state.active) == (Step.VERIFY, None)
    assert told.start("db", Step.VERIFY).services["db"].state is ServiceState.VERIFYING
    state = told.finish("db", Step.VERIFY, observed="42")
    assert (state.services["db"].state, state.services["db"].live, state.services["db"].touched) == (
        ServiceState.LIVE,
        "42",
        True,
    )


@pytest.mark.parametrize(
    ("status", "state", "partial"),
    [
        (OutcomeStatus.FAILED, ServiceState.FAILED, False),
        (OutcomeStatus.TIMED_OUT, ServiceState.FAILED, True),
        (OutcomeStatus.CANCELLED, ServiceState.FAILED, True),
        (OutcomeStatus.UNKNOWN, ServiceState.UNKNOWN, True),
    ],
)
def test_how_a_deploy_that_did_not_pass_ends(status: OutcomeStatus, state: ServiceState, partial: bool) -> None:
    """S12: failed, timed out and unknown; what was cut off is partial."""
    told = Told()
    service = told.step("auth", Step.DEPLOY, status).services["auth"]
    assert (service.state, service.failed_step, service.partial) == (state, Step.DEPLOY, partial)


@pytest.mark.parametrize("status", list(OutcomeStatus))
def test_a_step_that_a_rollback_waits_for_flips_nothing(status: OutcomeStatus) -> None:
    """S13: however the step ends, the rollback comes next."""
    told = Told()
    told.start("auth", Step.DEPLOY)
    told.tell(ev.RollbackRequested(services=("auth",), everything=False))
    service = told.finish("auth", Step.DEPLOY, status).services["auth"]
    assert (service.state, service.pending, service.partial) == (ServiceState.FAILED, Step.ROLLBACK, True)


def test_a_rollback_empties_its_queue_and_remembers_what_it_did() -> None:
    """S14: one service after the other; a rolled-back one is untouched and its gate is shut again."""
    told = Told()
    told.live("db", "auth", "orders")
    told.tell(ev.RollbackRequested(services=("orders", "auth"), everything=False))
    told.step("orders", Step.ROLLBACK)
    state = told.step("orders", Step.VERIFY_ROLLBACK, observed="v1")
    orders = state.services["orders"]
    assert (orders.state, orders.touched, orders.cleared, orders.live) == (ServiceState.ROLLED_BACK, False, False, "v1")
    assert state.rollback is not None
    assert (state.rollback.queue, state.rollback.done) == (("auth",), ("orders",))


def test_a_request_during_a_rollback_does_not_start_a_service_over() -> None:
    """S13: a service on its way back goes on from where it is, be it between two steps or in one."""
    told = Told()
    told.live("db", "auth")
    told.tell(ev.RollbackRequested(services=("auth",), everything=False))
    told.step("auth", Step.ROLLBACK)
    again = ev.RollbackRequested(services=("auth", "db"), everything=True)
    assert told.tell(again).services["auth"].pending is Step.VERIFY_ROLLBACK
    told.start("auth", Step.VERIFY_ROLLBACK)
    told.tell(again)
    state = told.finish("auth", Step.VERIFY_ROLLBACK, observed="v1")
    more = told.tell(ev.RollbackRequested(services=("db",), everything=True)).rollback
    assert more is not None
    assert more.done == ("auth",)
    assert (state.services["auth"].state, state.services["db"].pending) == (ServiceState.ROLLED_BACK, Step.ROLLBACK)


def test_a_failed_rollback_stops_and_a_word_goes_on() -> None:
    """S16: stopped until somebody decides."""
    told = Told()
    told.live("db", "auth")
    told.tell(ev.RollbackRequested(services=("auth",), everything=False))
    state = told.step("auth", Step.ROLLBACK, OutcomeStatus.UNKNOWN)
    assert state.rollback is not None
    assert (state.services["auth"].state, state.rollback.stopped) == (ServiceState.ROLLBACK_FAILED, "told")
    state = told.tell(ev.RetryRequested(service="auth", step=Step.ROLLBACK))
    assert state.rollback is not None
    assert state.rollback.stopped == ""


def test_a_version_that_comes_back_makes_the_service_touched() -> None:
    """S13: only for a rolled-back service, and only another version than the old one."""
    told = Told()
    told.live("db", "auth")
    told.tell(ev.RollbackRequested(services=("auth",), everything=False))
    told.step("auth", Step.ROLLBACK)
    told.step("auth", Step.VERIFY_ROLLBACK, observed="v1")
    assert not told.tell(ev.VersionObserved(service="auth", version="v1")).services["auth"].touched
    assert told.tell(ev.VersionObserved(service="auth", version="v2")).services["auth"].touched


def test_deploying_again_ends_stabilize_for_that_service_and_for_everything() -> None:
    """S17: what is deployed again is not watched to stay old, and not everything is back any more."""
    told = Told()
    told.live("db", "auth", "orders")
    told.tell(ev.StabilizeStarted(services=("auth", "orders"), everything=True))
    state = told.start("auth", Step.DEPLOY)
    assert state.stabilize is not None
    assert (state.stabilize.services, state.stabilize.everything) == (("orders",), False)
    told.finish("auth", Step.DEPLOY)
    assert told.start("orders", Step.DEPLOY).stabilize is None


def test_a_deploy_makes_what_rests_on_it_stale_and_takes_the_traffic_gate_back() -> None:
    """S20/S21: items that cover the service or everything, unless nothing is known of them yet."""
    told = Told()
    for item in ("signup", "all", "look"):
        told.tell(ev.SmokeMarked(item=item, state=SmokeState.PASS))
    told.tell(ev.GatePassed(gate="traffic"))
    state = told.start("orders", Step.DEPLOY)
    assert {key: item.state for key, item in state.smoke.items()} == {
        "signup": SmokeState.PASS,
        "all": SmokeState.STALE,
        "look": SmokeState.STALE,
    }
    assert (state.smoke["all"].previous, state.traffic_cleared) == (None, False)


@pytest.mark.parametrize(
    ("item", "result", "cleared"),
    [
        ("signup", SmokeState.FAIL, False),
        ("signup", SmokeState.BLOCKED, False),
        ("signup", SmokeState.PASS, True),
        ("signup", SmokeState.NOT_APPLICABLE, True),
        ("look", SmokeState.FAIL, True),
    ],
)
def test_a_mandatory_item_that_does_not_stand_takes_the_traffic_gate_back(
    item: str, result: SmokeState, cleared: bool
) -> None:
    """S21: by hand or by machine."""
    for settle in (ev.SmokeMarked(item=item, state=result), None):
        told = Told()
        told.tell(ev.GatePassed(gate="traffic"))
        if settle is not None:
            assert told.tell(settle).traffic_cleared is cleared
        else:
            finished = ev.SmokeFinished(item=item, state=result, note="")
            assert told.tell(ev.SmokeStarted(item=item), finished).traffic_cleared is cleared


def test_traffic_that_could_not_be_closed_is_remembered_until_it_is_asked_for_again() -> None:
    """S21: why it stayed open; a new request, or a rollback of everything, forgets that."""
    told = Told(traffic=Traffic.OPEN)
    failed = (
        ev.ClosureRequested(why="x"),
        ev.TrafficStarted(to=Traffic.CLOSED, why="x"),
        ev.TrafficFinished(state=Traffic.OPEN, ok=False, detail="exit code 1"),
    )
    state = told.tell(*failed)
    assert (state.closure, state.unclosed, state.traffic) == ("", "exit code 1", Traffic.OPEN)
    assert told.tell(ev.ClosureRequested(why="again")).unclosed == ""
    told.tell(*failed)
    assert told.tell(ev.RollbackRequested(services=(), everything=True)).unclosed == ""


def test_holds_are_a_set_of_reasons() -> None:
    """S11: placing one that stands changes its note only; others stay."""
    told = Told()
    told.tell(ev.HoldPlaced(reason="operator", by="ana"), ev.HoldPlaced(reason="guard:g", by="guard:g", note="one"))
    state = told.tell(ev.HoldPlaced(reason="guard:g", by="guard:g", note="two"))
    assert [(hold.reason, hold.note) for hold in state.holds] == [("operator", ""), ("guard:g", "two")]
    state = told.tell(ev.HoldLifted(reason="operator", by="ana"))
    assert [hold.reason for hold in state.holds] == ["guard:g"]
    assert state.held


def test_an_alarm_stands_until_it_is_both_over_and_seen() -> None:
    """UX 5: cleared but unseen stands, seen but uncleared stands; raised again after that it is a new one."""
    told = Told()
    told.tell(ev.AlarmRaised(alarm="a", text="one"), ev.AlarmCleared(alarm="a"))
    assert told.state.alarms["a"].cleared
    assert told.tell(ev.AlarmAcknowledged(alarm="a", by="ana")).alarms == {}
    told.tell(ev.AlarmRaised(alarm="a", text="one"), ev.AlarmAcknowledged(alarm="a", by="ana"))
    assert told.state.alarms["a"].acknowledged_by == "ana"
    assert told.tell(ev.AlarmCleared(alarm="a")).alarms == {}
    told.tell(ev.AlarmRaised(alarm="a", text="one"), ev.AlarmCleared(alarm="a"))
    alarm = told.tell(ev.AlarmRaised(alarm="a", text="two")).alarms["a"]
    assert (alarm.text, alarm.cleared, alarm.revision) == ("two", False, 1)


def test_a_guards_life() -> None:
    """S7: pending, fired, recovered; `since` is when the breach began."""
    guard = GuardOutline(id="g", title="g", metric="error_rate", services=("auth",), limit=5, unit="%", for_s=300)
    told = Told(replace(OUTLINE, guards=(guard,)))
    key = guard_key("g", "auth")
    changed = ev.GuardChanged(
        guard="g", service="auth", verdict=Verdict.INCONCLUSIVE, breach_s=5, value=8.0, why="pending"
    )
    assert told.tell(changed, at="2026-12-01T03:01:00Z").guards[key].since == "2026-12-01T03:01:00Z"
    tripped = ev.GuardTripped(guard="g", service="auth", value=8.0, limit=5, unit="%", breach_s=301, why="over")
    state = told.tell(tripped)
    assert (state.guards[key].fired, state.guards[key].verdict) == (True, Verdict.FAIL)
    state = told.tell(ev.GuardRecovered(guard="g", service="auth", value=1.0, why="fine"))
    assert (state.guards[key].fired, state.guards[key].breach_s, state.guards[key].since) == (False, 0.0, "")


def test_actions_are_kept_with_their_outcomes() -> None:
    """S24: an action under way names its job; its outcome is found in the newest of its number."""
    told = Told()
    told.start("auth", Step.DEPLOY)
    begun = ev.ActionStarted(service="auth", step=Step.DEPLOY, index=0, kind="run", label="deploy", job="j1")
    state = told.tell(begun)
    assert state.active is not None
    assert (state.active.job, state.active.in_action) == ("j1", True)
    ended = ev.ActionFinished(service="auth", step=Step.DEPLOY, index=0, status=OutcomeStatus.FAILED, detail="exit 1")
    told.tell(ended, ev.ActionStarted(service="auth", step=Step.DEPLOY, index=0, kind="run", label="deploy", job="j2"))
    state = told.tell(
        ev.ActionFinished(service="auth", step=Step.DEPLOY, index=0, status=OutcomeStatus.PASSED, detail="")
    )
    statuses = [(action.job, action.status) for action in state.services["auth"].actions]
    assert statuses == [("j1", OutcomeStatus.FAILED), ("j2", OutcomeStatus.PASSED)]
    assert state.active is not None
    assert (state.active.job, state.active.in_action) == ("", False)
