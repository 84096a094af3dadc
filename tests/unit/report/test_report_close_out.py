"""What a report holds of a journal, and that any journal has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.unit.report.night import Night, back, bad_night, breach, good_night, outline

from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.html import html
from controlroom.report.markdown import markdown
from controlroom.run import events as ev
from controlroom.run.fold import fold_all
from controlroom.run.phases import OutcomeStatus, ServiceState, SmokeState, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable


def test_services_carry_their_attempts_and_times() -> None:
    """Estimate against actual: the steps' own time, without the wait for somebody to decide, attempt by attempt."""
    auth = good_night().report().services[1]
    assert (auth.state, auth.attempts, auth.estimate_s) == (ServiceState.LIVE, 2, 60.0)
    assert auth.took_s == 12 + 20 + 8
    steps = [(step.step, step.attempt, step.status) for step in auth.steps]
    assert steps == [
        (Step.DEPLOY, 1, OutcomeStatus.FAILED),
        (Step.DEPLOY, 2, OutcomeStatus.PASSED),
        (Step.VERIFY, 2, OutcomeStatus.PASSED),
    ]
    assert auth.steps[2].actions[0].detail == '200 in 3 ms · {"status":"ok"}'


def test_a_step_that_died_has_no_end() -> None:
    """After a crash nobody knows how an action ended; the report says so, and does not borrow another's result."""
    night = Night(outline())
    night.tell(ev.GatePassed(gate="database"), "ana")
    night.start_step("database")
    step = night.report().services[0].steps[0]
    assert (step.ended, step.status, step.actions[0].status) == ("", None, None)
    assert "no se sabe" in markdown(document(night.report()))


def test_smoke_results_keep_their_history() -> None:
    """S20: the last word counts, and what was said before it stays readable."""
    item = good_night().report().smoke[-1]
    assert (item.state, item.by) == (SmokeState.PASS, "engine")
    assert [turn.state for turn in item.turns] == [SmokeState.FAIL, SmokeState.PASS]
    assert item.evidence[0].detail == "201 in 27 ms"


def test_a_flaky_item_is_ticked_with_its_attempts() -> None:
    """S20: its own word, how often it was tried, and of each attempt what was sent, what came back, and when asked."""
    night = good_night()
    item = night.outline.smoke[0].id
    evidence = (
        ev.Evidence(
            title="POST /signup", ok=False, detail="status 503, not 201", got="503 text/plain busy", took_s=0.03
        ),
        ev.Evidence(title="POST /signup", ok=True, detail="201 in 27 ms", sent='POST /signup {"a":"b"}', attempt=2),
    )
    night.tell(ev.SmokeStarted(item=item))
    note = "passed at attempt 2 of 3; before that status 503, not 201"
    night.tell(ev.SmokeFinished(item=item, state=SmokeState.FLAKY, note=note, evidence=evidence, attempts=2))
    page = markdown(document(night.report()))
    for words in (
        "- [x] **Registro de Usuario** ! inestable · automático",
        "2 intentos · passed at attempt 2 of 3",
        "intento 1 ✗ `POST /signup` → `status 503, not 201` (30 ms)",
        "recibido `503 text/plain busy`",
        "intento 2 ✓ `POST /signup` → `201 in 27 ms`",
        'enviado `{"a":"b"}`',
        "5 de 5 (1 inestables)",
    ):
        assert words in page, page


@pytest.mark.parametrize(
    ("sent", "asked", "body"),
    [
        ("GET http://orders/orders/7", "GET http://orders/orders/7", None),
        ("PUT http://orders/orders/7 {}", "GET http://orders/orders/${capture.order}", "PUT http://orders/orders/7 {}"),
        ('GET http://orders/orders/7 {"a": "b c"}', "GET http://orders/orders/7", '{"a": "b c"}'),
        ("", "GET http://orders/orders/${capture.order}", None),
    ],
)
def test_a_request_is_told_once_as_it_went_out(sent: str, asked: str, body: str | None) -> None:
    """What an earlier answer filled in stands in the request, and what does not fit its title is told beside it."""
    night = good_night()
    item = night.outline.smoke[0].id
    title = "GET http://orders/orders/${capture.order}"
    evidence = (ev.Evidence(title=title, ok=True, detail="200 in 3 ms", sent=sent),)
    night.tell(ev.SmokeFinished(item=item, state=SmokeState.PASS, note="", evidence=evidence))
    page = markdown(document(night.report()))
    assert f"✓ `{asked}` → `200 in 3 ms`" in page
    assert ("enviado" in page) == (body is not None)
    assert body is None or f"enviado `{body}`" in page
    assert page.count("orders/7") == sent.count("orders/7")


