"""SQL actions, checks and observers against a real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.secrets import Vault
from controlroom.adapters.sql import Reader, SqlAction, SqlCheck, SqlObserver
from controlroom.adapters.trouble import Unable
from controlroom.plan.steps import Action, Check, Observe
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from tests.adapters.conftest import MakeScene

    from controlroom.ports import Finding, Outcome

pytestmark = pytest.mark.stage


@pytest.fixture
async def table(postgres_dsn: str) -> None:
    """Empty tables `t` and `m`."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(
        "DROP TABLE IF EXISTS t; CREATE TABLE t (v text); CREATE TABLE IF NOT EXISTS m (version text)"
    )
    await connection.execute("DELETE FROM m")
    await connection.close()


@pytest.fixture
def reader(postgres_dsn: str) -> Reader:
    """A reader whose environment names the database, as a plan's `${env:DSN}`."""
    return Reader(Vault({"DSN": postgres_dsn}), SystemClock(), loopback_only=True)


async def run(dsn: str, statement: str) -> None:
    """Change the database behind the adapter's back."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def count(dsn: str, query: str = "SELECT count(*) FROM t") -> int:
    """Look at the database behind the adapter's back."""
    connection = await asyncpg.connect(dsn)
    found = int(await connection.fetchval(query))
    await connection.close()
    return found


async def look(reader: Reader, scene: MakeScene, query: str, equals: str, **more: Any) -> Finding:
    """One look of a check; `timeout_s` and facts go to the scene."""
    keys = {"dsn": "${env:DSN}", "query": query, "equals": equals} | {
        k: more.pop(k) for k in ("take", "dsn") if k in more
    }
    return await SqlCheck(Check.model_validate({"sql": keys}), reader).look(scene(**more))


def change(*statements: str, dsn: str = "${env:DSN}") -> Action:
    """An action as the loader makes it."""
    return Action.model_validate({"sql": {"dsn": dsn, "execute": list(statements)}})


async def outcome(spec: Action, reader: Reader, scene: MakeScene, timeout_s: float = 5.0) -> Outcome:
    """How the action ended."""
    return await (await SqlAction(spec, reader).start(scene(timeout_s=timeout_s))).wait()


@pytest.mark.usefixtures("table")
async def test_the_document_s_verification(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """`SELECT version FROM migrations`, a row per migration: the newest, compared as a number, must be the target."""
    await run(postgres_dsn, "INSERT INTO m VALUES ('9'), ('42'), ('041')")
    found = await look(reader, scene, "SELECT version FROM m", "${version.target}", take="newest", version_target="42")
    assert (found.ok, found.observed, found.detail) == (True, "42", "the newest is 42")
    found = await look(reader, scene, "SELECT version FROM m", "43", take="newest")
    assert (found.ok, found.detail) == (False, "the newest is 42, not 43")
    assert (await look(reader, scene, "SELECT version FROM m", "042", take="newest")).ok
    found = await look(reader, scene, "SELECT version FROM m", "3", take="count")
    assert (found.ok, found.detail) == (True, "the number of rows is 3")
    found = await look(reader, scene, "SELECT version FROM migrations", "41", take="newest")
    assert found.ok


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("42", "42"),
        ("'v2.1.0'", "v2.1.0"),
        ("true", "true"),
        ("NULL", "null"),
        ("1e20::numeric", "100000000000000000000"),
        ("1.50::numeric", "1.50"),
        ("date '2026-12-01'", "2026-12-01"),
        ("'{\"a\": 1}'::jsonb", '{"a": 1}'),
    ],
)
async def test_values_as_text(reader: Reader, scene: MakeScene, expression: str, text: str) -> None:
    """Every type has one spelling that a plan can name."""
    assert (await look(reader, scene, f"SELECT {expression}", text)).observed == text


