"""By what the report can be checked: hashes of plan and journal, the engines that drove, and the checks before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Block, Facts, Heading, Section, Table, Tone, badge, code, joined, quiet, text

if TYPE_CHECKING:
    from controlroom.report.blocks import Line
    from controlroom.report.model import Report
    from controlroom.report.voice import Voice


def tracing(report: Report, say: Voice) -> Section:
    """The section."""
    trace = report.trace
    changed = text(say("the file was changed during the run")) if trace.plan_changed else ()
    chain = badge(say("holds"), Tone.GOOD)
    if trace.flaw:
        chain = joined(badge(say("DOES NOT HOLD"), Tone.BAD), text(trace.flaw))
    rows: list[tuple[str, tuple[Line, ...]]] = [
        (say("Plan"), (joined(code(report.plan), quiet(f"({trace.plan_path})"), changed),)),
        (say("Plan hash (SHA-256)"), (code(trace.plan_sha256),)),
        (say("Journal head"), (code(trace.head),)),
        (say("Events"), (text(str(trace.events)),)),
        (say("Chain of hashes"), (joined(chain, code(f"controlroom events --verify {report.run}")),)),
        (say("Engines"), tuple(_engines(report, say))),
        ("controlroom", (text(trace.version),)),
    ]
    blocks: list[Block] = [Facts(tuple(rows))]
    if report.preflight:
        blocks += [Heading(say("Checked before")), _preflight(report, say)]
    return Section(say("Traceability"), tuple(blocks))


def _engines(report: Report, say: Voice) -> list[Line]:
    lines = []
    for life in report.trace.engines:
        stopped = say.engine(life.stopped) or (
            say("it left without a word") if life is not report.trace.engines[-1] else ""
        )
        recovered = text(say("took the run up again")) if life.recovered else ()
        who = text(f"{life.host}, {life.pid}")
        lines.append(joined(who, quiet(f"({say.time(life.at)})"), recovered, text(stopped)))
    return lines


def _preflight(report: Report, say: Voice) -> Table:
    rows = tuple(
        (
            text(result.subject),
            badge(say("fine"), Tone.GOOD) if result.ok else badge(say("not fine"), Tone.BAD),
            text(say.engine(result.detail)),
        )
        for result in report.preflight
    )
    return Table((say("What"), say("Result"), say("Detail")), rows, (3, 2, 8))
