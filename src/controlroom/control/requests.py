"""Reading what a client sends: bounded, checked and cleaned before the engine hears of it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from controlroom.control.protocol import VERSION, Give, Hello, ReadHistory, ReadLog, Request
from controlroom.run.columns import MOST_COLUMNS
from controlroom.run.rollup import KEPT_SPAN_S

ROLES = frozenset({"screen", "ctl", "watch"})
LONGEST_TEXT = 2000
"""Characters of any one text in a command: a reason or note, not an essay."""
LARGEST_LOG_PART = 64 * 1024
SHORTEST_SPAN_S, LONGEST_SPAN_S = KEPT_SPAN_S, 86_400.0
"""Plan seconds of a column of history: no finer than what is kept."""
_LONGEST_SERIES = 300
_MOST_ITEMS = 500
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_decoder = msgspec.json.Decoder(Request)
_JOB = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")


class BadRequest(ValueError):  # noqa: N818 - what it is called everywhere
    """A request that cannot be followed; `id` names the one to answer, empty when the line made no sense at all."""

    def __init__(self, message: str, request_id: str = "") -> None:
        super().__init__(message)
        self.id = request_id


class _Named(Struct):
    id: str = ""


def understand(line: bytes) -> Request:
    """The request in `line`, its texts free of control characters. Raises BadRequest."""
    try:
        request: Request = _decoder.decode(line)
    except (ValueError, RecursionError) as exc:
        raise BadRequest(f"this is no request that version {VERSION} knows: {exc}", _id_in(line)) from exc
    match request:
        case Hello():
            return _hello(request)
        case Give():
            return _give(request)
        case ReadLog():
            return _read_log(request)
        case ReadHistory():
            return _read_history(request)
        case _:
            return request


def printable(text: str) -> str:
    """`text` on one line: any space becomes a blank, controls, escapes and direction marks go."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return "".join(kept).strip()


def _id_in(line: bytes) -> str:
    try:
        found = msgspec.json.decode(line, type=_Named).id
    except (ValueError, RecursionError):
        return ""
    return found if _ID.fullmatch(found) else ""


def _hello(request: Hello) -> Hello:
    if request.version != VERSION:
        raise BadRequest(
            f"this engine speaks version {VERSION} and the client version {request.version}: use the same controlroom"
        )
    if request.role not in ROLES:
        raise BadRequest(f"the role is one of {', '.join(sorted(ROLES))}")
    return request


def _give(request: Give) -> Give:
    if not _ID.fullmatch(request.id):
        raise BadRequest("a command's id is 1 to 128 letters, digits and ._:-")
    fields: dict[str, Any] = {}
    for name, value in asdict(request.command).items():
        if isinstance(value, str):
            fields[name] = _text(value, name, request.id) if type(value) is str else value  # an enum stays what it is
        elif isinstance(value, tuple):
            if len(value) > _MOST_ITEMS:
                raise BadRequest(f"more than {_MOST_ITEMS} items", request.id)
            fields[name] = tuple(_text(item, name, request.id) for item in value)
    return replace(request, command=replace(request.command, **fields))


def _text(value: str, name: str, request_id: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise BadRequest(f"{name} is longer than {LONGEST_TEXT} characters", request_id)
    return printable(value)


def _read_log(request: ReadLog) -> ReadLog:
    if not _ID.fullmatch(request.id):
        raise BadRequest("a request's id is 1 to 128 letters, digits and ._:-")
    if not _JOB.fullmatch(request.job):
        raise BadRequest("this is no name of a job", request.id)
    return replace(request, limit=max(1, min(request.limit, LARGEST_LOG_PART)))


def _read_history(request: ReadHistory) -> ReadHistory:
    if not _ID.fullmatch(request.id):
        raise BadRequest("a request's id is 1 to 128 letters, digits and ._:-")
    if len(request.series) > _LONGEST_SERIES:
        raise BadRequest(f"a series has at most {_LONGEST_SERIES} characters", request.id)
    return replace(
        request,
        span_s=max(SHORTEST_SPAN_S, min(request.span_s, LONGEST_SPAN_S)),
        columns=max(1, min(request.columns, MOST_COLUMNS)),
    )
