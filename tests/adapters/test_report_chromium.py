"""The HTML report in a real browser: it draws its charts, asks nobody for anything, and has nothing to complain of."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import threading
import zlib
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.unit.report.hostile import filled
from tests.unit.report.kept import keep, watched_night
from tests.unit.report.night import bad_night, good_night

from controlroom.adapters.samples.store import SampleStore
from controlroom.adapters.samples.summing import over
from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.html import html
from controlroom.report.watched import MOST_COLUMNS, watched_series, watched_window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
PAGE = "http://report.test/report.html"
ITS_OWN = (".google.com", ".googleapis.com", ".gvt1.com", ".gstatic.com")
"""Hosts that the browser asks for things of its own."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt install chromium)")


class Proxy(ThreadingHTTPServer):
    """All of the network that the browser has: it serves one page, and remembers everything that was asked for."""

    def __init__(self, page: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.page = page.encode()
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        if (urlsplit(self.path).hostname or "").endswith(ITS_OWN):
            self.send_error(404)
            return
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.server.page)

    def do_CONNECT(self) -> None:
        if not self.path.partition(":")[0].endswith(ITS_OWN):
            self.server.asked.append(self.path)
        self.send_error(403)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def proxy(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with Proxy(request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def browse(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What Chromium says when it opens a page headless; it reaches nothing but what `words` let it."""
    assert CHROMIUM is not None
    return subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--virtual-time-budget=2000",
            *words,
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=90,
    )


def complaints(log: str) -> list[str]:
    """What the page's console said."""
    return [line for line in log.splitlines() if ":CONSOLE" in line]


class Elements(HTMLParser):
    """The elements of a page as the browser built it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.classes: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.classes.append(dict(attrs).get("class") or "")


def pixels(path: Path) -> set[tuple[int, ...]]:
    """The colours of a PNG with eight bits a channel."""
    data, place, packed = path.read_bytes(), 8, b""
    width = height = channels = 0
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert depth == 8
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += body
        place += 12 + length
    raw, row, found = zlib.decompress(packed), width * channels, set()
    above = bytearray(row)
    for line in range(height):
        start = line * (row + 1)
        now = bytearray(raw[start + 1 : start + 1 + row])
        _unfilter(raw[start], now, above, channels)
        found |= {tuple(now[at : at + 3]) for at in range(0, row, channels)}
        above = now
    return found


def _unfilter(kind: int, now: bytearray, above: bytearray, step: int) -> None:
    """The filters of PNG, in place."""
    for at in range(len(now)):
        left = now[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        up = above[at]
        if kind == 1:
            now[at] = (now[at] + left) & 255
        elif kind == 2:
            now[at] = (now[at] + up) & 255
        elif kind == 3:
            now[at] = (now[at] + (left + up) // 2) & 255
        elif kind == 4:
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
            now[at] = (now[at] + nearest[2]) & 255


BAD = html(document(bad_night().report()))
GOOD = html(document(good_night().report()))
WORDS = '"><img src=http://203.0.113.9/x.png><script>console.error("run")</script><link rel=stylesheet href=http://203.0.113.9>'
HOSTILE = html(document(close_out(filled(bad_night().records, WORDS), version="1")))


@pytest.mark.parametrize("proxy", [BAD, GOOD, HOSTILE], indirect=True, ids=["bad", "good", "hostile"])
def test_page_opens_without_complaint_or_request(proxy: Proxy, tmp_path: Path) -> None:
    """One request, for the page itself; no console error; whatever words a stranger wrote, nothing more."""
    opened = browse(tmp_path, f"--proxy-server=127.0.0.1:{proxy.server_address[1]}", "--dump-dom", PAGE)
    assert complaints(opened.stderr) == []
    assert proxy.asked == [PAGE]
    assert "<script" not in opened.stdout


def test_charts_are_in_the_page(tmp_path: Path) -> None:
    """Opened as a file, as a manager does: the breach's line with its limit, and the bars of every service."""
    page = tmp_path / "report.html"
    page.write_text(BAD, encoding="utf-8")
    opened = browse(tmp_path, "--dump-dom", page.as_uri())
    assert complaints(opened.stderr) == []
    built = Elements(opened.stdout)
    assert built.tags.count("svg") == 2
    assert built.classes.count("line") >= 10
    assert built.classes.count("limit") == 1
    assert sum(name.startswith("bar ") for name in built.classes) == 4 * 2 + 4 * 2


def test_charts_of_the_watch_are_in_the_page(tmp_path: Path) -> None:
    """S22: with kept samples, a chart of each indicator: bands that know of the gap, and both limits."""
    night, samples = watched_night(), tmp_path / "samples.bin"
    store = SampleStore(samples)
    keep(night, store)
    store.close()
    window = watched_window(night.state)
    assert window is not None
    columns = over(samples, watched_series(night.outline), window, MOST_COLUMNS)
    page = tmp_path / "report.html"
    page.write_text(html(document(close_out(night.records, version="1", columns=columns))), encoding="utf-8")
    opened = browse(tmp_path, "--dump-dom", page.as_uri())
    assert complaints(opened.stderr) == []
    built = Elements(opened.stdout)
    assert built.classes.count("band") == 2 * 2
    assert built.classes.count("limit") == 3


def test_charts_are_seen(tmp_path: Path) -> None:
    """On the picture are the colours of the line, the limit, and the bars of verifications and rollbacks."""
    page, picture = tmp_path / "report.html", tmp_path / "report.png"
    head, _, _ = BAD.partition("<body")
    figures = re.findall("<figure>.*?</figure>", BAD, re.DOTALL)
    page.write_text(f"{head}<body>{''.join(figures)}</body></html>", encoding="utf-8")
    browse(tmp_path, "--window-size=960,620", f"--screenshot={picture}", page.as_uri())
    accent, limit, verify, back = (0x2F, 0x5F, 0xB3), (0xB3, 0x26, 0x1E), (0x1A, 0x7F, 0x4B), (0x9A, 0x62, 0x00)
    assert {accent, limit, verify, back} <= pixels(picture)


def test_report_prints(tmp_path: Path) -> None:
    """On paper it has several pages, and none is empty of text."""
    page, paper = tmp_path / "report.html", tmp_path / "report.pdf"
    page.write_text(BAD, encoding="utf-8")
    browse(tmp_path, f"--print-to-pdf={paper}", "--no-pdf-header-footer", page.as_uri())
    assert paper.read_bytes().startswith(b"%PDF-")
    assert paper.stat().st_size > 20_000
