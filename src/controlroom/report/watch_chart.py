"""The indicators of the watch over its whole time: a table of all, and a chart of the worst service of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import LineChart, Mark, Paragraph, Stretch, Table, Tone, quiet, text
from controlroom.report.voice import number, share, span
from controlroom.run.times import parse, seconds_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.report.blocks import Block, Line
    from controlroom.report.model import Report, Watch, Watched
    from controlroom.report.voice import Voice

_MOST_ROWS = 12
"""Services of an indicator that the table has: those that came nearest to a breach."""


def watch_charts(report: Report, watch: Watch, say: Voice) -> list[Block]:
    """The blocks; a sentence where no samples are at hand."""
    if not watch.watched:
        return [Paragraph(quiet(say("No samples of the watch are at hand.")))]
    blocks: list[Block] = [_table(watch, say)]
    hidden = sum(max(0, len(_of(watch, indicator)) - _MOST_ROWS) for indicator in watch.indicators)
    if hidden:
        blocks.append(Paragraph(quiet(say("{count} more series stayed farther from a breach.", count=hidden))))
    several = (_of(watch, indicator) for indicator in watch.indicators)
    return [*blocks, *(_chart(report, watch, found[0], say, of=len(found)) for found in several if found)]


def _of(watch: Watch, indicator: str) -> list[Watched]:
    """The series of one indicator, the worst first."""
    found = [one for one in watch.watched if one.indicator == indicator]
    return sorted(found, key=lambda one: one.low if one.below else -one.high)


def _table(watch: Watch, say: Voice) -> Table:
    rows: list[tuple[Line, ...]] = []
    for indicator in watch.indicators:
        for one in _of(watch, indicator)[:_MOST_ROWS]:
            figures = (one.low, one.mean, one.high)
            limit = "–" if one.limit is None else number(one.limit, one.unit)
            seen = "–" if one.coverage is None else share(one.coverage)
            cells = (say(indicator), one.name, *(number(figure, one.unit) for figure in figures), limit, seen)
            rows.append(tuple(text(cell) for cell in cells))
    figures_head = (say("Lowest"), say("Mean"), say("Highest"), say("Limit"), say("Time with data"))
    return Table((say("Indicator"), say("Service"), *figures_head), tuple(rows), (3, 4, 2, 2, 2, 2, 2))


def _chart(report: Report, watch: Watch, one: Watched, say: Voice, *, of: int) -> LineChart:
    """Its axis counts plan seconds from when the watch began."""
    began = parse(watch.started).timestamp()
    kept = [((column.at - began) * report.speed, column) for column in one.columns]
    title = say("{metric} of {name} during the watch", metric=say(one.indicator), name=one.name)
    if of > 1:
        title += say(", the worst of {count} services", count=of)
    worst = say("lowest") if one.below else say("highest")
    title += say(
        "; the line is the {worst} of every {span}, the band all of it", worst=worst, span=span(watch.column_s)
    )
    return LineChart(
        title=title,
        unit=one.unit,
        limit=one.limit,
        limit_label="" if one.limit is None else say("limit {limit}", limit=number(one.limit, one.unit)),
        points=tuple((x, column.low if one.below else column.high) for x, column in kept),
        gap_s=watch.column_s * 2.5,
        band=tuple((x, column.low, column.high) for x, column in kept),
        stretches=tuple(_breaches(report, watch, one)),
        marks=tuple(_marks(report, watch, one, say)),
    )


def _breaches(report: Report, watch: Watch, one: Watched) -> Sequence[Stretch]:
    found = []
    for breach in report.breaches:
        if breach.tripped and breach.service == one.service and breach.guard.metric == one.indicator:
            began = _at(report, watch, breach.began)
            ended = _at(report, watch, breach.recovered) if breach.recovered else watch.shown_s
            if ended > 0:
                found.append(Stretch(max(0.0, began), ended, "", Tone.BAD))
    return found


def _marks(report: Report, watch: Watch, one: Watched, say: Voice) -> Sequence[Mark]:
    fired = [
        (breach.tripped, say("guard fired"), Tone.BAD)
        for breach in report.breaches
        if breach.tripped and breach.service == one.service and breach.guard.metric == one.indicator
    ]
    back = [
        (rollback.requested, say("rollback asked for"), Tone.WARN)
        for rollback in report.rollbacks
        if one.service in rollback.services
    ]
    marks = [Mark(_at(report, watch, moment), label, tone) for moment, label, tone in (*fired, *back)]
    return [mark for mark in marks if mark.x >= 0]


def _at(report: Report, watch: Watch, moment: str) -> float:
    return seconds_between(watch.started, moment) * report.speed
