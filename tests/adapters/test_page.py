"""Page checks: what a visitor reads, through an edge that may answer from its cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.conftest import ok

from controlroom.adapters.html_text import text_of
from controlroom.adapters.page import PageCheck, PageObserver, PageReader
from controlroom.plan.steps import Check, Observe

if TYPE_CHECKING:
    from tests.adapters.conftest import MakeScene, Peer

    from controlroom.adapters.http import Caller
    from controlroom.ports import Finding

PAGE = """<!doctype html><html><head><title>Tienda</title><style>.version{}</style></head><body>
<p class=lead>Hola<p>mundo
<footer id="pie" class="foot dark"><br>Tienda <span class="version">v2.1.0</span> &copy; <b>S&amp;P</b>
<script>document.write("v9")</script><img src=x></footer><div class="version">v0</div></body></html>"""


def served(version: str, **headers: str) -> bytes:
    """A page that shows `version`, with headers of an edge."""
    body = f'<html><footer>App <span class="version"> {version}\n</span></footer></html>'.encode()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def look(caller: Caller, scene: MakeScene, **page: Any) -> Finding:
    """One look; the target is v2.1.0."""
    spec = Check.model_validate({"page": {"equals": "${version.target}"} | page})
    return await PageCheck(spec, PageReader(caller)).look(scene(version_target="v2.1.0"))


@pytest.mark.parametrize(
    ("html", "element_id", "element_class", "text"),
    [
        (PAGE, None, "version", "v2.1.0"),
        (PAGE, "pie", None, "Tienda v2.1.0 © S&P"),
        (PAGE, None, "dark", "Tienda v2.1.0 © S&P"),
        (PAGE, None, "foot dark", None),
        (PAGE, "nowhere", None, None),
        (PAGE, None, "lead", "Hola mundo Tienda v2.1.0 © S&P v0"),
        ('<div id="a">x<div>y</div>z</div>w', "a", None, "x y z"),
        ('<div id="a">x', "a", None, "x"),
        ('<input id="a" value="v1"><p>y', "a", None, ""),
        ("<p id=a>v<b>2</b>.<i>1</i></p>", "a", None, "v2.1"),
        ("<b id=a></b>", "a", None, ""),
        ('<div id="a"/>still inside</div>', "a", None, "still inside"),
        ("<!-- <b id=a>no</b> --><b id=a>yes</b>", "a", None, "yes"),
        ("<b id=a>" * 3000 + "deep", "a", None, "deep"),
        ("no page at all \x00 <<>", "a", None, None),
    ],
)
def test_the_text_of_an_element(html: str, element_id: str | None, element_class: str | None, text: str | None) -> None:
    """Id and class are found in HTML as browsers accept it; scripts are not read."""
    found = text_of(html, element_id=element_id, element_class=element_class)
    assert (None if found is None else " ".join(found.split())) == text


async def test_the_version_in_the_footer(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """The document's last step: the footer shows the version that was deployed."""
    peer.say(served("v2.1.0", Age="0", X_Cache="MISS"))
    found = await look(caller, scene, url=f"{peer.url}/", **{"class": "version"})
    assert (found.ok, found.observed) == (True, "v2.1.0")
    assert found.detail == "the page shows v2.1.0 (Age 0, X-Cache MISS)"
    assert found.evidence[0].detail.endswith(f" ms · {found.detail}")
    assert "no-cache" not in peer.requests[0].lower()


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "the page shows v2.0.0, not v2.1.0"),
        ({"Age": "0", "X_Cache": "MISS"}, "the page shows v2.0.0, not v2.1.0 (Age 0, X-Cache MISS)"),
        ({"Age": "35"}, "stale CDN answer: the page shows v2.0.0, not v2.1.0 (Age 35)"),
        (
            {"X_Cache": "Hit from cloudfront"},
            "stale CDN answer: the page shows v2.0.0, not v2.1.0 (X-Cache Hit from cloudfront)",
        ),
        (
            {"CF_Cache_Status": "HIT", "Age": "7"},
            "stale CDN answer: the page shows v2.0.0, not v2.1.0 (Age 7, Cf-Cache-Status HIT)",
        ),
        (
            {"CF_Cache_Status": "UPDATING"},
            "stale CDN answer: the page shows v2.0.0, not v2.1.0 (Cf-Cache-Status UPDATING)",
        ),
        ({"X_Varnish": "9 8"}, "stale CDN answer: the page shows v2.0.0, not v2.1.0 (X-Varnish 9 8)"),
        ({"X_Varnish": "9", "Age": " 0"}, "the page shows v2.0.0, not v2.1.0 (Age 0, X-Varnish 9)"),
        (
            {"Cache_Status": 'edge; hit; ttl=30, "inner"; fwd=miss'},
            'stale CDN answer: the page shows v2.0.0, not v2.1.0 (Cache-Status edge; hit; ttl=30, "inner"; fwd=miss)',
        ),
        ({"X_Cache": "MISS, HIT"}, "stale CDN answer: the page shows v2.0.0, not v2.1.0 (X-Cache MISS, HIT)"),
        ({"X_Cache": "Miss from cloudfront"}, "the page shows v2.0.0, not v2.1.0 (X-Cache Miss from cloudfront)"),
    ],
)
async def test_an_old_version_and_who_is_to_blame(
    peer: Peer, caller: Caller, scene: MakeScene, headers: dict[str, str], detail: str
) -> None:
    """An old page from the edge's cache is told apart from one that the origin still serves."""
    peer.say(served("v2.0.0", **headers))
    found = await look(caller, scene, url=peer.url, **{"class": "version"})
    assert (found.ok, found.observed, found.detail) == (False, "v2.0.0", detail)


