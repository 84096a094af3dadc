"""What was understood of a document: a plan with gaps, before it is written as YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a service is, as far as its words tell."""

    DATABASE = "database"
    API = "api"
    FRONTEND = "frontend"
    OTHER = "other"


@dataclass(slots=True)
class Verification:
    """How a service is verified; with neither `query`, `path`, `url`, `command` nor `browser` by hand, as `title` says.

    `expected` is JSON as the document writes it, `status` an HTTP status.
    """

    title: str
    query: str = ""
    path: str = ""
    url: str = ""
    expected: str = ""
    status: str = ""
    command: str = ""
    browser: bool = False


@dataclass(slots=True)
class Act:
    """One act of a deploy; `command` is empty where the document names none."""

    title: str
    command: str = ""


@dataclass(slots=True)
class DraftService:
    """A service of the runbook; `example` says that the document gives its version as one."""

    id: str
    name: str
    kind: Kind
    line: int
    acts: list[Act]
    verification: Verification
    version: str = ""
    example: bool = False


@dataclass(slots=True)
class DraftGuard:
    """A condition of failure; without `services` it is on all that have the metric."""

    title: str
    line: int
    metric: str
    amount: str
    below: bool
    lasting: str
    reactions: list[str]
    apis_only: bool
    services: list[str] = field(default_factory=list)


@dataclass(slots=True)
class DraftSmoke:
    """An item of the checklist; by hand unless there is a command."""

    id: str
    title: str
    line: int
    instructions: str
    command: str = ""
    mandatory: bool = True


@dataclass(slots=True)
class DraftWatch:
    """The time after go-live, and where to look."""

    line: int
    at_least: str = ""
    whole: str = ""
    success: str = ""
    indicators: list[str] = field(default_factory=list)
    metric_tools: list[str] = field(default_factory=list)
    log_tools: list[str] = field(default_factory=list)
    alert_tools: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody should know about a line of the document, counted from 1."""

    line: int
    text: str


@dataclass(slots=True)
class Draft:
    """The plan so far; `remarks` are assumptions and contradictions, not what was left unread."""

    language: str
    title: str
    plan: str
    window: tuple[str, str, str] | None = None
    window_hint: str = ""
    responsible: dict[str, str] = field(default_factory=dict)
    channel: str = ""
    services: list[DraftService] = field(default_factory=list)
    guards: list[DraftGuard] = field(default_factory=list)
    smoke: list[DraftSmoke] = field(default_factory=list)
    traffic_gate: bool = False
    inverse_migrations: bool = False
    stabilize: bool = False
    watch: DraftWatch | None = None
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, line: int, text: str) -> None:
        """Keep a remark."""
        self.remarks.append(Remark(line, text))

    def service_named_in(self, text: str) -> str:
        """The id of the one service whose own word stands in `text` (both folded); empty for none or several."""
        found = {service.id for service in self.services if any(stem in text for stem in stems(service))}
        return found.pop() if len(found) == 1 else ""


def stems(service: DraftService) -> list[str]:
    """The beginnings of the words that only this service is called by: `pedido` of `API de Pedidos`."""
    return [word[: max(4, len(word) - 2)] for word in service.id.split("-") if len(word) > 3]  # noqa: PLR2004
