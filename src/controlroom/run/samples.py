"""Readings as sources give them, and samples as the run judges them."""

from msgspec import Struct

from controlroom.run.phases import DataState


class Reading(Struct, frozen=True, kw_only=True):
    """One value from a source or probe. A failure is a reading too: `value` None and `cause` the reason.

    `at` is the source's own time (epoch seconds) and may stand still when the source does. `requests` is how many
    requests the value rests on, None where that is not known. For health, 1.0 is healthy and 0.0 is not.
    """

    series: str
    value: float | None
    at: float
    cause: str = ""
    requests: float | None = None


class Sample(Struct, frozen=True, kw_only=True):
    """A judged reading: `at` wall clock (epoch seconds), `elapsed` plan seconds since the run began."""

    series: str
    at: float
    elapsed: float
    value: float | None
    state: DataState
    cause: str = ""
    requests: float | None = None


HEALTH = "health"
LOGS = "logs"
ALERTS = "alerts"
"""The indicators of a watch that stand for all its log rules and alert rules; their series are named by rule."""


def series_id(service: str, metric: str) -> str:
    """The name of a series: `auth/error_rate`, `auth/health`."""
    return f"{service}/{metric}"


def split_series(series: str) -> tuple[str, str]:
    """Service and metric of a series name."""
    service, _, metric = series.partition("/")
    return service, metric
