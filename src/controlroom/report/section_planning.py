"""Planning: when, who, where it was told, and what was looked at before anything began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Facts, Section, code, joined, quiet, text
from controlroom.run.times import parse

if TYPE_CHECKING:
    from controlroom.report.blocks import Line
    from controlroom.report.model import Report
    from controlroom.report.voice import Voice


def planning(report: Report, say: Voice) -> Section:
    """The section."""
    rows = [
        (say("Date and time"), (text(f"{say.moment(report.started)} – {_end(report, say)}"),)),
        (say("Window"), tuple(_window(report, say))),
        (say("Responsible"), (text(_responsible(report, say)),)),
        (say("Communication"), tuple(_channels(report, say))),
        (say("Drove"), tuple(_drivers(report, say))),
        (say("Environment"), (joined(code(report.environment), quiet(say("run")), code(report.run)),)),
        (say("Checked before"), tuple(_preflight(report, say))),
    ]
    return Section(say("Planning"), (Facts(tuple(rows)),))


def _end(report: Report, say: Voice) -> str:
    return say("not over") if report.interim else say.moment(report.ended)


def _window(report: Report, say: Voice) -> list[Line]:
    window = report.window
    lines = []
    if window is not None:
        lines.append(text(f"{say.moment(window.opens)} – {say.moment(window.closes)} ({window.zone})"))
        if any(service.ended and parse(service.ended) > parse(window.closes) for service in report.services):
            lines.append(text(say("Not every deploy ended within the window.")))
    else:
        defined = say("not defined") if report.window_hint else say("none: the run could act at any time")
        lines.append(joined(text(defined), quiet(f"({report.window_hint})" if report.window_hint else "")))
    if report.window_override:
        lines.append(text(say("Overridden: {reason}", reason=report.window_override)))
    return lines


def _responsible(report: Report, say: Voice) -> str:
    return ", ".join(f"{who} ({say(role)})" for role, who in report.responsible.items()) or "–"


def _channels(report: Report, say: Voice) -> list[Line]:
    lines = [text(", ".join(report.channels) or say("nobody was told"))]
    for notifier, why in report.notifiers.items():
        lines.append(text(say("{notifier} could not be reached: {why}", notifier=notifier, why=why)))
    return lines


def _drivers(report: Report, say: Voice) -> list[Line]:
    lines = []
    for turn in report.drivers:
        until = turn.until or ("" if report.interim else report.ended)
        why = f"({turn.reason})" if turn.reason else ""
        if turn.handed_over:
            why = say("handed over: {note}", note=turn.reason)
        lost = say("screen lost at {at}", at=say.time(turn.lost)) if turn.lost else ""
        when = quiet(f"({turn.host}) {say.between(turn.since, until)}")
        lines.append(joined(text(turn.operator), when, text(why), text(lost)))
    return lines or [text(say("nobody"))]


def _preflight(report: Report, say: Voice) -> list[Line]:
    lines = []
    if report.preflight:
        fine = sum(result.ok for result in report.preflight)
        lines.append(text(say("{fine} of {all} checks passed", fine=fine, all=len(report.preflight))))
    if report.accepted_breach:
        lines.append(text(say("A breach from before was accepted: {reason}", reason=report.accepted_breach)))
    return lines or [text("–")]
