"""The text of one element of a web page, roughly as a visitor reads it; a browser is asked for more than that."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_VOID: Final = re.compile("area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")
_UNREAD: Final = re.compile("script|style|template")
_BREAKS: Final = re.compile(
    "address|article|aside|br|d[dlt]|div|footer|h[1-6]|header|hr|li|main|nav|[ou]l|p|pre|section|table|t[dhr]"
)
"""Between these and what is around them a visitor sees a gap."""


def text_of(html: str, *, element_id: str | None = None, element_class: str | None = None) -> str | None:
    """The text of the first element with that id, or with that class among its classes; None when there is none."""
    finder = _Finder(element_id, element_class)
    finder.feed(html)
    finder.close()
    return "".join(finder.parts) if finder.found else None


class _Finder(HTMLParser):
    """Collects the text of the first element that matches, its inner elements included."""

    def __init__(self, element_id: str | None, element_class: str | None) -> None:
        super().__init__(convert_charrefs=True)
        self._id, self._class = element_id, element_class
        self._tag = ""
        self._depth = 0
        self._unread = 0
        self.found = False
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _UNREAD.fullmatch(tag):
            self._unread += 1
        elif self._depth:
            self._depth += tag == self._tag
            self._gap(tag)
        elif not self.found and self._matches(dict(attrs)):
            self.found = True
            self._tag, self._depth = tag, int(not _VOID.fullmatch(tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # In HTML the slash of <div/> means nothing: the element stays open.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if _UNREAD.fullmatch(tag):
            self._unread = max(0, self._unread - 1)
        elif self._depth:
            self._depth -= tag == self._tag
            self._gap(tag)

    def _gap(self, tag: str) -> None:
        if _BREAKS.fullmatch(tag):
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if self._depth and not self._unread:
            self.parts.append(data)

    def _matches(self, attributes: dict[str, str | None]) -> bool:
        if self._id is not None:
            return attributes.get("id") == self._id
        return self._class in (attributes.get("class") or "").split()
