"""Where a plan's actions go is asked whether it can be reached, before the night and without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.sql import Reader
from controlroom.adapters.targets import targets_of
from controlroom.plan.model import Plan

if TYPE_CHECKING:
    from tests.adapters.conftest import Peer

    from controlroom.adapters.http import Caller
    from controlroom.ports import Target

SECRET = "s3cr3t-t0ken"


def plan_for(url: str, rollback: Any = ({"wait": "1s"},), **more: Any) -> Plan:
    """One service that is deployed by HTTP, verified at the same place, and tested."""
    auth = {
        "id": "auth",
        "name": "Auth",
        "version": {"to": "v2"},
        "deploy": [
            {"http": {"post": f"{url}/deploy?token=${{env:TOKEN}}", "json": {"url": "http://payload.invalid/"}}}
        ],
        "verify": [{"http": {"url": f"{url}/health"}}],
        "rollback": list(rollback),
    }
    return Plan.model_validate({"plan": "p", "title": "P", "environment": "e", "services": [auth], **more})


def targets(plan: Plan, caller: Caller, dsn: str = "") -> list[Target]:
    """The plan's targets, `${env:DSN}` being `dsn`."""
    caller.vault._env = {"TOKEN": SECRET, "DSN": dsn}
    return targets_of(plan, caller, lambda: Reader(caller.vault, SystemClock(), loopback_only=True))


async def test_a_web_server_is_asked_for_its_root_once(peer: Peer, caller: Caller) -> None:
    """One request a host, without the path, the body or the secrets of the plan; any answer is one."""
    peer.say(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    (target,) = targets(plan_for(peer.url), caller)
    finding = await target.look()
    assert (target.subject, finding.ok, finding.detail) == ("target auth", True, f"{peer.url} answers (404)")
    assert [request.splitlines()[0] for request in peer.requests] == ["HEAD / HTTP/1.1"]
    assert SECRET not in str(peer.requests)


async def test_a_service_that_is_down_may_be_what_the_night_is_for(dead_url: str, caller: Caller) -> None:
    """Nothing listens: told, and not refused."""
    (target,) = targets(plan_for(dead_url), caller)
    finding = await target.look()
    assert finding.ok
    assert finding.detail.startswith("does not answer yet: connection refused")


async def test_the_traffic_switch_must_answer(dead_url: str, caller: Caller) -> None:
    """Nobody begins a night in which the public cannot be kept out."""
    move = [{"http": {"post": f"{dead_url}/traffic", "json": {"open": True}}}]
    here = plan_for("http://127.0.0.1:9", traffic={"open": move, "close": move})
    switch = next(target for target in targets(here, caller) if target.subject == "target traffic")
    finding = await switch.look()
    assert not finding.ok
    assert "connection refused" in finding.detail


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "http://127.0.0.1:99999", "http://${env:NOBODY}"])
async def test_a_name_that_leads_nowhere(url: str, caller: Caller) -> None:
    """A misspelt host, a port that is none, a reference without a value: the plan is to be mended."""
    caller._client._transport = caller._client._transport._inner  # type: ignore[attr-defined] # beyond this machine
    target, *_ = targets(plan_for(url), caller)
    finding = await target.look()
    assert not finding.ok
    assert finding.detail


@pytest.mark.stage
async def test_a_database_is_signed_in_to(postgres_dsn: str, caller: Caller) -> None:
    """Name, port, user and password are tried, and nothing is executed; a password that is wrong is not told."""
    rollback = [{"sql": {"dsn": "${env:DSN}", "execute": ["CREATE TABLE left_behind (v text)"]}}]
    here = plan_for("http://127.0.0.1:9", rollback=rollback)
    _, right = targets(here, caller, postgres_dsn)
    assert (await right.look()).ok
    assert (await right.look()).ok, "the statement was not carried out"
    _, wrong = targets(here, caller, postgres_dsn.replace("://postgres:", "://postgres:not-the-"))
    finding = await wrong.look()
    assert not finding.ok
    assert "does not let the user in" in finding.detail
    assert "not-the-" not in finding.detail
