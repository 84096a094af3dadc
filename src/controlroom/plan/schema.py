"""The JSON Schema (draft-07) of a plan, for editors: it accepts what the loader accepts, short forms included.

A scalar is text to the loader, so numbers stand wherever text may, digits may be quoted, and `${vars.…}` may stand for
anything. What needs knowledge of other parts (cycles, names that lead nowhere) only the loader can tell.
"""

import json
from typing import TYPE_CHECKING, Any

from controlroom.plan.base import ID_PATTERN, LINE_PATTERN, LINK_PATTERN, VERSION, OneOf
from controlroom.plan.docstrings import field_docs, models
from controlroom.plan.model import Plan, Rehearsal
from controlroom.plan.units import AMOUNT_PATTERN, DURATION_PATTERN, PERCENT_PATTERN, format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

Schema = dict[str, Any]

SCALARS = {
    DURATION_PATTERN: "duration",
    PERCENT_PATTERN: "percentage",
    AMOUNT_PATTERN: "amount",
    ID_PATTERN: "id",
    LINE_PATTERN: "line",
    LINK_PATTERN: "link",
    f"^{VERSION.pattern}$": "version",
}
"""The pattern of each named scalar type."""

_VARIABLE = {"$ref": "#/definitions/variable"}
_ANY_SCALAR = ["string", "number", "boolean"]
_WITH_UNIT = ("duration", "percentage")
_MERGED_BY_ID = {"services": "Service", "guards": "Guard", "smoke": "SmokeItem"}
_MERGED_BY_KEY = {"rollback": "RollbackPolicy", "traffic": "Traffic", "watch": "Watch"}


def plan_schema() -> Schema:
    """The whole schema, as `controlroom schema` prints it."""
    raw = raw_schema()
    definitions = _scalars() | {name: _mapping(model) for name, model in raw.pop("$defs").items()}
    root = _mapping(raw)
    for model in models(OneOf):
        if model.__name__ in definitions and issubclass(model, OneOf):
            definitions[model.__name__]["oneOf"] = [{"required": [kind]} for kind in model.KINDS]
    _overlay(root, definitions)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "controlroom plan",
        **root,
        "definitions": definitions,
    }


def raw_schema() -> Schema:
    """The model's own schema, with the fields' docstrings as descriptions."""
    raw = Plan.model_json_schema(ref_template="#/definitions/{model}")
    named: Mapping[str, Schema] = {**raw["$defs"], "Plan": raw}
    for model in models():
        if model.__name__ not in named:
            continue
        properties = named[model.__name__]["properties"]
        for key, text in field_docs(model).items():
            properties[key]["description"] = text
    return raw


def _mapping(model: Schema) -> Schema:
    """The schema of a mapping with fixed keys."""
    kept: Schema = {
        key: model[key] for key in ("type", "description", "required", "additionalProperties") if key in model
    }
    return {**kept, "properties": {key: _value(inner) for key, inner in model.get("properties", {}).items()}}


def _value(schema: Schema) -> Schema:
    """The schema of one value: the type, then what it says about itself."""
    about = {"description": schema["description"]} if "description" in schema else {}
    default = schema.get("default")
    if isinstance(default, float) and pattern_of(schema) == DURATION_PATTERN:
        about["default"] = format_duration(default)
    elif isinstance(default, str | bool | int):
        about["default"] = default
    kind = _kind(schema)
    # Draft-07 ignores whatever stands beside a $ref.
    return {"allOf": [kind], **about} if about and "$ref" in kind else {**kind, **about}


def pattern_of(schema: Schema) -> str:
    """The pattern of a text, also where the text is optional; empty for none."""
    found = [schema.get("pattern", ""), *(member.get("pattern", "") for member in schema.get("anyOf", []))]
    return next((pattern for pattern in found if pattern), "")


