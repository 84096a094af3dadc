"""What goes on in a page while it is open: its document's answer, errors on the console, requests that fail."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

MOST_KEPT: Final = 20
"""Complaints of each kind that are kept word for word; the others are counted."""
MOST_WORDS: Final = 500
MOST_OPEN: Final = 2000
"""Requests under way that are remembered by name."""
_ERRORS: Final = ("error", "assert")


class Complaints:
    """Things of one kind that went wrong."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: list[str] = []

    def add(self, words: str) -> None:
        """One more."""
        self.count += 1
        if len(self.kept) < MOST_KEPT:
            self.kept.append(_proper(words)[:MOST_WORDS])


class Witness:
    """Listens to the events of one page; `status` and `headers` are those of its document, 0 before an answer."""

    def __init__(self) -> None:
        self.frame = ""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.loaded = False
        self.requests = 0
        self.console, self.failed = Complaints(), Complaints()
        self._open: dict[str, str] = {}

    def take(self, name: str, content: dict[str, Any]) -> None:
        """An event; those that say nothing here are passed over."""
        match name:
            case "Network.requestWillBeSent":
                self._sent(content)
            case "Network.responseReceived":
                self._answered(content)
            case "Network.loadingFailed":
                self._broken(content)
            case "Network.loadingFinished":
                self._open.pop(content.get("requestId", ""), None)
            case "Runtime.consoleAPICalled" if content.get("type") in _ERRORS:
                self.console.add(" ".join(_spoken(argument) for argument in content.get("args", ())))
            case "Runtime.exceptionThrown":
                self._thrown(content.get("exceptionDetails", {}))
            case "Log.entryAdded":
                self._logged(content.get("entry", {}))
            case "Page.loadEventFired":
                self.loaded = True

    def _sent(self, content: dict[str, Any]) -> None:
        self.requests += 1
        request = content.get("request", {})
        if len(self._open) < MOST_OPEN:
            self._open[content.get("requestId", "")] = f"{request.get('method', 'GET')} {request.get('url', '')}"

    def _answered(self, content: dict[str, Any]) -> None:
        response = content.get("response", {})
        status = int(response.get("status", 0))
        if content.get("type") == "Document" and content.get("frameId") == self.frame:
            self.status = status
            self.headers = {str(key): str(value) for key, value in response.get("headers", {}).items()}
        elif status >= 400 and not _is_icon(response.get("url", "")):  # noqa: PLR2004 - 4xx and 5xx
            named = self._open.get(content.get("requestId", ""), response.get("url", ""))
            self.failed.add(f"{named} answered with {status}")

    def _broken(self, content: dict[str, Any]) -> None:
        named = self._open.pop(content.get("requestId", ""), "a request")
        if not content.get("canceled"):
            self.failed.add(f"{named} failed: {reason_of(content.get('errorText', ''))}")

    def _thrown(self, details: dict[str, Any]) -> None:
        described = details.get("exception", {}).get("description") or details.get("text", "an exception")
        self.console.add(str(described).partition("\n")[0])

    def _logged(self, entry: dict[str, Any]) -> None:
        # What the network could not do is told by its own events, with more words.
        if entry.get("level") == "error" and entry.get("source") != "network":
            self.console.add(str(entry.get("text", "")))


def _is_icon(url: str) -> bool:
    """Whether nobody but the browser asks for it."""
    return urlsplit(url).path == "/favicon.ico"


def reason_of(error: str) -> str:
    """`net::ERR_CONNECTION_REFUSED` in words."""
    return error.removeprefix("net::").removeprefix("ERR_").replace("_", " ").lower() or "no reason given"


def _spoken(argument: dict[str, Any]) -> str:
    value = argument.get("value", argument.get("description", argument.get("type", "")))
    return str(value).partition("\n")[0][:MOST_WORDS]


def _proper(words: str) -> str:
    """Without halves of characters, which JavaScript has and UTF-8 has not."""
    return words.encode(errors="replace").decode()
