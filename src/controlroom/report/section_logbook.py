"""Who did what: notes, alarms, holds and every command with its reason and the numbers on screen."""

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
    code,
    joined,
    quiet,
    text,
)

if TYPE_CHECKING:
    from controlroom.report.model import Report
    from controlroom.report.spans import AlarmSpan
    from controlroom.report.voice import Voice


def logbook(report: Report, say: Voice) -> Section:
    """The section."""
    blocks: list[Block] = []
    if report.notes:
        notes = tuple((f"{say.time(note.at)} {note.by}", (text(note.text),)) for note in report.notes)
        blocks += [Heading(say("Notes")), Facts(notes)]
    if report.alarms:
        blocks += [Heading(say("Alarms")), _alarms(report, say)]
    if report.holds:
        blocks += [Heading(say("Holds")), _holds(report, say)]
    if report.commands:
        blocks += [Heading(say("Commands")), _commands(report, say)]
    return Section(say("Logbook"), tuple(blocks) or (Paragraph(text(say("Nothing was asked for."))),))


def _alarms(report: Report, say: Voice) -> Table:
    head = (say("Raised (UTC)"), say("Alarm"), say("Acknowledged"), say("Over"))
    rows = tuple(
        (
            text(say.time(alarm.raised)),
            joined(text(say.engine(alarm.text)), code(alarm.id)),
            text(_acknowledged(alarm, say)),
            text(say.time(alarm.cleared)),
        )
        for alarm in report.alarms
    )
    return Table(head, rows, (2, 7, 4, 2))


def _acknowledged(alarm: AlarmSpan, say: Voice) -> str:
    if not alarm.acknowledged:
        return say("by nobody")
    after = say.lasted(alarm.raised, alarm.acknowledged)
    return say("{by}, after {span}", by=alarm.acknowledged_by, span=after)


def _holds(report: Report, say: Voice) -> Table:
    head = (say("When (UTC)"), say("Held"), say("Reason"), say("By"), say("Lifted by"))
    rows = tuple(
        (
            text(say.between(hold.placed, hold.lifted)),
            text(say.lasted(hold.placed, hold.lifted or report.ended)),
            joined(code(hold.reason), text(hold.note if hold.reason == "operator" else say.engine(hold.note))),
            text(say.actor(hold.by)),
            text(say.actor(hold.lifted_by) if hold.lifted else "–"),
        )
        for hold in report.holds
    )
    return Table(head, rows, (4, 2, 6, 3, 3))


def _commands(report: Report, say: Voice) -> Table:
    head = (say("Time (UTC)"), say("Who"), say("Command"), say("Why"), say("Answer"), say("Numbers on screen"))
    rows = tuple(
        (
            text(say.time(given.at)),
            joined(text(given.actor), quiet(f"({given.host})")),
            joined(text(say(given.command)), code(given.target)),
            text(given.reason),
            joined(() if given.accepted else badge(say("refused"), Tone.WARN), text(say.engine(given.message))),
            quiet(", ".join(given.numbers)),
        )
        for given in report.commands
    )
    return Table(head, rows, (2, 3, 3, 4, 4, 4))
