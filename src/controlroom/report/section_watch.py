"""The watch: how long, with how much data, and what other systems said meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import (
    Block,
    Facts,
    Heading,
    Meters,
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
from controlroom.report.voice import number, share, span
from controlroom.report.watch_chart import watch_charts

if TYPE_CHECKING:
    from controlroom.report.blocks import Line
    from controlroom.report.model import Report, Watch
    from controlroom.report.spans import Anomaly
    from controlroom.report.voice import Voice


def watching(report: Report, say: Voice) -> Section:
    """The section."""
    title = say("Monitoring after go-live")
    watch = report.watch
    if watch is None:
        return Section(title, (Paragraph(text(say("The plan has none."))),))
    blocks: list[Block] = [_facts(report, watch, say)]
    if watch.started:
        rows = tuple((say(indicator), watch.coverage.get(indicator, 0.0)) for indicator in watch.indicators)
        if rows:
            head = (say("Indicator"), say("Time with data"), say("Wanted"))
            blocks += [Heading(say("Coverage")), Meters(head, rows, watch.wanted)]
        thin = _thin(watch)
        if thin:
            blocks.append(Paragraph(joined(text(say("Series with less:")), text(", ".join(thin)))))
        if rows:
            blocks += [Heading(say("Indicators over the watch")), *watch_charts(report, watch, say)]
    if report.incidents:
        blocks += [Heading(say("Incidents")), _incidents(report, say)]
    if watch.alerts:
        blocks += [Heading(say("Alerts of other systems")), _alerts(watch, say)]
    if watch.anomalies:
        blocks += [Heading(say("Log anomalies")), _anomalies(watch, say)]
    return Section(title, tuple(blocks))


def _facts(report: Report, watch: Watch, say: Voice) -> Facts:
    rows: list[tuple[str, tuple[Line, ...]]] = []
    if watch.started:
        at_least = say("at least {span}", span=span(watch.at_least_s))
        ran = say("{elapsed} of {whole}", elapsed=span(watch.elapsed_s), whole=span(watch.for_s))
        rows.append((say("Watched"), (joined(text(ran), quiet(f"({at_least})")),)))
        rows.append((say("From"), (text(say.moment(watch.started)),)))
    else:
        rows.append((say("Watched"), (text(say("It did not come to that.")),)))
    if watch.success:
        rows.append((say("Criterion"), (text(watch.success),)))
    count = len(report.incidents)
    none = badge(say("none"), Tone.GOOD) if watch.started else text("–")
    rows.append((say("Major incidents"), (badge(str(count), Tone.BAD) if count else none,)))
    return Facts(tuple(rows))


def _thin(watch: Watch) -> list[str]:
    """The series of single services that had less data than wanted."""
    return [
        f"{series} {share(part)}"
        for series, part in watch.coverage.items()
        if series not in watch.indicators and part < watch.wanted
    ]


def _incidents(report: Report, say: Voice) -> Table:
    names = {service.id: service.name for service in report.services}
    rows = tuple(
        (
            text(say.time(incident.at)),
            text(say(incident.kind)),
            text(names.get(incident.service, incident.service) or "–"),
            text(say.engine(incident.text)),
            code(" ⏎ ".join(incident.evidence)),
        )
        for incident in report.incidents
    )
    return Table((say("Time (UTC)"), say("Kind"), say("Service"), say("What"), say("Evidence")), rows, (2, 2, 3, 5, 5))


def _alerts(watch: Watch, say: Voice) -> Table:
    rows = tuple(
        (
            text(watch.titles.get(alert.rule, alert.rule)),
            text(alert.severity.value),
            joined(text(alert.title), code(alert.link)),
            text(alert.since or "–"),
            text(say("open before the run") if alert.before else say("open") if alert.open else say("closed")),
        )
        for alert in watch.alerts
    )
    head = (say("Source"), say("Severity"), say("Alert"), say("Since"), say("State"))
    return Table(head, rows, (2, 2, 6, 3, 3))


def _anomalies(watch: Watch, say: Voice) -> Table:
    rows = tuple(
        (
            text(one.title),
            text(say.between(one.began, one.ended)),
            text(_excess(one, say)),
            code(" ⏎ ".join(one.lines)),
        )
        for one in watch.anomalies
    )
    head = (say("Logs"), say("When (UTC)"), say("What"), say("Evidence"))
    return Table(head, rows, (3, 4, 4, 6))


def _excess(one: Anomaly, say: Voice) -> str:
    return say("{count} entries > {limit} in {span}", count=one.count, limit=number(one.limit), span=span(one.span_s))
