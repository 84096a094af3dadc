"""HTTP actions, checks and observers of a plan, against a server that says what the test wants."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.conftest import ok

from controlroom.adapters.http import Caller, HttpAction, HttpCheck, HttpObserver
from controlroom.adapters.trouble import Unable
from controlroom.plan.steps import Action, Check, Observe
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from tests.adapters.conftest import MakeScene, Peer

    from controlroom.ports import Outcome


def check(**http: Any) -> Check:
    """A check as the loader makes it; `json` and `json_path` hold JSON values."""
    return Check.model_validate({"http": http})


def action(method: str, url: str, **request: Any) -> Action:
    """An action as the loader makes it."""
    return Action.model_validate({"http": {method: url, **request}})


async def outcome(spec: Action, caller: Caller, scene: MakeScene, timeout_s: float = 5.0) -> Outcome:
    """How the action ended."""
    return await (await HttpAction(spec, caller).start(scene(timeout_s=timeout_s))).wait()


HEALTH = '{"status": "ok", "version": "v2.1.0", "checks": {"db": true, "queue": 3}, "tags": ["a", "b"]}'


@pytest.mark.parametrize(
    ("expect", "wrong"),
    [
        ({}, ""),
        ({"json": {"status": "ok"}}, ""),
        ({"json": {"checks": {"db": True}}}, ""),
        ({"json": {"status": "ok", "build": "7"}}, '$.build is missing, not "7"'),
        ({"json": {"checks": {"db": 1}}}, "$.checks.db is true, not 1"),
        ({"json": {"checks": {"queue": True}}}, "$.checks.queue is 3, not true"),
        ({"json": {"tags": ["a"]}}, '$.tags is ["a","b"], not ["a"]'),
        ({"json_path": {"$.version": "${version.target}"}}, ""),
        ({"json_path": {"$.version": "v2.0.0"}}, '$.version is "v2.1.0", not "v2.0.0"'),
        ({"json_path": {"$.nothing[0]": 1}}, "$.nothing[0] is missing, not 1"),
        ({"status": ["200", "204"]}, ""),
        ({"status": "204"}, f"status 200, not 204: {HEALTH}"),
        ({"body": '"version": "${version.target}"'}, ""),
        ({"body": "v2.1.${service.id}"}, f"the body does not match v2.1.${{service.id}}: {HEALTH}"),
    ],
)
async def test_what_is_expected(
    peer: Peer, caller: Caller, scene: MakeScene, expect: dict[str, Any], wrong: str
) -> None:
    """Status, JSON and body are judged, each with both values in the sentence."""
    peer.say(ok(HEALTH))
    spec = check(url=f"{peer.url}/health", **expect)
    finding = await HttpCheck(spec, caller).look(scene(version_target="v2.1.0", service_id="auth"))
    assert (finding.ok, finding.detail if wrong else "") == (not wrong, wrong)
    assert finding.evidence[0].title == f"GET {peer.url}/health"
    assert finding.evidence[0].ok is finding.ok


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (ok("<html>Bad gateway</html>"), "HTML came back instead of JSON: <html>Bad gateway</html>"),
        (ok('{"status": "o'), 'the JSON breaks off after 13 bytes: {"status": "o'),
        (ok('{"status": NaN}'), 'what came back is not JSON: {"status": NaN}'),
        (ok(b'{"status": "\xff"}'), 'what came back is not JSON: {"status": "\ufffd"}'),
        (ok("[" * 100_000), f"what came back is not JSON: {'[' * 159}…"),
        (ok(""), "the answer is empty, JSON was expected"),
        (ok('"' + "x" * 1_100_000 + '"'), "the answer is longer than 1 MiB"),
        (ok("<h1>oh</h1>", "503 Service Unavailable"), "status 503, not 2xx: <h1>oh</h1>"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
            "status 302, not 2xx: it redirects to /login",
        ),
        (ok('{"status":\x1b[2J "\x1b]0;pwned\x07down"}'), 'what came back is not JSON: {"status": "down"}'),
    ],
)
async def test_what_is_no_answer_to_the_question(
    peer: Peer, caller: Caller, scene: MakeScene, answer: bytes, wrong: str
) -> None:
    """Whatever comes back instead of the JSON is named for what it is, bounded, and safe for a terminal (S27)."""
    peer.say(answer)
    finding = await HttpCheck(check(url=peer.url, json={"status": "ok"}), caller).look(scene())
    assert (finding.ok, finding.detail) == (False, wrong)


async def test_a_byte_order_mark_is_no_obstacle(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """Some servers begin their JSON with one."""
    peer.say(ok(b"\xef\xbb\xbf" + HEALTH.encode()))
    assert (await HttpCheck(check(url=peer.url, json={"status": "ok"}), caller).look(scene())).ok


async def test_headers_and_time(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """A request can ask for exact headers and for speed."""
    spec = {"get": peer.url, "expect": {"headers": {"content-type": "text/plain"}, "time": "1ms"}}
    peer.say(ok(HEALTH))
    finding = await HttpCheck(Check.model_validate({"http": spec}), caller).look(scene())
    assert finding.detail.startswith("header content-type is 'application/json', not 'text/plain'; it took 0.0")
    assert finding.detail.endswith(" s, more than 0.001 s")


async def test_nobody_there(dead_url: str, caller: Caller, scene: MakeScene) -> None:
    """A check that cannot connect is a finding, never an exception."""
    finding = await HttpCheck(check(url=dead_url), caller).look(scene())
    assert (finding.ok, finding.detail[:18]) == (False, "connection refused")


async def test_secrets_stay_inside(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """S27: a secret that the service echoes, and tokens of its own, never come out, also not in halves."""
    echo = '{"got": "Bearer s3cr3t-t0ken", "access_token": "eyJhbGciOi", "note": "' + "x" * 68 + ' s3cr3t-t0ken tail"}'
    peer.say(ok(echo, "500 Oops"))
    spec = check(url=f"{peer.url}/?pin=${{env:PIN}}", headers={"Authorization": "Bearer ${env:TOKEN}"})
    finding = await HttpCheck(spec, caller).look(scene())
    assert "Authorization: Bearer s3cr3t-t0ken" in peer.requests[0]
    assert "/?pin=4711 " in peer.requests[0]
    seen = repr(finding)
    for secret in ("s3cr3t", "t0ken", "eyJ", "4711"):
        assert secret not in seen
    assert "status 500, not 2xx" in finding.detail
    assert "${env:PIN}" in finding.evidence[0].title


async def test_a_missing_secret_is_said_and_nothing_is_sent(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """A reference without a value fails the look before anything leaves."""
    spec = check(url=peer.url, headers={"Authorization": "${env:NOWHERE}"})
    finding = await HttpCheck(spec, caller).look(scene())
    assert (finding.ok, finding.detail) == (False, "the environment variable NOWHERE is not set")
    with pytest.raises(Unable):
        await HttpAction(action("get", peer.url, headers={"X": "${env:NOWHERE}"}), caller).start(scene())
    assert peer.requests == []


async def test_a_look_has_a_limit_of_its_own(
    peer: Peer, caller: Caller, scene: MakeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hanging answer does not use up the time in which a check is asked again."""
    monkeypatch.setattr("controlroom.adapters.http.LOOK_S", 0.05)
    peer.say(b"", then="hang")
    finding = await HttpCheck(check(url=peer.url), caller).look(scene(timeout_s=120))
    assert finding.detail.endswith("within 0.05 s")