@pytest.mark.parametrize(
    ("query", "take", "detail"),
    [
        ("SELECT 1 WHERE false", "only", "the query found no row"),
        ("SELECT 1 WHERE false", "newest", "the query found no row"),
        (
            "SELECT generate_series(1, 2)",
            "only",
            "the query found more than one row; take: newest or take: count would say which",
        ),
        ("SELECT unnest(ARRAY['1', 'two'])", "newest", "'two' is no number, so there is no newest"),
        ("SELECT v FROM nowhere", "only", 'HERE refuses: relation "nowhere" does not exist'),
        ("SELEC 1", "only", 'HERE refuses: syntax error at or near "SELEC"'),
        ("DELETE FROM t RETURNING v", "only", "HERE refuses: cannot execute DELETE in a read-only transaction"),
        ("SELECT 1; SELECT 2", "only", "HERE refuses: cannot insert multiple commands into a prepared statement"),
        ("SELECT 1/0", "only", "HERE refuses: division by zero"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "only", "HERE closed the connection"),
    ],
)
@pytest.mark.usefixtures("table")
async def test_what_a_query_cannot_give(
    reader: Reader, scene: MakeScene, postgres_dsn: str, query: str, take: str, detail: str
) -> None:
    """A look that yields no single value says why, and changes nothing."""
    await run(postgres_dsn, "INSERT INTO t VALUES ('kept')")
    found = await look(reader, scene, query, "1", take=take)
    parts = urlsplit(postgres_dsn)
    assert (found.ok, found.detail) == (False, detail.replace("HERE", f"127.0.0.1:{parts.port}{parts.path}"))
    assert await count(postgres_dsn) == 1


async def test_a_million_rows_cost_no_memory(reader: Reader, scene: MakeScene) -> None:
    """Rows are counted as they come; more than one is refused at the second."""
    assert (await look(reader, scene, "SELECT generate_series(1, 300000)", "300000", take="count")).ok
    found = await look(reader, scene, "SELECT generate_series(1, 100000000)", "1")
    assert found.detail.startswith("the query found more than one row")


