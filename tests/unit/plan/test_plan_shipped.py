"""The plans that come with controlroom: the user's go-live, whole and in its own words, and the small one."""

import statistics
import time

import pytest
from tests.unit.plan.plan_texts import PLANS

from controlroom.plan.loader import load_plan, validate_plan
from controlroom.plan.model import Plan
from controlroom.plan.order import sequence
from controlroom.plan.overlay import placeholders
from controlroom.plan.preview import preview

S5 = PLANS / "s5-hardening.yaml"


@pytest.fixture(scope="module")
def s5() -> Plan:
    """The user's go-live for production."""
    return load_plan(S5).plan


@pytest.fixture(scope="module")
def rehearsal() -> Plan:
    """The same on a stage."""
    return load_plan(S5, placeholders("shop")).plan


@pytest.mark.parametrize("name", sorted(path.name for path in PLANS.glob("*.yaml")))
def test_every_shipped_plan_is_valid_in_both_readings(name: str) -> None:
    """`controlroom validate plans/*.yaml` finds nothing, overlays included."""
    loaded = validate_plan(PLANS / name)
    assert loaded.sha256
    assert preview(loaded.plan).endswith("\n")


def test_section_1_planning(s5: Plan) -> None:
    """The window that is to be defined, who is responsible, and the channel."""
    assert (s5.title, s5.language, s5.window) == ("Go-Live — S5 Hardening", "es", "tbd")
    assert s5.window_hint == "Ventana de bajo tráfico, ej. martes 3:00 AM UTC"
    assert s5.responsible == {"execution": "Equipo de DevOps", "support": "Equipo de Desarrollo"}
    assert [told.slack.channel for told in s5.notify if told.slack is not None] == ["#deployments"]


def test_section_2_runbook(s5: Plan) -> None:
    """Five services in the document's order, each with its action and its verification as written."""
    names = ["Base de Datos", "API de Auth", "API de Catálogo", "API de Pedidos", "Frontend App"]
    assert [service.name for service in sequence(s5)] == names
    database, *apis, frontend = sequence(s5)
    assert database.deploy[0].run == "db-migrate up"
    verified = database.verify[0].sql
    assert verified is not None
    assert (verified.query, verified.take, verified.equals) == (
        "SELECT version FROM migrations",
        "newest",
        "${version.target}",
    )
    assert database.version.to == "42"
    for api in apis:
        (check,) = api.verify
        assert check.http is not None
        assert check.http.request.url.endswith("/health")
        assert check.http.request.expect.json_ == {"status": "ok"}
        assert api.version.to == "v2.1.0"
    assert [action.title for action in frontend.deploy] == ["Desplegar el nuevo build", "Invalidar la caché de CDN"]
    assert frontend.verify[0].browser is not None
    assert frontend.verify[0].browser.selector == "footer#version"


def test_section_3_smoke_tests(s5: Plan) -> None:
    """Five mandatory tests, with real requests."""
    titles = ["Registro de Usuario", "Login", "Búsqueda de Producto", "Crear Pedido", "Verificar Estado de Pedido"]
    assert [item.title for item in s5.smoke] == titles
    assert all(item.mandatory and item.kind == "http" for item in s5.smoke)
    order = next(item for item in s5.smoke if item.id == "order")
    assert [request.method for request in order.http or ()] == ["POST", "GET", "POST", "GET"]


def test_section_4_rollback(s5: Plan) -> None:
    """One condition is a guard, the other keeps traffic out; everything goes back, the database by inverse steps."""
    (guard,) = s5.guards
    assert guard.title == "Tasa de error > 5% en cualquier API por > 5 min"
    assert (guard.services, str(guard.threshold), guard.for_) == (("auth", "catalog", "orders"), "5%", 300.0)
    assert guard.on_breach == ("hold", "notify", "propose_rollback")
    assert s5.traffic is not None
    assert s5.traffic.close[0].title == "No permitir tráfico al nuevo entorno"
    assert s5.service("database").rollback[0].run == "db-migrate down"
    assert all(service.rollback for service in s5.services)
    assert s5.rollback.stabilize is not None
    assert s5.rollback.stabilize.guards == ("error-rate",)


