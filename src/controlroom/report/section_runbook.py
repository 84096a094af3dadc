"""The runbook filled in: each service with what was done, how it was verified, and how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Heading, Section, Table, code, joined, quiet, strong, text
from controlroom.report.pictures import pictures_of
from controlroom.report.timelines import timelines
from controlroom.report.voice import span
from controlroom.run.phases import OutcomeStatus, ServiceState, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.report.blocks import Block, Line
    from controlroom.report.model import ActionRun, Report, ServiceRun, StepRun
    from controlroom.report.voice import Voice

STEPS = {
    Step.DEPLOY: "deploy",
    Step.VERIFY: "verify",
    Step.ROLLBACK: "roll back",
    Step.VERIFY_ROLLBACK: "verify the rollback",
}

_NO_END = frozenset({None, OutcomeStatus.UNKNOWN})
"""How an action stands of which nobody knows how long it took, unless its job kept a record."""


def runbook(report: Report, say: Voice) -> Section:
    """The section."""
    blocks: list[Block] = [_table(report.services, say), *timelines(report, say)]
    if any(service.steps for service in report.services):
        blocks += [Heading(say("Every action and check, with its evidence")), actions(report, report.steps, say)]
        for step in report.steps:
            name = next(service.name for service in report.services if service.id == step.service)
            for action in step.actions:
                blocks += pictures_of(action.evidence, f"{name}: {action.label}")
    return Section(say("Deployment steps (runbook)"), tuple(blocks))


def _table(services: Sequence[ServiceRun], say: Voice) -> Table:
    head = (
        say("Order"),
        say("Service"),
        say("Action"),
        say("Verification"),
        say("Version"),
        say("Planned"),
        say("Actual"),
        say("Attempts"),
        say("Result"),
    )
    rows = tuple(_row(place, service, say) for place, service in enumerate(services, 1))
    return Table(head, rows, (1, 4, 5, 5, 5, 2, 4, 2, 4))


def _row(place: int, service: ServiceRun, say: Voice) -> tuple[Line, ...]:
    return (
        text(str(place)),
        strong(service.name),
        text("; ".join(service.deploy)),
        text("; ".join(service.verify)),
        _version(service, say),
        text(span(service.estimate_s)),
        _actual(service, say),
        text(str(service.attempts) if service.attempts else "–"),
        _result(service, say),
    )


def _version(service: ServiceRun, say: Voice) -> Line:
    change = code(f"{service.origin or '?'} → {service.target}")
    if service.live in {service.target, ""} or (service.live == service.origin and not service.steps):
        return change
    return joined(change, quiet(f"({say('live: {version}', version=service.live)})"))


def _actual(service: ServiceRun, say: Voice) -> Line:
    if not service.started:
        return text("–")
    return joined(text(say.took(service.took_s)), quiet(f"({say.between(service.started, service.ended)})"))


def _result(service: ServiceRun, say: Voice) -> Line:
    line = say.state(service.state)
    if service.stable is not None:
        line = joined(line, text(say("stable") if service.stable else say("NOT STABLE")))
    if any(step.satisfied for step in service.steps):
        line = joined(line, quiet(say("was there already")))
    if service.state in {ServiceState.FAILED, ServiceState.UNKNOWN, ServiceState.ROLLBACK_FAILED, ServiceState.SKIPPED}:
        line = joined(line, text(say.engine(service.why)))
    return line


def actions(report: Report, steps: Sequence[StepRun], say: Voice) -> Table:
    """Every action and check of `steps`; a step that ran none says why it ended."""
    names = {service.id: service.name for service in report.services}
    head = (
        say("Time (UTC)"),
        say("Service"),
        say("Step"),
        say("Action or check"),
        say("Result"),
        say("Evidence"),
        say("Took"),
    )
    rows: list[tuple[Line, ...]] = []
    for step in steps:
        what = _step(step, say)
        if not step.actions:
            state = say.state(step.status) if step.status else text(say("not known"))
            took = say.lasted(step.started, step.ended)
            name = text(names[step.service])
            rows.append(
                (text(say.time(step.started)), name, what, (), state, code(say.engine(step.detail)), text(took))
            )
        rows += [
            (
                text(say.time(action.started)),
                text(names[step.service]),
                what,
                text(action.label),
                say.state(action.status) if action.status else text(say("not known")),
                _evidence(action, say),
                text(say.took(action.took_s) if action.status not in _NO_END or action.took_s else ""),
            )
            for action in step.actions
        ]
    return Table(head, tuple(rows), (2, 3, 3, 5, 2, 6, 2))


def _step(step: StepRun, say: Voice) -> Line:
    again = quiet(f"({say('attempt {number}', number=step.attempt)})") if step.attempt > 1 else ()
    return joined(text(say(STEPS[step.step])), again)


def _evidence(action: ActionRun, say: Voice) -> Line:
    failed = action.exit_code not in {None, 0} and f"{action.exit_code}" not in action.detail
    exit_code = text(say("exit code {code}", code=action.exit_code) if failed else "")
    beside = [code(piece.detail) for piece in action.evidence if piece.detail != action.detail]
    return joined(code(action.detail), exit_code, *beside)
