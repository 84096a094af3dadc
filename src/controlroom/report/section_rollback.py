"""The conditions of failure, what met them, and what was taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import (
    Block,
    Facts,
    Heading,
    Paragraph,
    Section,
    Table,
    Tone,
    badge,
    joined,
    quiet,
    strong,
    text,
)
from controlroom.report.breach_chart import breach_chart, compared, limit_of
from controlroom.report.section_runbook import actions
from controlroom.report.voice import clock, number
from controlroom.run.phases import SmokeState, Traffic, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.report.blocks import Line
    from controlroom.report.model import Breach, Report, Rollback
    from controlroom.report.voice import Voice


def rollback(report: Report, say: Voice) -> Section:
    """The section."""
    blocks: list[Block] = [_conditions(report, say)]
    blocks += _breaches(report, say)
    for place, one in enumerate(report.rollbacks, 1):
        blocks += _rollback(report, one, place, say)
    if report.moves:
        blocks += [Heading(say("Public traffic")), _moves(report, say)]
    return Section(say("Rollback"), tuple(blocks))


def _conditions(report: Report, say: Voice) -> Table:
    rows = []
    for guard in report.guards:
        fired = [breach for breach in report.breaches if breach.guard.id == guard.id and breach.tripped]
        result = badge(say("did not occur"), Tone.GOOD)
        if fired:
            names = ", ".join(dict.fromkeys(breach.name for breach in fired))
            result = joined(badge(say("occurred"), Tone.BAD), text(names))
        rows.append((text(guard.title), text(", ".join(say(act) for act in guard.on_breach)), result))
    if report.smoke:
        failed = [item for item in report.smoke if any(turn.state is SmokeState.FAIL for turn in item.turns)]
        result = badge(say("did not occur"), Tone.GOOD)
        if failed:
            result = joined(badge(say("occurred"), Tone.BAD), text(", ".join(item.title for item in failed)))
        rows.append((text(say("A smoke test fails")), text(say("no traffic to the new environment")), result))
    return Table((say("Failure condition"), say("Immediate action"), say("Result")), tuple(rows), (5, 4, 4))


def _breaches(report: Report, say: Voice) -> Iterator[Block]:
    tripped = [breach for breach in report.breaches if breach.tripped]
    for breach in tripped:
        yield Heading(f"{breach.guard.title}: {breach.name}")
        yield Paragraph(text(_story(breach, say)))
        yield breach_chart(breach, report, say)
    near = [breach for breach in report.breaches if not breach.tripped]
    if near:
        yield Heading(say("Beyond a limit, but not for long enough"))
        head = (say("Guard"), say("Service"), say("When (UTC)"), say("Longest"), say("Worst"))
        rows = tuple(
            (
                text(breach.guard.title),
                text(breach.name),
                text(say.between(breach.began, breach.recovered)),
                text(say("{time} of {limit}", time=clock(breach.longest_s), limit=clock(breach.guard.for_s))),
                text(number(breach.worst or 0.0, breach.guard.unit)),
            )
            for breach in near
        )
        yield Table(head, rows, (5, 3, 4, 3, 2))


def _story(breach: Breach, say: Voice) -> str:
    guard = breach.guard
    limit = limit_of(guard, say)
    began = say(
        "From {began} {name} was below {limit}; the guard fired at {tripped}."
        if guard.below
        else "From {began} {name} was above {limit}; the guard fired at {tripped}.",
        began=say.time(breach.began),
        name=breach.name,
        limit=limit,
        tripped=say.time(breach.tripped),
    )
    worst = say("Worst value: {worst}.", worst=compared(breach.worst or 0.0, guard, say))
    if not breach.recovered:
        return f"{began} {worst} {say('It had not recovered when this ends.')}"
    back = say(
        "Back within the limit at {at}, after {time}.", at=say.time(breach.recovered), time=clock(breach.longest_s)
    )
    return f"{began} {worst} {back}"


def _rollback(report: Report, rollback: Rollback, place: int, say: Voice) -> Iterator[Block]:
    names = {service.id: service.name for service in report.services}
    what = say("everything") if rollback.everything else ", ".join(names[name] for name in rollback.services)
    yield Heading(say("Rollback {place}: {what}", place=place, what=what))
    rows: list[tuple[str, tuple[Line, ...]]] = [
        (say("Reason"), (text(say.engine(rollback.why) or "–"),)),
        (say("Asked for by"), (joined(text(say.actor(rollback.by)), quiet(f"({say.time(rollback.requested)})")),)),
    ]
    if rollback.numbers:
        rows.append((say("Numbers on screen"), (text(", ".join(rollback.numbers)),)))
    order = " → ".join(names[name] for name in rollback.services) or "–"
    rows.append((say("Order"), (text(order),)))
    rows.append((say("Result"), (_outcome(rollback, say),)))
    rows.append((say("Database"), tuple(_databases(rollback, say)) or (text(say("not touched")),)))
    if rollback.stabilization is not None:
        rows.append((say("Stability"), (_stability(rollback, say),)))
    yield Facts(tuple(rows))
    if rollback.steps:
        yield actions(report, rollback.steps, say)


def _outcome(rollback: Rollback, say: Voice) -> Line:
    if rollback.ok is None:
        return text(say("widened") if rollback.ended else say("not over"))
    took = quiet(f"({say.lasted(rollback.requested, rollback.ended)})")
    state = badge(say("done"), Tone.GOOD) if rollback.ok else badge(say("stopped"), Tone.BAD)
    return joined(state, text(say.engine(rollback.detail)), took)


def _databases(rollback: Rollback, say: Voice) -> list[Line]:
    lines = []
    for effect in rollback.databases:
        told = "{name}: migrations undone, at {live}" if effect.undone else "{name}: stays at {live}"
        line = text(say(told, name=effect.name, live=effect.live or "?"))
        lines.append(line if effect.undone or not effect.effect else joined(line, quiet(f"({say(effect.effect)})")))
    return lines


def _stability(rollback: Rollback, say: Voice) -> Line:
    stabilization = rollback.stabilization
    if stabilization is None or stabilization.verdict is None:
        return text(say("not known: the watching did not end"))
    good = stabilization.verdict is Verdict.PASS
    state = badge(say("stable"), Tone.GOOD) if good else badge(say("NOT STABLE"), Tone.BAD)
    return joined(state, text(say.engine(stabilization.why)))


def _moves(report: Report, say: Voice) -> Table:
    head = (say("Time (UTC)"), say("To"), say("Why"), say("Result"))
    rows = []
    for move in report.moves:
        result = text(say("not over"))
        if move.ok is not None:
            state = badge(say("done"), Tone.GOOD) if move.ok else badge(say("failed"), Tone.BAD)
            result = joined(state, text(say.engine(move.detail)))
        to = say("open") if move.to is Traffic.OPEN else say("closed")
        rows.append((text(say.time(move.at)), strong(to), text(say.engine(move.why)), result))
    return Table(head, tuple(rows), (2, 2, 5, 5))
