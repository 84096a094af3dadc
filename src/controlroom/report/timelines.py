"""The steps over time, as charts: the deployment, and what was done after the watch began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Mark, Stretch, Timeline, TimelineRow, Tone
from controlroom.run.phases import OutcomeStatus, SmokeState, Step, Traffic
from controlroom.run.times import seconds_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.report.model import Report, StepRun
    from controlroom.report.voice import Voice

_TONES = {Step.DEPLOY: Tone.PLAIN, Step.VERIFY: Tone.GOOD}


def timelines(report: Report, say: Voice) -> list[Timeline]:
    """One for what was done before the watch, one for after; none where nothing was."""
    watched = report.watch.started if report.watch else ""
    before = [step for step in report.steps if not watched or step.started < watched]
    after = [step for step in report.steps if watched and step.started >= watched]
    charts = []
    if before:
        charts.append(_chart(report, say("The deployment over time (UTC)"), before, say, until=watched))
    if after:
        charts.append(_chart(report, say("After the watch began (UTC)"), after, say))
    return charts


def _chart(report: Report, title: str, steps: Sequence[StepRun], say: Voice, until: str = "") -> Timeline:
    begins = steps[0].started
    last = max([*(step.ended or step.started for step in steps), until or begins])
    length_s = max(1.0, seconds_between(begins, last))

    def at(moment: str) -> float:
        return min(max(0.0, seconds_between(begins, moment)), length_s)

    rows = []
    for service in report.services:
        mine = [step for step in steps if step.service == service.id]
        bars = [Stretch(at(step.started), at(step.ended or last), "", _tone(step)) for step in mine]
        if bars:
            rows.append(TimelineRow(service.name, tuple(bars)))
    bands = tuple(
        Stretch(at(hold.placed), at(hold.lifted or last), hold.reason, Tone.WARN)
        for hold in report.holds
        if hold.placed < last and (hold.lifted or last) > begins
    )
    return Timeline(
        title=title,
        begins=begins,
        length_s=length_s,
        rows=tuple(rows),
        bands=bands,
        marks=tuple(Mark(at(moment), label, tone) for moment, label, tone in _marks(report, say, begins, last)),
        legend=_legend(steps, bands, say),
    )


def _tone(step: StepRun) -> Tone:
    if step.status in {OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT}:
        return Tone.BAD
    return _TONES.get(step.step, Tone.WARN)


def _legend(steps: Sequence[StepRun], bands: Sequence[Stretch], say: Voice) -> tuple[tuple[str, Tone], ...]:
    tones = {_tone(step) for step in steps}
    known = [
        (say("deploy"), Tone.PLAIN),
        (say("verify"), Tone.GOOD),
        (say("roll back"), Tone.WARN),
        (say("failed"), Tone.BAD),
    ]
    legend = [entry for entry in known if entry[1] in tones]
    return (*legend, (say("held"), Tone.QUIET)) if bands else tuple(legend)


def _marks(report: Report, say: Voice, begins: str, last: str) -> list[tuple[str, str, Tone]]:
    """The moments that explain the bars."""
    marks = [(breach.tripped, say("guard fired"), Tone.BAD) for breach in report.breaches if breach.tripped]
    passed = [item.at for item in report.smoke if item.state in {SmokeState.PASS, SmokeState.FLAKY}]
    if passed:
        marks.append((max(passed), say("smoke tests"), Tone.GOOD))
    for move in report.moves:
        if move.ok:
            opened = move.to is Traffic.OPEN
            label = say("traffic opened") if opened else say("traffic closed")
            marks.append((move.ended, label, Tone.GOOD if opened else Tone.WARN))
    return sorted(mark for mark in marks if begins <= mark[0] <= last)
