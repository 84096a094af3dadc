"""One visit to a page: opened, waited for, read, and photographed."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.browser.witness import Witness, reason_of
from controlroom.adapters.trouble import NoAnswer, Unable
from controlroom.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.adapters.browser.devtools import DevTools
    from controlroom.ports import Clock

POLL_S: Final = 0.1
SETTLE_S: Final = 1.0
"""Real seconds for which a page that is loaded may still change its text into the one that is waited for."""
PICTURE_S: Final = 10.0
MOST_TEXT: Final = 8192
_READ: Final = """
(() => {
  const found = document.querySelector(%s);
  return found === null ? null : (found.innerText ?? found.textContent ?? "").slice(0, %d);
})()
"""
_MOVED_ON: Final = ("context", "navigat")
"""Parts of what is said when a page is replaced while it is read."""


@dataclass(slots=True)
class Sight:
    """What a visit saw; `text` is None when nothing matched the selector, `picture` a PNG."""

    text: str | None
    witness: Witness
    took_s: float
    picture: bytes | None = None


class Visit:
    """Opens one page in a browser of its own; `tools` is a fresh conversation with it."""

    def __init__(self, tools: DevTools, clock: Clock) -> None:
        self._tools = tools
        self._clock = clock
        self._session = ""
        self._closing: set[asyncio.Task[None]] = set()
        self.witness = Witness()

    async def see(self, url: str, selector: str, limit_s: float, enough: Callable[[str], bool]) -> Sight:
        """Open `url`, and read the first element that matches once `enough` says so, or `limit_s` is out.

        Raises NoAnswer when the page cannot be opened, and Unable for what is no selector.
        """
        began = self._clock.monotonic()
        await self._prepare()
        await self._open(url, limit_s)
        text = await self._wait(selector, began + limit_s, enough)
        took_s = self._clock.monotonic() - began
        return Sight(text, self.witness, took_s, await self._photograph())

    async def _prepare(self) -> None:
        target = await self._tools.call("Target.createTarget", url="about:blank")
        attached = await self._tools.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.witness.frame = target["targetId"]
        self._tools.on_event = self._hear
        await self._tools.call("Browser.setDownloadBehavior", behavior="deny")
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self._call(f"{domain}.enable")

    def _hear(self, name: str, content: dict[str, Any]) -> None:
        self.witness.take(name, content)
        if name == "Page.javascriptDialogOpening":
            # At once: as long as it is open the page does nothing, and answers nobody.
            task = asyncio.create_task(self._close_dialog(), name="dialog")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_dialog(self) -> None:
        with contextlib.suppress(ActionError):
            await self._call("Page.handleJavaScriptDialog", accept=False)

    async def _open(self, url: str, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                opened = await self._call("Page.navigate", url=url)
        except TimeoutError as exc:
            raise NoAnswer(f"no answer within {limit_s:g} s", sent=True, timed_out=True) from exc
        if error := opened.get("errorText"):
            raise NoAnswer(f"the page cannot be opened: {reason_of(error)}", sent=True)

    async def _wait(self, selector: str, deadline: float, enough: Callable[[str], bool]) -> str | None:
        script = _READ % (json.dumps(selector), MOST_TEXT)
        settled: float | None = None
        while True:
            text = await self._read(script)
            now = self._clock.monotonic()
            if text is not None and self.witness.loaded:
                settled = settled if settled is not None else now + SETTLE_S
            if text is not None and enough(text):
                return text
            if now >= deadline or (settled is not None and now >= settled):
                return text
            await self._clock.sleep(POLL_S)

    async def _read(self, script: str) -> str | None:
        """The text as it is now; None while there is none. Raises Unable for what is no selector."""
        try:
            answer = await self._call("Runtime.evaluate", expression=script, returnByValue=True)
        except Unable as exc:
            if any(sign in str(exc) for sign in _MOVED_ON):
                return None
            raise
        if thrown := answer.get("exceptionDetails"):
            described = thrown.get("exception", {}).get("description", "")
            if "not a valid selector" in described:
                raise Unable("this is no CSS selector")
            return None
        value = answer.get("result", {}).get("value")
        return None if value is None else " ".join(str(value).encode(errors="replace").decode().split())

    async def _photograph(self) -> bytes | None:
        """The page as it is; None when it cannot be had, which says nothing about the page."""
        try:
            async with asyncio.timeout(PICTURE_S):
                shot = await self._call("Page.captureScreenshot", format="png")
            return base64.b64decode(shot["data"], validate=True)
        except (ActionError, TimeoutError, KeyError, binascii.Error):
            return None

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return await self._tools.call(method, session=self._session, **params)
