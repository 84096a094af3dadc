"""The plan as a run remembers it: everything that state, screen and report need, and nothing that could be secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.plan.lookouts import alert_rules, kind_of, log_rules, settings_of
from controlroom.plan.model import Window
from controlroom.plan.order import sequence
from controlroom.run.outline import (
    AlertRuleOutline,
    GuardOutline,
    LogRuleOutline,
    MetricOutline,
    RunOutline,
    ServiceOutline,
    SmokeOutline,
    WatchOutline,
    WindowOutline,
)
from controlroom.run.samples import ALERTS, LOGS
from controlroom.run.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.plan.metrics import Guard
    from controlroom.plan.model import Plan
    from controlroom.plan.observation import AlertRule, LogRule
    from controlroom.plan.service import Service
    from controlroom.plan.sources import Notifier
    from controlroom.plan.steps import Action, Check

    Labels = Callable[[Action | Check], str]

DEFAULT_ESTIMATE_S = 60.0


def outline_of(plan: Plan, label: Labels, *, rehearsal: bool, speed: float, auto_close: bool) -> RunOutline:
    """The outline of `plan`; `label` gives the operator's words for an action or check, without secrets."""
    stabilize = plan.rollback.stabilize
    watch = plan.watch
    return RunOutline(
        plan=plan.plan,
        title=plan.title,
        environment=plan.environment,
        rehearsal=rehearsal,
        speed=speed,
        language=plan.language,
        services=tuple(_service(plan, service, label) for service in sequence(plan)),
        guards=tuple(_guard(plan, guard) for guard in plan.guards),
        smoke=tuple(
            SmokeOutline(
                id=item.id,
                title=item.title,
                kind=item.kind,
                services=item.covers,
                mandatory=item.mandatory,
                instructions=item.manual or "",
                link=item.link or "",
                parallel=item.parallel,
            )
            for item in plan.smoke
        ),
        watch=None
        if watch is None
        else WatchOutline(
            for_s=watch.for_,
            at_least_s=watch.for_ if watch.at_least is None else watch.at_least,
            coverage=watch.coverage / 100.0,
            indicators=(*watch.indicators, *([LOGS] if watch.logs else []), *([ALERTS] if watch.alerts else [])),
            guards=watch.guards,
            logs=tuple(_log_rule(plan, rule_id, rule) for rule_id, rule in log_rules(watch).items()),
            alerts=tuple(_alert_rule(plan, rule_id, rule) for rule_id, rule in alert_rules(watch).items()),
            success=watch.success or "",
        ),
        window=_window(plan),
        window_hint=plan.window_hint or "",
        responsible=dict(plan.responsible),
        channels=tuple(_channel(notifier) for notifier in plan.notify),
        on_disconnect=plan.on_disconnect,
        blind_after_s=plan.blind_after,
        stabilize_s=stabilize.for_ if stabilize else 0.0,
        stabilize_guards=stabilize.guards if stabilize else (),
        has_traffic=plan.traffic is not None,
        auto_close=auto_close,
    )


def _channel(notifier: Notifier) -> str:
    """Where its messages go; a webhook's address is a secret of its own."""
    if notifier.slack is not None:
        return f"Slack {notifier.slack.channel or 'webhook'}"
    return {"pagerduty": "PagerDuty", "grafana": "Grafana", "datadog": "Datadog"}.get(notifier.kind, notifier.kind)


def _window(plan: Plan) -> WindowOutline | None:
    if not isinstance(plan.window, Window):
        return None
    opens, closes = plan.window.span
    return WindowOutline(opens=stamp(opens), closes=stamp(closes), zone=plan.window.zone)


def _way_back_s(service: Service) -> float:
    """How long a rollback may take: as long as the deploy, but for what each of them only waits, such as a bake."""
    acting = (service.estimate or DEFAULT_ESTIMATE_S) - sum(action.wait or 0.0 for action in service.deploy)
    return (acting if acting > 0 else DEFAULT_ESTIMATE_S) + sum(action.wait or 0.0 for action in service.rollback)


def _service(plan: Plan, service: Service, label: Labels) -> ServiceOutline:
    return ServiceOutline(
        id=service.id,
        name=service.name,
        target=service.version.to,
        needs=service.needs,
        database=service.database is not None,
        database_effect=service.database.effect if service.database else "",
        irreversible=(service.reason or "irreversible") if service.irreversible else "",
        required=service.required,
        auto=plan.advance_of(service) == "auto",
        estimate_s=service.estimate or DEFAULT_ESTIMATE_S,
        rollback_estimate_s=_way_back_s(service),
        health_every_s=service.health.every if service.health else None,
        metrics=tuple(_metric(plan, service, name) for name in service.metrics),
        deploy=tuple(label(action) for action in service.deploy),
        verify=tuple(label(check) for check in service.verify),
        rollback=tuple(label(action) for action in service.rollback),
    )


def _metric(plan: Plan, service: Service, name: str) -> MetricOutline:
    metric = service.metrics[name]
    watching = [
        guard
        for guard in plan.guards
        if guard.metric == name and service.id in guard.services and guard.over is None and guard.during == "run"
    ]
    every = plan.sources[metric.source].settings.every
    limit = watching[0].threshold.to(metric.unit) if watching else None
    below = bool(watching) and watching[0].below is not None
    return MetricOutline(id=name, unit=metric.unit, limit=limit, every_s=every, below=below)


def _guard(plan: Plan, guard: Guard) -> GuardOutline:
    return GuardOutline(
        id=guard.id,
        title=guard.title or guard.id,
        metric=guard.metric,
        services=tuple(s.id for s in sequence(plan) if s.id in guard.services),
        limit=guard.threshold.value,
        unit=guard.threshold.unit,
        for_s=guard.for_,
        min_requests=guard.min_requests,
        below=guard.below is not None,
        on_breach=guard.on_breach,
        countdown_s=guard.countdown,
        over_s=guard.over or 0.0,
        during=guard.during,
    )


def _log_rule(plan: Plan, rule_id: str, rule: LogRule) -> LogRuleOutline:
    return LogRuleOutline(
        id=rule_id,
        title=rule.title or rule.source or rule.kind,
        kind=kind_of(plan, rule),
        per_s=rule.per,
        every_s=settings_of(plan, rule).every,
        above=rule.above,
        times=rule.times_baseline,
        baseline_s=rule.baseline if rule.times_baseline is not None else 0.0,
    )


def _alert_rule(plan: Plan, rule_id: str, rule: AlertRule) -> AlertRuleOutline:
    return AlertRuleOutline(
        id=rule_id,
        title=rule.title or rule.source or rule.kind,
        kind=kind_of(plan, rule),
        severity=rule.severity,
        every_s=settings_of(plan, rule).every,
    )
