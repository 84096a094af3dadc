"""The smoke tests before traffic is opened, and the watch after it."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from controlroom.plan.base import (
    Count,
    Duration,
    EnvName,
    Flag,
    Id,
    Line,
    Link,
    Number,
    OneOf,
    Percent,
    Retries,
    Strict,
    Text,
    problem,
)
from controlroom.plan.requests import HttpRequest
from controlroom.plan.sources import ALERT_KINDS, LOG_KINDS, Alertmanager, Elasticsearch, Opsgenie, PagerDuty, Splunk
from controlroom.plan.steps import Action, BrowserCheck, Command


class SmokeItem(OneOf):
    """One line of the checklist; automatic unless it is manual."""

    KINDS: ClassVar = ("http", "run", "browser", "manual")
    WHAT: ClassVar = "a smoke test"

    id: Id
    title: Line
    service: Id | None = None
    services: tuple[Id, ...] = ()
    """What it covers; a deploy or rollback of one of them makes the result stale. None named stands for all."""
    mandatory: Flag = True
    """Whether traffic stays closed while it has not passed."""
    http: tuple[HttpRequest, ...] | None = Field(None, min_length=1)
    """Requests in order; what one captures, the later ones may use."""
    run: Command | None = None
    browser: BrowserCheck | None = None
    manual: Text | None = None
    """What somebody has to do and see."""
    link: Link | None = None
    """Where more is written about it, or where it is done by hand."""
    env: Mapping[EnvName, str] = {}
    junit: Line | None = None
    """The JUnit file that the command writes; its path is `$CONTROLROOM_JUNIT`, relative ones are in the job's folder.

    The tests in it decide together with the exit code. None stands for the exit code alone.
    """
    timeout: Duration = 30.0
    """Seconds for the whole item, one attempt."""
    retries: Retries = 0
    """Further attempts after a failed one; a pass that needs one is flaky."""
    parallel: Flag = False
    """Whether it may run at the same time as its neighbours in the list that say the same, eight at the most."""
    cleanup: tuple[Action, ...] = ()
    """Run after each attempt, whatever its result; captures can be used."""

    @property
    def covers(self) -> tuple[str, ...]:
        """The ids of the services that it names; empty stands for all."""
        return self.services if self.service is None else (self.service, *self.services)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.run is None and (self.env or self.junit):
            raise problem("env: and junit: belong to run items only")
        if self.manual is not None and (self.retries or self.parallel or self.cleanup):
            raise problem("retries:, parallel: and cleanup: belong to items that run by themselves")
        return self


class LogRule(OneOf):
    """More log entries than a limit in a span of time are a major incident.

    The limit is `above`, or `times_baseline` what was normal before the run; with both it is the higher of the two.
    """

    KINDS: ClassVar = ("source", *LOG_KINDS)
    WHAT: ClassVar = "a log rule"

    title: Line | None = None
    source: Id | None = None
    elasticsearch: Elasticsearch | None = None
    splunk: Splunk | None = None
    query: Text
    above: Number | None = None
    """Entries."""
    times_baseline: Count | None = None
    """How many times the normal number of entries is too many."""
    baseline: Duration = 3600.0
    """Seconds before the run over which the normal number is taken; less than one entry counts as one."""
    per: Duration
    """Seconds. Entries from before the watch do not count."""

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.above is None and self.times_baseline is None:
            raise problem("above: or times_baseline: is needed", "above: 50, or times_baseline: 3 with baseline: 1h")
        return self


class AlertRule(OneOf):
    """An open alert at this severity or above is a major incident."""

    KINDS: ClassVar = ("source", *ALERT_KINDS)
    WHAT: ClassVar = "an alert rule"

    title: Line | None = None
    source: Id | None = None
    pagerduty: PagerDuty | None = None
    opsgenie: Opsgenie | None = None
    alertmanager: Alertmanager | None = None
    severity: Literal["critical", "error", "warning"] = "critical"


class Watch(Strict):
    """The time after go-live in which nothing major may happen."""

    for_: Duration = Field(alias="for")
    """Seconds to full success."""
    at_least: Duration | None = None
    """Seconds after which an operator may close early; None stands for `for`."""
    coverage: Percent = 95.0
    """Percent of the time that each indicator must have had data."""
    indicators: tuple[Id, ...] = ()
    """Names of metrics, over all services that have them."""
    guards: tuple[Id, ...] | None = None
    """Guards whose breach ends the watch as failed; None stands for all."""
    logs: tuple[LogRule, ...] = ()
    alerts: tuple[AlertRule, ...] = ()
    success: Line | None = None
    """The condition of success in the plan's own words."""

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.at_least is not None and self.at_least > self.for_:
            raise problem("at_least: is longer than for:", "at_least is the earliest end, for the full time")
        return self
