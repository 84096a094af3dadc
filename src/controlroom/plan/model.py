"""The plan: services in order, guards, smoke tests, traffic, watch, and who is told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Discriminator, Field, PlainValidator, Tag, model_validator
from pydantic.json_schema import WithJsonSchema

from controlroom.plan.base import Duration, Id, Line, Strict, Text, problem, shape
from controlroom.plan.metrics import Guard
from controlroom.plan.observation import SmokeItem, Watch
from controlroom.plan.service import Advance, Service
from controlroom.plan.sources import Notifier, Source
from controlroom.plan.steps import Action, Observe


def _local_time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as exc:
        raise problem("this is no date and time", "write 2026-12-01T03:00") from exc
    if moment.tzinfo is not None:
        raise problem("opens: and closes: are times in the window's zone", "drop the offset and say zone: UTC")
    return moment


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(value).key
    except (TypeError, ValueError, OSError, KeyError) as exc:
        raise problem(f"{value!r} is no time zone", "zones are IANA names: UTC, Europe/Madrid, America/Bogota") from exc


LocalTime = Annotated[
    datetime,
    PlainValidator(_local_time),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$"}),
]
Zone = Annotated[str, PlainValidator(_zone), WithJsonSchema({"type": "string"})]


class Window(Strict):
    """When the run may act, in local time of an IANA zone."""

    opens: LocalTime
    closes: LocalTime
    zone: Zone

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Opening and end, in UTC; of a local time that comes twice, the first."""
        zone = ZoneInfo(self.zone)
        return self.opens.replace(tzinfo=zone).astimezone(UTC), self.closes.replace(tzinfo=zone).astimezone(UTC)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        zone = ZoneInfo(self.zone)
        for local in (self.opens, self.closes):
            if local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
                raise problem(f"{local:%Y-%m-%d %H:%M} does not exist in {self.zone}", "the clocks go forward over it")
        opens, closes = self.span
        if closes <= opens:
            raise problem("the window closes before it opens")
        return self


AnyWindow = Annotated[
    Annotated[Window, Tag("(mapping)")] | Annotated[Literal["tbd"], Tag("(text)")], Discriminator(shape)
]
"""Without a window the run may act at any time; `tbd` stands for one that is still to be defined."""


class Stabilize(Strict):
    """After a rollback: the guards that must stay quiet, and for how long, before it counts as stable."""

    guards: tuple[Id, ...] = ()
    for_: Duration = Field(alias="for")
    """Seconds."""


class RollbackPolicy(Strict):
    """What holds for every rollback."""

    stabilize: Stabilize | None = None


class TrafficObserve(Observe):
    """How the switch is read; it is open when the value, as text, equals `open`."""

    open: Text = "true"


class Traffic(Strict):
    """The switch that lets the public in, or keeps it out."""

    open: tuple[Action, ...] = Field(min_length=1)
    close: tuple[Action, ...] = Field(min_length=1)
    observe: TrafficObserve | None = None


class Rehearsal(Strict):
    """The overlay that points the plan at a stage; its sections are checked once they are laid over the plan."""

    stage: Literal["shop"]
    title: Any = None
    window: Any = None
    responsible: Any = None
    notify: Any = None
    vars: Any = None
    sources: Any = None
    services: Any = None
    guards: Any = None
    rollback: Any = None
    traffic: Any = None
    smoke: Any = None
    watch: Any = None
    advance: Any = None
    on_disconnect: Any = None
    blind_after: Any = None


class Plan(Strict):
    """A go-live, whole and checked; references to secrets and facts are still in its texts."""

    plan: Id
    title: Line
    environment: Id
    language: Literal["en", "es"] = "en"
    window: AnyWindow | None = None
    window_hint: Line | None = None
    """What is known about a window to be defined."""
    responsible: Mapping[Id, Line] = {}
    """Role, such as execution or support → who."""
    notify: tuple[Notifier, ...] = ()
    sources: Mapping[Id, Source] = {}
    vars: Mapping[Id, str] = {}
    services: tuple[Service, ...] = Field(min_length=1, max_length=200)
    guards: tuple[Guard, ...] = ()
    rollback: RollbackPolicy = RollbackPolicy.model_construct()
    traffic: Traffic | None = None
    smoke: tuple[SmokeItem, ...] = ()
    watch: Watch | None = None
    advance: Advance = "manual"
    on_disconnect: Literal["hold", "continue"] = "hold"
    blind_after: Duration = 60.0
    """Seconds without data after which the run is held."""
    rehearsal: Rehearsal | None = None
    """None in a plan that the overlay was laid over already."""

    def service(self, service_id: str) -> Service:
        """The service of that id; KeyError when there is none."""
        for service in self.services:
            if service.id == service_id:
                return service
        raise KeyError(service_id)

    def advance_of(self, service: Service) -> Advance:
        """Whether the service waits at its gate."""
        return service.advance or self.advance
