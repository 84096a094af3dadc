"""What other systems say, as their sources give it, and where the run stands with it: alerts, logs, countdowns."""

from msgspec import Struct

from controlroom.run.phases import Severity


class Tally(Struct, frozen=True, kw_only=True):
    """How many log entries matched, and the newest of them, fit to be shown.

    `cause` says why nobody can tell; with a `count` beside it, why that is only the least.
    """

    count: int | None
    lines: tuple[str, ...] = ()
    cause: str = ""


class Alert(Struct, frozen=True, kw_only=True):
    """An open alert; `id` names this time that it is open, and no other; `since` is RFC 3339 or empty."""

    id: str
    title: str
    severity: Severity
    since: str = ""
    link: str = ""


class Alerts(Struct, frozen=True, kw_only=True):
    """The open alerts, newest first; with a `cause` nobody can tell whether there are any."""

    alerts: tuple[Alert, ...] = ()
    cause: str = ""


class AlertStatus(Struct, frozen=True, kw_only=True):
    """An alert of another system; `before` the run: listed, and not blamed on it. Closed ones are kept, by their id."""

    rule: str
    id: str
    title: str
    severity: Severity
    since: str
    link: str
    before: bool = False
    open: bool = True


class LogStatus(Struct, frozen=True, kw_only=True):
    """A log rule: what was normal before the run (`baseline_count` in `baseline_s`), and the anomaly that lasts."""

    rule: str
    baseline_count: int | None = None
    baseline_s: float = 0.0
    anomalous: bool = False
    count: int = 0
    limit: float = 0.0
    lines: tuple[str, ...] = ()
    since: str = ""


class CountdownStatus(Struct, frozen=True, kw_only=True):
    """A guard that rolls back by itself `for_s` plan seconds after `started`, unless it is called off."""

    guard: str
    service: str
    for_s: float
    started: str
