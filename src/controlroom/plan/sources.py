"""Where numbers, logs and alerts come from, and where messages go: one settings class for each kind."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import model_validator

from controlroom.plan.base import Duration, Id, Line, OneOf, Strict, Text, Texts, problem


class _Http(Strict):
    headers: Mapping[Text, Text] = {}
    every: Duration = 5.0
    """Seconds between two questions."""
    timeout: Duration = 5.0


class Prometheus(_Http):
    """Instant and range queries in PromQL; anything that speaks its API."""

    url: Text
    token: Text | None = None


class Grafana(_Http):
    """PromQL through Grafana's data source proxy."""

    url: Text
    token: Text
    datasource: Text


class Datadog(_Http):
    """Metric queries in Datadog's own language."""

    site: Text = "datadoghq.com"
    api_key: Text
    app_key: Text
    every: Duration = 15.0
    """Seconds between two questions: agents report every 10 to 15 s, and Datadog limits how often it is asked."""
    url: Text | None = None
    """In place of `site`: a relay, whole."""


class OpenMetrics(_Http):
    """Pages in the exposition format, scraped and computed here."""

    url: Text | None = None
    """One page for every service, or"""
    targets: Mapping[Id, Texts] = {}
    """service → the page of each of its instances."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.url is None) == (not self.targets):
            raise problem("url: or targets: is needed, one of them", "targets: {auth: https://…/metrics}")
        return self


class Elasticsearch(_Http):
    """Log search over `_search`, in the query string syntax (close to KQL); OpenSearch too."""

    url: Text
    index: Text = "*"
    time_field: Text = "@timestamp"
    token: Text | None = None
    """An API key, encoded as Elasticsearch gives it; another scheme goes into headers."""
    every: Duration = 15.0
    """Seconds between two questions."""


class Splunk(_Http):
    """Log search over the export endpoint of the management port."""

    url: Text
    token: Text
    """An authentication token, sent as Bearer."""
    index: Text | None = None
    every: Duration = 30.0
    """Seconds between two searches: each takes a place among those that may run at once."""
    timeout: Duration = 20.0


class PagerDuty(_Http):
    """Incidents of the named services (their ids); none named stands for all. High urgency is critical, low a warning.

    An incident that controlroom raised itself does not count.
    """

    token: Text
    """An API key for reading."""
    services: tuple[Text, ...] = ()
    url: Text = "https://api.pagerduty.com"
    every: Duration = 15.0
    """Seconds between two questions."""


class Opsgenie(_Http):
    """Open alerts that the query finds. P1 is critical, P2 an error, P3 a warning; P4 and P5 never count."""

    token: Text
    query: Text | None = None
    url: Text = "https://api.opsgenie.com"
    every: Duration = 15.0
    """Seconds between two questions."""


class Alertmanager(_Http):
    """Firing alerts that match every label; silenced and inhibited ones never count.

    Its label `severity` says how grave one is: critical or page, error or high, info or none; anything else, a warning.
    """

    url: Text
    token: Text | None = None
    labels: Mapping[Text, Text] = {}
    every: Duration = 15.0
    """Seconds between two questions."""


MetricSource = Prometheus | Grafana | Datadog | OpenMetrics
LogSource = Elasticsearch | Splunk
AlertSource = PagerDuty | Opsgenie | Alertmanager

METRIC_KINDS = ("prometheus", "grafana", "datadog", "openmetrics")
LOG_KINDS = ("elasticsearch", "splunk")
ALERT_KINDS = ("pagerduty", "opsgenie", "alertmanager")


class Source(OneOf):
    """A source with a name of its own under `sources:`."""

    KINDS: ClassVar = METRIC_KINDS + LOG_KINDS + ALERT_KINDS
    WHAT: ClassVar = "a source"

    prometheus: Prometheus | None = None
    grafana: Grafana | None = None
    datadog: Datadog | None = None
    openmetrics: OpenMetrics | None = None
    elasticsearch: Elasticsearch | None = None
    splunk: Splunk | None = None
    pagerduty: PagerDuty | None = None
    opsgenie: Opsgenie | None = None
    alertmanager: Alertmanager | None = None

    @property
    def settings(self) -> MetricSource | LogSource | AlertSource:
        """The settings of its kind."""
        found: MetricSource | LogSource | AlertSource = getattr(self, self.kind)
        return found


class Slack(Strict):
    """One message for the run, updated in place, with the details in its thread; alarms on their own, with a mention.

    By a bot (`channel` and `token`, scope chat:write). An incoming `webhook` can neither update nor use threads: it
    gets the alarms and the details, one after the other.
    """

    channel: Line | None = None
    token: Text | None = None
    webhook: Text | None = None
    """The URL of an incoming webhook, instead of a bot."""
    mention: Line = "<!here>"
    """Who is called when an alarm is raised; never in a rehearsal."""
    url: Text = "https://slack.com/api"

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = [part is not None for part in (self.channel, self.token, self.webhook)]
        if given not in ([True, True, False], [False, False, True]):
            hint = 'slack: {channel: "#deployments", token: "${env:SLACK_BOT_TOKEN}"}'
            raise problem("channel: and token: are needed, or webhook: alone", hint)
        return self


class Webhook(Strict):
    """Each message as a CloudEvent in JSON to a URL, its words in the attribute `text`."""

    url: Text
    headers: Mapping[Text, Text] = {}


class PagerDutyEvents(Strict):
    """Events API v2: triggers for every alarm, resolves it with the same key when its cause is gone."""

    routing_key: Text
    url: Text = "https://events.pagerduty.com"


class GrafanaAnnotations(Strict):
    """A region on Grafana's dashboards for each deploy and each rollback of a service, found by its tags."""

    url: Text
    token: Text
    """Of a service account that may write annotations."""
    tags: tuple[Line, ...] = ()
    """In addition to controlroom, deploy or rollback, service:ID and run:ID."""


class DatadogEvents(Strict):
    """An event where a service's deploy or rollback begins and ends, and for alarms about it, gathered by service."""

    site: Text = "datadoghq.com"
    api_key: Text
    tags: tuple[Line, ...] = ()
    """In addition to service:ID and run:ID."""
    url: Text | None = None
    """In place of `site`: a relay, whole."""


class Notifier(OneOf):
    """One place that is told what happens."""

    KINDS: ClassVar = ("slack", "webhook", "pagerduty", "grafana", "datadog")
    WHAT: ClassVar = "a notify entry"

    slack: Slack | None = None
    webhook: Webhook | None = None
    pagerduty: PagerDutyEvents | None = None
    grafana: GrafanaAnnotations | None = None
    datadog: DatadogEvents | None = None
