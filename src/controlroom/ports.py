"""The seams between the engine and the world: what adapters provide, and nothing about how.

Sources and probes never raise: a failure is a reading with a cause. Actions raise `ActionError` only for what is wrong
with the action itself (it cannot be started); everything that happens to it is an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from msgspec import Struct

from controlroom.run.events import Evidence
from controlroom.run.phases import OutcomeStatus, SmokeState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from controlroom.run.columns import HistoryPart
    from controlroom.run.events import Record
    from controlroom.run.notices import Notice
    from controlroom.run.outside import Alerts, Tally
    from controlroom.run.rollup import KeptSpan
    from controlroom.run.samples import Reading


class Clock(Protocol):
    """All time comes through here (S9)."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC: for windows, logs and the watch only."""

    def monotonic(self) -> float:
        """Real seconds since some fixed moment; every duration is measured on it."""

    async def sleep(self, seconds: float) -> None:
        """Wait for real `seconds`."""


class Journal(Protocol):
    """The durable record of one run."""

    async def append(self, records: Sequence[Record]) -> None:
        """Make all of `records` durable (fsync) at once, or none. Raises JournalError; then nothing may be done."""

    async def read(self, after: int = 0) -> list[Record]:
        """Every record with a sequence number above `after`, in order. Raises JournalCorrupt for a torn one."""

    async def close(self) -> None:
        """Let go of the file or connection."""


class SampleLog(Protocol):
    """What is kept of the samples of one run, beside its journal: for charts, and never for a decision."""

    async def write(self, spans: Sequence[KeptSpan]) -> str:
        """Keep `spans`, all or none; a sentence when what was kept before is not as it should be.

        Raises SamplesUnkept.
        """

    async def history(self, series: str, span_s: float, columns: int, now: float) -> HistoryPart:
        """The last `columns` columns of `span_s` plan seconds that end at plan time `now`. Raises SamplesUnkept."""

    async def recent(self, span_s: float, columns: int, now: float) -> list[HistoryPart]:
        """The same of every series that is kept. Raises SamplesUnkept."""

    async def close(self) -> None:
        """Let go of the file."""


class Outcome(Struct, frozen=True, kw_only=True):
    """How an action or check ended; `detail` is one sentence for the operator, `evidence` what was seen beyond it.

    Both are without secrets. `took_s` is how long it took in real seconds by its own record; None where it keeps none.
    """

    status: OutcomeStatus
    detail: str
    exit_code: int | None = None
    evidence: tuple[Evidence, ...] = ()
    took_s: float | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """What one evaluation of a check saw; `observed` is the value it looked at (a version, a body excerpt)."""

    ok: bool
    detail: str
    observed: str = ""
    evidence: tuple[Evidence, ...] = ()


class Scene(Struct, frozen=True, kw_only=True):
    """Where an action or check takes place.

    `facts` are the values of `${version.target}`, `${service.id}`, … by their names; `job_folder` is where a command
    keeps its output and exit code, named by `job`; `emit` takes output lines for the screen (already redacted and
    neutralised); `timeout_s` is real seconds, enforced by the engine, told to adapters whose protocol wants it.
    """

    run: str
    service: str
    step: str
    job: str
    job_folder: Path
    facts: Mapping[str, str]
    emit: Callable[[str], None]
    timeout_s: float
    grace_s: float = 10.0


class Job(Protocol):
    """An action under way."""

    async def wait(self) -> Outcome:
        """The outcome, once it is there. Cancelling the waiting task does not end the action."""

    async def cancel(self) -> Outcome:
        """End the action: ask, wait for the grace, force, confirm that it is gone. UNKNOWN when it cannot tell."""


class Action(Protocol):
    """Something that changes the world."""

    @property
    def kind(self) -> str:
        """`run`, `http`, `sql`, `manual`, `wait`."""

    @property
    def label(self) -> str:
        """What the operator reads; never holds a secret."""

    async def start(self, scene: Scene) -> Job:
        """Begin. Raises ActionError when it cannot be started at all."""

    async def adopt(self, scene: Scene) -> Job | None:
        """The job that an earlier engine began for this scene, ended or not; None when nothing is known of it."""


