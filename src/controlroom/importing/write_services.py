"""The services of a draft as YAML: deploy, verification, rollback, health, and the metrics that guards need."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from controlroom.importing.draft import Kind
from controlroom.importing.paths import path_comment
from controlroom.importing.sheet import line_text, quoted, text, todo

if TYPE_CHECKING:
    from controlroom.importing.draft import Draft, DraftService, Verification
    from controlroom.importing.sheet import Sheet

_BACK = {"es": "Volver a la versión anterior", "en": "Bring the previous version back"}
_UNDO = {"es": "Ejecutar la migración inversa", "en": "Undo the migration"}
TARGET = "${version.target}"
ASSUMED = "assumed"


def write_services(sheet: Sheet, draft: Draft) -> None:
    """The section; what nobody said and is guessed carries a comment."""
    sheet.part("Services, in the order of the document. What `needs:` says is assumed: see that it is right.")
    sheet.put(0, "services:")
    measured = [service.id for service in measured_services(draft)]
    for place, service in enumerate(draft.services):
        if place:
            sheet.part()
        _head(sheet, draft, service)
        _deploy(sheet, service)
        _verify(sheet, service.verification, service)
        _rollback(sheet, draft, service)
        _health(sheet, service)
        if service.kind is Kind.DATABASE:
            sheet.put(
                2,
                "database: {effect: unknown}",
                "expand-only when the old services run on the new schema, else breaking",
            )
        if service.id in measured:
            _metrics(sheet, draft, alias=service.id != measured[0])


def measured_services(draft: Draft) -> list[DraftService]:
    """Those whose metrics guards and watch look at: the APIs; without any, what is neither database nor page."""
    if not metrics_of(draft):
        return []
    for wanted in ({Kind.API}, {Kind.OTHER}, {Kind.FRONTEND}):
        found = [service for service in draft.services if service.kind in wanted]
        if found:
            return found
    return draft.services


def metrics_of(draft: Draft) -> dict[str, str]:
    """Metric → unit, of everything that is guarded or watched, in a fixed order."""
    named = {guard.metric for guard in draft.guards} | set(draft.watch.indicators if draft.watch else ())
    units = {"error_rate": "%", "latency_p95": "ms", "cpu": "%", "memory": "MiB"}
    for guard in draft.guards:
        if guard.amount.endswith("%"):
            units[guard.metric] = "%"
    return {metric: unit for metric, unit in units.items() if metric in named}


def variable(service: DraftService) -> str:
    """The reference to where a service answers."""
    return f"${{vars.{service.id}}}"


def address(service: DraftService) -> str:
    """The URL that its verification asks; of a page, its front page."""
    verification = service.verification
    return verification.url or f"{variable(service)}{verification.path or '/'}"


def _head(sheet: Sheet, draft: Draft, service: DraftService) -> None:
    sheet.put(1, f"- id: {service.id}", f"line {service.line} of the document")
    sheet.put(2, f"name: {line_text(service.name)}")
    needs = _needs(draft, service)
    if needs:
        sheet.put(2, f"needs: [{', '.join(needs)}]")
    sheet.put(2, "version:")
    if service.version:
        sheet.put(3, f"to: {json.dumps(service.version)}", "an example in the document" if service.example else "")
    elif service.kind is Kind.DATABASE:
        sheet.put(3, f"to: {todo(f'the newest migration once {service.name} is migrated')}")
    else:
        sheet.put(3, f"to: {todo(f'the version of {service.name} that this go-live brings')}")
    sheet.put(3, f"observe: {_observe(service)}", ASSUMED)


def _needs(draft: Draft, service: DraftService) -> list[str]:
    """Databases that come before; of a page, everything that comes before."""
    before = draft.services[: draft.services.index(service)]
    if service.kind is Kind.FRONTEND:
        return [other.id for other in before if other.kind is not Kind.FRONTEND]
    return [other.id for other in before if other.kind is Kind.DATABASE]


def _observe(service: DraftService) -> str:
    verification = service.verification
    if verification.query:
        query = text(verification.query)
        return f'{{sql: {{dsn: "{variable(service)}", query: {query}, take: newest}}}}'
    if service.kind is Kind.DATABASE:
        query = todo(f"the query that reads the newest migration of {service.name}")
        return f'{{sql: {{dsn: "{variable(service)}", query: {query}, take: newest}}}}'
    if verification.path or verification.url:
        return f"{{http: {{url: {quoted(address(service))}, json_path: $.version}}}}"
    if verification.browser:
        shown = todo(f"id of the element of {service.name} that shows the version")
        return f"{{page: {{url: {quoted(address(service))}, id: {shown}}}}}"
    return f"{{run: {todo(f'a command that prints the live version of {service.name}')}}}"


def _deploy(sheet: Sheet, service: DraftService) -> None:
    sheet.put(2, "deploy:")
    for act in service.acts:
        sheet.put(3, f"- title: {line_text(act.title or service.name)}")
        run = _command(act.command, service) if act.command else _missing(act.title, service)
        sheet.put(4, f"run: {run}", path_comment(act.command))


def _missing(title: str, service: DraftService) -> str:
    return todo(f"the command for {service.name}: {title} ({TARGET} is the version)", TARGET)


def _command(command: str, service: DraftService) -> str:
    """The document's command, with the version that it names taken from the plan.

    A mere number may be anything in a command, such as a port.
    """
    escaped = command.replace("${", "$${")
    if not service.version or service.version.isdigit():
        return quoted(escaped)
    whole = rf"(?<![\w.]){re.escape(service.version)}(?!\.?\w)"
    return quoted(re.sub(whole, TARGET, escaped))


def _verify(sheet: Sheet, verification: Verification, service: DraftService) -> None:
    sheet.put(2, "verify:")
    sheet.put(3, f"- title: {line_text(verification.title or service.name)}")
    if verification.query:
        query = text(verification.query)
        sheet.put(4, f'sql: {{dsn: "{variable(service)}", query: {query}, take: newest, equals: "{TARGET}"}}')
    elif verification.path or verification.url:
        sheet.put(4, f"http: {_expected(service)}")
        sheet.put(4, "times: 3", "in a row")
    elif verification.browser:
        selector = todo(f"CSS selector of the version on {service.name}, such as footer .version")
        sheet.put(4, f'browser: {{url: {quoted(address(service))}, selector: {selector}, equals: "{TARGET}"}}')
    elif verification.command:
        sheet.put(4, f"run: {_command(verification.command, service)}", path_comment(verification.command))
    elif verification.title:
        sheet.put(4, f"manual: {text(verification.title)}", "an operator looks and confirms")
    else:
        sheet.put(4, f"run: {todo(f'a command that succeeds when {service.name} works')}")


def _expected(service: DraftService) -> str:
    verification = service.verification
    parts = [f"url: {quoted(address(service))}"]
    if verification.status:
        parts.append(f"status: {verification.status}")
    if verification.expected:
        parts.append(f"json: {json.dumps(json.loads(verification.expected), ensure_ascii=False).replace('${', '$${')}")
    return f"{{{', '.join(parts)}}}"


def _rollback(sheet: Sheet, draft: Draft, service: DraftService) -> None:
    sheet.put(2, "rollback:")
    commands = [act.command for act in service.acts if act.command]
    if service.kind is Kind.DATABASE:
        likely = commands[-1].removesuffix(" up") + " down" if commands and commands[-1].endswith(" up") else ""
        missing = "the command that undoes one migration" + (f" ({likely}?)" if likely else "")
        title = _UNDO[draft.language]
    else:
        missing = f"the command that brings {TARGET} of {service.name} back"
        title = _BACK[draft.language]
    sheet.put(3, f"- title: {title}")
    sheet.put(4, f"run: {todo(missing, TARGET)}")


def _health(sheet: Sheet, service: DraftService) -> None:
    if service.kind is Kind.DATABASE:
        sheet.put(2, f'health: {{sql: {{dsn: "{variable(service)}", query: SELECT 1, equals: "1"}}}}', ASSUMED)
    elif service.verification.path or service.verification.url:
        sheet.put(2, f"health: {{http: {_expected(service)}, every: 5s, timeout: 2s}}", ASSUMED)
    elif service.verification.browser:
        sheet.put(2, f"health: {{http: {{url: {quoted(address(service))}}}, every: 5s, timeout: 2s}}", ASSUMED)


def _metrics(sheet: Sheet, draft: Draft, *, alias: bool) -> None:
    if alias:
        sheet.put(2, "metrics: *metrics")
        return
    source = source_of(draft)
    sheet.put(2, "metrics: &metrics", "the queries are shared: ${service.id} tells the services apart")
    for metric, unit in metrics_of(draft).items():
        sheet.put(3, f"{metric}:")
        sheet.put(4, f"source: {source}")
        if metric == "error_rate":
            sheet.put(4, f"errors: {todo(f'the {source} query for failed requests per second of one service')}")
            sheet.put(4, f"requests: {todo(f'the {source} query for all its requests per second')}")
        else:
            sheet.put(4, f"query: {todo(f'the {source} query for {metric} of one service, in {unit}')}")
        sheet.put(4, f"unit: {quoted(unit)}")


def source_of(draft: Draft) -> str:
    """The name, and kind, of the source that every metric is asked from."""
    return draft.watch.metric_tools[0] if draft.watch and draft.watch.metric_tools else "prometheus"