async def test_patterns(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """A pattern's first group, or all of it, is the text."""
    peer.say(served("v2.1.0"))
    assert (await look(caller, scene, url=peer.url, pattern=r"version\D*(v[\d.]+)")).ok
    assert (await look(caller, scene, url=peer.url, pattern=r"v[\d.]+")).ok
    found = await look(caller, scene, url=peer.url, pattern="build (.*)")
    assert found.detail == "the page has no text like build (.*)"


async def test_what_is_no_page(peer: Peer, caller: Caller, scene: MakeScene, dead_url: str) -> None:
    """A missing element, an error page and a dead edge are findings, each with its reason."""
    peer.say(ok("<html></html>", kind="text/html"))
    found = await look(caller, scene, url=peer.url, id="pie")
    assert (found.ok, found.detail) == (False, "the page has no element #pie")
    peer.say(ok("<h1>Mantenimiento</h1>", "503 Service Unavailable"))
    found = await look(caller, scene, url=peer.url, id="pie")
    assert found.detail == "the page answers with status 503"
    found = await look(caller, scene, url=dead_url, id="pie")
    assert found.detail.startswith("connection refused")


async def test_redirects_as_a_visitor(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """A visitor follows redirects; one that goes in circles ends."""
    moved = f"HTTP/1.1 301 Moved\r\nLocation: {peer.url}/es\r\nContent-Length: 0\r\n\r\n".encode()
    peer.say(moved, served("v2.1.0"))
    assert (await look(caller, scene, url=peer.url, **{"class": "version"})).ok
    peer.say(moved)
    found = await look(caller, scene, url=peer.url, **{"class": "version"})
    assert found.detail == "the page answers with status 301"


async def test_observing(peer: Peer, caller: Caller, scene: MakeScene) -> None:
    """An observer gives the text and where it came from."""
    peer.say(served("v2.0.0", Age="9"))
    spec = Observe.model_validate({"page": {"url": peer.url, "class": "version"}})
    assert spec.page is not None
    found = await PageObserver(spec.page, PageReader(caller)).look(scene())
    assert (found.ok, found.observed, found.detail) == (True, "v2.0.0", "the page shows v2.0.0 (Age 9)")
