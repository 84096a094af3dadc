"""A fake of Splunk's export endpoint: rows of JSON, one a line, previews and messages among them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.adapters.vendors.http_server import Asked, Said

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class FakeSplunk:
    """Entries with their time (epoch seconds), all of which match; `messages` come along with the result."""

    now: Callable[[], float]
    token: str
    entries: list[tuple[float, str]] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)
    previews: int = 0
    resultless: bool = False

    def log(self, message: str, *, ago: float = 0.0) -> None:
        """Write an entry."""
        self.entries.append((self.now() - ago, message))

    def answer(self, asked: Asked) -> Said:
        """What Splunk says."""
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return Said({"messages": [{"type": "WARN", "text": "call not properly authenticated"}]}, 401)
        if asked.path != "/services/search/jobs/export":
            return Said({"messages": [{"type": "ERROR", "text": "Not Found"}]}, 404)
        search = asked.params["search"]
        if not search.startswith(("search ", "|")):
            return _fatal(f"Unknown search command '{search.split()[0]}'.")
        if "| stats" not in search:
            return _fatal("this fake only counts")
        found = re.fullmatch(r"-(\d+)s", asked.params["earliest_time"])
        assert found is not None, asked.params["earliest_time"]
        newest = sorted((one for one in self.entries if one[0] >= self.now() - int(found[1])), reverse=True)
        lines: Any = [text for _, text in newest[:100]]
        row: dict[str, Any] = {"matched": str(len(newest))}
        if lines:
            row["lines"] = lines if len(lines) > 1 else lines[0]
        written = [{"preview": True, "offset": 0, "result": {"matched": "1"}} for _ in range(self.previews)]
        written += [{"messages": [message]} for message in self.messages]
        if not self.resultless:
            written.append({"preview": False, "offset": 0, "lastrow": True, "result": row})
        return Said("".join(json.dumps(line) + "\n" for line in written))


def _fatal(text: str) -> Said:
    return Said({"messages": [{"type": "FATAL", "text": f"Error in 'search' command: {text}"}]}, 400)
