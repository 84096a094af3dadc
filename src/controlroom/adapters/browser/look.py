"""A page in a real browser as check and as checklist item: what it shows, and what went wrong while it was open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import httpx
from msgspec.structs import replace

from controlroom.adapters.browser.browser import LOOK_S, Browser
from controlroom.adapters.exchange import Answer
from controlroom.adapters.page import Seen, judged, unlike
from controlroom.errors import ActionError
from controlroom.ports import Finding
from controlroom.run.events import Evidence

if TYPE_CHECKING:
    from controlroom.adapters.browser.browser import Wanted
    from controlroom.adapters.browser.visit import Sight
    from controlroom.adapters.browser.witness import Complaints
    from controlroom.adapters.secrets import Vault
    from controlroom.adapters.smoke import Attempt
    from controlroom.plan.model import Plan
    from controlroom.plan.observation import SmokeItem
    from controlroom.plan.steps import BrowserCheck as PageSpec
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.ports import Scene

MOST_PICTURE: Final = 4 * 1024 * 1024
PICTURE: Final = "page.png"
_OK: Final = range(200, 300)


async def look(browser: Browser, spec: PageSpec, scene: Scene, limit_s: float, label: str) -> Finding:
    """Open a page once and judge it. Never raises; cancelling it ends the browser."""
    vault = browser.vault
    try:
        wanted = browser.resolve(spec, scene)
        sight = await browser.see(wanted, limit_s)
    except ActionError as exc:
        detail = vault.shown(str(exc))
        return Finding(ok=False, detail=detail, evidence=(Evidence(title=label, ok=False, detail=detail),))
    picture = await asyncio.to_thread(_keep, sight.picture, scene)
    wrong, detail = _verdict(wanted, sight)
    main = Evidence(
        title=label,
        ok=not wrong,
        detail=vault.shown(detail),
        took_s=round(sight.took_s, 3),
        sent=vault.shown(f"GET {wanted.url}") if "${" in spec.url else "",
        got=vault.shown(f"{sight.witness.status} {sight.text or ''}".strip()),
        picture=picture,
    )
    beside = [
        Evidence(title=title, ok=False, detail=vault.shown(_counted(title, found)))
        for title, found in _trouble(sight).items()
    ]
    return Finding(ok=not wrong, detail=main.detail, observed=vault.shown(sight.text or ""), evidence=(main, *beside))


def _verdict(wanted: Wanted, sight: Sight) -> tuple[bool, str]:
    """Whether it is wrong, and the sentence about it."""
    seen = Seen(sight.text or "", Answer(sight.witness.status, httpx.Headers(sight.witness.headers), b"", sight.took_s))
    if sight.witness.status and sight.witness.status not in _OK:
        return True, f"the page answers with status {sight.witness.status}"
    if sight.text is None:
        return True, f"the page has no {wanted.selector} after {sight.took_s:.1f} s"
    if not wanted.met(sight.text):
        if wanted.equals is not None:
            return True, judged(seen, wanted.equals)
        return True, unlike(seen, f"which is not like {wanted.pattern}")
    shows = judged(seen, sight.text)
    if wanted.strict and (trouble := _trouble(sight)):
        return True, f"{shows}; but {'; '.join(_counted(title, found) for title, found in trouble.items())}"
    return False, shows


def _trouble(sight: Sight) -> dict[str, Complaints]:
    """What went wrong beside the page itself."""
    both = {"errors on the console": sight.witness.console, "failed requests": sight.witness.failed}
    return {title: found for title, found in both.items() if found.count}


def _counted(title: str, found: Complaints) -> str:
    return f"{found.count} {title}: {'; '.join(found.kept)}"


def _keep(picture: bytes | None, scene: Scene) -> str:
    """Write the picture into the job's folder; its path within the run's, empty when it cannot be kept."""
    if picture is None or len(picture) > MOST_PICTURE:
        return ""
    try:
        scene.job_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (scene.job_folder / PICTURE).write_bytes(picture)
    except OSError:
        return ""
    return "/".join((*scene.job_folder.parts[-2:], PICTURE))


class BrowserCheck:
    """A page, and whether it shows what it should."""

    kind = "browser"

    def __init__(self, spec: CheckSpec, browser: Browser) -> None:
        assert spec.browser is not None  # noqa: S101 - the registry's key says so
        self._spec = spec.browser
        self._browser = browser
        self.label = spec.title or label_of(spec.browser, browser.vault)

    async def look(self, scene: Scene) -> Finding:
        """Open the page once and compare."""
        return await look(self._browser, self._spec, scene, min(scene.timeout_s, LOOK_S), self.label)


class PageItem:
    """The page of one checklist item."""

    def __init__(self, item: SmokeItem, browser: Browser) -> None:
        assert item.browser is not None  # noqa: S101 - the registry's key says so
        self._spec = item.browser
        self._limit_s = item.timeout
        self._browser = browser
        self._label = label_of(item.browser, browser.vault)

    async def go(self, attempt: Attempt) -> str:
        """Open the page; what went wrong."""
        finding = await look(self._browser, self._spec, attempt.scene, self._limit_s, self._label)
        attempt.evidence += [replace(piece, attempt=attempt.number) for piece in finding.evidence]
        attempt.praise = finding.detail
        return "" if finding.ok else finding.detail


class BrowserTarget:
    """That there is a browser, and that it starts, for a plan that needs one."""

    subject = "browser"

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def look(self) -> Finding:
        """Start it, and ask for its version."""
        try:
            version = await self._browser.version()
        except ActionError as exc:
            return Finding(ok=False, detail=self._browser.vault.shown(str(exc)))
        return Finding(ok=True, detail=version, observed=version)


def needs_browser(plan: Plan) -> bool:
    """Whether any check or smoke test opens a page in a browser."""
    checks = (check.browser for service in plan.services for check in service.verify)
    return any(page is not None for page in (*checks, *(item.browser for item in plan.smoke)))


def label_of(spec: PageSpec, vault: Vault) -> str:
    """Page and element as the plan has them, for the operator."""
    return vault.shown(f"browser {spec.url} {spec.selector}")
