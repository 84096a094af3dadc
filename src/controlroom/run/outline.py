"""What a run needs to remember of its plan, so that state, screen and report never read the plan itself."""

from msgspec import Struct


class MetricOutline(Struct, frozen=True, kw_only=True):
    """A series of one service: its unit, and the limit of the guard on it; above it, or `below`, is a breach."""

    id: str
    unit: str
    limit: float | None = None
    every_s: float = 5.0
    below: bool = False


class ServiceOutline(Struct, frozen=True, kw_only=True):
    """One service in the order of the sequence; durations in plan seconds, labels as shown to the operator."""

    id: str
    name: str
    target: str
    needs: tuple[str, ...] = ()
    database: bool = False
    database_effect: str = ""
    irreversible: str = ""
    required: bool = True
    auto: bool = False
    estimate_s: float = 60.0
    rollback_estimate_s: float = 60.0
    max_attempts: int = 3
    health_every_s: float | None = None
    metrics: tuple[MetricOutline, ...] = ()
    deploy: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()


class GuardOutline(Struct, frozen=True, kw_only=True):
    """A condition watched during the run: `metric` of any of `services` beyond `limit` for more than `for_s`.

    With `over_s` it is the mean over so many plan seconds; one `during` the `watch` is not judged before it.
    """

    id: str
    title: str
    metric: str
    services: tuple[str, ...]
    limit: float
    unit: str
    for_s: float
    min_requests: int = 0
    below: bool = False
    on_breach: tuple[str, ...] = ("hold", "notify")
    countdown_s: float = 0.0
    over_s: float = 0.0
    during: str = "run"

    @property
    def plain(self) -> bool:
        """Whether each sample by itself says what this guard thinks of it, from the beginning of the run on."""
        return self.over_s == 0 and self.during == "run"


class SmokeOutline(Struct, frozen=True, kw_only=True):
    """An item of the checklist and the services it covers; `parallel` items may run at the same time."""

    id: str
    title: str
    kind: str
    services: tuple[str, ...] = ()
    mandatory: bool = True
    instructions: str = ""
    link: str = ""
    parallel: bool = False


class LogRuleOutline(Struct, frozen=True, kw_only=True):
    """More entries than `above`, or than `times` the normal number, in `per_s`: an anomaly; plan seconds."""

    id: str
    title: str
    kind: str
    per_s: float
    every_s: float
    above: int | None = None
    times: int | None = None
    baseline_s: float = 0.0


class AlertRuleOutline(Struct, frozen=True, kw_only=True):
    """Alerts of another system that are at least of this severity; plan seconds."""

    id: str
    title: str
    kind: str
    severity: str
    every_s: float


class WatchOutline(Struct, frozen=True, kw_only=True):
    """The watch after go-live: plan seconds, coverage as a fraction, guards that end it as failed (None: all).

    `success` is its condition in the plan's own words.
    """

    for_s: float
    at_least_s: float
    coverage: float
    indicators: tuple[str, ...] = ()
    guards: tuple[str, ...] | None = None
    logs: tuple[LogRuleOutline, ...] = ()
    alerts: tuple[AlertRuleOutline, ...] = ()
    success: str = ""


class WindowOutline(Struct, frozen=True, kw_only=True):
    """The deployment window as absolute UTC times (RFC 3339) and the zone it was written in."""

    opens: str
    closes: str
    zone: str


class RunOutline(Struct, frozen=True, kw_only=True):
    """The plan as a run sees it; `channels` names where messages go, such as `Slack #deployments`, never an address."""

    plan: str
    title: str
    environment: str
    rehearsal: bool
    speed: float = 1.0
    language: str = "en"
    services: tuple[ServiceOutline, ...] = ()
    guards: tuple[GuardOutline, ...] = ()
    smoke: tuple[SmokeOutline, ...] = ()
    watch: WatchOutline | None = None
    window: WindowOutline | None = None
    window_hint: str = ""
    responsible: dict[str, str] = {}
    channels: tuple[str, ...] = ()
    on_disconnect: str = "hold"
    blind_after_s: float = 60.0
    stabilize_s: float = 0.0
    stabilize_guards: tuple[str, ...] = ()
    has_traffic: bool = False
    auto_close: bool = False

    def service(self, service_id: str) -> ServiceOutline:
        """The outline of `service_id`; KeyError when the plan has none by that id."""
        for service in self.services:
            if service.id == service_id:
                return service
        raise KeyError(service_id)

    def dependents(self, service_id: str) -> tuple[str, ...]:
        """Every service that needs `service_id`, directly or through others, in sequence order."""
        found = {service_id}
        for service in self.services:
            if found.intersection(service.needs):
                found.add(service.id)
        return tuple(s.id for s in self.services if s.id in found and s.id != service_id)
