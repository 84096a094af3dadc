"""A desk that plays the engine behind a real control server: says what a test tells it, notes what it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.control.protocol import Snapshot
from controlroom.control.session import LogExcerpt, Session
from controlroom.errors import Refused, SamplesUnkept
from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, seal
from controlroom.run.columns import Columns
from controlroom.run.fold import fold
from controlroom.run.outline import GuardOutline, MetricOutline, RunOutline, ServiceOutline, SmokeOutline, WatchOutline
from controlroom.run.phases import Phase, Traffic
from controlroom.run.state import Answer, RunState

if TYPE_CHECKING:
    import asyncio

    from controlroom.control.server import ControlServer
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Order
    from controlroom.run.samples import Sample

RUN = "20261201-030011-shop"
AT = "2026-12-01T03:00:11.000000Z"

OUTLINE = RunOutline(
    plan="shop",
    title="Shop go-live",
    environment="production",
    rehearsal=False,
    services=(
        ServiceOutline(id="database", name="Base de Datos", target="42", database=True),
        ServiceOutline(
            id="auth",
            name="API de Auth",
            target="v2.1.0",
            needs=("database",),
            health_every_s=1.0,
            metrics=(MetricOutline(id="error_rate", unit="%", limit=5.0),),
        ),
    ),
    guards=(
        GuardOutline(
            id="error-rate",
            title="Tasa de error",
            metric="error_rate",
            services=("auth",),
            limit=5.0,
            unit="%",
            for_s=300.0,
        ),
    ),
    smoke=(SmokeOutline(id="signup", title="Registro de Usuario", kind="http", services=("auth",)),),
    has_traffic=True,
    watch=WatchOutline(for_s=172_800.0, at_least_s=86_400.0, coverage=0.95, indicators=("error_rate",)),
)

CREATED = ev.RunCreated(
    outline=OUTLINE,
    plan_sha256="ab" * 32,
    plan_path="shop.yaml",
    versions={"database": "41", "auth": "v2.0.0"},
    traffic=Traffic.CLOSED,
)


class ScriptedDesk:
    """Implements Desk. `happen` is what the engine does: chain, fold, publish."""

    def __init__(self, *first: ev.Event) -> None:
        self.records: list[ev.Record] = []
        self.samples: tuple[Sample, ...] = ()
        self.orders: list[Order] = []
        self.attached: list[Session] = []
        self.lost: list[tuple[Session, bool]] = []
        self.snapshots = 0
        self.logs: dict[str, str] = {}
        self.thinking: asyncio.Event | None = None
        self.looks: list[tuple[str, float, int]] = []
        self.looking: asyncio.Event | None = None
        self.server: ControlServer | None = None
        self._state: RunState | None = None
        for event in (CREATED, ev.EngineStarted(pid=4121, host="bastion-1"), *first):
            self.happen(event)

    @property
    def state(self) -> RunState:
        assert self._state is not None
        return self._state

    def happen(self, event: ev.Event, *, actor: str = "engine", cause: str = "") -> ev.Record:
        prev = self.records[-1].hash if self.records else GENESIS
        record = seal(
            seq=len(self.records) + 1, at=AT, run=RUN, actor=actor, host="h", cause=cause, event=event, prev=prev
        )
        self.records.append(record)
        self._state = fold(self._state, record)
        if self.server is not None:
            self.server.happened(record)
        return record

    def end(self, phase: Phase) -> None:
        self.happen(ev.PhaseChanged(phase=phase))

    def snapshot(self) -> Snapshot:
        self.snapshots += 1
        return Snapshot(state=self.state, samples=self.samples, trails=(), elapsed_s=0.0)

    async def give(self, order: Order) -> Answer:
        """Accepts everything but a resume; a repeated id gets its first answer (S18)."""
        known = self.state.answers.get(order.id)
        if known is not None:
            return known
        self.orders.append(order)
        if self.thinking is not None:
            await self.thinking.wait()
        name = type(order.command).__name__
        if name == "Resume":
            self.happen(ev.CommandRefused(id=order.id, command=name, target="", message="nothing holds the run"))
            raise Refused("nothing holds the run")
        self.happen(
            ev.CommandAccepted(id=order.id, command=name, target="", message=f"{name} accepted"), actor=order.operator
        )
        return Answer(ok=True, message=f"{name} accepted")

    def read_log(self, job: str, offset: int, limit: int) -> LogExcerpt:
        text = self.logs.get(job)
        if text is None:
            raise Refused(f"there is no job {job}")
        start = max(0, len(text) + offset) if offset < 0 else offset
        return LogExcerpt(offset=start, size=len(text), text=text[start : start + limit])

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        self.looks.append((series, span_s, columns))
        if self.looking is not None:
            await self.looking.wait()
        if series == "no/samples":
            raise SamplesUnkept("samples cannot be read: no such file or directory")
        past = Columns(span_s, columns, 0.0)
        past.add(0, 1.0, 2.0, 8.0, 5)
        return past.part(series)

    def screen_attached(self, session: Session) -> None:
        self.attached.append(session)

    def screen_lost(self, session: Session, *, orderly: bool) -> None:
        self.lost.append((session, orderly))
