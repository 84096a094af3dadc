"""What stands above the sections: whether it was a rehearsal, what it came to, and the figures of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Callout, Tile, Tiles, Tone, joined, quiet, text
from controlroom.report.voice import number, share, span
from controlroom.run.phases import Phase, ServiceState, SmokeState

if TYPE_CHECKING:
    from controlroom.report.blocks import Block
    from controlroom.report.model import Report
    from controlroom.report.voice import Voice


def lead(report: Report, say: Voice) -> tuple[Block, ...]:
    """The callouts that apply, and the summary."""
    return (*_callouts(report, say), Tiles(tuple(_tiles(report, say))))


def _callouts(report: Report, say: Voice) -> list[Callout]:
    found: list[Callout] = []
    if report.trace.flaw:
        warning = say("What follows is what the journal says now; it is not what was written.")
        found.append(Callout(say("The journal was altered"), (text(report.trace.flaw), text(warning)), Tone.BAD))
    if report.rehearsal:
        lines = [say("Nothing of this happened in production: services, traffic and faults are those of a stage.")]
        if report.speed != 1:
            pace = number(report.speed)
            lines.append(
                say(
                    "Durations are in the plan's own time, which ran {speed} times as fast as the clock; "
                    "times of day and the figures in evidence are the clock's.",
                    speed=pace,
                )
            )
        found.append(Callout(say("REHEARSAL"), tuple(text(line) for line in lines), Tone.WARN))
    if report.interim:
        where = say(
            "The run is not over: it stands at phase {phase}, event {seq}, {at}.",
            phase=say.word(report.phase),
            seq=report.trace.events,
            at=say.moment(report.ended),
        )
        found.append(Callout(say("Interim report"), (text(where),), Tone.WARN))
    found += _verdict(report, say)
    return found


def _verdict(report: Report, say: Voice) -> list[Callout]:
    verdict = report.verdict
    if verdict is None:
        if report.phase is not Phase.ABORTED:
            return []
        return [Callout(say("aborted").upper(), (text(say("The run was ended as it stood.")),), Tone.BAD)]
    criterion = report.watch.success if report.watch else ""
    lines = [joined(text(say.engine(verdict.why)), quiet(f"({say.moment(verdict.at)})"))]
    if criterion:
        lines.append(quiet(say("Criterion: {words}", words=criterion)))
    if report.interim:
        lines.append(text(say("The verdict stands; the run stays open to a rollback until it is closed.")))
    return [Callout(say.word(verdict.phase).upper(), tuple(lines), say.tone(verdict.phase))]


def _tiles(report: Report, say: Voice) -> list[Tile]:
    live = sum(service.state is ServiceState.LIVE for service in report.services)
    tiles = [
        Tile(
            say("Services live"),
            _of(say, live, len(report.services)),
            _backed(report, say),
            Tone.GOOD if live == len(report.services) else Tone.WARN,
        )
    ]
    if report.smoke:
        fine = sum(item.state.stands for item in report.smoke)
        failed = sum(item.state is SmokeState.FAIL for item in report.smoke)
        flaky = sum(item.state is SmokeState.FLAKY for item in report.smoke)
        tone = Tone.BAD if failed else Tone.GOOD if fine == len(report.smoke) and not flaky else Tone.WARN
        note = say("{count} flaky", count=flaky) if flaky else ""
        tiles.append(Tile(say("Smoke tests passed"), _of(say, fine, len(report.smoke)), note, tone))
    tripped = [breach for breach in report.breaches if breach.tripped]
    worst = max(tripped, key=lambda breach: abs((breach.worst or 0.0) - breach.guard.limit), default=None)
    tiles.append(
        Tile(
            say("Guards fired"),
            str(len(tripped)),
            f"{worst.name}: {number(worst.worst or 0.0, worst.guard.unit)}" if worst else "",
            Tone.BAD if tripped else Tone.GOOD,
        )
    )
    tiles.append(Tile(say("Rollbacks"), str(len(report.rollbacks)), tone=Tone.WARN if report.rollbacks else Tone.GOOD))
    tiles += _duration(report, say)
    tiles += _watched(report, say)
    return tiles


def _of(say: Voice, part: int, whole: int) -> str:
    return say("{part} of {whole}", part=part, whole=whole)


def _backed(report: Report, say: Voice) -> str:
    back = sum(service.state is ServiceState.ROLLED_BACK for service in report.services)
    return say("{count} rolled back", count=back) if back else ""


def _duration(report: Report, say: Voice) -> list[Tile]:
    """From the first step to the last service that got live."""
    started = [service.started for service in report.services if service.started]
    ended = [service.ended for service in report.services if service.ended]
    if not started or not ended:
        return []
    planned = sum(service.estimate_s for service in report.services)
    took = say.lasted(min(started), max(ended))
    return [Tile(say("Deployment took"), took, say("planned: {span}", span=span(planned)))]


def _watched(report: Report, say: Voice) -> list[Tile]:
    watch = report.watch
    if watch is None or not watch.started:
        return []
    full = watch.elapsed_s >= watch.for_s
    tiles = [
        Tile(
            say("Watched"),
            span(watch.elapsed_s),
            say("of {span}", span=span(watch.for_s)),
            Tone.GOOD if full else Tone.PLAIN,
        )
    ]
    shares = [watch.coverage.get(indicator, 0.0) for indicator in watch.indicators]
    if shares:
        tone = Tone.GOOD if min(shares) >= watch.wanted else Tone.BAD
        tiles.append(Tile(say("Coverage"), share(min(shares)), say("wanted: {share}", share=share(watch.wanted)), tone))
    return tiles
