"""The picture for a shared screen: one big word, where the run is, and nothing that is secret; works at 80x16."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controlroom.run.gates import waiting_gate
from controlroom.ui.presenter.figures import clock, long_clock, utc
from controlroom.ui.presenter.header import environment_mark, link_words, next_gate, role_mark
from controlroom.ui.presenter.keys import Said, key_line
from controlroom.ui.presenter.letters import big
from controlroom.ui.presenter.progress import fraction, step_elapsed
from controlroom.ui.presenter.strip import strip
from controlroom.ui.presenter.tally import counted
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, fit, joined, packed, sides, width_of
from controlroom.ui.presenter.watching import watch_line
from controlroom.ui.presenter.words import GATE, PHASE, SERVICE, traffic_sign

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View


class Headline(NamedTuple):
    """The one word that everybody should read."""

    word: str
    tone: Tone


def headline(view: View) -> Headline:
    """Alarm before hold before phase."""
    state = view.state
    if not state.phase.terminal:
        if any(not a.acknowledged_by and not a.cleared for a in state.alarms.values()):
            return Headline("ALARM", Tone.BREACH)
        if state.rollback is not None:
            return Headline("ROLLING BACK", Tone.WARN)
        if state.held:
            return Headline("HELD", Tone.WARN)
    sign = PHASE[state.phase]
    tone = Tone.STRONG if sign.tone is Tone.ACTIVE else sign.tone
    return Headline(sign.word if len(sign.word) < 14 else sign.word.split()[0], tone)  # noqa: PLR2004 - 80 columns


def broadcast(view: View, width: int, height: int, pressed: tuple[str, ...], said: Said, hold: str = "p") -> list[Line]:
    """The whole screen, exactly `width` by `height` cells."""
    top = packed(
        [
            (9, (environment_mark(view),)),
            (7, role_mark(view)),
            (8, (Span(clean(view.state.outline.title), Tone.STRONG),)),
            (5, link_words(view.link)),
        ],
        width - 26,
    )
    right: Line = (Span(f"T+{long_clock(view.elapsed)}   {utc(view.wall)} ", Tone.STRONG),)
    word = headline(view)
    scale = _scale(word.word, width, height)
    rows: list[Line] = [sides((Span(" "), *top), right, width), *([EMPTY] * scale)]
    rows += [(Span("  "), Span(row, word.tone)) for row in big(word.word, scale)]
    rows += [EMPTY, _where(view), *_watch(view, width), EMPTY, *_services(view, width), EMPTY, *_smoke(view)]
    rows += [EMPTY, *strip(view, width, 3, hold=hold)]
    bottom = key_line(pressed, said, width, read_only=view.read_only, hold=hold)
    rows = [fit(row, width) for row in rows][: height - 1]
    rows += [fit(EMPTY, width)] * (height - 1 - len(rows))
    return [*rows, bottom]


def _scale(word: str, width: int, height: int) -> int:
    """How many times larger than at 80x16 the word may be."""
    return max(1, min(3, (width - 4) // max(1, len(big(word)[0])), height // 16))


def _where(view: View) -> Line:
    state = view.state
    if state.verdict is not None:
        return (Span(f"  {clean(state.verdict.why)}", Tone.STRONG),)
    parts: list[Line] = []
    if state.active is not None:
        outline = state.outline.service(state.active.service)
        service = state.services[state.active.service]
        sign = SERVICE[service.state]
        back = service.state.value == "rolling_back"
        estimate = outline.rollback_estimate_s if back else outline.estimate_s
        words = f"{clean(service.name)}  {sign.word}  {clock(step_elapsed(view))} / {clock(estimate)}"
        parts.append((Span(f"  {sign.shape} {words}", Tone.STRONG),))
    else:
        parts.append((Span("  "), *next_gate(view)))
    share = fraction(view)
    if share is not None:
        done = round(share * 24)
        parts.append(
            (Span("█" * done, Tone.ACTIVE), Span("░" * (24 - done), Tone.FAINT), Span(f" {share * 100:.0f} %"))
        )
    return joined(parts)


def _watch(view: View, width: int) -> list[Line]:
    """What a team that watches for two days wants to see from afar; no row before the watch."""
    line = watch_line(view, width - 4)
    return [(Span("  "), *line)] if line else []


def _services(view: View, width: int) -> list[Line]:
    """Every service with its shape, in as many rows as it takes."""
    gate = waiting_gate(view.state)
    rows: list[Line] = []
    row: Line = (Span(" "),)
    for service in view.state.services.values():
        sign = GATE if service.id == gate else SERVICE[service.state]
        tone = Tone.QUIET if sign.tone is Tone.QUIET else Tone.STRONG
        part: Line = (Span(f" {sign.shape} ", sign.tone), Span(f"{clean(service.name)}  ", tone))
        if width_of(row) + width_of(part) > width:
            rows.append(row)
            row = (Span(" "),)
        row = (*row, *part)
    return [*rows, row]


def _smoke(view: View) -> list[Line]:
    state = view.state
    traffic = traffic_sign(state)
    return [
        (
            Span("  Smoke tests ", Tone.TEXT),
            *counted(state),
            Span("   "),
            Span(f"Traffic {traffic.word}", Tone.TEXT if traffic.tone is Tone.QUIET else traffic.tone),
        )
    ]
