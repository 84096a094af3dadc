"""Writes docs/plan-reference.md from the model: `python -m controlroom.plan.manual > docs/plan-reference.md`."""

import sys
from collections.abc import Iterator
from typing import Any

from controlroom.plan import units
from controlroom.plan.model import Rehearsal
from controlroom.plan.overlay import STAGES
from controlroom.plan.schema import SCALARS, pattern_of, raw_schema

_OPENING = """\
# Plan reference

Generated from the model by `python -m controlroom.plan.manual`; `controlroom schema` prints the same as JSON Schema.
`plans/minimal.yaml` is a small plan to start from, `plans/s5-hardening.yaml` a whole one.

Values are text until their key says what they are: version `2.10` stays 2.10. Durations: `250ms`, `90s`, `5m`, `1h30m`,
`48h`, `2d`. Percentages: `95%`. Amounts: a number and a unit ({units}) or none.
Unknown keys, repeated keys, tags, merge keys and empty values are errors. Anchors and aliases work.

## References

| written | is | may stand in |
|---|---|---|
| `${{vars.NAME}}` | a variable of `vars:` | every value but `vars:` itself |
| `${{env:NAME}}` | an environment variable of the engine | `env`, `headers`, `token`, `dsn`, keys, URLs, bodies |
| `${{file:/PATH}}` | a file's content (absolute, or from `~/`) | the same; never a command line |
| `${{version.from}}`, `${{version.to}}` | the version before and after | deploy, verify, rollback |
| `${{version.target}}` | `to` in deploy and its verify, `from` in rollback and its verify | the same |
| `${{service.id}}` | this service | deploy, verify, rollback, observe, health, metrics |
| `${{run.id}}` | this run | deploy, verify, rollback, smoke tests, traffic |
| `${{run.unique}}` | a text that no other attempt has | smoke tests |
| `${{capture.NAME}}` | what an earlier request of the item captured | smoke tests |
| `${{stage.NAME}}` | {stages} | `rehearsal:` |
| `$${{` | `${{` itself | every value |

In a `run:` text, which `/bin/sh -ec` executes, facts are shell-quoted; a `run:` list is executed without a shell.

## The rehearsal overlay

`rehearsal:` is laid over the plan before anything is checked. `vars` are merged name by name; `services`, `guards` and
`smoke` are mappings of id → the keys that differ, and so are a service's `version` and `metrics`; of `rollback`,
`traffic` and `watch` the keys that differ are written; everything else is replaced, `sources` too. The environment
becomes `rehearsal`.
"""


def manual() -> str:
    """The whole page."""
    raw = raw_schema()
    names = ", ".join(f"`{stage}`: {', '.join(values)}" for stage, values in STAGES.items())
    parts = [_OPENING.format(units=" ".join(units.UNITS), stages=f"the stage's ({names})")]
    parts += [_section("Plan", raw)]
    parts += [_section(name, model) for name, model in raw["$defs"].items() if name != Rehearsal.__name__]
    return "\n".join(parts) + "\n"


def _section(name: str, model: dict[str, Any]) -> str:
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    required = model.get("required", [])
    for key, value in model.get("properties", {}).items():
        default = "required" if key in required else _default(value)
        rows.append(f"| `{key}` | {_spelled(value)} | {default} | {value.get('description', '')} |")
    return f"## {name}\n\n{' '.join(model.get('description', '').split())}\n\n" + "\n".join(rows) + "\n"


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    if isinstance(default, float) and pattern_of(value) == units.DURATION_PATTERN:
        return units.format_duration(default)
    if isinstance(default, float) and pattern_of(value) == units.PERCENT_PATTERN:
        return f"{default:g}%"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return ", ".join(default)
    return "" if default in (None, "", {}) or isinstance(default, dict) else str(default)


def _spelled(value: dict[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_words(value)))


def _words(value: dict[str, Any]) -> Iterator[str]:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        yield f"[{name}](#{name.lower()})"
    elif value.get("x-json"):
        yield "JSON"
    elif members := value.get("anyOf", value.get("oneOf")):
        for member in members:
            if member.get("type") != "null":
                yield from _words(member)
        if value.get("x-or-flag"):
            yield "true, false"
    elif value.get("type") == "array":
        if value.get("x-one-or-more"):
            yield _spelled(value["items"])
        yield f"list of {_spelled(value['items'])}"
    elif value.get("type") == "object":
        inner = list(value.get("patternProperties", {}).values()) or [value.get("additionalProperties", {})]
        yield f"names → {_spelled(inner[0])}"
    else:
        yield _scalar(value)


def _scalar(value: dict[str, Any]) -> str:
    if "enum" in value or "const" in value:
        return ", ".join(f"`{word}`" for word in value.get("enum", [value.get("const")]))
    if value.get("type") == "boolean":
        return "true, false"
    if value.get("type") == "integer":
        return "whole number"
    return SCALARS.get(value.get("pattern", ""), "number" if value.get("type") == "number" else "text")


if __name__ == "__main__":
    sys.stdout.write(manual())