def _kind(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    if schema.get("x-json"):
        return {}
    for union in ("anyOf", "oneOf"):
        if union in schema:
            members = [_kind(member) for member in schema[union] if member.get("type") != "null"]
            members += [{"type": "boolean"}, {"enum": ["true", "false"]}] if schema.get("x-or-flag") else []
            return members[0] if len(members) == 1 else {"anyOf": members}
    match schema.get("type"):
        case "array":
            return _array(schema)
        case "object":
            return _names(schema)
        case _:
            return _scalar(schema)


def _array(schema: Schema) -> Schema:
    item = _kind(schema["items"])
    limits: Schema = {key: schema[key] for key in ("minItems", "maxItems") if key in schema}
    limits |= {"minItems": schema["minLength"]} if "minLength" in schema else {}
    several = {"type": "array", "items": item, **limits}
    return {"anyOf": [item, several]} if schema.get("x-one-or-more") else several


def _names(schema: Schema) -> Schema:
    """A mapping whose keys the plan chooses."""
    inner = schema.get("patternProperties")
    if inner:
        patterns = {pattern: _kind(value) for pattern, value in inner.items()}
        return {"type": "object", "patternProperties": patterns, "additionalProperties": False}
    return {"type": "object", "additionalProperties": _kind(schema["additionalProperties"])}


def _scalar(schema: Schema) -> Schema:
    """What text may be typed as: a quoted or bare value, or a variable that stands for it."""
    match schema.get("type"):
        case "boolean":
            return {"anyOf": [{"type": "boolean"}, {"enum": ["true", "false"]}, _VARIABLE]}
        case "integer":
            whole = {"type": "integer", "minimum": schema["minimum"], "maximum": schema["maximum"]}
            return {"anyOf": [whole, {"type": "string", "pattern": "^[0-9]{1,15}$"}, _VARIABLE]}
        case "number":
            limits = {key: schema[key] for key in ("exclusiveMinimum", "exclusiveMaximum") if key in schema}
            return {"anyOf": [{"type": "number", **limits}, {"type": "string", "pattern": "^[0-9.]+$"}, _VARIABLE]}
    if "const" in schema or "enum" in schema:
        return {"anyOf": [{"enum": schema.get("enum", [schema.get("const")])}, _VARIABLE]}
    if "pattern" in schema:
        name = SCALARS.get(schema["pattern"])
        return {"$ref": f"#/definitions/{name}"} if name else _text(schema["pattern"])
    return {"$ref": "#/definitions/text"} if schema.get("minLength") else {"type": _ANY_SCALAR}


def _scalars() -> dict[str, Schema]:
    variable = {"type": "string", "pattern": r"\$\{(vars|stage)\.[^{}]+\}"}
    texts = {name: _text(pattern, has_unit=name in _WITH_UNIT) for pattern, name in SCALARS.items()}
    return {"variable": variable, "text": {"type": _ANY_SCALAR, "minLength": 1}, **texts}


def _text(pattern: str, *, has_unit: bool = False) -> Schema:
    """Text of a pattern; a bare number may stand for it, unless it lacks a unit."""
    return {"anyOf": [{"type": "string" if has_unit else _ANY_SCALAR, "pattern": pattern}, _VARIABLE]}


def _overlay(root: Schema, definitions: dict[str, Schema]) -> None:
    """Sections under `rehearsal:` look as in the plan, but lists of entries are mappings of id → what differs."""
    overlay = definitions[Rehearsal.__name__]["properties"]
    for key in overlay:
        if key in root["properties"]:
            overlay[key] = root["properties"][key]
    for key, name in {**_MERGED_BY_ID, **_MERGED_BY_KEY}.items():
        partial = {part: value for part, value in definitions[name].items() if part not in ("required", "oneOf")}
        definitions[f"Partial{name}"] = partial
        reference = {"$ref": f"#/definitions/Partial{name}"}
        by_id = {"type": "object", "additionalProperties": reference}
        overlay[key] = by_id if key in _MERGED_BY_ID else reference
    # Of a version, too, only what differs is written.
    version = {**definitions["VersionChange"]}
    version.pop("required", None)
    definitions["PartialVersionChange"] = version
    service = definitions["PartialService"]
    changed = {"version": {"$ref": "#/definitions/PartialVersionChange"}}
    definitions["PartialService"] = {**service, "properties": {**service["properties"], **changed}}


def schema_text() -> str:
    """The schema as a file for editors; plans/controlroom.schema.json holds it."""
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"
