"""The recipes of docs/cdn.md carried out: requests as the vendors take them, and a ban that a real Varnish takes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.adapters.conftest import ok
from tests.adapters.real_parts import free_port
from tests.rehearsal.room import until
from tests.unit.plan.recipes import recipe

from controlroom.adapters.http import HttpAction
from controlroom.rehearsal import varnish
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.conftest import MakeScene, Peer

    from controlroom.adapters.http import Caller

PASSED, FAILED = OutcomeStatus.PASSED, OutcomeStatus.FAILED
CLOUDFLARE, FASTLY = "https://api.cloudflare.com", "https://api.fastly.com"


@pytest.mark.parametrize(
    ("title", "vendor", "secret", "line", "token"),
    [
        (
            "Cloudflare",
            CLOUDFLARE,
            "CLOUDFLARE_TOKEN",
            "POST /client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/purge_cache HTTP/1.1",
            "authorization: Bearer s3cr3t-t0ken",
        ),
        (
            "Fastly",
            FASTLY,
            "FASTLY_TOKEN",
            "POST /service/SU1Z0isxPaozGVKXdv0eY/purge_all HTTP/1.1",
            "fastly-key: s3cr3t-t0ken",
        ),
    ],
)
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ok('{"success": true, "status": "ok", "result": {"id": "1"}}'), PASSED),
        (ok('{"success": false, "status": "error", "errors": [{"code": 1012}]}'), FAILED),
        (ok('{"success": false, "msg": "no such service"}', status="403 Forbidden"), FAILED),
    ],
)
async def test_a_purge_as_the_vendor_takes_it(
    peer: Peer,
    caller: Caller,
    scene: MakeScene,
    title: str,
    vendor: str,
    secret: str,
    line: str,
    token: str,
    answer: bytes,
    status: OutcomeStatus,
) -> None:
    """One request with the token in its header; only the vendor's own yes passes."""
    plan = recipe(title, (vendor, peer.url), (f"env:{secret}", "env:TOKEN"))
    purge = next(action for action in plan.services[0].deploy if action.http is not None)
    peer.say(answer)
    outcome = await (await HttpAction(purge, caller).start(scene())).wait()
    assert outcome.status is status, outcome.detail
    (request,) = peer.requests
    assert request.splitlines()[0] == line
    assert token.lower() in request.lower()
    assert "s3cr3t" not in outcome.detail
    if title == "Cloudflare":
        assert json.loads(request.rpartition("\r\n\r\n")[2]) == {"purge_everything": True}


@pytest.mark.skipif(shutil.which("varnishadm") is None, reason="varnish is not installed (apt-get install varnish)")
def test_a_ban_that_varnish_takes(tmp_path: Path) -> None:
    """The command of the recipe, at a Varnish of our own: it is on the list of bans; without one the step fails."""
    port, folder = free_port(), tmp_path / "varnish"
    secret = tmp_path / "secret"
    secret.write_text("only for this test\n")
    invalidate = recipe("Varnish", (":6082", f":{port}"), ("/etc/varnish/secret", str(secret))).services[0].deploy[1]
    assert isinstance(invalidate.run, str)
    assert invalidate.env == {"CACHES": "cache-1.internal cache-2.internal"}
    command = ["/bin/sh", "-ec", invalidate.run]
    environ = {"CACHES": "127.0.0.1", "PATH": os.defpath}
    assert subprocess.run(command, env=environ, capture_output=True, check=False, timeout=30).returncode != 0

    vcl = tmp_path / "none.vcl"
    vcl.write_text("vcl 4.1; backend default none;\n")
    words: list[str | Path] = [
        "-F",
        "-j",
        "none",
        "-n",
        folder,
        "-f",
        vcl,
        "-a",
        "127.0.0.1:0",
        "-T",
        f"127.0.0.1:{port}",
        "-S",
        secret,
    ]
    settings = ["-p", "thread_pools=1", "-p", "thread_pool_min=5", "-p", "vsl_space=1M", "-s", "malloc,1m"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([varnish.program(), *words, *settings], stdout=log, stderr=log)
    try:
        cli = ["varnishadm", "-T", f"127.0.0.1:{port}", "-S", str(secret)]
        until(lambda: subprocess.run([*cli, "ping"], check=False, capture_output=True).returncode == 0)
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr
        bans = subprocess.run([*cli, "ban.list"], check=True, capture_output=True, text=True, timeout=30).stdout
        assert "req.http.host == www.example.com && req.url ~ ." in bans
    finally:
        server.terminate()
        server.wait(10)
