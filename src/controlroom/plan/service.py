"""One service of a plan: its version, how it is deployed, verified and rolled back, and what is watched about it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from controlroom.plan.base import Duration, Flag, Id, Line, Strict, Version, problem
from controlroom.plan.metrics import Metric
from controlroom.plan.steps import Action, Check, Observe, Probe

Advance = Literal["manual", "auto"]


class VersionChange(Strict):
    """From which version to which."""

    to: Version
    from_: Version | None = Field(None, alias="from")
    """What preflight must find; None: what it finds is captured."""
    observe: Observe | None = None


class Database(Strict):
    """Marks a service whose deploy migrates a database: rolled back last, on request, one migration at a time."""

    effect: Literal["expand-only", "breaking", "unknown"] = "unknown"
    """expand-only: the old services run on the new schema; breaking: they do not."""


_OR_FLAG = Field(json_schema_extra={"x-or-flag": True})


def _database(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in ("true", "false"):
        raise problem(f"database: is true, false or a mapping, not {value!r}", "{effect: expand-only} says more")
    return {} if value == "true" else None


class Service(Strict):
    """A service, or anything else that is deployed as one."""

    id: Id
    name: Line
    needs: tuple[Id, ...] = ()
    version: VersionChange
    deploy: tuple[Action, ...] = Field(min_length=1)
    verify: tuple[Check, ...] = Field(min_length=1)
    rollback: tuple[Action, ...] = ()
    """Empty only when irreversible. Of a database service: undoes one migration, and runs until the version fits."""
    irreversible: Flag = False
    reason: Line | None = None
    """Why it is irreversible."""
    health: Probe | None = None
    metrics: Mapping[Id, Metric] = {}
    required: Flag = True
    """Whether its failed step may not be skipped."""
    database: Annotated[Database | None, BeforeValidator(_database), _OR_FLAG] = None
    advance: Advance | None = None
    """None: as the plan says."""
    estimate: Duration | None = None
    """Seconds that deploy and verify usually take."""

    def is_killable(self, action: Action) -> bool:
        """Whether a rollback may cancel this action midway; migrations are left to end."""
        return self.database is None if action.killable is None else action.killable
