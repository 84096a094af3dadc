"""PostgreSQL as action, check and observer: statements in one transaction, or one value read without writing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from controlroom.adapters import sql_session
from controlroom.adapters.secrets import passwords_of
from controlroom.adapters.sql_failures import FAILURES, is_silence, sentence
from controlroom.adapters.sql_values import TAKERS, number
from controlroom.adapters.task_job import TaskJob
from controlroom.adapters.trouble import Unable
from controlroom.errors import ActionError
from controlroom.ports import Finding, Outcome
from controlroom.run.events import Evidence
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from controlroom.adapters.secrets import Filling, Vault
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.plan.steps import SqlCheck as SqlCheckSpec
    from controlroom.plan.steps import SqlObserve
    from controlroom.ports import Clock, Job, Scene

LOOK_S: Final = 10.0
"""Real seconds that one look may take: a check's own timeout is for all its looks."""
_WHAT: Final = {"only": "the value", "newest": "the newest", "count": "the number of rows"}
_AT_ONCE: Final = 500
"""Rows fetched at a time, so that a query that finds a million costs no memory."""


class Reader:
    """Reads single values, in a read-only transaction and a session of its own each time."""

    def __init__(self, vault: Vault, clock: Clock, *, loopback_only: bool) -> None:
        self.vault = vault
        self.clock = clock
        self.loopback_only = loopback_only

    def dsn(self, template: str, filling: Filling) -> str:
        """The DSN without references, its password hidden from now on. Raises ActionError."""
        dsn = filling.text(template)
        self.vault.keep(passwords_of(dsn))
        return dsn

    async def read(self, spec: SqlObserve, filling: Filling, timeout_s: float) -> str:
        """The value that `spec` takes, as text. Raises ActionError with a sentence."""
        dsn, query = self.dsn(spec.dsn, filling), filling.text(spec.query)
        try:
            async with (
                asyncio.timeout(timeout_s),
                sql_session.session(dsn, timeout_s, loopback_only=self.loopback_only) as connection,
                connection.transaction(readonly=True),
            ):
                await sql_session.limit(connection, timeout_s)
                taken = TAKERS[spec.take]()
                async for row in connection.cursor(query, prefetch=_AT_ONCE):
                    taken.add(row[0])
        except FAILURES as exc:
            trouble = Unable if isinstance(exc, ValueError | OverflowError) else ActionError
            raise trouble(sentence(exc, dsn, timeout_s)) from exc
        return taken.value()

    async def compare(self, spec: SqlCheckSpec, filling: Filling, timeout_s: float) -> tuple[str, str]:
        """The value, and what is wrong with it, empty when it is the expected one. Raises ActionError."""
        wanted = filling.text(spec.equals)
        observed = await self.read(spec, filling, timeout_s)
        if observed == wanted or (spec.take == "newest" and number(observed) == number(wanted)):
            return observed, ""
        return observed, f"{_WHAT[spec.take]} is {observed}, not {wanted}"


class SqlCheck:
    """A query, and whether its value is the expected one."""

    kind = "sql"

    def __init__(self, spec: CheckSpec, reader: Reader) -> None:
        assert spec.sql is not None  # noqa: S101 - the registry's key says so
        self._spec = spec.sql
        self._reader = reader
        self.label = spec.title or reader.vault.shown(spec.sql.query)

    async def look(self, scene: Scene) -> Finding:
        """Run the query once and compare."""
        vault = self._reader.vault
        begun = self._reader.clock.monotonic()
        try:
            limit_s = min(scene.timeout_s, LOOK_S)
            observed, wrong = await self._reader.compare(self._spec, vault.fill(scene.facts), limit_s)
        except ActionError as exc:
            observed, wrong = "", str(exc)
        took_s = round(self._reader.clock.monotonic() - begun, 3)
        detail = vault.shown(wrong or f"{_WHAT[self._spec.take]} is {observed}")
        evidence = Evidence(title=self.label, ok=not wrong, detail=detail, took_s=took_s)
        return Finding(ok=not wrong, detail=detail, observed=vault.shown(observed), evidence=(evidence,))


class SqlObserver:
    """Reads one value, such as the newest migration."""

    kind = "sql"

    def __init__(self, spec: SqlObserve, reader: Reader) -> None:
        self._spec = spec
        self._reader = reader
        self.label = reader.vault.shown(spec.query)

    async def look(self, scene: Scene) -> Finding:
        """Run the query once and take the value."""
        vault = self._reader.vault
        try:
            observed = await self._reader.read(self._spec, vault.fill(scene.facts), min(scene.timeout_s, LOOK_S))
        except ActionError as exc:
            return Finding(ok=False, detail=vault.shown(str(exc)))
        return Finding(
            ok=True, detail=vault.shown(f"{_WHAT[self._spec.take]} is {observed}"), observed=vault.shown(observed)
        )


class SqlAction:
    """Statements that change something, all in one transaction."""

    kind = "sql"

    def __init__(self, spec: ActionSpec, reader: Reader) -> None:
        assert spec.sql is not None  # noqa: S101 - the registry's key says so
        self._spec = spec.sql
        self._reader = reader
        self.label = spec.title or reader.vault.shown("; ".join(spec.sql.execute))

    async def start(self, scene: Scene) -> Job:
        """Begin the transaction. Raises ActionError when a reference has no value."""
        filling = self._reader.vault.fill(scene.facts)
        dsn = self._reader.dsn(self._spec.dsn, filling)
        statements = [filling.text(statement) for statement in self._spec.execute]
        change = _Change(dsn, statements, scene.timeout_s, self._reader)
        return TaskJob(change.carry_out(), change.cancelled)

    async def adopt(self, scene: Scene) -> Job | None:
        """None: whether an earlier engine's transaction was committed cannot be known."""
        del scene
        return None


class _Change:
    """One transaction; until its COMMIT is sent, everything that ends it undoes it."""

    def __init__(self, dsn: str, statements: list[str], timeout_s: float, reader: Reader) -> None:
        self._dsn, self._statements, self._timeout_s, self._reader = dsn, statements, timeout_s, reader
        self._committing = False

    async def carry_out(self) -> Outcome:
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                sql_session.session(self._dsn, self._timeout_s, loopback_only=self._reader.loopback_only) as connection,
            ):
                transaction = connection.transaction()
                await transaction.start()
                await sql_session.limit(connection, self._timeout_s)
                said = [await connection.execute(statement) for statement in self._statements]
                self._committing = True
                await transaction.commit()
        except (*FAILURES, ActionError) as exc:
            return self._failed(exc)
        return Outcome(status=OutcomeStatus.PASSED, detail=self._reader.vault.shown("; ".join(said)))

    def cancelled(self) -> Outcome:
        if self._committing:
            return Outcome(
                status=OutcomeStatus.UNKNOWN, detail="cancelled during COMMIT; whether it holds is not known"
            )
        return Outcome(status=OutcomeStatus.CANCELLED, detail="cancelled; the transaction was rolled back")

    def _failed(self, exc: Exception) -> Outcome:
        detail = self._reader.vault.shown(sentence(exc, self._dsn, self._timeout_s))
        if self._committing and is_silence(exc):
            return Outcome(
                status=OutcomeStatus.UNKNOWN, detail=f"{detail} during COMMIT; whether it holds is not known"
            )
        status = OutcomeStatus.TIMED_OUT if isinstance(exc, TimeoutError) else OutcomeStatus.FAILED
        return Outcome(status=status, detail=f"{detail}; nothing was changed")
