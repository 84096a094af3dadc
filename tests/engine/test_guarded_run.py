"""Guards end to end: from what a source says to holds, alarms and what an operator may do then (S1-S8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.watched_engine import WATCHED

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, ServiceState, Verdict

if TYPE_CHECKING:
    from tests.engine.conftest import LaunchWatched
    from tests.engine.watched_engine import WatchedEngine

ONLY_NOTIFY = WATCHED.replace("above: 5%, for: 5m}", "above: 5%, for: 5m, on_breach: [notify]}")
HOLD = "guard:error-rate"


async def test_a_breach_of_more_than_five_minutes_holds_and_alarms(watched: WatchedEngine) -> None:
    """S1/S6: nothing at 300 s, then one trip, one alarm with both numbers, one hold; no rollback by itself."""
    await watched.advance("database", "auth", "orders")
    await watched.breach("orders", seconds=301)
    assert (watched.trips(), watched.holds) == ([], [])
    await watched.wait(15)
    assert (watched.trips(), watched.holds) == (["orders"], [HOLD])
    alarm = watched.state.alarms["guard:error-rate/orders"]
    assert alarm.text == "Orders API: orders 8 % > 5 % for 05:05"
    assert alarm.suggest == "roll back orders"
    assert watched.guard("orders").verdict is Verdict.FAIL
    await watched.wait(900)
    assert watched.trips() == ["orders"]
    assert watched.states()["orders"] is ServiceState.LIVE


async def test_clients_hear_what_the_guards_make_of_each_sample(watched: WatchedEngine) -> None:
    """Between two facts of the journal too: of the guards on these series, and of no other."""
    await watched.breach("orders", value=2.9, seconds=30)
    journalled = watched.state.guards["error-rate/orders"].why
    watched.dials["orders/error_rate"] = 0.5
    await watched.wait(30)
    newest = watched.monitor.newest["orders/error_rate"]
    judged = watched.monitor.judgements([newest, watched.monitor.newest["database/health"]])
    assert {key: status.why for key, status in judged.items()} == {"error-rate/orders": "orders 0.5 % ≤ 5 %"}
    assert watched.state.guards["error-rate/orders"].why == journalled


async def test_exactly_the_limit_is_no_breach(watched: WatchedEngine) -> None:
    """S1: strict."""
    await watched.breach("orders", value=5.0, seconds=1200)
    assert watched.guard("orders").verdict is Verdict.PASS
    assert watched.trips() == []


async def test_one_good_sample_starts_the_time_again(watched: WatchedEngine) -> None:
    """S1: 4:55 above, one valid sample below, 4:55 above: no breach."""
    await watched.breach("orders", seconds=295)
    watched.dials["orders/error_rate"] = 4.0
    await watched.wait(5)
    await watched.breach("orders", seconds=295)
    assert watched.trips() == []


async def test_services_are_timed_apart_and_held_together(watched: WatchedEngine) -> None:
    """S2: three minutes of one and then of the other are no breach; both at once are one hold that names both."""
    await watched.breach("auth", seconds=180)
    watched.dials["auth/error_rate"] = 0.4
    await watched.breach("orders", seconds=180)
    assert watched.trips() == []
    watched.dials["orders/error_rate"] = 0.4
    await watched.wait(10)
    await watched.breach("auth", "orders")
    assert sorted(watched.trips()) == ["auth", "orders"]
    assert watched.holds == [HOLD]
    note = watched.state.holds[0].note
    assert "auth 8 % > 5 %" in note
    assert "orders 8 % > 5 %" in note


async def test_recovery_resumes_nothing_and_resume_waits_for_recovery(watched: WatchedEngine) -> None:
    """S7: refused while it fires, with the numbers; after recovery still held; then a human lifts it."""
    await watched.advance("database")
    await watched.breach("orders")
    assert "orders 8 % > 5 % for" in await watched.refused(cmd.Resume())
    assert "orders 8 % > 5 % for" in await watched.refused(cmd.Resume(reason="we know"))
    watched.dials["orders/error_rate"] = 0.4
    await watched.wait(30)
    assert len(watched.happened(ev.GuardRecovered)) == 1
    assert (watched.holds, watched.state.alarms["guard:error-rate/orders"].cleared) == ([HOLD], True)
    assert "held" in await watched.refused(cmd.Advance(to="auth"))
    await watched.agreed(cmd.Resume())
    await watched.agreed(cmd.Acknowledge(alarm="guard:error-rate/orders"))
    assert (watched.holds, watched.state.alarms) == ([], {})
    await watched.advance("auth")


async def test_resume_lifts_what_it_may_and_says_what_stays(watched: WatchedEngine) -> None:
    """S11: the operator's own hold goes; the guard's stays, named."""
    await watched.agreed(cmd.Hold())
    await watched.breach("orders")
    assert (await watched.agreed(cmd.Resume())).startswith("still held: orders 8 % > 5 %")
    assert watched.holds == [HOLD]


async def test_a_second_episode_is_told_again(watched: WatchedEngine) -> None:
    """S7: one notification an episode: after recovery and another five minutes it fires again."""
    for _ in range(2):
        await watched.breach("orders")
        watched.dials["orders/error_rate"] = 0.4
        await watched.wait(30)
        await watched.agreed(cmd.Resume())
    assert watched.trips() == ["orders", "orders"]


async def test_the_service_under_way_completes(watched: WatchedEngine) -> None:
    """S11: the guard fires while orders deploys: it gets verified, and then the run holds."""
    await watched.advance("database", "auth")
    watched.world.script["orders", "deploy"] = ["hang"]
    await watched.advance("orders")
    await watched.breach("auth")
    assert watched.holds == [HOLD]
    watched.world.running("orders").succeed()
    await watched.wait(5)
    assert watched.states()["orders"] is ServiceState.LIVE


async def test_the_countdown_survives_a_restart(watched: WatchedEngine, launch_watched: LaunchWatched) -> None:
    """S7/S5: four minutes of breach are still there after an hour without an engine, which counts for nothing."""
    await watched.breach("orders", seconds=245)
    before = watched.guard("orders").breach_s
    await watched.stop()
    await watched.clock.advance(3600)
    again = await launch_watched(after=watched)
    assert before - 5 <= again.guard("orders").breach_s <= before
    assert again.trips() == []
    assert again.holds == []
    await again.wait(40)
    assert again.trips() == []
    await again.wait(40)
    assert again.trips() == ["orders"]


async def test_a_hold_of_a_guard_survives_a_restart(watched: WatchedEngine, launch_watched: LaunchWatched) -> None:
    """S7: the new engine does not fire again, does not forget, and still refuses to resume."""
    await watched.breach("orders")
    again = await launch_watched(after=watched)
    await again.wait(60)
    assert (again.trips(), again.holds) == (["orders"], [HOLD])
    assert "orders 8 % > 5 %" in await again.refused(cmd.Resume())


async def test_no_traffic_and_few_requests_start_nothing(watched: WatchedEngine) -> None:
    """S4: zero traffic is neither a breach nor blindness; the gate stays open."""
    watched.dials["orders/error_rate"] = "idle"
    await watched.wait(900)
    assert (watched.trips(), watched.holds) == ([], [])
    assert watched.guard("orders").verdict is Verdict.INCONCLUSIVE
    await watched.advance("database", "auth", "orders")


async def test_a_source_that_fails_every_other_time_still_fires(watched: WatchedEngine) -> None:
    """S5: gaps of up to two intervals are bridged."""
    await watched.advance("database")
    for _ in range(35):
        await watched.breach("orders", seconds=5)
        watched.dials["orders/error_rate"] = "HTTP 503"
        await watched.wait(5)
    assert watched.trips() == ["orders"]


async def test_missing_data_freezes_the_countdown_and_shuts_the_gate(watched: WatchedEngine) -> None:
    """S5: longer gaps freeze the timer; the gate of that service is shut with the cause; the others are not."""
    await watched.advance("database")
    await watched.breach("auth", seconds=200)
    grown = watched.guard("auth").breach_s
    watched.dials["auth/error_rate"] = "HTTP 503"
    await watched.wait(40)
    assert watched.guard("auth").breach_s == grown
    assert watched.guard("auth").frozen
    refusal = await watched.refused(cmd.Advance(to="auth"))
    assert refusal.startswith("the gate of auth is shut: auth no data of error_rate for 00:")
    assert refusal.endswith("HTTP 503")
    await watched.breach("auth", seconds=20)
    assert not watched.guard("auth").frozen
    await watched.advance("auth")


@pytest.mark.parametrize(("series", "service"), [("auth/error_rate", "auth"), ("database/health", "database")])
async def test_a_blind_service_holds_and_never_rolls_back(watched: WatchedEngine, series: str, service: str) -> None:
    """S5: longer than `blind_after`: hold and alarm with the cause; resume is refused until it is seen again."""
    await watched.advance("database", "auth", "orders")
    watched.dials[series] = "connection refused"
    await watched.wait(58)
    assert watched.holds == []
    await watched.wait(10)
    assert watched.holds == [f"no-data:{service}"]
    assert "NO DATA" in watched.state.alarms[f"blind:{service}"].text
    assert "connection refused" in watched.state.alarms[f"blind:{service}"].text
    await watched.wait(600)
    assert watched.happened(ev.RollbackRequested) == []
    assert f"{service} is still without data" in await watched.refused(cmd.Resume())
    watched.dials[series] = 0.4 if "error" in series else 1.0
    await watched.wait(10)
    assert watched.holds == [f"no-data:{service}"]
    assert watched.state.alarms[f"blind:{service}"].cleared
    await watched.agreed(cmd.Resume())
    assert watched.holds == []


async def test_a_dead_source_does_not_lock_the_run_for_ever(watched: WatchedEngine) -> None:
    """S5/S11: with a reason the operator goes on without the data; the alarm stands, and no second hold comes."""
    await watched.advance("database", "auth")
    watched.dials["auth/error_rate"] = "connection refused"
    await watched.wait(90)
    assert "resume with a reason overrides it" in await watched.refused(cmd.Resume())
    await watched.agreed(cmd.Resume(reason="prometheus is down, we watch the logs"))
    await watched.wait(120)
    assert watched.holds == []
    assert not watched.state.alarms["blind:auth"].cleared
    await watched.advance("orders")


async def test_a_guard_that_fired_and_went_dark_can_be_overruled(watched: WatchedEngine) -> None:
    """S7: while its data say so, firing holds whatever the reason; once blind, a reason is enough."""
    await watched.breach("orders")
    watched.dials["orders/error_rate"] = "idle"
    await watched.wait(60)
    assert "resume with a reason overrides it" in await watched.refused(cmd.Resume())
    await watched.agreed(cmd.Resume(reason="orders gets no traffic at night"))
    assert watched.holds == []


async def test_a_breach_accepted_at_the_start_can_be_gone_past(launch_watched: LaunchWatched) -> None:
    """S8: a hotfix for a breach that was there: the guard holds after five minutes, a reason lets it go on."""
    engine = await launch_watched(accepted_breach="this release mends it")
    await engine.breach("orders")
    assert engine.holds == [HOLD]
    assert "resume with a reason overrides it" in await engine.refused(cmd.Resume())
    await engine.agreed(cmd.Resume(reason="the hotfix is next"))
    await engine.wait(600)
    assert engine.holds == []
    await engine.advance("database", "auth", "orders")
    assert engine.states()["orders"] is ServiceState.LIVE


async def test_blindness_is_not_forgotten_by_a_restart(watched: WatchedEngine, launch_watched: LaunchWatched) -> None:
    """S5: a new engine that has seen nothing yet does not call a blind service recovered, nor count its own absence."""
    watched.dials["auth/error_rate"] = "connection refused"
    await watched.wait(90)
    await watched.stop()
    await watched.clock.advance(3600)
    again = await launch_watched(after=watched)
    await again.wait(30)
    assert not again.state.alarms["blind:auth"].cleared
    assert again.holds == ["no-data:auth"]
    again.dials["auth/error_rate"] = 0.4
    await again.wait(10)
    assert again.state.alarms["blind:auth"].cleared


async def test_a_service_that_the_run_replaces_is_not_blind(watched: WatchedEngine) -> None:
    """S5: a deploy that takes minutes leaves its service dark for a reason; afterwards the clock starts."""
    await watched.advance("database")
    watched.world.script["auth", "deploy"] = ["hang"]
    await watched.advance("auth")
    watched.dials["auth/error_rate"] = "connection refused"
    await watched.wait(300)
    assert watched.holds == []
    watched.world.running("auth").succeed()
    await watched.wait(70)
    assert watched.holds == ["no-data:auth"]


async def test_notify_only_holds_nothing(launch_watched: LaunchWatched) -> None:
    """S6: a guard that only notifies raises its alarm and lets the run go on."""
    engine = await launch_watched(ONLY_NOTIFY)
    await engine.breach("orders")
    assert (engine.trips(), engine.holds) == (["orders"], [])
    assert engine.state.alarms["guard:error-rate/orders"].suggest == "look, then resume"
    await engine.advance("database")


async def test_the_numbers_are_in_the_journal_and_the_reason_of_a_rollback(watched: WatchedEngine) -> None:
    """S15/S28: what fired is why it is rolled back, and the numbers on screen go with the command."""
    await watched.advance("database", "auth", "orders")
    await watched.breach("orders")
    await watched.roll_back("orders")
    requested = watched.happened(ev.RollbackRequested)[-1]
    assert isinstance(requested, ev.RollbackRequested)
    assert requested.why.startswith("orders 8 % > 5 % for 05:")
    accepted = watched.happened(ev.CommandAccepted)[-1]
    assert isinstance(accepted, ev.CommandAccepted)
    assert accepted.numbers == ("auth error_rate 0.4 %", "orders error_rate 8 %")


async def test_guards_rest_when_the_run_is_over(watched: WatchedEngine) -> None:
    """After the end nothing is written any more."""
    await watched.agreed(cmd.Abort(confirm="production"))
    assert watched.state.phase is Phase.ABORTED
    seq = watched.state.seq
    await watched.breach("orders")
    assert watched.state.seq == seq