def test_section_5_monitoring(s5: Plan) -> None:
    """24 to 48 hours, the indicators, every source that the document names, and the condition of success."""
    assert s5.watch is not None
    assert (s5.watch.for_, s5.watch.at_least) == (48 * 3600, 24 * 3600)
    assert s5.watch.indicators == ("error_rate", "latency_p95", "cpu", "memory")
    assert {source.kind for source in s5.sources.values()} == {"grafana", "datadog"}
    assert [rule.kind for rule in s5.watch.logs] == ["elasticsearch", "splunk"]
    assert [rule.kind for rule in s5.watch.alerts] == ["pagerduty", "opsgenie"]
    assert s5.watch.success is not None
    assert "no se reportan incidentes mayores en 48 horas" in s5.watch.success


def test_the_rehearsal_is_the_same_go_live(s5: Plan, rehearsal: Plan) -> None:
    """Order, versions, titles, smoke tests, guard and watch are those of production."""
    assert [service.id for service in sequence(rehearsal)] == [service.id for service in sequence(s5)]
    assert [service.version.to for service in rehearsal.services] == [service.version.to for service in s5.services]
    assert [item.title for item in rehearsal.smoke] == [item.title for item in s5.smoke]
    assert rehearsal.guards == s5.guards
    assert rehearsal.watch is not None
    assert s5.watch is not None
    assert (rehearsal.watch.for_, rehearsal.watch.success) == (s5.watch.for_, s5.watch.success)


def test_the_rehearsal_runs_the_stages_commands_only(rehearsal: Plan) -> None:
    """S30: every command is one of the stage's."""
    actions = [action for service in rehearsal.services for action in (*service.deploy, *service.rollback)]
    commands = {str(action.run).split()[0] for action in actions}
    assert commands == {"db-migrate", "deploy", "invalidate-cdn"}


def test_metrics_of_the_stage_are_converted(rehearsal: Plan) -> None:
    """Seconds become milliseconds, bytes MiB, and ratios percentages."""
    metrics = rehearsal.service("orders").metrics
    factors = {name: metric.factor for name, metric in metrics.items()}
    assert factors == {"error_rate": 100.0, "latency_p95": 1000.0, "cpu": 100.0, "memory": 2.0**-20}


def test_migrations_are_not_killed(s5: Plan) -> None:
    """S13: the database's own steps are left to end; a plan may say otherwise."""
    database, auth = s5.service("database"), s5.service("auth")
    assert not database.is_killable(database.deploy[0])
    assert auth.is_killable(auth.deploy[0])
    assert database.is_killable(database.deploy[0].model_copy(update={"killable": True}))


def test_the_preview_tells_the_whole_go_live(s5: Plan) -> None:
    """Order, rollback with its database effect, guard, smoke tests, traffic and watch."""
    text = preview(s5)
    for line in (
        "  window       to be defined (Ventana de bajo tráfico, ej. martes 3:00 AM UTC)",
        "  1. Base de Datos [database]: waits at its gate, about 5m",
        "     verify    sql SELECT version FROM migrations [newest] = 42 (at most 2m)",
        "  5. Frontend App [frontend], needs auth, catalog, orders: waits at its gate, about 4m",
        "  Base de Datos [database]: last, and only on request (--with-database)",
        "     database  one migration at a time; the schema only grows: services can go back without it",
        "     error_rate above 5% for more than 5m on auth, catalog, orders → hold, notify, propose_rollback",
        "  [ ] Crear Pedido [order]: mandatory, covers auth, catalog, orders",
        "  stays closed, or is closed again, while a mandatory smoke test has not passed",
        "  for 48h, at least 24h",
    ):
        assert line in text.split("\n"), line
    rollbacks = text[text.index("ROLLBACK") : text.index("GUARDS")]
    assert [
        name for name in ("[frontend]", "[orders]", "[catalog]", "[auth]", "[database]") if name in rollbacks
    ] == sorted(("[frontend]", "[orders]", "[catalog]", "[auth]", "[database]"), key=rollbacks.index)


def test_the_preview_holds_no_secret(s5: Plan) -> None:
    """References to secrets stay references; those that carry them are not shown."""
    assert "${env:" not in preview(s5)


def test_loading_is_fast() -> None:
    """Once imported, the user's plan is read and checked in both readings in well under a tenth of a second."""
    validate_plan(S5)
    took = []
    for _ in range(5):
        started = time.perf_counter()
        validate_plan(S5)
        took.append(time.perf_counter() - started)
    assert statistics.median(took) < 0.1