def test_alarms_say_who_saw_them_after_how_long() -> None:
    """An alarm is raised, acknowledged and over at three different times."""
    (alarm,) = good_night().report().alarms
    assert alarm.acknowledged_by == "ana"
    assert alarm.raised < alarm.acknowledged == alarm.cleared
    assert "ana, tras 30 s" in markdown(document(good_night().report()))


def test_rollbacks_carry_reason_numbers_order_and_stability() -> None:
    """S15, S16: why, in which order, what was on screen, and whether the old version stayed stable."""
    one, everything = bad_night().report().rollbacks
    assert (one.services, one.why, one.by, one.ok) == (("orders",), "8 % of errors", "ana", True)
    assert one.numbers == ("auth error_rate 7.4 %",)
    assert [step.step for step in one.steps] == [Step.ROLLBACK, Step.VERIFY_ROLLBACK]
    assert one.stabilization is not None
    assert one.stabilization.verdict is Verdict.PASS
    assert [step.service for step in everything.steps] == ["catalog", "catalog", "auth", "auth", "database", "database"]


def test_rollbacks_say_what_becomes_of_the_database() -> None:
    """S14: left at the new schema by a rollback of one service, undone by that of everything with the database."""
    one, everything = bad_night().report().rollbacks
    (left,), (undone,) = one.databases, everything.databases
    assert (left.undone, left.live, left.effect) == (False, "42", "expand-only")
    assert (undone.undone, undone.live) == (True, "41")


def test_an_untouched_database_is_not_mentioned() -> None:
    """A rollback has no effect on a database that this run did not change."""
    night = Night(outline())
    night.tell(ev.GatePassed(gate="database"), "ana")
    night.start_step("database")
    night.tell(
        ev.StepFinished(
            service="database",
            step=Step.DEPLOY,
            status=OutcomeStatus.PASSED,
            detail="already satisfied",
            observed="42",
            satisfied=True,
        )
    )
    night.go_live("auth")
    back(night, "auth", why="errors")
    assert night.report().rollbacks[0].databases == ()


def test_a_widened_rollback_ends_where_the_wider_one_begins() -> None:
    """Asking for more while one is under way is told as two, each with its own reason and its own steps."""
    night = Night(outline()).go_live("database", "auth", "catalog")
    night.tell(ev.RollbackRequested(services=("catalog",), everything=False, why="first"), "ana")
    night.start_step("catalog", Step.ROLLBACK)
    night.wait(3)
    night.tell(ev.RollbackRequested(services=("catalog", "auth"), everything=True, why="all of it"), "ana")
    first, second = night.report().rollbacks
    assert (first.ok, first.ended, len(first.steps)) == (None, second.requested, 1)
    assert (second.ok, second.ended, second.steps) == (None, "", ())


def test_holds_alarms_and_drivers_have_a_beginning_and_an_end() -> None:
    """Who drove until when; a hold told again is one hold; one that stood to the end has no end."""
    night = bad_night()
    night.tell(ev.HoldPlaced(reason="rollback", by="berta", note="newer words"), "berta")
    night.tell(ev.HoldLifted(reason=f"guard:{night.outline.guards[0].id}", by="berta"), "berta")
    report = night.report()
    ana, berta = report.drivers
    assert (ana.operator, ana.until, berta.reason) == ("ana", berta.since, "shift ends")
    guard, rollback = report.holds
    assert (guard.lifted_by, rollback.lifted, rollback.note) == ("berta", "", "newer words")


