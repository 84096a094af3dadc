"""Every prompt: what opens it, what confirms it, what it sends, and what it refuses."""

from __future__ import annotations

import pytest
from tests.ui.moments import watching
from tests.ui.session import session
from tests.ui.story import Story

from controlroom.control import protocol as wire
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Phase, SmokeState, Step, Traffic


def deployed() -> Story:
    """Database and auth are live; catalog is at its gate."""
    return Story().go_live("database", "auth")


async def test_advance_takes_the_number_of_the_step() -> None:
    """`a`, then the step's number and Enter, passes the gate with the revision that was seen."""
    async with session() as s:
        await s.press("a")
        s.sees("ADVANCE to 1 Base de Datos", "41 → 42", "db-migrate up")
        await s.confirm("1")
        assert s.given == [cmd.Advance(to="database", seen=0)]
        s.sees("keys › a › 1   ✓ Advance accepted")


async def test_enter_alone_never_confirms() -> None:
    """There is no default: Enter on an empty field does nothing."""
    async with session() as s:
        await s.press("a", "enter", "enter")
        s.sees("ADVANCE to 1", "type 1")
        assert s.given == []


async def test_a_wrong_number_is_refused_and_the_prompt_stays() -> None:
    """Typing the number of another step does nothing but say so."""
    async with session() as s:
        await s.press("a")
        await s.confirm("2")
        s.sees("'2' is not the word: type 1")
        assert s.given == []
        await s.confirm("1")
        assert s.given == [cmd.Advance(to="database", seen=0)], "the wrong word is gone"


async def test_advance_without_a_gate_says_why() -> None:
    """A disabled action is explained on the key line instead of opening anything."""
    story = deployed()
    story.start_step("catalog")
    async with session(story) as s:
        await s.press("a")
        s.sees("advance: no gate waits: catalog is under way")
        s.misses("ADVANCE to")


async def test_resume_takes_the_word() -> None:
    """`u` lists the reasons of the hold and wants the word."""
    story = deployed()
    story.tell(ev.HoldPlaced(reason="operator", by="ana", note="wait for support"))
    async with session(story) as s:
        s.sees("■ HELD", "wait for support")
        await s.press("u")
        s.sees("RESUME", "operator, by ana: wait for support")
        await s.confirm("resume")
        assert s.given == [cmd.Resume(seen=story.state.revision)]


async def test_rollback_previews_and_takes_the_service_id() -> None:
    """S15: `r` shows services, versions, database effect, cause and estimate, and wants the id."""
    async with session(deployed().chart().breach("auth")) as s:
        await s.press("r")
        s.sees("ROLL BACK auth", "v2.1.0 → v2.0.0", "about 00:40", "stays at 42 (expand-only)", "auth 6.2 % > 5 %")
        s.sees("PRODUCTION")
        await s.confirm("auth")
        seen = s.story.state.services["auth"].revision
        assert s.given == [cmd.RollBack(service="auth", confirm="auth", cascade=True, seen=seen)]


async def test_rollback_takes_dependents_along_by_default() -> None:
    """S14: cascade is the default and lists what depends on the service, last deployed first."""
    async with session(deployed().go_live("catalog").breach("auth")) as s:
        await s.press("r")
        s.sees("1 API de Catálogo", "2 API de Auth", "(•) cascade: catalog depends on it", "( ) single")
        await s.confirm("auth")
        assert isinstance(s.given[0], cmd.RollBack)
        assert s.given[0].cascade


async def test_single_rollback_wants_a_reason() -> None:
    """S14: rolling back one service under its dependents needs a reason."""
    async with session(deployed().go_live("catalog").breach("auth")) as s:
        await s.press("r", "right")
        s.sees("(•) single (reason)", "1 API de Auth")
        s.misses("1 API de Catálogo")
        await s.confirm("auth")
        assert s.given == []
        await s.confirm("catalog is fine")
        assert s.given == [
            cmd.RollBack(
                service="auth",
                confirm="auth",
                cascade=False,
                seen=s.story.state.services["auth"].revision,
                reason="catalog is fine",
            )
        ]


