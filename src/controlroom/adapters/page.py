"""Web pages as check and observer: what a visitor reads in one element, and whether an edge's cache answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from controlroom.adapters.exchange import Answer, make_request
from controlroom.adapters.html_text import text_of
from controlroom.adapters.http import LOOK_S, summary
from controlroom.errors import ActionError
from controlroom.ports import Finding
from controlroom.run.events import Evidence

if TYPE_CHECKING:
    from controlroom.adapters.http import Caller
    from controlroom.adapters.secrets import Filling
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.plan.steps import PageObserve
    from controlroom.ports import Scene

_MOST_HOPS: Final = 5
_CACHE_HEADERS: Final = (
    *("x-cache", "cf-cache-status", "cache-status", "x-varnish", "x-varnish-cache", "x-proxy-cache", "cdn-cache"),
)
_FROM_CACHE: Final = re.compile(r"hit|stale|updating|revalidated", re.IGNORECASE)
"""What edges say of an answer that they had already: X-Cache: RefreshHit from cloudfront, CF-Cache-Status: STALE."""


class Seen(NamedTuple):
    """The text that a visitor reads, and what the edge said about where the page came from."""

    text: str
    answer: Answer

    @property
    def cached(self) -> bool:
        """True when an edge answered from its cache."""
        headers = self.answer.headers
        # Varnish names two requests when it answers from its cache: this one, and the one that filled it.
        filled_before = len(headers.get("x-varnish", "").split()) > 1
        said = any(_FROM_CACHE.search(headers.get(name, "")) for name in _CACHE_HEADERS)
        return filled_before or said or headers.get("age", "0").strip() != "0"

    @property
    def edge(self) -> str:
        """`Age 35, X-Cache HIT`, or empty when the headers say nothing."""
        names = [name for name in ("age", *_CACHE_HEADERS) if name in self.answer.headers]
        return ", ".join(f"{name.title()} {self.answer.headers[name]}" for name in names)


class PageReader:
    """Fetches pages as a visitor does: through the edge, caches and redirects included."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.vault = caller.vault

    async def read(self, spec: PageObserve, filling: Filling, timeout_s: float) -> Seen:
        """The text that `spec` points at. Raises ActionError."""
        headers = {"Accept": "text/html, */*;q=0.8"} | filling.mapping(spec.headers)
        request = make_request("GET", filling.url(spec.url), headers, timeout_s)
        answer = await self._caller.send(request, timeout_s, follow=_MOST_HOPS)
        if answer.status // 100 != 2:  # noqa: PLR2004 - 2xx
            raise ActionError(f"the page answers with status {answer.status}")
        if spec.pattern is not None:
            match = re.search(filling.regex(spec.pattern), answer.text)
            text = match and (match[1] if match.re.groups else match[0])
        else:
            text = text_of(answer.text, element_id=spec.id, element_class=spec.class_)
        if text is None:
            raise ActionError(f"the page has no {wanted(spec)}")
        return Seen(" ".join(text.split()), answer)


class PageCheck:
    """A page, and whether it shows what it should."""

    kind = "page"

    def __init__(self, spec: CheckSpec, reader: PageReader) -> None:
        assert spec.page is not None  # noqa: S101 - the registry's key says so
        self._spec = spec.page
        self._reader = reader
        self.label = spec.title or reader.vault.shown(f"{spec.page.url} {wanted(spec.page)}")

    async def look(self, scene: Scene) -> Finding:
        """Fetch the page once and compare."""
        vault = self._reader.vault
        try:
            filling = vault.fill(scene.facts)
            expected = filling.text(self._spec.equals)
            seen = await self._reader.read(self._spec, filling, min(scene.timeout_s, LOOK_S))
        except ActionError as exc:
            detail = vault.shown(str(exc))
            return Finding(ok=False, detail=detail, evidence=(Evidence(title=self.label, ok=False, detail=detail),))
        ok = seen.text == expected
        detail = vault.shown(judged(seen, expected))
        evidence = Evidence(
            title=self.label,
            ok=ok,
            detail=vault.shown(f"{summary(seen.answer)} · {detail}"),
            took_s=round(seen.answer.took_s, 3),
        )
        return Finding(ok=ok, detail=detail, observed=vault.shown(seen.text), evidence=(evidence,))


class PageObserver:
    """Reads one value, such as the version in a footer, from a page."""

    kind = "page"

    def __init__(self, spec: PageObserve, reader: PageReader) -> None:
        self._spec = spec
        self._reader = reader
        self.label = reader.vault.shown(f"{spec.url} {wanted(spec)}")

    async def look(self, scene: Scene) -> Finding:
        """Fetch the page once and take the text."""
        vault = self._reader.vault
        try:
            seen = await self._reader.read(self._spec, vault.fill(scene.facts), min(scene.timeout_s, LOOK_S))
        except ActionError as exc:
            return Finding(ok=False, detail=vault.shown(str(exc)))
        detail = f"the page shows {seen.text}" + (f" ({seen.edge})" if seen.edge else "")
        return Finding(ok=True, detail=vault.shown(detail), observed=vault.shown(seen.text))


def wanted(spec: PageObserve) -> str:
    """What the check looks for, for the operator."""
    if spec.pattern is not None:
        return f"text like {spec.pattern}"
    return f"element #{spec.id}" if spec.id is not None else f"element .{spec.class_}"


def judged(seen: Seen, expected: str) -> str:
    """What the page shows and should, and what the edge says about where it came from."""
    if seen.text == expected:
        return f"the page shows {seen.text}{_from(seen)}"
    return unlike(seen, f"not {expected}")


def unlike(seen: Seen, should: str) -> str:
    """That the page shows something else; an old answer out of a cache is named as such before all else."""
    stale = "stale CDN answer: " if seen.cached else ""
    return f"{stale}the page shows {seen.text or 'nothing'}, {should}{_from(seen)}"


def _from(seen: Seen) -> str:
    return f" ({seen.edge})" if seen.edge else ""
