"""From a run's records to its report: pure, so that one journal always gives the same report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.breaches import breaches_of
from controlroom.report.model import Report, Trace, Watch
from controlroom.report.rollbacks import rollbacks_of
from controlroom.report.spans import (
    alarms_of,
    anomalies_of,
    commands_of,
    drivers_of,
    engines_of,
    holds_of,
    moves_of,
)
from controlroom.report.steps import services_of, smoke_of, steps_of
from controlroom.report.watched import column_count, watched_of, watched_window
from controlroom.run import events as ev
from controlroom.run.chain import first_flaw
from controlroom.run.fold import fold_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controlroom.run.events import Record
    from controlroom.run.rollup import RollUp
    from controlroom.run.state import RunState


def close_out(
    records: Sequence[Record],
    *,
    version: str,
    rollups: Mapping[str, Sequence[RollUp]] | None = None,
    columns: Mapping[str, Sequence[RollUp]] | None = None,
) -> Report:
    """The report of the run whose whole journal is `records`, by controlroom `version`.

    `rollups` are the samples that were kept around its breaches, by series (`auth/error_rate`); without them charts
    show what the journal holds. `columns` are those of the watch, from its beginning to its end. A chain that does not
    hold is in the report. Raises ValueError when the records are no run: none, or a gap.
    """
    state = fold_all(records)
    if state is None:
        raise ValueError("there is no event in the journal")
    outline = state.outline
    steps = steps_of(records)
    return Report(
        run=state.run,
        plan=outline.plan,
        title=outline.title,
        environment=outline.environment,
        rehearsal=outline.rehearsal,
        speed=outline.speed,
        language=outline.language,
        phase=state.phase,
        started=state.started,
        ended=_last_act(records),
        verdict=state.verdict,
        traffic=state.traffic,
        window=outline.window,
        window_hint=outline.window_hint,
        window_override=state.window_override,
        responsible=outline.responsible,
        channels=outline.channels,
        notifiers=state.notifiers,
        accepted_breach=state.accepted_breach,
        preflight=state.preflight,
        drivers=drivers_of(records),
        services=services_of(state, steps),
        smoke=smoke_of(state, records),
        guards=outline.guards,
        breaches=breaches_of(outline, records, rollups or {}),
        rollbacks=rollbacks_of(outline, records, steps),
        moves=moves_of(records),
        holds=holds_of(records),
        alarms=alarms_of(records),
        commands=commands_of(records),
        notes=state.notes,
        watch=_watch(state, records, columns or {}),
        incidents=state.incidents,
        trace=_trace(state, records, version),
    )


def _last_act(records: Sequence[Record]) -> str:
    """The time of the last event that is about the run, and not about the engine that leaves."""
    return next(record.at for record in reversed(records) if not isinstance(record.event, ev.EngineStopped))


def _watch(state: RunState, records: Sequence[Record], columns: Mapping[str, Sequence[RollUp]]) -> Watch | None:
    outline, watch = state.outline.watch, state.watch
    if outline is None:
        return None
    window = watched_window(state)
    shown_s = (window[1] - window[0]) * state.outline.speed if window else 0.0
    titles = {rule.id: rule.title for rule in outline.logs} | {rule.id: rule.title for rule in outline.alerts}
    return Watch(
        for_s=outline.for_s,
        at_least_s=outline.at_least_s,
        wanted=outline.coverage,
        indicators=outline.indicators,
        success=outline.success,
        started=watch.started if watch else "",
        elapsed_s=watch.elapsed_s if watch else 0.0,
        coverage=watch.coverage if watch else {},
        alerts=tuple(state.alerts.values()),
        logs=tuple(state.logs.values()),
        anomalies=anomalies_of(records, titles),
        titles=titles,
        watched=watched_of(state, columns),
        shown_s=shown_s,
        column_s=shown_s / column_count(state),
    )


def _trace(state: RunState, records: Sequence[Record], version: str) -> Trace:
    return Trace(
        plan_sha256=state.plan_sha256,
        plan_path=state.plan_path,
        plan_changed=state.plan_changed,
        head=state.head,
        events=len(records),
        flaw=first_flaw(records) or "",
        version=version,
        engines=engines_of(records),
    )
