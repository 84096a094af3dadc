"""The browser of a run: opens pages, each in a Chromium of its own that nothing is left of."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from controlroom.adapters.browser.binary import SETTING, find_browser
from controlroom.adapters.browser.process import browser_process
from controlroom.adapters.browser.visit import Visit
from controlroom.adapters.exchange import make_request
from controlroom.adapters.http_client import LOOPBACK
from controlroom.adapters.trouble import NoAnswer, Unable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from controlroom.adapters.browser.visit import Sight
    from controlroom.adapters.secrets import Vault
    from controlroom.plan.steps import BrowserCheck as PageSpec
    from controlroom.ports import Clock, Scene

T = TypeVar("T")
LOOK_S: Final = 30.0
"""Real seconds that one look may take, the start of the browser included."""
TOGETHER: Final = 2
"""Browsers that run at the same time; others wait within their own time."""
_FOR_THE_PAGE: Final = 0.75
"""The share of the time that is left for the page itself; the rest is for its picture."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the plan says of a page, its references resolved."""

    url: str
    selector: str
    equals: str | None
    pattern: str | None
    strict: bool

    def met(self, text: str) -> bool:
        """Whether the text is as it should be."""
        if self.equals is not None:
            return text == self.equals
        return self.pattern is None or re.search(self.pattern, text) is not None


class Browser:
    """Finds the browser at each use, so that one which was installed since is seen."""

    def __init__(self, env: Mapping[str, str], vault: Vault, clock: Clock, *, loopback_only: bool) -> None:
        self._env = env
        self._clock = clock
        self._loopback_only = loopback_only
        self._free = asyncio.Semaphore(TOGETHER)
        self.vault = vault

    async def version(self) -> str:
        """Which one there is, having started it. Raises Unable and NoAnswer."""
        binary = self._binary()

        async def ask() -> str:
            async with browser_process(binary, self._env, loopback_only=self._loopback_only) as tools:
                return str((await tools.call("Browser.getVersion")).get("product", "a browser"))

        product = await _in_time(ask(), LOOK_S)
        return f"{product.replace('/', ' ')} at {binary}"

    def resolve(self, spec: PageSpec, scene: Scene) -> Wanted:
        """What is wanted of a page in `scene`. Raises Unable."""
        filling = self.vault.fill(scene.facts)
        address = make_request("GET", filling.url(spec.url), {}, LOOK_S).url
        if self._loopback_only and address.host not in LOOPBACK:
            raise Unable(f"a rehearsal reaches this machine only, not {address.host}")
        equals = None if spec.equals is None else " ".join(filling.text(spec.equals).split())
        pattern = None if spec.pattern is None else filling.regex(spec.pattern)
        return Wanted(str(address), filling.text(spec.selector), equals, pattern, spec.strict)

    async def see(self, wanted: Wanted, limit_s: float) -> Sight:
        """Open the page and wait for what is wanted, for real `limit_s` in all. Raises Unable and NoAnswer."""
        binary = self._binary()
        until = self._clock.monotonic() + limit_s
        seen: list[Sight] = []

        async def visit() -> None:
            async with self._free, browser_process(binary, self._env, loopback_only=self._loopback_only) as tools:
                left_s = _FOR_THE_PAGE * (until - self._clock.monotonic())
                seen.append(await Visit(tools, self._clock).see(wanted.url, wanted.selector, left_s, wanted.met))

        try:
            await _in_time(visit(), limit_s)
        except NoAnswer:
            if not seen:  # else only the end of the browser took longer
                raise
        return seen[0]

    def _binary(self) -> str:
        found = find_browser(self._env)
        if found is None:
            named = self._env.get(SETTING)
            raise Unable(f"there is no Chromium at {named}" if named else "there is no Chromium on this machine")
        return found


async def _in_time(work: Awaitable[T], limit_s: float) -> T:
    try:
        async with asyncio.timeout(limit_s):
            return await work
    except TimeoutError as exc:
        raise NoAnswer(f"the page was not there within {limit_s:g} s", sent=True, timed_out=True) from exc
