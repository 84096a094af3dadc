"""Whole documents: the user's own in Spanish, and differently worded ones in English, become plans that validate."""

from __future__ import annotations

import pytest
from tests.unit.importing.filling import gaps, imported, loaded

from controlroom.plan.model import Window
from controlroom.plan.order import sequence

NAMES = ["s5-hardening.md", "checkout.md", "numbered.md"]


@pytest.mark.parametrize("name", NAMES)
def test_validate_names_every_gap_by_line(name: str) -> None:
    """Each line with a TODO is named, once, with what is missing; and nothing else is wrong with the draft."""
    plan = imported(name).plan
    open_lines = [line for line, text in enumerate(plan.splitlines(), 1) if '"TODO: ' in text]
    assert [problem.line for problem in gaps(plan)] == open_lines
    assert len(open_lines) > 5


@pytest.mark.parametrize("name", NAMES)
def test_plan_is_valid_once_its_gaps_are_filled(name: str) -> None:
    """Nothing else has to be changed."""
    assert loaded(imported(name).plan).plan.services


def test_the_users_runbook() -> None:
    """Its five services in its order, by its names, with its commands, versions, queries and expected answers."""
    plan = loaded(imported("s5-hardening.md").plan).plan
    assert [(service.id, service.name) for service in sequence(plan)] == [
        ("database", "Base de Datos"),
        ("auth", "API de Auth"),
        ("catalogo", "API de Catálogo"),
        ("pedidos", "API de Pedidos"),
        ("frontend", "Frontend App"),
    ]
    database, auth, _, _, frontend = plan.services
    assert database.deploy[0].run == "db-migrate up"
    sql = database.verify[0].sql
    assert sql is not None
    assert (sql.query, sql.equals) == ("SELECT version FROM migrations", "${version.target}")
    assert database.database is not None
    assert auth.version.to == "v2.1.0"
    http = auth.verify[0].http
    assert http is not None
    assert http.request.url == "https://there.internal.example.com/health"
    assert http.request.expect.json_ == {"status": "ok"}
    assert [act.title for act in frontend.deploy] == ["Invalidar caché de CDN", "Desplegar nuevo build"]
    assert frontend.verify[0].kind == "browser"
    assert frontend.needs == ("database", "auth", "catalogo", "pedidos")


def test_the_users_planning() -> None:
    """Language, window to be defined with its hint, who is responsible, and the channel."""
    plan = loaded(imported("s5-hardening.md").plan).plan
    assert (plan.plan, plan.title, plan.language) == ("s5-hardening", "Plan de Go-Live — S5 Hardening", "es")
    assert plan.window == "tbd"
    assert plan.window_hint == "Por definir (ventana de bajo tráfico, ej. martes 3:00 AM UTC)"
    assert plan.responsible == {"execution": "Equipo de DevOps", "support": "Equipo de Desarrollo"}
    assert plan.notify[0].slack is not None
    assert plan.notify[0].slack.channel == "#deployments"


def test_the_users_conditions() -> None:
    """`> 5% en cualquier API por > 5 min` is the guard on the three APIs; a failed smoke test keeps traffic out."""
    plan = loaded(imported("s5-hardening.md").plan).plan
    (guard,) = plan.guards
    assert (guard.metric, str(guard.threshold), guard.for_) == ("error_rate", "5%", 300.0)
    assert guard.services == ("auth", "catalogo", "pedidos")
    assert guard.on_breach == ("hold", "notify", "propose_rollback")
    assert plan.traffic is not None
    assert plan.rollback.stabilize is not None
    assert plan.rollback.stabilize.guards == ("error-rate",)


def test_the_users_smoke_tests_and_watch() -> None:
    """Five items by hand with their words; 24 to 48 hours with indicators, logs, alerts and the words of success."""
    plan = loaded(imported("s5-hardening.md").plan).plan
    assert (plan.smoke[0].title, plan.smoke[0].kind) == ("Registro de Usuario", "manual")
    assert plan.smoke[3].manual == "Completar un flujo de compra de principio a fin."
    assert len(plan.smoke) == 5
    watch = plan.watch
    assert watch is not None
    assert (watch.at_least, watch.for_) == (86_400.0, 172_800.0)
    assert set(watch.indicators) == {"error_rate", "latency_p95", "cpu", "memory"}
    assert [rule.kind for rule in watch.logs] == ["splunk", "elasticsearch"]
    assert [rule.kind for rule in watch.alerts] == ["pagerduty", "opsgenie"]
    assert watch.success is not None
    assert watch.success.endswith("si no se reportan incidentes mayores en 48 horas")


def test_what_was_not_used_is_said_with_its_line() -> None:
    """Of the user's document only the introductions; what needs a second look is said as well."""
    found = imported("s5-hardening.md")
    assert [remark.line for remark in found.unread] == [3, 13, 25, 35]
    assert [remark.line for remark in found.remarks] == [21, 43]
    assert "fills with the old one" in found.remarks[0].text


def test_an_english_document_in_other_words() -> None:
    """Another order of chapters, other columns, a defined window, people in a table, conditions as sentences."""
    found = imported("checkout.md")
    plan = loaded(found.plan).plan
    assert (plan.language, plan.plan) == ("en", "checkout-4-2")
    assert isinstance(plan.window, Window)
    assert [moment.isoformat() for moment in plan.window.span] == [
        "2026-12-03T21:30:00+00:00",
        "2026-12-04T00:00:00+00:00",
    ]
    assert plan.responsible == {"execution": "Platform team", "support": "Checkout squad"}
    payments = plan.service("payments")
    image = "kubectl set image deploy/payments payments=registry.internal/payments:${version.target}"
    assert (payments.version.to, payments.deploy[0].run) == ("4.2.0", image)
    http = payments.verify[0].http
    assert http is not None
    assert (http.request.expect.status, http.request.expect.json_) == ((200,), {"ready": True})
    assert plan.service("fraud-worker").deploy[0].run == "systemctl restart fraud@${version.target}"
    assert plan.service("fraud-worker").verify[0].run == "fraudctl ping --strict"
    assert plan.service("price-list").verify[0].manual == "Sales confirm by phone"
    errors, latency = plan.guards
    assert (str(errors.threshold), errors.for_, errors.on_breach[-1]) == ("2.5%", 600.0, "propose_rollback")
    assert (str(latency.threshold), latency.for_, latency.on_breach[-1]) == ("800 ms", 900.0, "rollback")
    card, later, refund = plan.smoke
    assert (card.manual, later.title) == ("buy the cheapest thing with the test card", "Pay later")
    assert (refund.run, refund.mandatory) == ("refundctl smoke --amount 1", False)
    assert plan.watch is not None
    assert (plan.watch.at_least, plan.watch.for_) == (86_400.0, 259_200.0)
    assert [remark.text for remark in found.unread][-2:] == ["Do not start after midnight.", "Order pizza"]


def test_steps_as_a_numbered_list() -> None:
    """Without a table: `**Service**: action. Verify: …`; a whole URL is used as it stands."""
    found = imported("numbered.md")
    plan = loaded(found.plan).plan
    database, billing, invoices = plan.services
    assert (database.deploy[0].run, database.id) == ("flyway migrate", "database")
    http = billing.verify[0].http
    assert http is not None
    assert http.request.url == "https://billing.internal.example.com/status"
    assert invoices.verify[0].manual == "an invoice can be opened"
    assert [str(guard.threshold) for guard in plan.guards] == ["90%", "1.5%"]
    assert [remark.text for remark in found.unread] == ["The moon is full", "Howl"]
    assert found.remarks[-1].text.endswith("5m is assumed")
