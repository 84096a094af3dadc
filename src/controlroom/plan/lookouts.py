"""The watch's log and alert rules by ids of their own, and the source that each one asks."""

from controlroom.plan.model import Plan
from controlroom.plan.observation import AlertRule, LogRule, Watch
from controlroom.plan.sources import AlertSource, LogSource


def log_rules(watch: Watch | None) -> dict[str, LogRule]:
    """`logs-1`, `logs-2`, … in the order of the plan."""
    return {f"logs-{place}": rule for place, rule in enumerate(watch.logs if watch else (), start=1)}


def alert_rules(watch: Watch | None) -> dict[str, AlertRule]:
    """`alerts-1`, `alerts-2`, … in the order of the plan."""
    return {f"alerts-{place}": rule for place, rule in enumerate(watch.alerts if watch else (), start=1)}


def kind_of(plan: Plan, rule: LogRule | AlertRule) -> str:
    """The kind of the source that `rule` asks."""
    return rule.kind if rule.source is None else plan.sources[rule.source].kind


def settings_of(plan: Plan, rule: LogRule | AlertRule) -> LogSource | AlertSource:
    """The settings of the source that `rule` asks, its own or one with a name."""
    holder = rule if rule.source is None else plan.sources[rule.source]
    settings: LogSource | AlertSource = getattr(holder, holder.kind)
    return settings
