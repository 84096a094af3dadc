"""Metrics of a service, and the guards that watch them."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from controlroom.plan import units
from controlroom.plan.base import (
    Amount,
    Duration,
    Id,
    Line,
    Number,
    OneOf,
    Pause,
    Share,
    Strict,
    Text,
    Unit,
    problem,
    shape,
)

Breach = Literal["hold", "notify", "propose_rollback", "rollback"]

SHORTEST_OVER_S = 60.0
_SUFFIXES = {"_bytes": "B", "_seconds": "s", "_ratio": "ratio", "_percent": "%"}


class Series(Strict):
    """Series of the exposition format: a name, and labels as anchored regular expressions."""

    name: Text
    labels: Mapping[Text, Text] = {}


Query = Annotated[Annotated[Series, Tag("(mapping)")] | Annotated[Text, Tag("(text)")], Discriminator(shape)]
"""Text is a query in the source's language (of an openmetrics source: a bare series name)."""


class Metric(OneOf):
    """A number of one service over time: a query's value, a ratio of two rates, a quantile, a gauge or a rate."""

    KINDS: ClassVar = ("query", "errors", "histogram", "gauge", "rate")
    WHAT: ClassVar = "a metric"

    source: Id
    query: Text | None = None
    errors: Query | None = None
    requests: Query | None = None
    histogram: Series | None = None
    gauge: Series | None = None
    rate: Series | None = None
    """A counter, whose growth per second is the number."""
    quantile: Share = 0.95
    window: Duration = 60.0
    """Seconds over which rates and quantiles are taken."""
    unit: Unit = ""
    """What the number is shown and compared in."""
    raw: Unit = ""
    """What the source counts in, where its kind and name do not say (`_seconds`, `_bytes`, a ratio)."""

    @property
    def raw_unit(self) -> str:
        """The unit of the source's own number; `unit` itself when nothing says otherwise."""
        if self.raw:
            return self.raw
        if self.kind == "errors":
            return "ratio"
        if self.kind == "rate" and self.rate is not None:
            return "ratio" if self.unit in ("%", "ratio") else self.unit
        series = self.histogram or self.gauge
        found = [unit for suffix, unit in _SUFFIXES.items() if series is not None and series.name.endswith(suffix)]
        return found[0] if found and self.unit else self.unit

    @property
    def factor(self) -> float:
        """What the source's number is multiplied by to be in `unit`."""
        return units.factor(self.raw_unit, self.unit)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.errors is None) != (self.requests is None):
            raise problem("errors: and requests: belong together", "the error rate is errors divided by requests")
        try:
            _ = self.factor
        except units.UnitError as exc:
            raise problem(str(exc), "unit: or raw: is wrong") from exc
        return self


class Guard(Strict):
    """A condition on a metric of some services that must not last."""

    id: Id
    title: Line | None = None
    metric: Id
    services: tuple[Id, ...] = Field(min_length=1)
    above: Amount | None = None
    """Strict: the threshold itself is no breach."""
    below: Amount | None = None
    for_: Pause = Field(alias="for")
    """Seconds that a breach must last, strictly."""
    over: Duration | None = None
    """Seconds whose mean is compared, in place of each sample by itself; from half of them seen on."""
    during: Literal["run", "watch"] = "run"
    """`watch`: judged from the watch on only, so that a strict limit holds up no deployment."""
    window: Duration | None = None
    """Seconds over which the rate is taken; None stands for the metric's own."""
    min_requests: Number = 20
    """Requests in the window under which an error rate says nothing."""
    on_breach: tuple[Breach, ...] = Field(("hold", "notify", "propose_rollback"), min_length=1)
    countdown: Pause = 30.0
    """Seconds in which an operator can call off `rollback`."""

    @property
    def threshold(self) -> units.Amount:
        """The limit on its one side."""
        limit = self.above if self.above is not None else self.below
        if limit is None:
            raise AssertionError
        return limit

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise problem("a guard needs above: or below:, one of them")
        if self.over is not None and self.over < SHORTEST_OVER_S:
            raise problem("over: is shorter than a minute", "for spikes leave it out: for: says how long they may last")
        if {"rollback", "propose_rollback"} <= set(self.on_breach):
            raise problem("on_breach: has both rollback and propose_rollback", "rollback acts, propose_rollback asks")
        return self
