"""What a plan wants of one of its metric sources, and the means that every adapter for one is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlroom.run.samples import series_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from controlroom.adapters.secrets import Filling, Vault
    from controlroom.plan.metrics import Metric
    from controlroom.plan.model import Plan
    from controlroom.ports import Clock
    from controlroom.run.pace import Pace


@dataclass(frozen=True, slots=True)
class Means:
    """What the sources of a run share: its pace, its secrets, one HTTP client, one clock."""

    pace: Pace
    vault: Vault
    client: httpx.AsyncClient
    clock: Clock


@dataclass(frozen=True, slots=True)
class Want:
    """One metric of one service. `window_s` is plan seconds; `filling` puts the service's facts into its texts."""

    service: str
    metric: Metric
    filling: Filling
    window_s: float


def wants_of(plan: Plan, vault: Vault) -> dict[str, dict[str, Want]]:
    """By source and series: every metric that the plan's services have."""
    found: dict[str, dict[str, Want]] = {}
    for service in plan.services:
        filling = vault.fill({"service.id": service.id})
        for name, metric in service.metrics.items():
            want = Want(service.id, metric, filling, window_of(plan, service.id, name))
            found.setdefault(metric.source, {})[series_id(service.id, name)] = want
    return found


def window_of(plan: Plan, service: str, metric: str) -> float:
    """Plan seconds over which the rate is taken: the longest that a guard on it asks for, else the metric's own."""
    asked = [
        guard.window
        for guard in plan.guards
        if guard.window is not None and guard.metric == metric and service in guard.services
    ]
    return max(asked, default=plan.service(service).metrics[metric].window)


def bearer(filling: Filling, token: str | None, headers: Mapping[str, str], scheme: str = "Bearer") -> dict[str, str]:
    """The headers of a source: its own, and the token in its scheme unless they say otherwise. Raises Unable."""
    own = filling.mapping(headers)
    if token is None or any(name.lower() == "authorization" for name in own):
        return own
    return {"Authorization": f"{scheme} {filling.text(token)}", **own}
