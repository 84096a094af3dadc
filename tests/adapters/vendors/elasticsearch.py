"""A fake of Elasticsearch's search, for what the real part does not do on demand: failed shards, odd answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.http_server import Asked, Said

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class FakeElasticsearch:
    """Entries with their time (epoch seconds), all of which match; `failed` of its `shards` do not answer."""

    now: Callable[[], float]
    token: str
    entries: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    shards: int = 5
    failed: int = 0
    timed_out: bool = False
    old: bool = False

    def log(self, message: str, *, ago: float = 0.0) -> None:
        """Write an entry."""
        self.entries.append((self.now() - ago, {"message": message, "level": "ERROR", "service": "orders"}))

    def answer(self, asked: Asked) -> Said:
        """What Elasticsearch says."""
        if asked.headers.get("authorization") != f"ApiKey {self.token}":
            reason = "unable to authenticate with provided credentials"
            return Said({"error": {"type": "security_exception", "reason": reason}, "status": 401}, 401)
        index = asked.path.split("/")[1]
        if "*" not in index and index != "shop-2026":
            reason = f"no such index [{index}]"
            return Said({"error": {"type": "index_not_found_exception", "reason": reason}, "status": 404}, 404)
        if not index.startswith("shop-"):
            empty = {"total": {"value": 0, "relation": "eq"}, "hits": []}
            return Said({"took": 1, "timed_out": False, "_shards": {"total": 0, "failed": 0}, "hits": empty})
        since = asked.json["query"]["bool"]["filter"][1]["range"]["@timestamp"]["gte"]
        found = re.fullmatch(r"now-(\d+)s", since)
        assert found is not None, since
        newest = sorted((entry for entry in self.entries if entry[0] >= self.now() - int(found[1])), key=_time)[::-1]
        hits = [{"_index": "shop-2026", "_source": source} for _, source in newest[: asked.json["size"]]]
        total: Any = len(newest) if self.old else {"value": len(newest), "relation": "eq"}
        shards = {"total": self.shards, "successful": self.shards - self.failed, "skipped": 0, "failed": self.failed}
        body = {"took": 3, "timed_out": self.timed_out, "_shards": shards, "hits": {"total": total, "hits": hits}}
        return Said(body)


def _time(entry: tuple[float, dict[str, Any]]) -> float:
    return entry[0]
