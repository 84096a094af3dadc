"""One line for each part of a plan, as preview and the operator read it; references stay as they are written."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from controlroom.plan.metrics import Guard, Metric
from controlroom.plan.observation import AlertRule, LogRule, SmokeItem
from controlroom.plan.requests import HttpCheck, HttpRequest
from controlroom.plan.sources import Notifier, Source
from controlroom.plan.steps import Action, BrowserCheck, Check, Observe, PageObserve, Probe, SqlObserve
from controlroom.plan.units import format_duration


def action(act: Action) -> str:
    """What an action does, without its limits."""
    match act.kind:
        case "run":
            return f"run {command(act.run)}"
        case "http":
            return request(act.http)
        case "sql":
            return f"sql {'; '.join(act.sql.execute) if act.sql else ''}"
        case "wait":
            return f"wait {format_duration(act.wait or 0)}"
        case _:
            return f"manual: {act.manual}"


def check(asked: Check) -> str:
    """What a check asks and the answer it wants."""
    if asked.metric is not None:
        limit = f"above {asked.metric.above}" if asked.metric.above is not None else f"below {asked.metric.below}"
        return f"metric {asked.metric.name} {limit}"
    if asked.browser is not None:
        return browser(asked.browser)
    if asked.manual is not None:
        return f"manual: {asked.manual}"
    return reading(asked.http, asked.sql, asked.page, asked.run)


def browser(page: BrowserCheck) -> str:
    """The page, the element, and what it must say."""
    wanted = f" = {page.equals}" if page.equals else f" like /{page.pattern}/" if page.pattern else ""
    return f"browser {page.url} {page.selector}{wanted}{', without any error' if page.strict else ''}"


def probe(health: Probe) -> str:
    """What a health probe asks."""
    return reading(health.http, health.sql, None, health.run)


def observe(how: Observe) -> str:
    """Where a value is read."""
    if how.http is not None:
        return f"GET {how.http.url} {how.http.json_path}"
    return reading(None, how.sql, how.page, how.run)


def reading(http: HttpCheck | HttpRequest | None, sql: SqlObserve | None, page: PageObserve | None, run: Any) -> str:
    """What checks, probes and observe have in common."""
    if http is not None:
        return request(http.request)
    if sql is not None:
        wanted = getattr(sql, "equals", "")
        taken = "" if sql.take == "only" else f" [{sql.take}]"
        return f"sql {sql.query}{taken}{f' = {wanted}' if wanted else ''}"
    if page is not None:
        wanted = getattr(page, "equals", "")
        place = f"#{page.id}" if page.id else f".{page.class_}" if page.class_ else f"/{page.pattern}/"
        return f"page {page.url} {place}{f' = {wanted}' if wanted else ''}"
    return f"run {command(run)}"


def command(run: str | tuple[str, ...] | None) -> str:
    """A command on one line, as a shell would take it."""
    if isinstance(run, tuple):
        return shlex.join(run)
    lines = re.sub(r"\\\n\s*", "", run or "").splitlines()
    return "; ".join(" ".join(line.split()) for line in lines if line.strip())


def request(asked: HttpRequest | None) -> str:
    """Method, URL and what is expected of the answer."""
    if asked is None:
        return ""
    expect = asked.expect
    wanted = [f"{'/'.join(map(str, expect.status))}"] if expect.status else []
    wanted += [f"json {_compact(expect.json_)}"] if expect.json_ is not None else []
    wanted += [f"{path} = {_compact(value)}" for path, value in expect.json_path.items()]
    wanted += [f"{name}: {value}" for name, value in expect.headers.items()]
    wanted += [f"/{expect.body}/"] if expect.body else []
    wanted += [f"within {format_duration(expect.time)}"] if expect.time else []
    return f"{asked.method} {asked.url}{' → ' if wanted else ''}{', '.join(wanted)}"


def _compact(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_compact(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def guard(watched: Guard) -> str:
    """The condition, how long it may last, and what follows."""
    side = "above" if watched.above is not None else "below"
    mean = f" on average over {format_duration(watched.over)}" if watched.over is not None else ""
    when = ", during the watch," if watched.during == "watch" else ""
    condition = f"{watched.metric} {side} {watched.threshold}{mean} for more than {format_duration(watched.for_)}{when}"
    return f"{condition} on {', '.join(watched.services)} → {', '.join(watched.on_breach)}"


def metric(measured: Metric) -> str:
    """Where a number comes from."""
    return f"{measured.kind} from {measured.source}{f' in {measured.unit}' if measured.unit else ''}"


def smoke(item: SmokeItem) -> list[str]:
    """The steps of a smoke test, in order."""
    if item.http is not None:
        return [request(one) for one in item.http]
    if item.run is not None:
        return [f"run {command(item.run)}"]
    return [browser(item.browser) if item.browser is not None else f"manual: {item.manual}"]


def notifier(told: Notifier) -> str:
    """Who is told, without the secret parts."""
    if told.slack is None:
        return told.kind
    return f"slack {told.slack.channel or 'by an incoming webhook'}"


def source(given: Source) -> str:
    """The kind of a source."""
    return given.kind


def log_rule(rule: LogRule) -> str:
    """The limit on log entries."""
    place = rule.source or rule.kind
    limits = [] if rule.above is None else [str(rule.above)]
    if rule.times_baseline is not None:
        limits.append(f"{rule.times_baseline} times what {format_duration(rule.baseline)} before the run make normal")
    return f"{place}: {rule.query}: more than {' and '.join(limits)} in {format_duration(rule.per)}"


def alert_rule(rule: AlertRule) -> str:
    """Which alerts count."""
    return f"{rule.source or rule.kind}: {rule.severity}"
