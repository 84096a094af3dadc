"""Health probes: what a reading says of a service that answers well, badly, late or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.adapters.conftest import ok

from controlroom.adapters.clock import ManualClock, SystemClock
from controlroom.adapters.kit import build_kit
from controlroom.adapters.manual import ManualDesk
from controlroom.plan.model import Plan
from controlroom.run.pace import Pace

if TYPE_CHECKING:
    from typing import Any

    from tests.adapters.conftest import Peer

    from controlroom.ports import Clock, Kit
    from controlroom.run.samples import Reading


def probed(health: dict[str, Any], env: dict[str, str] | None = None, clock: Clock | None = None) -> Kit:
    """A kit for a plan whose one service has this health probe."""
    auth = {
        "id": "auth",
        "name": "Auth",
        "version": {"to": "v2"},
        "deploy": [{"wait": "1s"}],
        "verify": [{"manual": "?"}],
        "rollback": [{"wait": "1s"}],
        "health": health,
    }
    plan = Plan.model_validate({"plan": "p", "title": "P", "environment": "e", "services": [auth]})
    return build_kit(
        plan,
        run_id="r1",
        clock=clock or SystemClock(),
        pace=Pace(),
        env=env or {},
        newest=lambda _series: None,
        desk=ManualDesk(),
        rehearsal_bin=None,
    )


async def reading(health: dict[str, Any], env: dict[str, str] | None = None) -> Reading:
    """One reading."""
    kit = probed(health, env)
    (source,) = kit.sources()
    (found,) = await source.read()
    await kit.close()
    assert found.series == "auth/health"
    return found


async def test_healthy(peer: Peer) -> None:
    """1.0 without a cause, at the wall clock; the period is the plan's."""
    before = SystemClock().now().timestamp()
    kit = probed({"http": {"url": f"{peer.url}/health", "json": {"status": "ok"}}, "every": "2s"})
    (source,) = kit.sources()
    assert source.every_s == 2.0
    (found,) = await source.read()
    assert (found.value, found.cause) == (1.0, "")
    assert before <= found.at <= SystemClock().now().timestamp()
    await source.read()
    assert (len(peer.requests), peer.connections) == (2, 1)
    await kit.close()


@pytest.mark.parametrize("step_s", [-3600.0, 3600.0])
async def test_a_step_of_the_wall_clock(peer: Peer, step_s: float) -> None:
    """S9: the probe's own time goes on evenly, so that none of its readings seems to stand still."""
    clock = ManualClock(datetime(2026, 12, 1, 3, tzinfo=UTC))
    kit = probed({"http": {"url": peer.url}}, clock=clock)
    (source,) = kit.sources()
    (before,) = await source.read()
    await clock.advance(1.0)
    clock.step_wall(step_s)
    (after,) = await source.read()
    assert after.at - before.at == pytest.approx(1.0)
    await kit.close()


@pytest.mark.parametrize(
    ("answer", "then", "cause"),
    [
        (ok('{"status": "degraded"}'), "keep", '$.status is "degraded", not "ok"'),
        (ok("oh", "500 Oops"), "keep", "status 500, not 2xx: oh"),
        (ok("<html>"), "keep", "HTML came back instead of JSON: <html>"),
        (b"", "reset", "HERE reset the connection"),
        (b"", "hang", "no answer from HERE within 0.1 s"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "close", "the answer of HERE breaks off after 1 of 9 bytes"),
    ],
)
async def test_unhealthy(peer: Peer, answer: bytes, then: str, cause: str) -> None:
    """S5: what a client of the service would feel is 0.0, with the cause."""
    peer.say(answer, then=then)
    found = await reading({"http": {"url": peer.url, "json": {"status": "ok"}}, "timeout": "100ms"})
    assert (found.value, found.cause) == (0.0, cause.replace("HERE", peer.url.removeprefix("http://")))


async def test_refused(dead_url: str) -> None:
    """A service that is down is unhealthy, not unknown."""
    found = await reading({"http": {"url": dead_url}})
    assert (found.value, found.cause[:18]) == (0.0, "connection refused")


async def test_what_cannot_be_tried_is_no_data(peer: Peer) -> None:
    """S5: a missing secret or a URL that is none says nothing about the service."""
    found = await reading({"http": {"url": peer.url, "headers": {"X-Key": "${env:NOWHERE}"}}})
    assert (found.value, found.cause) == (None, "the environment variable NOWHERE is not set")
    found = await reading({"http": {"url": "${env:URL}"}}, {"URL": "nonsense"})
    assert (found.value, found.cause) == (None, "the request has no http:// or https:// URL")


@pytest.mark.stage
async def test_a_database(postgres_dsn: str, dead_url: str) -> None:
    """A query is a probe too: right, wrong, refused by the server, or without one."""
    ask = {"dsn": "${env:DSN}", "query": "SELECT 1", "equals": "1"}
    assert (await reading({"sql": ask}, {"DSN": postgres_dsn})).value == 1.0
    found = await reading({"sql": ask | {"equals": "2"}}, {"DSN": postgres_dsn})
    assert (found.value, found.cause) == (0.0, "the value is 1, not 2")
    found = await reading({"sql": ask | {"query": "SELECT pg_sleep(9)"}, "timeout": "100ms"}, {"DSN": postgres_dsn})
    assert found.value == 0.0
    found = await reading({"sql": ask}, {"DSN": dead_url.replace("http", "postgresql")})
    assert (found.value, found.cause[:18]) == (0.0, "connection refused")
    found = await reading({"sql": ask}, {"DSN": "nonsense"})
    assert (found.value, found.cause[:26]) == (None, "the DSN cannot be used; it")


@pytest.mark.parametrize(
    ("command", "value", "cause"),
    [
        ("true", 1.0, ""),
        ("echo not ready >&2; exit 3", 0.0, "exit code 3: not ready"),
        (["sleep", "30"], 0.0, "no end within 1 s"),
        (["no-such-program"], None, "no-such-program: not found"),
    ],
)
async def test_a_command(command: str | list[str], value: float | None, cause: str) -> None:
    """A command that says no is 0.0; one that is not there is NO DATA."""
    found = await reading({"run": command}, {"PATH": "/usr/bin:/bin"})
    assert (found.value, found.cause[: len(cause) or 1]) == (value, cause)
