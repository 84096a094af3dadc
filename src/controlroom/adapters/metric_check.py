"""A check on the newest sample of a series; silence is never a yes (S5, S6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.plan.units import Amount, UnitError, format_number
from controlroom.ports import Finding
from controlroom.run.phases import DataState
from controlroom.run.samples import series_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.plan.model import Plan
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.ports import Scene
    from controlroom.run.samples import Sample

    Newest = Callable[[str], tuple[Sample, float] | None]
    """The newest sample of a series, and its age in plan seconds, on the monotonic clock (S9)."""

_MEASURED = frozenset({DataState.OK, DataState.BREACH})


class MetricCheck:
    """Whether a metric of the scene's service is above, or below, what the check asks; strictly."""

    kind = "metric"

    def __init__(self, spec: CheckSpec, plan: Plan, newest: Newest, max_age_s: float) -> None:
        assert spec.metric is not None  # noqa: S101 - the registry's key says so
        self._spec = spec.metric
        self._plan = plan
        self._newest = newest
        self._max_age_s = max_age_s
        bound = f"above {spec.metric.above}" if spec.metric.above is not None else f"below {spec.metric.below}"
        self.label = spec.title or f"{spec.metric.name} {bound}"

    async def look(self, scene: Scene) -> Finding:
        """Judge the newest sample; one that has no value, or is older than `max_age_s` plan seconds, is not ok."""
        name = self._spec.name
        metric = self._plan.service(scene.service).metrics.get(name)
        newest = self._newest(series_id(scene.service, name))
        if metric is None or newest is None:
            return Finding(ok=False, detail=f"{name}: NO DATA yet" if metric else f"{scene.service} has no {name}")
        sample, age_s = newest
        if sample.state not in _MEASURED or sample.value is None:
            why = f" ({sample.cause})" if sample.cause else ""
            return Finding(ok=False, detail=f"{name}: {sample.state.value}{why}")
        if age_s > self._max_age_s:
            return Finding(ok=False, detail=f"{name}: NO DATA for {age_s:.0f} s")
        try:
            return self._judged(sample.value, metric.unit)
        except UnitError as exc:
            return Finding(ok=False, detail=f"{name}: {exc}")

    def _judged(self, value: float, unit: str) -> Finding:
        above, below = self._spec.above, self._spec.below
        if above is not None:
            limit = above.to(unit)
            ok, sign = value > limit, ">" if value > limit else "≤"
        else:
            assert below is not None  # noqa: S101 - the model sees to it
            limit = below.to(unit)
            ok, sign = value < limit, "<" if value < limit else "≥"
        detail = f"{self._spec.name} {Amount(value, unit)} {sign} {Amount(limit, unit)}"
        return Finding(ok=ok, detail=detail, observed=format_number(value))