async def test_an_action_sends_its_body(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """JSON, form and raw bodies, with references resolved; the outcome tells status and time."""
    peer.say(ok("{}", "201 Created"))
    spec = action("post", f"{peer.url}/switch", json={"open": True, "by": "${run.id}"}, expect={"status": "201"})
    done = await (await HttpAction(spec, caller).start(scene(run_id="r1"))).wait()
    assert done.status is OutcomeStatus.PASSED
    assert done.detail.startswith("201 in ")
    assert json.loads(peer.requests[0].partition("\r\n\r\n")[2]) == {"open": True, "by": "r1"}
    await outcome(action("put", peer.url, form={"a": "1 2"}), caller, scene)
    assert peer.requests[1].endswith("\r\n\r\na=1+2")
    await outcome(action("patch", peer.url, body="raw"), caller, scene)
    assert peer.requests[2].endswith("\r\n\r\nraw")


async def test_a_refused_action_fails(peer: Peer, caller: Caller, scene: MakeScene, dead_url: str) -> None:
    """An answer that says no, a capture that finds nothing and a dead peer are FAILED: it is known what happened."""
    peer.say(ok('{"error": "locked"}', "409 Conflict"))
    done = await outcome(action("post", peer.url), caller, scene)
    assert (done.status, done.detail) == (OutcomeStatus.FAILED, 'status 409, not 2xx: {"error": "locked"}')
    peer.say(ok("{}"))
    done = await outcome(action("post", peer.url, capture={"id": "$.id"}), caller, scene)
    assert (done.status, done.detail) == (
        OutcomeStatus.FAILED,
        "nothing to capture as id: $.id is not in the answer: {}",
    )
    assert (await outcome(action("post", dead_url), caller, scene)).status is OutcomeStatus.FAILED


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("post", OutcomeStatus.UNKNOWN),
        ("patch", OutcomeStatus.UNKNOWN),
        ("put", OutcomeStatus.TIMED_OUT),
        ("delete", OutcomeStatus.TIMED_OUT),
        ("get", OutcomeStatus.TIMED_OUT),
    ],
)
async def test_no_answer_in_time(
    peer: Peer, caller: Caller, scene: MakeScene, method: str, status: OutcomeStatus
) -> None:
    """S24: what may have been carried out, and may not be done twice, is unknown; the rest just timed out."""
    peer.say(b"", then="hang")
    done = await outcome(action(method, peer.url), caller, scene, timeout_s=0.05)
    assert done.status is status
    assert ("whether it was carried out is not known" in done.detail) is (status is OutcomeStatus.UNKNOWN)