def test_the_trace_names_what_the_report_was_made_from() -> None:
    """S28, S29: hashes of plan and journal, how many events, and that their chain holds."""
    night = good_night()
    trace = night.report("9.9.9").trace
    assert (trace.head, trace.events, trace.flaw) == (night.records[-1].hash, len(night.records), "")
    assert (trace.plan_sha256, trace.version) == ("9f3c1a2b" * 8, "9.9.9")


def test_an_altered_journal_is_reported_as_such() -> None:
    """S28: the report of a journal whose chain does not hold says so before anything else."""
    night = good_night()
    note = next(n for n, record in enumerate(night.records) if isinstance(record.event, ev.NoteAdded))
    night.records[note] = replace(night.records[note], event=ev.NoteAdded(text="nobody said this"))
    report = night.report()
    assert report.trace.flaw == f"event {note + 1} was altered after it was written"
    text = markdown(document(report))
    assert text.index("El diario fue alterado") < text.index("## 1.")


def test_a_journal_without_events_has_no_report() -> None:
    """Nothing began, so there is nothing to report."""
    with pytest.raises(ValueError, match="no event"):
        close_out([], version="1")


@pytest.mark.parametrize("tell", [good_night, bad_night])
def test_any_moment_of_a_run_has_a_report(tell: Callable[[], Night]) -> None:
    """However far a run has come, its report can be written in both forms; until the end it is an interim one."""
    night = tell()
    for count in range(1, len(night.records) + 1):
        report = close_out(night.records[:count], version="1")
        found = document(report)
        assert found.kind == ("Informe provisional" if report.interim else "Informe de cierre")
        assert markdown(found)
        assert html(found)


def test_an_interim_report_says_where_the_run_stands() -> None:
    """Nobody takes it for the end: phase, event and time are named."""
    night = Night(outline()).go_live("database")
    text = markdown(document(night.report()))
    assert f"está en la fase «desplegando», evento {len(night.records)}, 2026-12-01 03:00:41 UTC" in text


def test_durations_are_plan_time_everywhere() -> None:
    """S30: at speed 60 two seconds stand as 2 min beside the plan, as on the screen; times of day are the clock's."""
    night = Night(replace(outline(), rehearsal=True, speed=60.0))
    night.tell(ev.GatePassed(gate="database"), "ana")
    night.start_step("database")
    night.wait(2 * 60).end_step("database")
    night.start_step("database", Step.VERIFY)
    night.wait(0.5 * 60).end_step("database", Step.VERIFY)
    night.tell(ev.HoldPlaced(reason="operator", by="ana"), "ana")
    night.wait(3 * 60).tell(ev.HoldLifted(reason="operator", by="ana"), "ana")
    page = markdown(document(night.report()))
    assert "| 2 min 30 s (03:00:11 – 03:00:13) |" in page
    assert "2 min 30 s (previsto: 4 min 15 s)" in page
    assert "| 10 min |" in page, "each action, which took 10 s of the clock"
    assert "03:00:13 – 03:00:16 | 3 min |" in page, page


def test_a_rehearsal_is_marked() -> None:
    """S30: nobody can mistake a rehearsal's report for that of production."""
    night = Night(replace(outline(), rehearsal=True, environment="rehearsal", speed=60.0))
    found = document(night.report())
    assert found.stamp == "ENSAYO"
    assert "> **ENSAYO**" in markdown(found)
    assert "corrió 60 veces más rápido que el reloj" in markdown(found)
    assert 'class="stamp">ENSAYO<' in html(found)


def test_production_is_not_marked_as_a_rehearsal() -> None:
    """The word does not appear at all."""
    assert "ENSAYO" not in markdown(document(good_night().report()))


def test_a_breach_while_watching_is_an_incident() -> None:
    """S22: the incident that failed the go-live stands in the section of the watch, with the time and the service."""
    night = good_night()
    night.records = night.records[:-4]
    night._state = fold_all(night.records)
    breach(night, "orders")
    night.tell(ev.IncidentRecorded(kind="guard", text="orders 8 % > 5 %", service="orders"))
    (incident,) = night.report().incidents
    assert incident.service == "orders"
    assert "| guarda disparada | API de Pedidos | orders 8 % > 5 % |" in markdown(document(night.report()))
