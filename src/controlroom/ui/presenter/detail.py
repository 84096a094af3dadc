"""Everything about one service: versions, steps and their actions, every series, every guard, and what it printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.gates import waiting_gate
from controlroom.run.phases import OutcomeStatus
from controlroom.run.samples import HEALTH, series_id
from controlroom.ui.presenter.figures import age, clock, measure, utc_of
from controlroom.ui.presenter.sentence import STEP_WORD
from controlroom.ui.presenter.strip import breach_seconds
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, fit, pad, pad_left
from controlroom.ui.presenter.words import DATA, GATE, OUTCOME, SERVICE, VERDICT, metric_word

if TYPE_CHECKING:
    from controlroom.run.outline import MetricOutline
    from controlroom.ui.presenter.view import View

LABEL = 11
_NO_END = frozenset({None, OutcomeStatus.UNKNOWN})
"""How an action stands of which nobody knows how long it took, unless its job kept a record."""


def detail_rows(view: View, service: str, width: int) -> list[Line]:
    """The page's rows, each at most `width` cells."""
    parts = (_state(view, service), _steps(view, service), _series(view, service), _guards(view, service))
    rows: list[Line] = []
    for heading, part in zip(("", "Steps", "Numbers", "Guards"), parts, strict=True):
        if not part:
            continue
        if heading:
            rows += [EMPTY, (Span(f" {heading}", Tone.STRONG),)]
        rows += part
    said = list(view.output.get(service, ()))
    if said:
        rows += [EMPTY, (Span(" Output", Tone.STRONG), Span("   l shows all of it", Tone.QUIET))]
        rows += [(Span(f"   {clean(line)}", Tone.QUIET),) for line in said[-12:]]
    return [fit(row, width) for row in rows]


def _pair(label: str, *words: Span) -> Line:
    return (Span(f" {pad(label, LABEL)}", Tone.QUIET), *words)


def _state(view: View, service: str) -> list[Line]:
    status, outline = view.state.services[service], view.state.outline.service(service)
    sign = GATE if waiting_gate(view.state) == service else SERVICE[status.state]
    rows = [
        _pair("State", Span(f"{sign.shape} {sign.word}", sign.tone), Span(_extras(view, service), Tone.WARN)),
        _pair("Versions", Span(f"{clean(status.origin) or '?'} → {clean(outline.target)}", Tone.TEXT)),
        _pair("Live now", Span(clean(status.live) or "not known", Tone.STRONG)),
    ]
    if status.why:
        rows.append(_pair("Says", Span(clean(status.why), Tone.TEXT)))
    if status.started:
        ended = f" to {utc_of(status.finished)}" if status.finished else ", still under way"
        attempt = f"attempt {status.attempt} of {outline.max_attempts}"
        rows.append(_pair("Took", Span(f"{utc_of(status.started)}{ended}   {attempt}", Tone.TEXT)))
    needs = ", ".join(outline.needs) or "nothing"
    needed = ", ".join(view.state.outline.dependents(service)) or "nothing"
    rows.append(_pair("Needs", Span(needs, Tone.TEXT), Span(f"   needed by {needed}", Tone.QUIET)))
    times = f"deploy ~{clock(outline.estimate_s)}, roll back ~{clock(outline.rollback_estimate_s)}"
    rows.append(_pair("Estimate", Span(times, Tone.TEXT)))
    if outline.irreversible:
        rows.append(_pair("Back", Span(f"irreversible: {clean(outline.irreversible)}", Tone.WARN)))
    return rows


def _extras(view: View, service: str) -> str:
    status = view.state.services[service]
    words = []
    if status.partial:
        words.append("cut off half-way")
    if status.satisfied:
        words.append("already satisfied")
    if status.stable is not None:
        words.append("stable" if status.stable else "NOT STABLE")
    return f"   {', '.join(words)}" if words else ""


def _steps(view: View, service: str) -> list[Line]:
    rows: list[Line] = []
    for action in view.state.services[service].actions:
        sign = OUTCOME[action.status]
        took = clock(action.took_s) if action.status not in _NO_END or action.took_s else ""
        code = f"exit {action.exit_code}  " if action.exit_code is not None else ""
        rows.append(
            (
                Span(f"   {sign.shape} {pad(sign.word, 10)}", sign.tone),
                Span(pad(f"{STEP_WORD[action.step]} {action.index + 1}", 24), Tone.QUIET),
                Span(f"{pad_left(took, 6)}  ", Tone.QUIET),
                Span(f"{clean(action.kind)}: {clean(action.label)}", Tone.TEXT),
                Span(f"   {code}{clean(action.detail)}", Tone.QUIET),
            )
        )
    if not rows:
        outline = view.state.outline.service(service)
        for word, labels in (("deploy", outline.deploy), ("verify", outline.verify), ("roll back", outline.rollback)):
            rows += [(Span(f"   · {pad(word, 12)}", Tone.QUIET), Span(clean(label), Tone.TEXT)) for label in labels]
    return rows


def _series(view: View, service: str) -> list[Line]:
    outline = view.state.outline.service(service)
    named = [(HEALTH, "", "")] if outline.health_every_s is not None else []
    rows: list[Line] = []
    for metric, unit, limited in [*named, *((m.id, m.unit, _limit(m)) for m in outline.metrics)]:
        sample = view.samples.get(series_id(service, metric))
        if sample is None:
            rows.append((Span(f"   ○ {pad(metric_word(metric), 14)}", Tone.WARN), Span("NO DATA yet", Tone.WARN)))
            continue
        sign = DATA[sample.state]
        value = "" if sample.value is None else measure(sample.value, unit)
        if metric == HEALTH and sample.value is not None:
            value = "up" if sample.value > 0 else "DOWN"
        rows.append(
            (
                Span(f"   {sign.shape} {pad(metric_word(metric), 14)}", sign.tone),
                Span(f"{pad_left(value, 10)}   ", Tone.STRONG),
                Span(pad(limited, 16), Tone.QUIET),
                Span(pad(sign.word, 12), sign.tone),
                Span(f"{age(view.elapsed - sample.elapsed)} ago", Tone.QUIET),
                Span(f"   {clean(sample.cause)}" if sample.cause else "", Tone.WARN),
            )
        )
    return rows


def _limit(metric: MetricOutline) -> str:
    """`breach > 5 %`: which side of the limit is one."""
    return "" if metric.limit is None else f"breach {'<' if metric.below else '>'} {measure(metric.limit, metric.unit)}"


def _guards(view: View, service: str) -> list[Line]:
    rows: list[Line] = []
    for guard in view.state.outline.guards:
        status = view.state.guards.get(f"{guard.id}/{service}")
        if status is None:
            continue
        timer = f"{clock(breach_seconds(view, guard, status))} / {clock(guard.for_s)}" if status.breach_s > 0 else ""
        rows.append(
            (
                Span(f"   {pad(status.verdict.value, 14)}", VERDICT[status.verdict]),
                Span(f"{clean(status.why)}   ", Tone.TEXT),
                Span(f"{timer}   ", Tone.BREACH),
                Span(clean(guard.title), Tone.QUIET),
            )
        )
    return rows
