"""The report as a document: the user's go-live document, section by section, with everything filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Document
from controlroom.report.section_logbook import logbook
from controlroom.report.section_planning import planning
from controlroom.report.section_rollback import rollback
from controlroom.report.section_runbook import runbook
from controlroom.report.section_smoke import smoke
from controlroom.report.section_summary import lead
from controlroom.report.section_trace import tracing
from controlroom.report.section_watch import watching
from controlroom.report.voice import Voice

if TYPE_CHECKING:
    from controlroom.report.model import Report

_SECTIONS = (planning, runbook, smoke, rollback, watching, logbook, tracing)


def document(report: Report) -> Document:
    """The whole, in the plan's language."""
    say = Voice(report.language, report.started, over=not report.interim, speed=report.speed)
    phase = report.verdict.phase if report.verdict else report.phase
    kind = say("Interim report") if report.interim else say("Close-out report")
    where = say("REHEARSAL") if report.rehearsal else report.environment
    return Document(
        language=report.language,
        kind=kind,
        title=report.title,
        subtitle=f"{where} · {say.moment(report.started)} · {report.run}",
        status=say.word(phase).upper(),
        tone=say.tone(phase),
        stamp=say("REHEARSAL") if report.rehearsal else "",
        lead=lead(report, say),
        sections=tuple(section(report, say) for section in _SECTIONS),
        made_with=say(
            "Made by controlroom {version} from {events} events; head {head}",
            version=report.trace.version,
            events=report.trace.events,
            head=report.trace.head[:12],
        ),
    )
