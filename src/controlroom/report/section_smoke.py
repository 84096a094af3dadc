"""The checklist filled in: each smoke test with its result, by whom, when, and what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Checklist, Paragraph, Section, Tick, code, joined, quiet, strong, text
from controlroom.report.pictures import pictures_of
from controlroom.report.voice import span
from controlroom.run.phases import SmokeState

if TYPE_CHECKING:
    from controlroom.report.blocks import Line
    from controlroom.report.model import Report, SmokeResult
    from controlroom.report.voice import Voice
    from controlroom.run.fact import Evidence

_PASSED = frozenset({SmokeState.PASS, SmokeState.FLAKY})
_FRESH = frozenset({SmokeState.TODO, SmokeState.RUNNING})


def smoke(report: Report, say: Voice) -> Section:
    """The section."""
    title = say("Smoke tests after the deployment")
    if not report.smoke:
        return Section(title, (Paragraph(text(say("The plan has none."))),))
    pictures = [picture for item in report.smoke for picture in pictures_of(item.evidence, item.title)]
    return Section(title, (Checklist(tuple(_tick(item, say) for item in report.smoke)), *pictures))


def _tick(item: SmokeResult, say: Voice) -> Tick:
    who = f"{say.actor(item.by)}, {say.time(item.at)}" if item.by and item.at else ""
    optional = () if item.mandatory else quiet(say("optional"))
    attempts = quiet(say("{count} attempts", count=item.attempts)) if item.attempts > 1 else ()
    head = joined(strong(item.title), say.state(item.state))
    line = joined(head, quiet(who), attempts, text(_note(item.note, item.by, say)), optional, text(item.link), by=" · ")
    return Tick(item.state in _PASSED, line, (*_evidence(item, say), *_earlier(item, say)), say.tone(item.state))


def _note(note: str, by: str, say: Voice) -> str:
    """What was said of a result: people's own words stay as they are."""
    return say.engine(note) if by == "engine" else note


def _evidence(item: SmokeResult, say: Voice) -> list[Line]:
    """What each attempt did and what came back, with the beginnings of both."""
    lines = []
    for seen in item.evidence:
        attempt = quiet(say("attempt {number}", number=seen.attempt)) if item.attempts > 1 else ()
        took = quiet(f"({span(seen.took_s)})") if seen.took_s else ()
        mark = text("✓" if seen.ok else "✗")
        asked, sent = _request(seen)
        lines.append(joined(attempt, mark, code(asked), text("→"), code(seen.detail), took))
        for word, excerpt in (("sent", sent), ("got", seen.got)):
            if excerpt:
                lines.append(joined(quiet(say(word)), code(excerpt)))
    return lines


def _request(seen: Evidence) -> tuple[str, str]:
    """What was asked for, as it went out, and what went with it: a title is as the plan has it, with its references."""
    method, url, body = (*seen.sent.split(" ", 2), "", "")[:3]
    return (f"{method} {url}", body) if url and seen.title.startswith(f"{method} ") else (seen.title, seen.sent)


def _earlier(item: SmokeResult, say: Voice) -> list[Line]:
    """What was said of the item before what stands now."""
    turns = item.turns if item.state in _FRESH or item.state is SmokeState.STALE else item.turns[:-1]
    return [
        joined(
            joined(quiet(say("before:")), say.state(turn.state)),
            quiet(f"{say.actor(turn.by)}, {say.time(turn.at)}"),
            text(_note(turn.note, turn.by, say)),
            by=" · ",
        )
        for turn in turns
    ]