class Check(Protocol):
    """Something that looks at the world and changes nothing."""

    @property
    def kind(self) -> str:
        """`http`, `sql`, `run`, `page`, `metric`, `manual`."""

    @property
    def label(self) -> str:
        """What the operator reads; never holds a secret."""

    async def look(self, scene: Scene) -> Finding:
        """One evaluation. Never raises: a failure to look is a finding that is not ok."""


class Source(Protocol):
    """A metric source or health probe, bound to the series it feeds."""

    @property
    def every_s(self) -> float:
        """The period that the plan asks for, in plan seconds."""

    async def read(self) -> Sequence[Reading]:
        """One reading for each bound series. Never raises."""

    async def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class HistorySource(Source, Protocol):
    """A source that can also be asked about the time before."""

    async def past(self, span_s: float, step_s: float) -> Sequence[Reading]:
        """What `read` would have said every `step_s` of the last `span_s` real seconds, oldest first for each series.

        The last of a series is of now; a series with a single reading has no past, and the reading says why. Never
        raises.
        """


class LogSource(Protocol):
    """A log search, bound to the query of one rule."""

    @property
    def every_s(self) -> float:
        """The period that the plan asks for, in plan seconds."""

    async def tally(self, span_s: float) -> Tally:
        """The entries of the last real `span_s`, by the source's own clock. Never raises."""


class AlertSource(Protocol):
    """Who knows of open alerts, bound to the conditions of one rule."""

    @property
    def every_s(self) -> float:
        """The period that the plan asks for, in plan seconds."""

    async def open(self) -> Alerts:
        """What is open now. Never raises."""


class Target(Protocol):
    """A place that the plan's actions and checks reach."""

    @property
    def subject(self) -> str:
        """Where the plan first names it."""

    async def look(self) -> Finding:
        """Whether it can be reached, found out without changing anything. Never raises.

        A finding that is ok without anything `observed` is of what does not answer, and need not.
        """


class Notifier(Protocol):
    """Somebody to tell."""

    @property
    def gap_s(self) -> float:
        """Real seconds to leave between two messages."""

    def takes(self, notice: Notice) -> bool:
        """Whether `notice` is of a kind that it can pass on."""

    async def look(self) -> str:
        """Where messages would go, found out without sending one. Raises Undelivered."""

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Pass `notice` on; what the message is found again by.

        `receipt` is that of an earlier notice with the same key, `thread` that of the run's card; empty when there is
        none. Raises Undelivered.
        """


class SmokeResult(Struct, frozen=True, kw_only=True):
    """What an automatic checklist item came to, after so many attempts."""

    state: SmokeState
    note: str
    evidence: tuple[Evidence, ...] = ()
    attempts: int = 1


class SmokeTest(Protocol):
    """An automatic item of the checklist."""

    async def run(self, scene: Scene) -> SmokeResult:
        """Go through the item, clean-up included. Never raises; cancelling it still cleans up."""


class Kit(Protocol):
    """Builds adapters from what the plan says; `spec` is the plan's own model of the item."""

    def action(self, spec: Any) -> Action:
        """The action for `spec`."""

    def check(self, spec: Any) -> Check:
        """The check for `spec`."""

    def observer(self, spec: Any) -> Check:
        """The check that reads a version or value (`version.observe`, `traffic.observe`) into `Finding.observed`."""

    def smoke(self, spec: Any) -> SmokeTest:
        """The automatic checklist item for `spec`."""

    def sources(self) -> Sequence[Source]:
        """Every probe and metric source of the plan, bound to its series."""

    def logs(self) -> Mapping[str, LogSource]:
        """A source for each log rule of the watch, by the rule's id."""

    def alerts(self) -> Mapping[str, AlertSource]:
        """A source for each alert rule of the watch, by the rule's id."""

    def notifiers(self) -> Mapping[str, Notifier]:
        """Everybody to tell, each by a name of its own."""

    def targets(self) -> Sequence[Target]:
        """Every host that the plan's actions, checks and smoke tests would reach."""

    def tools(self) -> Sequence[Target]:
        """What the plan's checks and smoke tests must find on this machine, commands apart: a browser."""

    async def close(self) -> None:
        """Let go of all pools."""
