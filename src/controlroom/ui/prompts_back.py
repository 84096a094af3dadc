"""The prompts that take something back or end it: roll back one or all, abort, and the failure menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run import commands as cmd
from controlroom.run import rollback
from controlroom.run.phases import BACKWARDS, ServiceState, Traffic
from controlroom.ui.presenter import takeback
from controlroom.ui.presenter.prompt import Choice, Filled, Prompt, Row, Word
from controlroom.ui.presenter.text import Span, Tone, clean
from controlroom.ui.presenter.words import SERVICE
from controlroom.ui.reasons import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.ui.presenter.view import View
    from controlroom.ui.situation import Situation

CASCADE, SINGLE = 0, 1


def _moved(service: str, seen: int) -> Callable[[View], str]:
    """S18: says what became of `service` since the prompt opened, or nothing."""

    def moved(view: View) -> str:
        now = view.state.services[service]
        return "" if now.revision == seen else f"{service} is {SERVICE[now.state].word} now"

    return moved


def roll_back(at: Situation) -> Prompt:
    """Take the selected service back, by default with what depends on it."""
    service = at.service
    status = at.view.state.services[service]
    seen = status.revision
    others = rollback.staying(at.view.state, service)

    def body(view: View, choice: int) -> list[Row]:
        plan = rollback.plan_service(view.state, service, cascade=choice != SINGLE)
        note = ""
        if view.state.active is not None and view.state.active.service == service:
            database = view.state.outline.service(service).database
            note = "waits for the migration under way" if database else "the step under way is cancelled first"
        return takeback.preview(view, plan, note=note)

    def command(filled: Filled) -> cmd.Command:
        single = bool(others) and filled.choice == SINGLE
        return cmd.RollBack(service=service, confirm=service, cascade=not single, seen=seen, reason=filled.reason)

    choice = None
    if others:
        verb = "depends" if len(others) == 1 else "depend"
        cascade = f"cascade: {', '.join(others)} {verb} on it"
        choice = Choice("Also", (cascade, "single (reason)"), reason_for=(SINGLE,))
    return Prompt(
        action="rollback",
        title=f"ROLL BACK {service}",
        body=body,
        words=(Word(service, "roll back", command),),
        choice=choice,
        moved=_moved(service, seen),
        danger=True,
    )


def roll_back_all(at: Situation) -> Prompt:
    """Take everything back in reverse order; the database only on request."""
    state = at.view.state
    environment = state.outline.environment
    databases = [s.id for s in state.outline.services if s.database and rollback.is_deployed(state.services[s.id])]

    def body(view: View, choice: int) -> list[Row]:
        with_database = bool(databases) and choice == 1
        rows = takeback.preview(view, rollback.plan_everything(view.state, with_database=with_database))
        traffic = Row("Traffic", (Span("closed first, and stays closed; the run ends ROLLED BACK", Tone.TEXT),))
        return [*rows, traffic]

    def command(filled: Filled) -> cmd.Command:
        return cmd.RollBackAll(
            confirm=environment, with_database=bool(databases) and filled.choice == 1, reason=filled.reason
        )

    choice = Choice("Choose", ("database stays", "database goes back too, last")) if databases else None
    return Prompt(
        action="rollback_all",
        title="ROLL BACK EVERYTHING",
        body=body,
        words=(Word(environment, "roll back everything", command, reason=True),),
        choice=choice,
        danger=True,
    )


_TRAFFIC_STAYS = {
    Traffic.OPEN: ("stays OPEN: the public stays in; T closes it first", Tone.WARN),
    Traffic.OPENING: ("is being opened, and stays OPEN: the public stays in", Tone.WARN),
    Traffic.CLOSING: ("is being closed, and stays closed: the public stays out", Tone.TEXT),
    Traffic.CLOSED: ("stays closed: the public stays out", Tone.TEXT),
    Traffic.UNKNOWN: ("UNKNOWN: nobody knows whether the public is in; look at the edge", Tone.WARN),
}


def _traffic_stays(traffic: Traffic) -> list[Row]:
    """What becomes of the public; nothing where the plan has no gate."""
    if traffic not in _TRAFFIC_STAYS:
        return []
    return [Row("Traffic", (Span(*_TRAFFIC_STAYS[traffic]),))]


def abort(at: Situation) -> Prompt:
    """End the run as it stands."""
    environment = at.view.state.outline.environment

    def body(view: View, _choice: int) -> list[Row]:
        changed = [s for s in view.state.services.values() if rollback.is_deployed(s)]
        stays = ", ".join(f"{s.id} {clean(s.live) or '?'}" for s in changed) or "nothing changed"
        return [
            Row("Ends", (Span("the run, as it stands; nothing is rolled back", Tone.STRONG),)),
            Row("Stays", (Span(stays, Tone.TEXT),)),
            *_traffic_stays(view.state.traffic),
        ]

    word = Word(environment, "abort", lambda f: cmd.Abort(confirm=environment, reason=f.reason), reason=True)
    return Prompt(action="abort", title="ABORT THE RUN", body=body, words=(word,), danger=True)


def _manual_step(at: Situation) -> Prompt:
    """What the operator does or sees himself is done, or is not, when he says so."""
    service = at.service
    active = at.view.state.active
    label = clean(active.label) if active is not None else ""
    seen = at.view.state.services[service].revision
    return Prompt(
        action="failure",
        title=f"BY HAND: {clean(at.view.state.services[service].name)}",
        body=lambda _view, _choice: [Row("To do", (Span(label, Tone.STRONG),))],
        words=(
            Word("done", "it is so", lambda f: cmd.MarkDone(service=service, seen=seen, reason=f.reason)),
            Word(
                "failed",
                "it is not (reason)",
                lambda f: cmd.MarkFailed(service=service, seen=seen, reason=f.reason),
                reason=True,
            ),
        ),
        moved=lambda view: "" if by_hand(view, service) else f"{service} no longer waits for it",
    )


def failure_menu(at: Situation) -> Prompt:
    """S12: what can be done about a failed, timed-out or unknown step; or that a step by hand is done."""
    service = at.service
    state = at.view.state
    if by_hand(at.view, service):
        return _manual_step(at)
    outline, status = state.outline.service(service), state.services[service]
    seen = status.revision
    backwards = status.state is ServiceState.ROLLBACK_FAILED
    spent = status.attempt >= outline.max_attempts and not backwards
    held = state.held and status.failed_step not in BACKWARDS

    def body(view: View, _choice: int) -> list[Row]:
        now = view.state.services[service]
        sign = SERVICE[now.state]
        rows = [
            Row("State", (Span(f"{sign.shape} {sign.word}", sign.tone), Span(f"   attempt {now.attempt}", Tone.QUIET))),
            Row("Why", (Span(clean(now.why) or "no reason given", Tone.STRONG),)),
            Row("Live", (Span(clean(now.live) or "not known", Tone.TEXT),)),
        ]
        if now.partial:
            rows.append(Row("", (Span("the step was cut off half-way", Tone.WARN),)))
        other = (
            Span("r", Tone.KEY),
            Span(" rolls back, ", Tone.QUIET),
            Span("x", Tone.KEY),
            Span(" aborts", Tone.QUIET),
        )
        return [*rows, Row("Esc, then", other)]

    no_retry = f"{outline.max_attempts} attempts are spent" if spent else "held: resume first" if held else ""
    no_skip = "required" if outline.required else "its roll-back failed" if backwards else ""
    words = (
        Word("retry", "run the step again", lambda _: cmd.Retry(service=service, seen=seen), disabled=no_retry),
        Word("verify", "verify again", lambda _: cmd.VerifyAgain(service=service, seen=seen)),
        Word(
            "done",
            "vouch for it (reason)",
            lambda f: cmd.MarkDone(service=service, seen=seen, reason=f.reason),
            reason=True,
        ),
        Word(
            "skip",
            "go on without it (reason)",
            lambda f: cmd.Skip(service=service, seen=seen, reason=f.reason),
            reason=True,
            disabled=no_skip,
        ),
    )
    title = f"{clean(status.name)}: what now?"
    return Prompt(action="failure", title=title, body=body, words=words, moved=_moved(service, seen))