async def test_rollback_of_what_was_never_deployed_is_refused_at_once() -> None:
    """S17: the key says why instead of opening a prompt."""
    async with session() as s:
        await s.press("r")
        s.sees("database was not deployed in this run")


async def test_rollback_of_everything_takes_the_environment_and_a_reason() -> None:
    """`R` wants the environment's name and a reason; the database goes back only on request."""
    async with session(deployed()) as s:
        await s.press("R")
        s.sees("ROLL BACK EVERYTHING", "(•) database stays", "( ) database goes back too, last", "1 API de Auth")
        s.misses("2 Base de Datos")
        await s.press("right")
        s.sees("2 Base de Datos", "inverse migrations: 42 → 41")
        await s.confirm("production", "going home")
        assert s.given == [cmd.RollBackAll(confirm="production", with_database=True, reason="going home")]


async def test_abort_takes_the_environment_and_a_reason() -> None:
    """`x` ends the run as it stands."""
    async with session(deployed()) as s:
        await s.press("x")
        s.sees("ABORT THE RUN", "nothing is rolled back", "database 42, auth v2.1.0", "the public stays out")
        await s.confirm("production", "wrong night")
        assert s.given == [cmd.Abort(confirm="production", reason="wrong night")]


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
@pytest.mark.parametrize(
    ("traffic", "words"),
    [
        (Traffic.OPEN, "stays OPEN: the public stays in; T closes it first"),
        (Traffic.CLOSED, "stays closed: the public stays out"),
        (Traffic.UNKNOWN, "nobody knows whether the public is in"),
    ],
)
async def test_abort_says_what_becomes_of_the_public(traffic: Traffic, words: str, size: tuple[int, int]) -> None:
    """Nothing is taken back, and neither is the public."""
    story = watching()
    story.tell(ev.TrafficFinished(state=traffic, ok=True, detail=""))
    async with session(story, size=size) as s:
        await s.press("x")
        s.sees("ABORT THE RUN", words)


async def test_production_is_not_confirmed_by_rehearsal() -> None:
    """The word is the environment's own."""
    async with session(deployed()) as s:
        await s.press("x")
        await s.confirm("rehearsal")
        s.sees("'rehearsal' is not the word: type production")
        assert s.given == []


@pytest.mark.parametrize(
    ("word", "reason", "command"),
    [
        ("retry", "", cmd.Retry(service="catalog", seen=3)),
        ("verify", "", cmd.VerifyAgain(service="catalog", seen=3)),
        ("done", "seen it", cmd.MarkDone(service="catalog", seen=3, reason="seen it")),
    ],
)
async def test_failure_menu_takes_the_word_of_a_choice(word: str, reason: str, command: cmd.Command) -> None:
    """S12: `f` offers what can be done about a failed step; a reason where one is due."""
    story = deployed()
    story.tell(ev.GatePassed(gate="catalog"), actor="ana")
    story.start_step("catalog")
    story.end_step("catalog", status=OutcomeStatus.FAILED, detail="exit 1: no space left")
    assert story.state.services["catalog"].revision == 3
    async with session(story) as s:
        s.sees("✗ 3 API de Catálogo", "FAILED", "exit 1: no space left", "f choices")
        await s.press("f")
        s.sees("what now?", "exit 1: no space left", "retry", "skip", "no: required")
        await s.confirm(word, *([reason] if reason else []))
        assert s.given == [command]


async def test_failure_menu_refuses_to_skip_what_is_required() -> None:
    """S12: a required service cannot be left out."""
    story = deployed()
    story.tell(ev.GatePassed(gate="catalog"))
    story.start_step("catalog")
    story.end_step("catalog", status=OutcomeStatus.TIMED_OUT, detail="no answer in 10 min")
    async with session(story) as s:
        await s.press("f")
        await s.confirm("skip")
        s.sees("skip: required")
        assert s.given == []