async def test_a_slow_query_ends_in_time_at_the_server_too(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """The statement's own limit is set, so that nothing goes on in the database after the look is over."""
    found = await look(reader, scene, "SELECT pg_sleep(30)", "1", timeout_s=0.3)
    assert not found.ok
    assert "within 0.3 s" in found.detail or "statement timeout" in found.detail
    going_on = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()"
    assert await count(postgres_dsn, going_on) == 0


@pytest.mark.parametrize(
    ("dsn", "detail"),
    [
        ("postgresql://u:hunter22@127.0.0.1:{dead}/x", "connection refused: nothing listens at 127.0.0.1:{dead}/x"),
        (
            "postgresql://postgres:hunter22@127.0.0.1:{port}/shop",
            '127.0.0.1:{port}/shop does not let the user in: password authentication failed for user "postgres"',
        ),
        ("postgresql://u:hunter22@prod.internal/x", "a rehearsal reaches this machine only, not prod.internal/x"),
        (
            "postgresql://u:hunter22@127.0.0.1/x?host=prod.internal",
            "a rehearsal reaches this machine only, not 127.0.0.1/x",
        ),
        (
            "mysql://u:hunter22@127.0.0.1/x",
            "the DSN cannot be used; it begins with postgresql:// and names user, host, port and database",
        ),
        (
            "host=127.0.0.1 password=hunter22",
            "the DSN cannot be used; it begins with postgresql:// and names user, host, port and database",
        ),
        (
            "postgresql://u:hunter22@127.0.0.1:99999/x",
            "the DSN cannot be used; it begins with postgresql:// and names user, host, port and database",
        ),
        (
            "postgresql://u:hunter22@[127/x",
            "the DSN cannot be used; it begins with postgresql:// and names user, host, port and database",
        ),
    ],
)
async def test_why_there_is_no_session(
    scene: MakeScene, postgres_dsn: str, dead_url: str, dsn: str, detail: str
) -> None:
    """S27: each reason has its sentence, and none holds the password; a rehearsal stays on its machine (S30)."""
    places = {"dead": urlsplit(dead_url).port, "port": urlsplit(postgres_dsn).port}
    reader = Reader(Vault({"DSN": dsn.format(**places)}), SystemClock(), loopback_only=True)
    found = await look(reader, scene, "SELECT 1", "1")
    assert (found.ok, found.detail) == (False, detail.format(**places))
    assert "hunter22" not in repr(found)


async def test_a_production_run_may_reach_elsewhere(scene: MakeScene) -> None:
    """Outside rehearsals the host decides."""
    reader = Reader(Vault({}), SystemClock(), loopback_only=False)
    found = await look(reader, scene, "SELECT 1", "1", dsn="postgresql://u:hunter22@nowhere.invalid/x")
    assert found.detail == "the name of nowhere.invalid/x does not resolve"


async def test_observing(reader: Reader, scene: MakeScene) -> None:
    """An observer gives the value itself."""
    spec = Observe.model_validate(
        {"sql": {"dsn": "${env:DSN}", "query": "SELECT version FROM migrations", "take": "newest"}}
    )
    assert spec.sql is not None
    found = await SqlObserver(spec.sql, reader).look(scene())
    assert (found.ok, found.observed, found.detail) == (True, "41", "the newest is 41")


@pytest.mark.usefixtures("table")
async def test_an_action_is_one_transaction(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """All statements or none; the outcome says what the server said."""
    done = await outcome(change("INSERT INTO t VALUES ('a'), ('b')", "SELECT 1"), reader, scene)
    assert (done.status, done.detail) == (OutcomeStatus.PASSED, "INSERT 0 2; SELECT 1")
    done = await outcome(change("INSERT INTO t VALUES ('c')", "INSERT INTO nowhere VALUES (1)"), reader, scene)
    assert done.status is OutcomeStatus.FAILED
    assert done.detail.endswith('refuses: relation "nowhere" does not exist; nothing was changed')
    assert await count(postgres_dsn) == 2


@pytest.mark.usefixtures("table")
async def test_facts_in_statements(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """References are resolved; a fact that is no plain word is refused before the database hears of it."""
    spec = change("INSERT INTO t VALUES ('${version.target}')")
    job = await SqlAction(spec, reader).start(scene(version_target="v2.1.0"))
    assert (await job.wait()).status is OutcomeStatus.PASSED
    with pytest.raises(Unable):
        await SqlAction(spec, reader).start(scene(version_target="'); DROP TABLE t; --"))
    assert await count(postgres_dsn, "SELECT count(*) FROM t WHERE v = 'v2.1.0'") == 1


@pytest.mark.usefixtures("table")
async def test_a_timed_out_action_changed_nothing(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """Before its COMMIT a transaction that is cut off is undone, so the outcome is known."""
    done = await outcome(change("INSERT INTO t VALUES ('a')", "SELECT pg_sleep(30)"), reader, scene, 0.3)
    assert done.status in {OutcomeStatus.TIMED_OUT, OutcomeStatus.FAILED}
    assert done.detail.endswith("; nothing was changed")
    assert await count(postgres_dsn) == 0


@pytest.mark.usefixtures("table")
async def test_a_cancelled_action_changed_nothing(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """S13: cancelled midway, the transaction is rolled back and the statement ended at the server."""
    spec = change("INSERT INTO t VALUES ('a')", "SELECT pg_sleep(30)")
    job = await SqlAction(spec, reader).start(scene())
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND state = 'active'"
    async with asyncio.timeout(5):
        while not await count(postgres_dsn, sleeping):
            pass
    done = await job.cancel()
    assert (done.status, done.detail) == (OutcomeStatus.CANCELLED, "cancelled; the transaction was rolled back")
    assert await count(postgres_dsn, sleeping) == 0
    assert await count(postgres_dsn) == 0
    assert await SqlAction(spec, reader).adopt(scene()) is None


async def test_a_constraint_that_speaks_at_commit(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """A COMMIT that the server refuses is known to have failed."""
    await run(postgres_dsn, "DROP TABLE IF EXISTS d; CREATE TABLE d (k int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    done = await outcome(change("INSERT INTO d VALUES (1)", "INSERT INTO d VALUES (1)"), reader, scene)
    assert done.status is OutcomeStatus.FAILED
    assert "duplicate key" in done.detail


async def test_a_server_lost_during_commit_is_unknown(reader: Reader, scene: MakeScene, postgres_dsn: str) -> None:
    """S24: a connection that breaks in the middle of COMMIT tells nothing of what holds."""
    await run(
        postgres_dsn,
        "DROP TABLE IF EXISTS e; CREATE TABLE e (k int);"
        "CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON e DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION die()",
    )
    done = await outcome(change("INSERT INTO e VALUES (1)"), reader, scene)
    assert done.status is OutcomeStatus.UNKNOWN
    assert done.detail.endswith("during COMMIT; whether it holds is not known")
