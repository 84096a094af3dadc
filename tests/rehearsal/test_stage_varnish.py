"""A real Varnish in front of the stage's frontend: stale until told, named as stale, and gone with its stage."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import written
from tests.rehearsal.processes import living, tree
from tests.rehearsal.room import S5, until

from controlroom.errors import UsageError
from controlroom.rehearsal import varnish
from controlroom.rehearsal.process import start_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from tests.rehearsal.room import Room

    from controlroom.rehearsal.process import StageHandle


def _installed() -> bool:
    try:
        varnish.program()
    except UsageError:
        return False
    return True


pytestmark = [
    pytest.mark.stage,
    pytest.mark.skipif(not _installed(), reason="varnishd is not installed (apt-get install varnish)"),
]
OLD, NEW = "v2.0.0", "v2.1.0"


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageHandle]:
    """A stage whose frontend a Varnish caches."""
    handle = start_stage(tmp_path_factory.mktemp("stage"), edge="varnish")
    yield handle
    handle.end()


@pytest.fixture(autouse=True)
def as_found(request: pytest.FixtureRequest, web: httpx.Client) -> Iterator[None]:
    """Each test finds and leaves the old page in the cache."""
    yield
    if "cached" in request.fixturenames:
        stage: StageHandle = request.getfixturevalue("cached")
        for fault in stage.client.faults():
            stage.client.fault(fault, on=False)
        stage.client.deploy("frontend", OLD)
        stage.client.invalidate()
        web.get(stage.endpoints["edge.url"])


def _footer(answer: httpx.Response) -> str:
    found = re.search(r'<footer id="version">(.*)</footer>', answer.text)
    assert found is not None, answer.text
    return found[1]


def _varnishes(stage: StageHandle) -> dict[int, int]:
    """Manager and worker of the stage's Varnish, with their start times."""
    processes = tree(stage.pid).items()
    return {pid: since for pid, since in processes if _program(pid).endswith(b"varnishd")}


def _program(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]


def test_it_is_varnish_and_the_old_page_is_cached(cached: StageHandle, web: httpx.Client) -> None:
    """By its own headers; what the public gets comes from the same cache."""
    answer = web.get(cached.endpoints["edge.url"])
    assert "varnish" in answer.headers["Via"]
    assert (answer.headers["X-Cache"], len(answer.headers["X-Varnish"].split()), _footer(answer)) == ("HIT", 2, OLD)
    web.post(cached.endpoints["edge.admin"] + "/traffic", json={"open": True})
    public = web.get(cached.endpoints["edge.public"])
    assert (public.headers["X-Cache"], _footer(public)) == ("HIT", OLD)
    assert "varnish" in public.headers["Via"]
    web.post(cached.endpoints["edge.admin"] + "/traffic", json={"open": False})
    assert web.get(cached.endpoints["edge.public"]).status_code == 503


def test_a_new_build_is_stale_until_it_is_banned(cached: StageHandle, web: httpx.Client) -> None:
    """The origin has the new build, Varnish the old page, until `invalidate-cdn` bans it."""
    cached.client.deploy("frontend", NEW)
    assert _footer(web.get(cached.endpoints["frontend.url"])) == NEW
    assert _footer(web.get(cached.endpoints["edge.url"])) == OLD
    cached.client.invalidate()
    fresh = web.get(cached.endpoints["edge.url"])
    assert (fresh.headers["X-Cache"], fresh.headers["Age"], _footer(fresh)) == ("MISS", "0", NEW)
    assert len(fresh.headers["X-Varnish"].split()) == 1
    assert web.get(cached.endpoints["edge.url"]).headers["X-Cache"] == "HIT"


def test_purge_drops_one_page(cached: StageHandle, web: httpx.Client) -> None:
    """PURGE works as in the recipes, and leaves other pages alone."""
    edge = cached.endpoints["edge.url"]
    for path in ("/?a", "/?b", "/?b"):
        web.get(edge + path)
    assert web.request("PURGE", edge + "/?a").status_code == 200
    assert web.get(edge + "/?a").headers["X-Cache"] == "MISS"
    assert web.get(edge + "/?b").headers["X-Cache"] == "HIT"


def test_the_apis_pass_through(cached: StageHandle, web: httpx.Client) -> None:
    """What is not a page is never cached."""
    for _ in range(2):
        answer = web.get(cached.endpoints["edge.url"] + "/api/catalog/search?q=usb")
        assert (answer.status_code, answer.headers["X-Cache"], answer.headers["X-Release"]) == (200, "MISS", OLD)


def test_it_runs_as_nobody_with_its_files_in_the_stages_folder(cached: StageHandle) -> None:
    """No system service, no files elsewhere, not root."""
    servers = _varnishes(cached)
    assert len(servers) == 2
    for pid in servers:
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        (uids,) = [line.split()[1:] for line in status if line.startswith("Uid:")]
        assert set(uids) == ({"65534"} if os.geteuid() == 0 else {str(os.geteuid())})
    assert (cached.scratch / "varnish" / "cache").exists()


@pytest.mark.parametrize("victim", ["stage", "session", "manager", "nobody"])
def test_it_is_gone_with_its_stage(tmp_path: Path, victim: str) -> None:
    """Within 3 s, in whatever way the stage ends; and a worker does not outlive its manager."""
    stage = start_stage(tmp_path / "stage", edge="varnish")
    processes, servers = tree(stage.pid), _varnishes(stage)
    assert len(servers) == 2
    try:
        begun = time.monotonic()
        if victim == "stage":
            os.kill(stage.pid, signal.SIGKILL)
        elif victim == "session":
            os.killpg(stage.pid, signal.SIGKILL)
        elif victim == "manager":
            os.kill(min(servers, key=lambda pid: servers[pid]), signal.SIGKILL)
            until(lambda: not living(servers), 3)
        if victim in {"manager", "nobody"}:
            stage.end()
        until(lambda: not living(processes), 3)
        assert time.monotonic() - begun < 6
        until(lambda: not stage.scratch.exists() or victim == "session", 1)
    finally:
        for pid in living(processes):
            os.kill(pid, signal.SIGKILL)


def test_a_stale_varnish_is_named(room: Room, tmp_path: Path) -> None:
    """A ban without effect: the footer check names the stale answer, with Age, X-Cache, seen and expected version."""
    plan = written(tmp_path / "s5.yaml", S5.read_text(), ("    verify_within: 20s", "    verify_within: 5s"))
    room.rehearse("--edge", "varnish", "--fault", "frontend:stale-cdn", plan=plan, speed=600)
    room.go("database", "auth", "catalog", "orders")
    room.ctl("advance", "--to", "frontend")
    room.wait("--service", "frontend=failed")
    why = room.service("frontend")["why"]
    assert re.search(
        r"stale CDN answer: the page shows v2\.0\.0, not v2\.1\.0 \(Age \d+, X-Cache HIT, X-Varnish \d+ \d+\)", why
    ), why
    room.ctl("fault", "frontend:stale-cdn", "--off")
    room.ctl("retry", "frontend")
    room.wait("--service", "frontend=live")
