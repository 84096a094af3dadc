"""Outlines of plans to draw and to measure the screen with: the S5 go-live, and one of many services."""

from __future__ import annotations

from msgspec.structs import replace

from controlroom.run.outline import (
    GuardOutline,
    MetricOutline,
    RunOutline,
    ServiceOutline,
    SmokeOutline,
    WatchOutline,
    WindowOutline,
)


def _api(name: str, title: str, *needs: str) -> ServiceOutline:
    return ServiceOutline(
        id=name,
        name=title,
        target="v2.1.0",
        needs=needs,
        estimate_s=60.0,
        rollback_estimate_s=40.0,
        health_every_s=1.0,
        metrics=(
            MetricOutline(id="error_rate", unit="%", limit=5.0, every_s=1.0),
            MetricOutline(id="latency_p95", unit="ms", limit=800.0, every_s=1.0),
            MetricOutline(id="cpu", unit="%", every_s=1.0),
            MetricOutline(id="memory", unit="MiB", every_s=1.0),
        ),
        deploy=(f"deploy {name} v2.1.0",),
        verify=(f"GET /health of {name} is ok, 3 times",),
        rollback=(f"deploy {name} v2.0.0",),
    )


def s5(*, rehearsal: bool = False, window: bool = True, speed: float = 1.0) -> RunOutline:
    """The S5 plan as a run remembers it."""
    return RunOutline(
        plan="s5-hardening",
        title="Go-Live — S5 Hardening",
        environment="rehearsal" if rehearsal else "production",
        rehearsal=rehearsal,
        speed=speed,
        language="es",
        services=(
            ServiceOutline(
                id="database",
                name="Base de Datos",
                target="42",
                database=True,
                database_effect="expand-only",
                estimate_s=30.0,
                rollback_estimate_s=30.0,
                deploy=("db-migrate up",),
                verify=("SELECT version FROM migrations = 42",),
                rollback=("db-migrate down",),
            ),
            _api("auth", "API de Auth", "database"),
            _api("catalog", "API de Catálogo", "auth"),
            _api("orders", "API de Pedidos", "catalog"),
            ServiceOutline(
                id="frontend",
                name="Frontend App",
                target="v2.1.0",
                needs=("orders",),
                estimate_s=45.0,
                health_every_s=1.0,
                deploy=("invalidate CDN", "deploy frontend v2.1.0"),
                verify=("footer shows v2.1.0",),
                rollback=("deploy frontend v2.0.0", "invalidate CDN"),
            ),
        ),
        guards=(
            GuardOutline(
                id="error-rate",
                title="Tasa de error > 5% en cualquier API por > 5 min",
                metric="error_rate",
                services=("auth", "catalog", "orders"),
                limit=5.0,
                unit="%",
                for_s=300.0,
                min_requests=20,
                on_breach=("hold", "notify", "propose_rollback"),
            ),
        ),
        smoke=(
            SmokeOutline(id="signup", title="Registro de Usuario", kind="http", services=("auth",)),
            SmokeOutline(id="login", title="Login", kind="http", services=("auth",)),
            SmokeOutline(id="search", title="Búsqueda de Producto", kind="http", services=("catalog",)),
            SmokeOutline(id="order", title="Crear Pedido", kind="http", services=("orders",)),
            SmokeOutline(
                id="order-status",
                title="Verificar Estado de Pedido",
                kind="manual",
                services=("orders",),
                instructions="Consultar el estado de un pedido existente",
                link="https://shop.example/orders/1",
            ),
        ),
        watch=WatchOutline(for_s=172800.0, at_least_s=86400.0, coverage=0.95, indicators=("error_rate", "latency_p95")),
        window=WindowOutline(opens="2026-12-01T03:00:00Z", closes="2026-12-01T05:00:00Z", zone="UTC")
        if window
        else None,
        responsible={"execution": "Equipo de DevOps", "support": "Equipo de Desarrollo"},
        has_traffic=True,
        stabilize_s=300.0,
    )


def many_services(count: int) -> RunOutline:
    """`count` APIs in a row, each with all of its series."""
    names = [f"svc-{number:02}" for number in range(1, count + 1)]
    services = tuple(_api(name, f"Service {at + 1}", *names[max(0, at - 1) : at]) for at, name in enumerate(names))
    plan = s5()
    return replace(
        plan,
        plan="many-services",
        services=services,
        guards=tuple(replace(guard, services=tuple(names)) for guard in plan.guards),
        smoke=tuple(replace(item, services=tuple(names[:1])) for item in plan.smoke),
    )
