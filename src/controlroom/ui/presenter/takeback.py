"""What a rollback would do, before it is asked for (S15): services in order, versions, database, cause, estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.phases import ServiceState
from controlroom.run.rollback import why_none
from controlroom.run.samples import series_id
from controlroom.ui.presenter.figures import clock, measure
from controlroom.ui.presenter.prompt import Row
from controlroom.ui.presenter.text import Line, Span, Tone, clean
from controlroom.ui.presenter.words import metric_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.rollback import RollbackPlan
    from controlroom.run.state import RunState
    from controlroom.ui.presenter.view import View


def preview(view: View, plan: RollbackPlan, *, note: str = "") -> list[Row]:
    """The rows of a rollback's preview, or why there is nothing to preview."""
    state, services = view.state, plan.services
    if plan.refused:
        return [Row("Refused", (Span(clean(plan.refused), Tone.BREACH),))]
    if not services:
        return [Row("Back", (Span(plan.nothing or why_none(state), Tone.WARN),))]
    rows: list[Row] = []
    for at, service in enumerate(services, 1):
        outline, status = state.outline.service(service), state.services[service]
        versions = f"{clean(outline.target)} → {clean(status.origin) or '?'}"
        words: Line = (
            Span(f"{at} {clean(status.name)}  ", Tone.STRONG),
            Span(versions, Tone.TEXT),
            Span(f"  ~{clock(outline.rollback_estimate_s)}", Tone.QUIET),
            Span("  cut off half-way" if status.partial else "", Tone.WARN),
        )
        rows.append(Row("Back" if at == 1 else "", words))
    total = sum(state.outline.service(s).rollback_estimate_s for s in services)
    rows.append(Row("Takes", (Span(f"about {clock(total)}", Tone.TEXT),)))
    rows.append(Row("Database", database_effect(state, services)))
    rows += [Row("Stays" if at == 0 else "", (Span(clean(why), Tone.WARN),)) for at, why in enumerate(plan.stays)]
    rows.extend(cause(view, services))
    if note:
        rows.append(Row("Note", (Span(note, Tone.TEXT),)))
    return rows


def database_effect(state: RunState, services: Sequence[str]) -> Line:
    """What happens to the schema when `services` go back."""
    for outline in state.outline.services:
        if not outline.database:
            continue
        status = state.services[outline.id]
        if outline.id in services:
            return (Span(f"inverse migrations: {clean(outline.target)} → {clean(status.origin) or '?'}", Tone.WARN),)
        effect = f" ({clean(outline.database_effect)})" if outline.database_effect else ""
        return (Span(f"stays at {clean(status.live) or '?'}{effect}", Tone.TEXT),)
    return (Span("none in this plan", Tone.QUIET),)


def cause(view: View, services: Sequence[str]) -> list[Row]:
    """The numbers that speak for it: guards in breach, failed smoke tests; else the numbers as they are."""
    state = view.state
    rows = [
        Row("Why", (Span(f"▲ {clean(guard.why)}", Tone.BREACH),))
        for guard in state.guards.values()
        if guard.service in services and (guard.fired or guard.breach_s > 0)
    ]
    for service in services:
        status = state.services[service]
        if status.state in {ServiceState.FAILED, ServiceState.UNKNOWN} and status.why:
            rows.append(Row("Why", (Span(f"✗ {service}: {clean(status.why)}", Tone.BREACH),)))
    if not rows:
        for service in services:
            numbers = _numbers(view, service)
            if numbers:
                rows.append(Row("Now", (Span(f"{service}: {numbers}", Tone.TEXT),)))
    return [Row(row.label if at == 0 else "", row.words) for at, row in enumerate(rows[:3])]


def _numbers(view: View, service: str) -> str:
    words = []
    for metric in view.state.outline.service(service).metrics:
        sample = view.samples.get(series_id(service, metric.id))
        if sample is not None and sample.value is not None:
            words.append(f"{metric_word(metric.id)} {measure(sample.value, metric.unit)}")
    return ", ".join(words)