async def test_note_and_acknowledge() -> None:
    """`n` takes words, `!` acts at once on the oldest alarm."""
    async with session(deployed().breach("auth").trip("auth")) as s:
        s.sees("▲ ALARM", "→ roll back auth", "! acknowledge")
        await s.press("!")
        assert s.given == [cmd.Acknowledge(alarm="error-rate/auth", seen=0)]
        await s.press("n")
        await s.confirm("support is on the phone")
        assert s.given[1] == cmd.Note(reason="support is on the phone")


async def test_an_alarm_stands_until_it_is_acknowledged() -> None:
    """Alarms are no toasts: recovered or not, they stay until a human has seen them."""
    async with session(deployed().breach("auth").trip("auth")) as s:
        await s.wait(60)
        s.sees("▲ ALARM")
        await s.tell(ev.AlarmCleared(alarm="error-rate/auth"))
        s.sees("▲ RECOVERED")
        await s.tell(ev.AlarmAcknowledged(alarm="error-rate/auth", by="ana"))
        s.misses("▲ RECOVERED", "▲ ALARM")


async def test_taking_the_lease_needs_a_reason() -> None:
    """S25: while somebody else drives, every key explains that but `L`, and `p`: whoever sees danger may hold."""
    story = deployed()
    story.tell(ev.LeaseTaken(operator="ben", host="bastion-2", uid=1001, previous="ana", reason="shift"))
    async with session(story) as s:
        s.sees("op ana · ben drives")
        await s.press("a")
        s.sees("ben drives: take the lease first (L)")
        assert s.given == []
        await s.press("p")
        assert s.given.pop() == cmd.Hold()
        await s.press("L")
        s.sees("TAKE THE LEASE", "ben since")
        await s.confirm("ben has left")
        assert s.given == [cmd.TakeLease(reason="ben has left")]


async def test_handing_over_names_the_next_one_and_says_what_to_know() -> None:
    """S25: `L` of the driver: a name and a note are typed; until the answer it stands there."""
    async with session(deployed()) as s:
        await s.press("L")
        s.sees("HAND OVER", "NAME: what the next one has to know")
        await s.confirm("berta: auth is slow, watch it")
        assert s.given == [cmd.HandOver(to="berta", reason="auth is slow, watch it")]
        await s.tell(ev.HandOverOffered(by="ana", to="berta", note="auth is slow, watch it"))
        s.sees("▲ HAND-OVER  ana to berta, not accepted yet: auth is slow, watch it")
        await s.press("L")
        s.sees("KEEP THE LEASE", "ana to berta")
        await s.confirm("keep")
        assert s.given[1:] == [cmd.KeepLease()]
        await s.tell(ev.HandOverEnded(to="berta", why="withdrawn"))
        s.misses("▲ HAND-OVER")


async def test_whom_it_is_offered_to_accepts_with_a_word() -> None:
    """S25: it stands on the screen of the next one with its key, and `accept` makes that one the driver."""
    story = deployed()
    story.tell(ev.LeaseTaken(operator="ben", host="bastion-2", uid=1001, previous="ana", reason="shift"))
    story.tell(ev.HandOverOffered(by="ben", to="ana", note="nothing to report"))
    async with session(story) as s:
        s.sees("▲ HAND-OVER  ben to you: nothing to report", "L answer")
        await s.press("L")
        s.sees("HAND-OVER TO YOU", "nothing to report")
        await s.confirm("accept")
        assert s.given == [cmd.AcceptLease()]
        taken = ev.LeaseTaken(
            operator="ana", host="h", uid=1, previous="ben", reason="nothing to report", handed_over=True
        )
        await s.tell(taken)
        s.misses("▲ HAND-OVER")
        s.sees("op ana (drives)", "handed over by ben")


