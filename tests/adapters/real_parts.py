"""Real servers for log and alert sources: an Alertmanager, and one that speaks Elasticsearch's API."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
needs_alertmanager = pytest.mark.skipif(
    ALERTMANAGER is None, reason="Alertmanager is not installed (apt-get install prometheus-alertmanager)"
)
OSMEM = importlib.util.find_spec("osmem_server")
needs_osmem = pytest.mark.skipif(OSMEM is None, reason="osmem-server has no wheel for this platform")
READY_S = 30.0
_DIRECT = build_opener(ProxyHandler({}))
_PAUSE = threading.Event()


def ask(url: str, sent: Any = None, kind: str = "application/json") -> Any:
    """GET, or POST of JSON (or of a text as it is); the JSON that comes back, None for none."""
    body = None if sent is None else (sent if isinstance(sent, str) else json.dumps(sent)).encode()
    request = Request(url, body, {"Content-Type": kind})  # noqa: S310 - a URL of loopback, made here
    with _DIRECT.open(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text[:1] in (b"{", b"[") else None


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """The URL of a real Alertmanager that tells nobody."""
    assert ALERTMANAGER is not None
    folder.mkdir(parents=True, exist_ok=True)
    config = {"route": {"receiver": "nobody", "group_wait": "0s"}, "receivers": [{"name": "nobody"}]}
    (folder / "alertmanager.yml").write_text(json.dumps(config))  # JSON is YAML
    port = free_port()
    command = [
        ALERTMANAGER,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running(command, folder / "log", f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def elasticsearch(folder: Path) -> Iterator[str]:
    """The URL of a server that speaks Elasticsearch's API, with no index yet."""
    assert OSMEM is not None
    assert OSMEM.origin is not None
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    program = str(Path(OSMEM.origin).parent / "bin" / "osmem-server")
    command = [program, "-addr", f"127.0.0.1:{port}", "-no-stdin-watch", "-no-ja"]
    with _running(command, folder / "log", f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: Sequence[str], log: Path, ready: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + READY_S
        while not _answers(ready):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, f"{command[0]} is not ready in time"
            _PAUSE.wait(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _answers(url: str) -> bool:
    try:
        ask(url)
    except (URLError, OSError):
        return False
    return True
