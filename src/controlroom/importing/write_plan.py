"""A draft as the text of a plan file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.importing.draft import Kind
from controlroom.importing.paths import path_comment
from controlroom.importing.sheet import Sheet, line_text, quoted, text, todo
from controlroom.importing.write_services import (
    ASSUMED,
    measured_services,
    metrics_of,
    source_of,
    write_services,
)

if TYPE_CHECKING:
    from controlroom.importing.draft import Draft, DraftGuard, DraftService, DraftWatch

_TOKENS = {"grafana": "GRAFANA_TOKEN", "splunk": "SPLUNK_TOKEN", "elasticsearch": "ELASTICSEARCH_TOKEN"}


def plan_text(draft: Draft, document: str) -> str:
    """The plan, ending in a newline; `document` is the name of where it came from."""
    sheet = Sheet()
    sheet.put(0, "# yaml-language-server: $schema=controlroom.schema.json")
    sheet.part(
        f"Drafted from {document}. A value that begins with TODO: is not in the document; `controlroom validate`",
        "names each of them. What is commented as assumed is a guess: see that it is right.",
    )
    _planning(sheet, draft)
    _variables(sheet, draft)
    _sources(sheet, draft)
    write_services(sheet, draft)
    _guards(sheet, draft)
    _rollback(sheet, draft)
    _traffic(sheet, draft)
    _smoke(sheet, draft)
    _watch(sheet, draft)
    return str(sheet)


def _planning(sheet: Sheet, draft: Draft) -> None:
    sheet.part()
    sheet.put(0, f"plan: {draft.plan}")
    sheet.put(0, f"title: {line_text(draft.title)}")
    sheet.put(0, "environment: production", ASSUMED)
    sheet.put(0, f"language: {draft.language}")
    if draft.window is not None:
        opens, closes, zone = draft.window
        named = zone or todo("the time zone of the window, such as UTC or Europe/Madrid")
        sheet.put(0, f"window: {{opens: {opens}, closes: {closes}, zone: {named}}}")
    else:
        sheet.put(0, "window: tbd", "no run until it is {opens: 2026-12-01T03:00, closes: 2026-12-01T05:00, zone: UTC}")
    if draft.window_hint:
        sheet.put(0, f"window_hint: {line_text(draft.window_hint)}")
    if draft.responsible:
        sheet.put(0, "responsible:")
        for role, who in draft.responsible.items():
            sheet.put(1, f"{role}: {line_text(who)}")
    if draft.channel:
        sheet.put(0, "notify:")
        sheet.put(1, f'- slack: {{channel: {quoted(draft.channel)}, token: "${{env:SLACK_BOT_TOKEN}}"}}')


def _variables(sheet: Sheet, draft: Draft) -> None:
    needed = [service for service in draft.services if _is_asked(service)]
    if not needed:
        return
    sheet.part("Where things answer")
    sheet.put(0, "vars:")
    for service in needed:
        if service.kind is Kind.DATABASE:
            secret = f"{service.id.upper().replace('-', '_')}_URL"
            sheet.put(1, f"{service.id}: ${{env:{secret}}}", f"{ASSUMED}: export {secret} before a run")
        else:
            missing = f"where {service.name} answers, such as https://{service.id}.internal.example.com"
            sheet.put(1, f"{service.id}: {todo(missing)}")


def _is_asked(service: DraftService) -> bool:
    """Whether anything in the plan refers to where it answers."""
    verification = service.verification
    return service.kind is Kind.DATABASE or bool(
        verification.query or verification.path or (verification.browser and not verification.url)
    )


def _sources(sheet: Sheet, draft: Draft) -> None:
    if not metrics_of(draft):
        return
    source = source_of(draft)
    sheet.part("Where numbers come from")
    sheet.put(0, "sources:")
    sheet.put(1, f"{source}:")
    sheet.put(2, f"{source}:")
    if source == "datadog":
        sheet.put(3, "site: datadoghq.com", ASSUMED)
        sheet.put(3, "api_key: ${env:DATADOG_API_KEY}")
        sheet.put(3, "app_key: ${env:DATADOG_APP_KEY}")
        return
    sheet.put(3, f"url: {todo(f'where {source} answers')}")
    if source == "grafana":
        sheet.put(3, "token: ${env:GRAFANA_TOKEN}")
        sheet.put(3, f"datasource: {todo('the uid of the Prometheus data source in Grafana')}")


def _guards(sheet: Sheet, draft: Draft) -> None:
    if not draft.guards:
        return
    sheet.part("Conditions of failure")
    sheet.put(0, "guards:")
    for place, guard in enumerate(draft.guards, 1):
        sheet.put(1, f"- id: {guard_id(draft, place)}", f"line {guard.line} of the document")
        sheet.put(2, f"title: {line_text(guard.title)}")
        sheet.put(2, f"metric: {guard.metric}")
        sheet.put(2, f"services: [{', '.join(_guarded(draft, guard))}]")
        sheet.put(2, f"{'below' if guard.below else 'above'}: {guard.amount}")
        sheet.put(2, f"for: {guard.lasting}")
        sheet.put(2, f"on_breach: [{', '.join(guard.reactions)}]")


def guard_id(draft: Draft, place: int) -> str:
    """The id of the guard at a place, counted from 1: its metric, and which one of several."""
    metric = draft.guards[place - 1].metric
    before = sum(guard.metric == metric for guard in draft.guards[: place - 1])
    return metric.replace("_", "-") + (f"-{before + 1}" if before else "")


def _guarded(draft: Draft, guard: DraftGuard) -> list[str]:
    measured = [service.id for service in measured_services(draft)]
    return [name for name in guard.services if name in measured and not guard.apis_only] or measured


def _rollback(sheet: Sheet, draft: Draft) -> None:
    if not draft.stabilize:
        return
    guards = ", ".join(guard_id(draft, place) for place in range(1, len(draft.guards) + 1))
    lasting = draft.guards[0].lasting if draft.guards else "5m"
    sheet.part("After a rollback, the metrics are watched before it counts as stable")
    sheet.put(0, "rollback:")
    sheet.put(1, f"stabilize: {{guards: [{guards}], for: {lasting}}}", f"{ASSUMED}: how long")


def _traffic(sheet: Sheet, draft: Draft) -> None:
    if not draft.traffic_gate:
        return
    sheet.part("No public traffic while a smoke test fails; observe: {http: …} reads where the switch stands")
    sheet.put(0, "traffic:")
    sheet.put(1, f"open: [{{run: {todo('the command that lets public traffic in')}}}]")
    sheet.put(1, f"close: [{{run: {todo('the command that keeps public traffic out')}}}]")


def _smoke(sheet: Sheet, draft: Draft) -> None:
    if not draft.smoke:
        return
    sheet.part(
        "Smoke tests; http: or run: in place of manual: makes an item automatic. Until service: says what it covers,",
        "its result goes stale with a change of any service.",
    )
    sheet.put(0, "smoke:")
    for item in draft.smoke:
        sheet.put(1, f"- id: {item.id}", f"line {item.line} of the document")
        sheet.put(2, f"title: {line_text(item.title)}")
        if not item.mandatory:
            sheet.put(2, "mandatory: false")
        how = f"run: {text(item.command)}" if item.command else f"manual: {text(item.instructions)}"
        sheet.put(2, how, path_comment(item.command))


def _watch(sheet: Sheet, draft: Draft) -> None:
    watch = draft.watch
    if watch is None:
        return
    sheet.part("After go-live")
    sheet.put(0, "watch:")
    whole = watch.whole or todo("how long production is watched, such as 48h")
    sheet.put(1, f"for: {whole}")
    if watch.at_least and watch.at_least != watch.whole:
        sheet.put(1, f"at_least: {watch.at_least}")
    if metrics_of(draft) and watch.indicators:
        known = [metric for metric in metrics_of(draft) if metric in watch.indicators]
        sheet.put(1, f"indicators: [{', '.join(known)}]")
    _logs(sheet, watch)
    if watch.alert_tools:
        sheet.put(1, "alerts:")
        for tool in watch.alert_tools:
            token = f'token: "${{env:{tool.upper()}_TOKEN}}"'
            where = f"url: {todo('where Alertmanager answers')}" if tool == "alertmanager" else token
            sheet.put(2, f"- {tool}: {{{where}}}")
            sheet.put(3, "severity: critical")
    if watch.success:
        sheet.put(1, f"success: {line_text(watch.success)}")


def _logs(sheet: Sheet, watch: DraftWatch) -> None:
    if watch.log_tools:
        sheet.put(1, "logs:")
    for tool in watch.log_tools:
        sheet.put(2, f"- {tool}:")
        sheet.put(4, f"url: {todo(f'where {tool} answers')}")
        sheet.put(4, f"token: ${{env:{_TOKENS[tool]}}}")
        sheet.put(3, f"query: {todo(f'the {tool} search for entries that should be few')}")
        sheet.put(3, f"above: {todo('how many such entries in the time below are too many')}")
        sheet.put(3, "per: 5m", ASSUMED)