async def test_traffic_gate_takes_the_word_traffic() -> None:
    """At the traffic gate `a` wants `traffic`."""
    story = Story().go_live("database", "auth", "catalog", "orders", "frontend")
    story.tell(ev.PhaseChanged(phase=Phase.SMOKE))
    for item in story.state.smoke:
        story.tell(ev.SmokeMarked(item=item, state=SmokeState.PASS), actor="ana")
    async with session(story) as s:
        s.sees("next: gate traffic", "◆   Traffic")
        await s.press("a")
        s.sees("OPEN TRAFFIC", "Type      traffic", "5 of 5 passed", "begins: 48:00:00 from then on")
        await s.confirm("5")
        s.sees("'5' is not the word: type traffic")
        await s.confirm("traffic")
        assert s.given == [cmd.Advance(to="traffic", seen=story.state.revision)]


async def test_opening_traffic_again_does_not_promise_a_new_watch() -> None:
    """S22: the watch counts from go-live; what was closed meanwhile and opens again begins nothing anew."""
    story = watching()
    story.tell(ev.TrafficFinished(state=Traffic.CLOSED, ok=True, detail=""))
    async with session(story) as s:
        await s.press("a")
        s.sees("OPEN TRAFFIC AGAIN", "goes on; the time behind a closed gate counts")
        s.misses("begins")


async def test_a_watch_is_not_concluded_before_its_least_time() -> None:
    """S22: `C` waits for `at_least`, and then for data; it says which, in the engine's own words."""
    story = watching()
    async with session(story) as s:
        await s.press("C")
        s.sees("close run: the watch has run 3 h of at least 24 h")
        s.misses("CLOSE THE RUN")
        await s.chapter(lambda story: story.wait(22 * 3600))
        await s.chapter(lambda story: story.tell(ev.WatchCheckpoint(elapsed_s=1.0, coverage={"error_rate": 0.5})))
        await s.press("C")
        s.sees("too early for a verdict: error_rate: data for 50.0% of the time, 95% needed")
        coverage = dict.fromkeys(("error_rate", "latency_p95"), 0.99)
        await s.chapter(lambda story: story.tell(ev.WatchCheckpoint(elapsed_s=2.0, coverage=coverage)))
        await s.press("C")
        s.sees("CLOSE THE RUN", "25 h of 48 h", "SUCCEEDED")
        await s.confirm("close")
        assert s.given == [cmd.Close(seen=s.story.state.revision)]


async def test_closing_a_run_shows_the_verdict_that_it_has() -> None:
    """What is about to be written for good stands in the prompt."""
    story = watching()
    story.tell(ev.VerdictReached(phase=Phase.FAILED, why="errors 9 % > 5 %"))
    async with session(story) as s:
        await s.press("C")
        s.sees("CLOSE THE RUN", "✗ FAILED  errors 9 % > 5 %")


async def test_a_watch_without_a_switch_says_what_it_opens() -> None:
    """Where traffic is open already, or the plan has no switch, the gate only lets the watch begin."""
    story = Story().go_live("database", "auth", "catalog", "orders", "frontend")
    story.tell(ev.PhaseChanged(phase=Phase.SMOKE))
    story.tell(ev.TrafficFinished(state=Traffic.OPEN, ok=True, detail=""))
    for item in story.state.smoke:
        story.tell(ev.SmokeMarked(item=item, state=SmokeState.PASS), actor="ana")
    async with session(story) as s:
        await s.press("a")
        s.sees("OPEN TRAFFIC", "nothing: public traffic is open already", "begins: 48:00:00")