async def test_a_connection_lost_after_a_post_is_unknown(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """A reset after the request was sent says nothing about what the service did."""
    peer.say(b"", then="reset")
    assert (await outcome(action("post", peer.url), caller, scene)).status is OutcomeStatus.UNKNOWN
    assert (await outcome(action("put", peer.url), caller, scene)).status is OutcomeStatus.FAILED


@pytest.mark.parametrize(("method", "status"), [("post", OutcomeStatus.UNKNOWN), ("put", OutcomeStatus.CANCELLED)])
async def test_cancelled(peer: Peer, caller: Caller, scene: MakeScene, method: str, status: OutcomeStatus) -> None:
    """S13: a cancelled request is over at once; of a POST nobody can say what it did."""
    peer.say(b"", then="hang")
    job = await HttpAction(action(method, peer.url), caller).start(scene())
    waiting = asyncio.ensure_future(job.wait())
    await peer.asked.wait()
    assert (await job.cancel()).status is status
    assert (await waiting).status is status


async def test_who_stops_waiting_does_not_stop_the_action(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """The job goes on without its first waiter, and one that ended keeps its outcome when cancelled."""
    job = await HttpAction(action("post", peer.url), caller).start(scene())
    impatient = asyncio.ensure_future(job.wait())
    await asyncio.sleep(0)
    impatient.cancel()
    done = await job.wait()
    assert done.status is OutcomeStatus.PASSED
    assert await job.cancel() == done


async def test_nothing_is_adopted(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """S24: of a request that an earlier engine sent nothing is known."""
    assert await HttpAction(action("post", peer.url), caller).adopt(scene()) is None


@pytest.mark.parametrize(
    ("answer", "observed", "detail"),
    [
        (ok('{"version": "v2.1.0"}'), "v2.1.0", "$.version is v2.1.0"),
        (ok('{"version": 42}'), "42", "$.version is 42"),
        (ok('{"version": "v2\\u001b[2J\\n"}'), "v2", "$.version is v2"),
        (ok('{"version": null}'), "", '$.version is not in the answer: {"version": null}'),
        (ok("{}"), "", "$.version is not in the answer: {}"),
        (ok('{"status": "down", "version": "v2.1.0"}', "503 No"), "v2.1.0", "$.version is v2.1.0 (status 503)"),
        (ok('{"status": "down"}', "503 No"), "", 'status 503, not 2xx: {"status": "down"}'),
        (ok("<html>", "502 Bad Gateway"), "", "status 502, not 2xx: <html>"),
        (ok('{"version": "gateway-7"}', "404 No"), "", 'status 404, not 2xx: {"version": "gateway-7"}'),
        (ok('{"version": "login-3"}', "302 Found"), "", 'status 302, not 2xx: {"version": "login-3"}'),
    ],
)
async def test_observing_a_version(
    peer: Peer, caller: Caller, scene: MakeScene, answer: bytes, observed: str, detail: str
) -> None:
    """A service that is not well says all the same what it is; without a version the reason is told."""
    peer.say(answer)
    spec = Observe.model_validate({"http": {"url": peer.url}})
    assert spec.http is not None
    finding = await HttpObserver(spec.http, caller).look(scene())
    assert (finding.ok, finding.observed, finding.detail) == (bool(observed), observed, detail)
