"""Whether an HTTP answer is what the plan expects, and what later requests take from it."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec

from controlroom.errors import ActionError
from controlroom.plan.references import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.adapters.exchange import Answer
    from controlroom.adapters.secrets import Filling
    from controlroom.plan.requests import Expect

ABSENT: Final = object()
OF_VALUE: Final = 80
"""Characters of a value in a complaint."""
OF_BODY: Final = 160
"""Characters of a body in a complaint."""


def complaints(answer: Answer, expect: Expect, filling: Filling) -> list[str]:
    """Everything about `answer` that is not as expected, worst first; empty when all of it holds.

    A wrong status is said alone, with an excerpt of the body: the rest follows from it.
    """
    if wrong := _status(answer, expect.status, filling):
        return [wrong]
    found = [
        f"header {name} is {answer.headers.get(name, 'missing')!r}, not {filling.text(value)!r}"
        for name, value in expect.headers.items()
        if answer.headers.get(name) != filling.text(value)
    ]
    if expect.body is not None and not re.search(filling.regex(expect.body), answer.text):
        found.append(f"the body does not match {expect.body}: {body_of(answer, filling)}")
    if expect.json_ is not None or expect.json_path:
        found += _json(answer, expect, filling)
    if expect.time is not None and answer.took_s > expect.time:
        found.append(f"it took {answer.took_s:.2f} s, more than {expect.time:g} s")
    return found


def captured(answer: Answer, paths: Mapping[str, str], filling: Filling) -> dict[str, Any]:
    """The JSON value behind each path, by the name that it is captured under. Raises ActionError."""
    if not paths:
        return {}
    document = parsed(answer, filling)
    values = {name: first(document, path) for name, path in paths.items()}
    for name, value in values.items():
        if value is ABSENT or value is None:
            raise ActionError(
                f"nothing to capture as {name}: {paths[name]} is not in the answer: {body_of(answer, filling)}"
            )
    return values


def value_at(answer: Answer, path: str, filling: Filling) -> str:
    """The value behind `path`, as text; ActionError when there is none.

    A service that says in a 5xx that it is not well says all the same which version it is; any other answer that is no
    success may come from whoever stands before it.
    """
    wrong = _status(answer, None, filling)
    if wrong and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ActionError(wrong)
    try:
        value = first(parsed(answer, filling), path)
    except ActionError as exc:
        raise ActionError(wrong or str(exc)) from exc
    if wrong and (value is ABSENT or value is None):
        raise ActionError(wrong)
    if value is ABSENT or value is None:
        raise ActionError(f"{path} is not in the answer: {body_of(answer, filling)}")
    return as_text(value)


def parsed(answer: Answer, filling: Filling) -> Any:
    """The body as JSON; ActionError with what it is instead."""
    if answer.cut:
        raise ActionError("the answer is longer than 1 MiB")
    body = answer.body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        raise ActionError("the answer is empty, JSON was expected")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        if body.startswith(b"<"):
            raise ActionError(f"HTML came back instead of JSON: {body_of(answer, filling)}") from exc
        if "truncated" in str(exc):
            raise ActionError(f"the JSON breaks off after {len(body)} bytes: {body_of(answer, filling)}") from exc
        raise ActionError(f"what came back is not JSON: {body_of(answer, filling)}") from exc


def first(document: Any, path: str) -> Any:
    """The first match of an RFC 9535 path, ABSENT when there is none. Raises ActionError for what is no path."""
    import jsonpath  # noqa: PLC0415 - 40 ms, and most plans' probes get by without

    try:
        match = jsonpath.match(path, document)
    except (jsonpath.JSONPathError, RecursionError) as exc:
        raise ActionError(f"{path} is no JSON path: {exc}") from exc
    return ABSENT if match is None else match.obj


def body_of(answer: Answer, filling: Filling) -> str:
    """The beginning of the body on one line, without secrets."""
    return filling.excerpt(answer.text, OF_BODY)


def _status(answer: Answer, allowed: tuple[int, ...] | None, filling: Filling) -> str:
    if answer.status in allowed if allowed else answer.status // 100 == 2:  # noqa: PLR2004 - 2xx
        return ""
    wanted = " or ".join(map(str, allowed)) if allowed else "2xx"
    where = answer.headers.get("location") if answer.status // 100 == 3 else None  # noqa: PLR2004 - 3xx
    said = f"it redirects to {filling.excerpt(where, OF_BODY)}" if where else body_of(answer, filling)
    return f"status {answer.status}, not {wanted}" + (f": {said}" if said else "")


def _json(answer: Answer, expect: Expect, filling: Filling) -> list[str]:
    try:
        document = parsed(answer, filling)
        found = [_difference("$", document, filling.json(expect.json_))] if expect.json_ is not None else []
        for path, wanted in expect.json_path.items():
            found.append(_difference(path, first(document, path), filling.json(wanted)))
    except ActionError as exc:
        return [str(exc)]
    return [
        f"{place} is {_short(value, filling)}, not {_short(wanted, filling)}"
        for place, value, wanted in filter(None, found)
    ]


def _difference(place: str, value: Any, wanted: Any) -> tuple[str, Any, Any] | None:
    """The first place where `value` is not `wanted`, and both; mappings need only contain what is wanted."""
    if isinstance(wanted, dict) and isinstance(value, dict):
        inner = (_difference(f"{place}.{key}", value.get(key, ABSENT), item) for key, item in wanted.items())
        return next(filter(None, inner), None)
    return None if _same(value, wanted) else (place, value, wanted)


def _same(value: Any, wanted: Any) -> bool:
    # In Python True == 1; in JSON it is not.
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(_same, value, wanted))
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(_same(value[key], wanted[key]) for key in wanted)
    return bool(value == wanted)


def _short(value: Any, filling: Filling) -> str:
    return "missing" if value is ABSENT else filling.excerpt(msgspec.json.encode(value).decode(), OF_VALUE)