async def test_traffic_waits_for_the_checklist() -> None:
    """S21: a mandatory item that has not passed keeps the gate shut, and the key says so."""
    story = Story().go_live("database", "auth", "catalog", "orders", "frontend")
    story.tell(ev.PhaseChanged(phase=Phase.SMOKE))
    story.tell(ev.SmokeMarked(item="login", state=SmokeState.FAIL), actor="ana")
    async with session(story) as s:
        s.sees("1 FAILED", "traffic CLOSED")
        await s.press("a")
        s.sees("traffic waits for 5 mandatory smoke tests")


async def test_a_target_that_moves_on_while_the_prompt_is_open_is_not_touched() -> None:
    """S18: the target is fixed when the prompt opens; if it changes, the prompt says so and sends nothing."""
    async with session(deployed().breach("auth")) as s:
        await s.press("r")
        await s.chapter(lambda story: story.start_step("auth"))
        s.sees("auth is DEPLOYING now: Esc, and look again")
        await s.confirm("auth")
        assert s.given == []


async def test_a_refusal_of_the_engine_is_shown_with_its_reason() -> None:
    """What the engine refuses is said on the key line, and stays there."""
    async with session() as s:
        s.link.refuses = "out of date: look again"
        await s.press("a")
        await s.confirm("1")
        s.sees("✗ refused: out of date: look again")
        await s.wait(60)
        s.sees("✗ refused")


async def test_a_command_that_reaches_nobody_is_loud() -> None:
    """Nobody may believe that a command was carried out when it was not."""
    async with session() as s:
        s.link.unreachable = "the engine is gone"
        await s.press("p")
        s.sees("NOT DONE: the engine is gone")


async def test_a_step_by_hand_is_done_when_the_operator_says_so() -> None:
    """What the operator does himself stands under the service; `f` and the word `done` finish it."""
    story = deployed()
    story.tell(ev.GatePassed(gate="catalog"), actor="ana")
    outline = story.outline.service("catalog")
    story.tell(ev.StepStarted(service="catalog", step=Step.DEPLOY, attempt=1, target=outline.target, origin="v2.0.0"))
    story.tell(
        ev.ActionStarted(
            service="catalog", step=Step.DEPLOY, index=0, kind="manual", label="flip the switch in the rack"
        )
    )
    async with session(story) as s:
        s.sees("by hand · flip the switch in the rack", "f done?")
        await s.press("f")
        s.sees("BY HAND: API de Catálogo")
        await s.confirm("done")
        assert s.given == [cmd.MarkDone(service="catalog", seen=story.state.services["catalog"].revision)]


async def test_a_step_by_hand_may_also_not_be_done() -> None:
    """Who sees that it is not so says `failed`, and why."""
    story = deployed()
    story.tell(ev.GatePassed(gate="catalog"), actor="ana")
    outline = story.outline.service("catalog")
    story.tell(ev.StepStarted(service="catalog", step=Step.VERIFY, attempt=1, target=outline.target, origin="v2.0.0"))
    story.tell(ev.ActionStarted(service="catalog", step=Step.VERIFY, index=0, kind="manual", label="the lamp is green"))
    async with session(story) as s:
        await s.press("f")
        s.sees("the lamp is green", "it is not (reason)")
        await s.confirm("failed")
        await s.confirm("it is red")
        seen = story.state.services["catalog"].revision
        assert s.given == [cmd.MarkFailed(service="catalog", seen=seen, reason="it is red")]


async def test_an_event_that_does_not_follow_makes_the_screen_ask_again() -> None:
    """A gap in what the engine says is answered by a new connection, whose snapshot replaces everything."""
    async with session(deployed()) as s:
        s.story.tell(ev.NoteAdded(text="unheard"), actor="ana")
        s.link.say(wire.Happened(record=s.story.tell(ev.NoteAdded(text="heard"), actor="ana")))
        await s.wait(0.2)
        s.sees("asking the engine again")
        s.link.say(s.story.snapshot())
        await s.wait(0.2)
        state = s.app.mirror.state
        assert state is not None
        assert [note.text for note in state.notes] == ["unheard", "heard"]
        assert s.link.connections == 2
