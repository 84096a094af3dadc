"""What pydantic found wrong, in the words of a plan's author and at its place in the file."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from controlroom.plan.base import (
    CAPTURE_PATTERN,
    ENV_PATTERN,
    ID_PATTERN,
    JSON_PATH_PATTERN,
    LINE_PATTERN,
    LINK_PATTERN,
    VERSION,
    OneOf,
)
from controlroom.plan.nodes import Flaw, Map, Node, find
from controlroom.plan.problems import Path, did_you_mean
from controlroom.plan.todo import is_open

_PATTERNS = {
    ID_PATTERN: ("is no id", "an id begins with a letter or digit; letters, digits, - and _ follow, 63 at most"),
    f"^{VERSION.pattern}$": ("is no version", "a version has letters, digits and . _ + - only, 128 at most"),
    JSON_PATH_PATTERN: ("is no JSON path", "a path begins with $, as in $.version or $.items[0].id"),
    CAPTURE_PATTERN: ("is no name of a capture", "small letters, digits and _ only"),
    LINK_PATTERN: ("is no web address", "a link begins with https://, and has no spaces and no password"),
    ENV_PATTERN: ("is no name of an environment variable", "letters, digits and _ only"),
    LINE_PATTERN: ("holds a control character", "one line of text is needed here"),
}
_MISSING = {
    "verify": "verify: says how to see that the deploy worked",
    "version": "version: {to: v2.1.0} says what is deployed",
    "deploy": "deploy: lists the actions, such as - run: ...",
}
_EXPECTATIONS = ("status", "json_path", "time")


def explain(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Flaw]:
    """One Flaw for each error that is not the mere echo of another."""
    flaws = []
    for entry in error.errors(include_url=False):
        loc = entry["loc"]
        path = tuple(part for part in loc if not _is_tag(part))
        node, whole = find(root, path)
        kind, given = entry["type"], entry["input"]
        echo = kind == "too_short" and isinstance(given, list | tuple | dict) and len(given) > 0
        empty = given is None and whole and kind != "missing"
        unfilled = isinstance(given, str) and bool(re.search(r"\$\{(vars|stage)\.", given))
        if echo or empty or unfilled or is_open(given) or (kind == "missing" and whole):
            continue
        message, hint = _words(entry, path, partial(known_keys, model, loc[:-1]))
        # An unknown or malformed key is shown at the key, anything else at the value.
        of_key = path[:-1] if path and path[-1] == "[key]" else path if kind == "extra_forbidden" else ()
        parent = find(root, of_key[:-1])[0]
        at_key = parent.keys.get(str(of_key[-1])) if of_key and isinstance(parent, Map) else None
        flaws.append(Flaw(at_key or node.mark, message, hint, path))
    return flaws + _miscounted(error, root, model)


def _miscounted(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Flaw]:
    """Mappings without exactly one of what they need: pydantic looks at that only once all else in them fits."""
    flaws = []
    for loc, misspelled in _around(error).items():
        path = tuple(part for part in loc if not _is_tag(part))
        node, _ = find(root, path)
        kinds = {one for choice in _at(model, loc) for one in _models(choice)}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is None or not issubclass(kind, OneOf) or not isinstance(node, Map):
            continue
        given = [name for name in kind.KINDS if name in node.values]
        wrong = kind.miscounted(given)
        if wrong is not None and (given or not misspelled):
            message, hint = _words({"type": "plan", "input": None, "ctx": wrong.context}, path, set)
            flaws.append(Flaw(node.mark, message, hint, path))
    return flaws


def _around(error: ValidationError) -> dict[Path, bool]:
    """The places of all that holds something wrong, each with whether that is a key which nobody knows."""
    places: dict[Path, bool] = {}
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        loc = entry["loc"]
        for length in range(1, len(loc)):
            if not _is_tag(loc[length]):
                unknown = entry["type"] == "extra_forbidden" and length == len(loc) - 1
                places[loc[:length]] = places.get(loc[:length], False) or unknown
    return places


def _is_tag(part: str | int) -> bool:
    return isinstance(part, str) and part.startswith("(") and part.endswith(")")


def _words(entry: Mapping[str, Any], path: Path, known: Callable[[], set[str]]) -> tuple[str, str]:
    """Message and hint for one error of pydantic."""
    kind, given, context = entry["type"], entry["input"], entry.get("ctx", {})
    name = next((part for part in reversed(path) if isinstance(part, str) and part != "[key]"), "the plan")
    if kind == "extra_forbidden":
        return f"unknown key {name}", _unknown_key(name, known())
    if kind == "missing":
        return f"{name} is missing", _MISSING.get(name, "")
    said, hint = _SAYINGS[kind](given, context) if kind in _SAYINGS else (_plain_words(entry["msg"]), "")
    return f"{name}: {said}", hint


def _pattern(given: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    said, hint = _PATTERNS.get(context["pattern"], (f"does not match {context['pattern']}", ""))
    return f"{_shown(given)} {said}", hint


def _literal(given: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    words = re.findall(r"'([^']*)'", context["expected"])
    return f"{_shown(given)} is not one of {', '.join(words)}", did_you_mean(str(given), words)


def _mapping(given: Any, _context: Mapping[str, Any]) -> tuple[str, str]:
    return f"a mapping is needed here, not {_what(given)}", "write key: value pairs"


_SAYINGS: Mapping[str, Callable[[Any, Mapping[str, Any]], tuple[str, str]]] = {
    "plan": lambda _, context: (context["message"], context["hint"]),
    "string_type": lambda given, _: (f"text is needed here, not {_what(given)}", ""),
    "string_too_short": lambda *_: ("the text is empty", ""),
    "string_pattern_mismatch": _pattern,
    "literal_error": _literal,
    "tuple_type": lambda given, _: (f"a list is needed here, not {_what(given)}", "begin each entry with - "),
    "model_type": _mapping,
    "mapping_type": _mapping,
    "dict_type": _mapping,
    "too_short": lambda *_: ("at least one entry is needed", ""),
}


def _plain_words(message: str) -> str:
    return message.removeprefix("Input ").removeprefix("String ").removeprefix("Tuple ")


def _what(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else f"the text {_shown(value)}"


def _shown(value: Any) -> str:
    text = repr(str(value))
    return text if len(text) <= 60 else f"{text[:56]}...'"  # noqa: PLR2004 - a line's worth


def _unknown_key(key: str, known: set[str]) -> str:
    if key in _EXPECTATIONS and "expect" in known:
        return f"{key}: stands under expect:"
    if key == "url" and "get" in known:
        return "write the method: get:, post:, put:, patch: or delete: holds the URL"
    return did_you_mean(key, known, otherwise="known keys")


def known_keys(annotation: Any, loc: Path) -> set[str]:
    """The keys that a mapping at `loc` may have, by the model's annotations; loc may hold union tags."""
    choices = _at(annotation, loc)
    return {field.alias or name for choice in choices for model in _models(choice) for name, field in _fields(model)}


def _at(annotation: Any, loc: Path) -> list[Any]:
    """The annotations of what stands at `loc`."""
    choices = [annotation]
    for part in loc:
        choices = [inner for choice in choices for inner in _inside(choice, part)]
    return choices


def _fields(model: type[BaseModel]) -> Iterable[tuple[str, Any]]:
    model.model_rebuild()
    return model.model_fields.items()


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models among the members of a union, Annotated or not."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return [model for member in get_args(annotation) for model in _models(member)]
    return []


def _inside(annotation: Any, part: str | int) -> list[Any]:
    """The annotations of what stands at `part` of a value: a field, an item, or the union member of that tag."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        tags = [extra.tag for extra in arguments[1:] if isinstance(extra, Tag)]
        return _inside(arguments[0], part) if not tags else [arguments[0]] if part in tags else []
    if origin in (Union, UnionType):
        return [inner for member in arguments for inner in _inside(member, part)]
    if origin in (tuple, Mapping):
        return [arguments[0] if origin is tuple else arguments[1]]
    return [
        field.annotation
        for model in _models(annotation)
        for name, field in _fields(model)
        if part == (field.alias or name)
    ]
