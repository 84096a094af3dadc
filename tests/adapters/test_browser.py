"""Pages in a real Chromium: waited for, compared, photographed, and nothing of the browser left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.adapters.smoke_bench import PASSWORD, PLAN, needs_chromium, run, served, smoke_kit

from controlroom.adapters.browser.binary import find_browser
from controlroom.adapters.browser.look import BrowserTarget, needs_browser
from controlroom.adapters.browser.process import _folder, argv_of, environment_of
from controlroom.adapters.jobs import proc
from controlroom.plan.steps import Check
from controlroom.run.phases import SmokeState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request
    from tests.adapters.conftest import MakeScene

    from controlroom.adapters.kit import RunKit
    from controlroom.ports import Finding

PNG = b"\x89PNG\r\n"
SHOP = """<!doctype html><title>Shop</title><link rel="icon" href="data:,"><h1>Shop</h1>
<footer id="version"></footer>
<script>
setTimeout(() => { document.querySelector("#version").textContent = " v2.1.0\\n" }, 300);
</script>"""
TROUBLED = """<!doctype html><h1>Shop</h1><footer class="v">v2.1.0</footer>
<script>
console.error("cannot pay with hunter2-hunter2", {a: 1});
console.log("all is well");
fetch("/missing?token=abcdef123456");
fetch("http://127.0.0.1:9/").catch(() => {});
setTimeout(() => { throw new Error("boom \\ud800") }, 20);
</script>"""
SELF = """<!doctype html><h1>Dialog</h1><script>alert("stop"); document.write("<p id=after>after</p>")</script>"""


class Site:
    """Pages as sites have them."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.hanging, self.never = asyncio.Event(), asyncio.Event()

    def app(self) -> Starlette:
        """The site's pages."""
        names = ("shop", "troubled", "gone", "stale", "hangs", "moved", "dialog", "outside", "flood")
        return Starlette(routes=[Route(f"/{name}", getattr(self, f"_{name}")) for name in names])

    async def _shop(self, _request: Request) -> Response:
        return HTMLResponse(SHOP)

    async def _troubled(self, _request: Request) -> Response:
        return HTMLResponse(TROUBLED)

    async def _gone(self, _request: Request) -> Response:
        return HTMLResponse("<h1>Bad gateway</h1>", 502)

    async def _stale(self, _request: Request) -> Response:
        return HTMLResponse("<footer id=version>v2.0.0</footer>", headers={"Age": "35", "X-Cache": "HIT"})

    async def _hangs(self, _request: Request) -> Response:
        self.hanging.set()
        await self.never.wait()
        return HTMLResponse("late")

    async def _moved(self, _request: Request) -> Response:
        return RedirectResponse("/shop")

    async def _dialog(self, _request: Request) -> Response:
        return HTMLResponse(SELF)

    async def _outside(self, _request: Request) -> Response:
        return HTMLResponse("<h1>Out</h1><img src=http://203.0.113.9/x.png><img src=http://shop.example.com/x.png>")

    async def _flood(self, _request: Request) -> Response:
        script = "for (let i = 0; i < 500; i++) console.error('e' + i + 'x'.repeat(10000))"
        return HTMLResponse(f"<h1>Loud</h1><script>{script}</script>")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A running site."""
    made = Site()
    async with served(made.app()) as made.url:
        yield made
        made.never.set()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where profiles lie for the time of a test."""
    assert tmp_path.is_dir()  # made before, where such folders are
    with tempfile.TemporaryDirectory(prefix="crb-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture
async def kit() -> AsyncIterator[RunKit]:
    """A kit of a rehearsal: only this machine is reached."""
    async with smoke_kit(loopback_only=True, HOME="/nonexistent") as made:
        yield made


async def look(kit: RunKit, scene: MakeScene, timeout_s: float = 30.0, **page: Any) -> Finding:
    """What a check sees."""
    spec = Check.model_validate({"browser": page})
    return await kit.check(spec).look(scene(timeout_s=timeout_s, version_target="v2.1.0"))


def browsers(folder: Path) -> list[int]:
    """The living processes that were started with a profile in `folder`."""
    found = []
    for process in proc.everyone():
        try:
            line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in line:
            found.append(process.pid)
    return found


def nothing_left(folder: Path) -> bool:
    """Whether there is no process and no profile any more."""
    return not browsers(folder) and not any(folder.iterdir())


@needs_chromium
async def test_text_that_a_script_writes_is_waited_for(
    site: Site, kit: RunKit, scene: MakeScene, temporary: Path, tmp_path: Path
) -> None:
    """The version in the footer comes after the page: the check waits for it, and keeps a picture."""
    finding = await look(kit, scene, url=f"{site.url}/shop", selector="#version", equals="${version.target}")
    assert (finding.ok, finding.detail, finding.observed) == (True, "the page shows v2.1.0", "v2.1.0")
    (evidence,) = finding.evidence
    assert (evidence.sent, evidence.got) == ("", "200 v2.1.0")
    assert evidence.picture == "jobs/000001-job/page.png"
    assert (tmp_path / evidence.picture).read_bytes().startswith(PNG)
    assert nothing_left(temporary)
    moved = await look(kit, scene, url=f"{site.url}/moved", selector="h1", pattern="^Sh")
    assert (moved.ok, moved.observed) == (True, "Shop")


@needs_chromium
async def test_another_text_and_none(site: Site, kit: RunKit, scene: MakeScene) -> None:
    """What is there instead is said; an element that never comes is named; a wrong selector is the plan's fault."""
    finding = await look(kit, scene, url=f"{site.url}/shop", selector="#version", equals="v9")
    assert (finding.ok, finding.detail) == (False, "the page shows v2.1.0, not v9")
    finding = await look(kit, scene, url=f"{site.url}/shop", selector="h1", pattern="^v9$")
    assert finding.detail == "the page shows Shop, which is not like ^v9$"
    finding = await look(kit, scene, 8.0, url=f"{site.url}/shop", selector=".nowhere")
    assert finding.detail.startswith("the page has no .nowhere after ")
    assert finding.evidence[0].picture
    finding = await look(kit, scene, url=f"{site.url}/shop", selector="#[")
    assert (finding.ok, finding.detail) == (False, "this is no CSS selector")


@needs_chromium
async def test_an_old_page_from_the_edge_is_named(site: Site, kit: RunKit, scene: MakeScene) -> None:
    """The headers of the document say where it came from."""
    finding = await look(kit, scene, url=f"{site.url}/stale", selector="#version", equals="v2.1.0")
    assert finding.detail == "stale CDN answer: the page shows v2.0.0, not v2.1.0 (Age 35, X-Cache HIT)"
    finding = await look(kit, scene, url=f"{site.url}/stale", selector="#version", pattern="^v2.1")
    assert finding.detail.startswith("stale CDN answer: the page shows v2.0.0, which is not like ^v2.1 (Age 35")


@needs_chromium
async def test_console_errors_and_failed_requests_are_evidence(site: Site, kit: RunKit, scene: MakeScene) -> None:
    """They fail nothing unless the plan says strict; secrets in them are hidden, halves of characters replaced."""
    page: dict[str, Any] = {"url": f"{site.url}/troubled?key=${{env:PASSWORD}}", "selector": ".v", "equals": "v2.1.0"}
    finding = await look(kit, scene, **page)
    assert finding.ok
    main, console, requests = finding.evidence
    assert main.sent == f"GET {site.url}/troubled?key=***"
    assert (console.title, console.ok) == ("errors on the console", False)
    assert console.detail == "2 errors on the console: cannot pay with *** Object; Error: boom ?"
    assert requests.detail.startswith("2 failed requests: ")
    assert f"GET {site.url}/missing?token=*** answered with 404" in requests.detail
    assert "GET http://127.0.0.1:9/ failed: unsafe port" in requests.detail
    assert PASSWORD not in repr(finding)
    finding = await look(kit, scene, **page, strict="true")
    assert (finding.ok, finding.detail[:55]) == (False, "the page shows v2.1.0; but 2 errors on the console: can")


@needs_chromium
async def test_pages_that_do_not_open(site: Site, kit: RunKit, scene: MakeScene, temporary: Path) -> None:
    """An error page is no page, a closed port is said as such, and a page that hangs costs no more than its time."""
    finding = await look(kit, scene, url=f"{site.url}/gone", selector="h1")
    assert (finding.ok, finding.detail) == (False, "the page answers with status 502")
    finding = await look(kit, scene, url="http://127.0.0.1:1/", selector="h1")
    assert finding.detail == "the page cannot be opened: unsafe port"
    finding = await look(kit, scene, 8.0, url=f"{site.url}/hangs", selector="h1")
    assert finding.detail.startswith("no answer within ")
    finding = await look(kit, scene, url="file:///etc/passwd", selector="body")
    assert finding.detail == "the request has no http:// or https:// URL"
    assert nothing_left(temporary)


@needs_chromium
async def test_dialogs_and_floods_hold_nobody_up(site: Site, kit: RunKit, scene: MakeScene) -> None:
    """An alert is closed, and of thousands of complaints some are kept."""
    finding = await look(kit, scene, url=f"{site.url}/dialog", selector="#after", equals="after")
    assert finding.ok, finding.detail
    finding = await look(kit, scene, url=f"{site.url}/flood", selector="h1", equals="Loud")
    assert finding.ok, finding.detail
    assert finding.evidence[1].detail.startswith("500 errors on the console: e0xxx")
    assert len(finding.evidence[1].detail) == 500


@needs_chromium
async def test_a_rehearsal_reaches_this_machine_only(site: Site, kit: RunKit, scene: MakeScene) -> None:
    """S30: neither the plan nor the page itself leads the browser elsewhere."""
    finding = await look(kit, scene, url="http://shop.example.com/", selector="h1")
    assert finding.detail == "a rehearsal reaches this machine only, not shop.example.com"
    finding = await look(kit, scene, url=f"{site.url}/outside", selector="h1", equals="Out")
    assert finding.ok
    assert "GET http://203.0.113.9/x.png failed: name not resolved" in finding.evidence[1].detail
    assert "GET http://shop.example.com/x.png failed: name not resolved" in finding.evidence[1].detail


@needs_chromium
async def test_cancelled_it_leaves_nothing(site: Site, kit: RunKit, scene: MakeScene, temporary: Path) -> None:
    """A look that is cut off takes the browser with it: its whole group, and its profile."""
    going = asyncio.ensure_future(look(kit, scene, url=f"{site.url}/hangs", selector="h1"))
    async with asyncio.timeout(20):
        await site.hanging.wait()
    assert browsers(temporary)
    going.cancel()
    await asyncio.wait({going})
    assert going.cancelled()
    assert nothing_left(temporary)


@needs_chromium
async def test_a_killed_engine_takes_its_browser_along(temporary: Path) -> None:
    """S24: nobody is left to end it, so it ends itself; what it leaves on disk, a later one removes."""
    program = f"""
import asyncio, os, tempfile
from controlroom.adapters.browser.process import browser_process
tempfile.tempdir = {str(temporary)!r}
async def main():
    async with browser_process({find_browser(os.environ)!r}, os.environ, loopback_only=True):
        print("up", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    engine = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert engine.stdout is not None
    async with asyncio.timeout(30):
        assert await engine.stdout.readline() == b"up\n"
    assert browsers(temporary)
    engine.kill()
    await engine.wait()
    async with asyncio.timeout(10):
        while browsers(temporary):  # noqa: ASYNC110 - nobody is told when it is gone
            await asyncio.sleep(0.05)
    (left,) = temporary.iterdir()
    for age_s, stays in ((3600, True), (90_000, False)):
        os.utime(left, (time.time() - age_s, time.time() - age_s))
        _folder().rmdir()
        assert left.exists() is stays


@needs_chromium
async def test_checklist_item(site: Site, kit: RunKit, scene: MakeScene, temporary: Path, tmp_path: Path) -> None:
    """An item has the same evidence, by attempt, with a picture of each; time that is out ends the browser."""
    page = {"url": f"{site.url}/shop", "selector": "#version", "equals": "v2.1.0"}
    result = await run(kit, scene, browser=page)
    assert (result.state, result.note) == (SmokeState.PASS, "the page shows v2.1.0")
    result = await run(kit, scene, browser={**page, "equals": "v9"}, retries="1")
    assert (result.state, result.note) == (SmokeState.FAIL, "the page shows v2.1.0, not v9 (2 attempts)")
    first, second = result.evidence
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.picture != second.picture
    assert (tmp_path / second.picture).read_bytes().startswith(PNG)
    result = await run(kit, scene, browser={**page, "url": f"{site.url}/hangs"}, timeout="6s")
    assert result.state is SmokeState.FAIL
    assert "within" in result.note
    assert nothing_left(temporary)


@needs_chromium
async def test_preflight_starts_it(kit: RunKit, temporary: Path) -> None:
    """That it is there and starts is known before the run, with its version."""
    finding = await BrowserTarget(kit.browser).look()
    assert finding.ok
    assert "Chrome" in finding.detail
    assert nothing_left(temporary)


async def test_without_a_browser(scene: MakeScene, tmp_path: Path) -> None:
    """There is a clear word, and no stack trace; what does not start says the last that it said."""
    async with smoke_kit(CONTROLROOM_BROWSER=str(tmp_path / "none")) as kit:
        finding = await BrowserTarget(kit.browser).look()
        assert (finding.ok, finding.detail) == (False, f"there is no Chromium at {tmp_path}/none")
        result = await run(kit, scene, browser={"url": "http://127.0.0.1/", "selector": "h1"})
        assert (result.state, result.note) == (SmokeState.FAIL, finding.detail)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho first >&2\necho 'No usable sandbox!' >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    async with smoke_kit(CONTROLROOM_BROWSER=str(broken)) as kit:
        finding = await BrowserTarget(kit.browser).look()
        assert finding.detail == "the browser does not start: No usable sandbox!"


def test_where_a_browser_is_found(tmp_path: Path) -> None:
    """The setting goes first, then what Playwright brought, the newest of it, then what is installed."""
    cache = tmp_path / ".cache/ms-playwright"
    names = (
        "chromium_headless_shell-1200/chrome-headless-shell-linux64/chrome-headless-shell",
        "chromium-998/chrome-linux/chrome",
        "chromium-1200/chrome-linux64/chrome",
    )
    found = []
    for name in names:
        (cache / name).parent.mkdir(parents=True)
        shutil.copy("/bin/true", cache / name)
        found.append(find_browser({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}))
    assert found == [str(cache / name) for name in names]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    assert find_browser({**env, "CONTROLROOM_BROWSER": "/bin/true"}) == "/bin/true"
    assert find_browser({**env, "CONTROLROOM_BROWSER": "/nowhere"}) is None
    assert find_browser({**env, "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "none")}) == find_browser(
        {**env, "HOME": ""}
    )


def test_only_root_goes_without_a_sandbox(tmp_path: Path) -> None:
    """And the browser gets nothing of the operator's environment but the proxies, which a rehearsal has no use for."""
    assert "--no-sandbox" in argv_of("chromium", tmp_path, loopback_only=False, root=True)
    words = argv_of("chromium", tmp_path, loopback_only=True, root=False)
    assert "--no-sandbox" not in words
    assert "--no-proxy-server" in words
    env = {"HOME": "/root", "AWS_SECRET_ACCESS_KEY": "x", "https_proxy": "http://proxy:3128"}
    assert environment_of(env, tmp_path, loopback_only=False)["https_proxy"] == "http://proxy:3128"
    assert set(environment_of(env, tmp_path, loopback_only=True)) == {"PATH", "HOME", "TMPDIR", "LANG", "TZ"}


async def test_which_plans_need_it() -> None:
    """A plan without a page needs no browser, and its preflight starts none."""
    async with smoke_kit() as kit:
        assert not needs_browser(kit.plan)
        assert kit.tools() == []
        page = {"id": "x", "title": "X", "browser": {"url": "http://127.0.0.1/", "selector": "h1"}}
        assert needs_browser(type(kit.plan).model_validate({**PLAN, "smoke": [page]}))
