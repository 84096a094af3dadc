"""A real Prometheus that scrapes a stage every second, for tests; `found()` says whether one is installed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed (apt-get install prometheus)"
)
needs_victoria = pytest.mark.skipif(
    shutil.which("victoria-metrics") is None,
    reason="VictoriaMetrics is not installed (apt-get install victoria-metrics)",
)
READY_S = 30.0
_DIRECT = build_opener(ProxyHandler({}))
_PAUSE = threading.Event()


class PrometheusServer:
    """Scrapes `targets` (service → host:port) under a label `service`; further settings of its file as JSON text."""

    READY = "/-/ready"
    LATE_S = 0.0
    """By how much later than a scrape it shows what was scraped."""

    def __init__(self, folder: Path, targets: Mapping[str, str], *, rules: Sequence[Path] = (), more: str = "") -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        folder.mkdir(parents=True, exist_ok=True)
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rule) for rule in rules],
            "scrape_configs": [
                {
                    "job_name": "stage",
                    "honor_labels": True,
                    "static_configs": [
                        {"targets": [target], "labels": {"service": service}} for service, target in targets.items()
                    ],
                }
            ],
            **json.loads(more or "{}"),
        }
        (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML

    def __enter__(self) -> Self:
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        until = time.monotonic() + READY_S
        while not self._ready():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < until, "Prometheus is not ready in time"
            _PAUSE.wait(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def command(self) -> list[str]:
        """The program and its words."""
        return [
            "prometheus",
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]

    def value(self, query: str) -> float:
        """The first value that a query gives, 0.0 without any."""
        with _DIRECT.open(f"{self.url}/api/v1/query?{urlencode({'query': query})}", timeout=5) as answer:
            result = json.load(answer)["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0

    def _ready(self) -> bool:
        try:
            with _DIRECT.open(f"{self.url}{self.READY}", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


class VictoriaServer(PrometheusServer):
    """VictoriaMetrics in its place, which answers the same questions with an engine of its own."""

    READY = "/health"
    LATE_S = 2.0

    def command(self) -> list[str]:
        """The program and its words; what it is told is there to be found a second later, and not after 30."""
        return [
            "victoria-metrics",
            f"-promscrape.config={self._folder / 'prometheus.yml'}",
            "-promscrape.config.strictParse=false",
            f"-storageDataPath={self._folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{self._port}",
            "-search.latencyOffset=1s",
            "-search.disableCache",
        ]
