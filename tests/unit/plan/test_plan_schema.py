"""The JSON Schema for editors agrees with the loader, and the shipped copies are up to date."""

from typing import Any

import jsonschema
import pytest
from tests.unit.plan.plan_texts import GOOD, HERE, PLANS, ROOT, edited, expected_place, problems_of
from tests.unit.plan.test_plan_problems import SHAPES

from controlroom.plan.base import json_value
from controlroom.plan.manual import manual
from controlroom.plan.nodes import compose, plain_value
from controlroom.plan.schema import plan_schema, schema_text

SCHEMA = plan_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def as_an_editor_reads(text: str) -> Any:
    """The JSON that a YAML editor makes of a text: bare numbers are numbers."""
    return json_value(plain_value(compose(text)[0], [], free=True))


def complaints(text: str) -> list[str]:
    """What an editor would underline."""
    return [error.message for error in VALIDATOR.iter_errors(as_an_editor_reads(text))]


def test_the_schema_is_a_draft_07_schema() -> None:
    """`controlroom schema` prints a schema that validators accept."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("plan", sorted(path.name for path in PLANS.glob("*.yaml")))
def test_every_shipped_plan_is_valid(plan: str) -> None:
    """Editors show no error in the plans that users start from, and they name their schema."""
    text = (PLANS / plan).read_text(encoding="utf-8")
    assert complaints(text) == []
    assert text.startswith("# yaml-language-server: $schema=controlroom.schema.json\n")


SHORT_FORMS = [
    ("title: Two services", "title: 42"),
    ("title: Two services", "title: true"),
    ('      to: "1.2"\n', "      to: 1.2\n"),
    ("        times: 3", '        times: "3"'),
    ("        times: 3", "        times: ${vars.api}".replace("${vars.api}", "3")),
    ("environment: production", "environment: production\nwindow: tbd"),
    (
        "environment: production",
        "environment: production\nwindow: {opens: 2026-12-01T03:00, closes: 2026-12-01T05:00, zone: UTC}",
    ),
    ("      - manual: Look at it.", "      - {run: [look], output: ok, times: 2, consecutive: false}"),
    ("      - manual: Look at it.", "      - page: {url: http://x, class: version, equals: 2.10}"),
    ("      - manual: Look at it.", "      - http: {get: http://x, expect: {status: [200, 204]}}"),
    ("      - manual: Look at it.", "      - http: {url: http://x, status: 200, json_path: {$.a: null}}"),
    ("      - manual: Look at it.", "      - sql: {dsn: x, query: SELECT 1, equals: 1}"),
    ("      - run: deploy api ${version.target}\n        timeout: 5m", "      - sql: {dsn: x, execute: DELETE FROM x}"),
    ("      - run: deploy api ${version.target}\n        timeout: 5m", "      - {wait: 5m, title: 7}"),
    ("    needs: [api]", "    needs: [api]\n    required: false\n    advance: auto\n    estimate: 5m"),
    ("    above: 5%", "    above: 5 %"),
    ("targets: {api: http://127.0.0.1:8080/metrics}", "targets: {api: [http://a/metrics, http://b/metrics]}"),
    ("watch:\n", "responsible: {execution: DevOps, on-call: 7}\nwatch:\n"),
]


@pytest.mark.parametrize(("old", "new"), SHORT_FORMS)
def test_what_the_loader_accepts_the_schema_accepts(old: str, new: str) -> None:
    """Short forms, bare numbers and quoted ones are fine in both."""
    text = edited(old, new)
    assert problems_of(text) == []
    assert complaints(text) == []


def test_variables_may_stand_for_typed_values() -> None:
    """`times: ${vars.n}` is fine in both."""
    text = edited("  api: http://127.0.0.1:8080\n", "  api: http://127.0.0.1:8080\n  n: 3\n  within: 5m\n  yes: true\n")
    text = text.replace("times: 3", "times: ${vars.n}").replace("timeout: 5m", "timeout: ${vars.within}")
    text = text.replace("    needs: [api]", "    needs: [api]\n    required: ${vars.yes}")
    assert problems_of(text) == []
    assert complaints(text) == []


BEYOND_A_SCHEMA = (
    "no regular expression",
    "belongs to run",
    "belong to run",
    "sends no json",
    "one body",
    "of its own",
    "above: or below:",
    "'%%'",
    "both rollback and",
    "url: or targets:",
    "over 100%",
    "no time at all",
    "items that run by themselves",
)


def beyond_a_schema(new: str, message: str) -> bool:
    """Whether only the loader can tell; and in Python's regular expressions `$` lets a last newline pass."""
    return any(word in message for word in BEYOND_A_SCHEMA) or "1.2\\n" in new


@pytest.mark.parametrize(("old", "new", "message"), [row for row in SHAPES if not beyond_a_schema(*row[1:])])
def test_what_the_loader_refuses_for_its_shape_the_schema_refuses(old: str, new: str, message: str) -> None:
    """Unknown keys, wrong types, bad ids and units are underlined while typing."""
    text, _, _ = expected_place(edited(old, new))
    assert complaints(text), message


def test_an_overlay_is_checked_while_typing() -> None:
    """Under rehearsal: only what differs is needed, but keys are known."""
    fine = "rehearsal:\n  stage: shop\n  services: {site: {version: {from: 2.8}, metrics: {}}}\n  watch: {logs: []}\n"
    assert complaints(GOOD + fine) == []
    assert complaints(GOOD + "rehearsal:\n  stage: shop\n  services: {site: {depoy: []}}\n")
    assert complaints(GOOD + "rehearsal:\n  stage: market\n")


def test_the_shipped_schema_is_up_to_date() -> None:
    """Made again by `controlroom schema > plans/controlroom.schema.json`."""
    assert (PLANS / "controlroom.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_reference_is_up_to_date() -> None:
    """Made again by `python -m controlroom.plan.manual > docs/plan-reference.md`."""
    assert (ROOT / "docs/plan-reference.md").read_text(encoding="utf-8") == manual()


def test_no_mark_is_left_in_the_rows() -> None:
    """The rows that are reused here carry a mark for the caret, which is no part of the plan."""
    assert all(HERE not in expected_place(edited(old, new))[0] for old, new, _ in SHAPES)
