"""The pieces of a document one by one, and documents that nobody would write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.importing.filling import filled, gaps

from controlroom.errors import PlanError
from controlroom.importing.figures import duration_in, hours_in, limit_in, window_in
from controlroom.importing.importer import import_document
from controlroom.importing.pages import Grid, chapters
from controlroom.importing.sheet import quoted, text
from controlroom.importing.vocabulary import Topic, language, slug, topic
from controlroom.plan.loader import parse_plan
from controlroom.plan.model import Window

STEPS = "# Go\n\n## Steps\n\n| Service | Action | Verification |\n|---|---|---|\n"


@pytest.mark.parametrize(
    ("sentence", "amount", "below"),
    [
        ("Tasa de error > 5% en cualquier API", "5%", False),
        ("Tasa de error superior a 2,5 %", "2.5%", False),
        ("the error rate exceeds 0.5 %", "0.5%", False),
        ("p95 above 800ms", "800 ms", False),
        ("response time over 2 seconds", "2 s", False),
        ("success rate below 99 %", "99%", True),
        ("disponibilidad por debajo de 99,9 %", "99.9%", True),
    ],
)
def test_limits(sentence: str, amount: str, below: bool) -> None:
    """Numbers with a sign or a word for it, in either language, with a comma or a point."""
    limit = limit_in(sentence)
    assert limit is not None
    assert (limit.amount, limit.below) == (amount, below)


@pytest.mark.parametrize("sentence", ["in 5 minutes", "version 5", "5 % of users", "", "> many"])
def test_no_limit(sentence: str) -> None:
    """A number without a side is no limit."""
    assert limit_in(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "duration"),
    [
        ("> 5% por > 5 min.", "5m"),
        ("for 10 minutes", "10m"),
        ("durante 1 hora", "1h"),
        ("30-second", "30s"),
        ("x", None),
    ],
)
def test_durations(sentence: str, duration: str | None) -> None:
    """As a plan writes them."""
    assert duration_in(sentence) == duration


def test_the_duration_stands_after_the_limit() -> None:
    """`800 ms for 15 min` lasts fifteen minutes, not eight hundred of anything."""
    limit = limit_in("p95 over 800 ms for 15 min")
    assert limit is not None
    assert duration_in("p95 over 800 ms for 15 min", limit.end) == "15m"


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        ("las primeras 24–48 horas", ("24h", "48h")),
        ("24 to 48 hours", ("24h", "48h")),
        ("de 24 a 48 h", ("24h", "48h")),
        ("for 2 days", ("2d", "2d")),
        ("en 48 horas", ("48h", "48h")),
        ("48 to 24 hours", ("24h", "48h")),
        ("0 hours", None),
        ("99999 days", None),
        ("soon", None),
    ],
)
def test_spans(sentence: str, span: tuple[str, str] | None) -> None:
    """The earliest and the full end of a watch."""
    assert hours_in(sentence) == span


@pytest.mark.parametrize(
    ("sentence", "window"),
    [
        ("2026-12-01 03:00–05:00 UTC", ("2026-12-01T03:00", "2026-12-01T05:00", "UTC")),
        ("2026-12-01 de 3:00 a 5:00 Europe/Madrid", ("2026-12-01T03:00", "2026-12-01T05:00", "Europe/Madrid")),
        ("2026-12-03 from 22:30 to 2026-12-04 01:00", ("2026-12-03T22:30", "2026-12-04T01:00", "")),
        (
            "Tuesday 2026-12-08 03:00 UTC (Monday 22:00 in New York), until 05:00 UTC",
            ("2026-12-08T03:00", "2026-12-08T05:00", "UTC"),
        ),
        ("Tuesday 2026-12-08 03:00 UTC, until 05:00", ("2026-12-08T03:00", "2026-12-08T05:00", "UTC")),
        (
            "2026-12-08 03:00 UTC at the earliest, until 05:00 UTC",
            ("2026-12-08T03:00", "2026-12-08T05:00", "UTC"),
        ),
        ("2026-12-08 03:00 Europe/Madrid to 05:00", ("2026-12-08T03:00", "2026-12-08T05:00", "Europe/Madrid")),
        ("2026-12-08 03:00 UTC to 05:00 Europe/Madrid", None),
        ("2026-12-08 03:00 PM to 05:00 PM UTC", None),
        ("2026-12-08 03:00 to 05:00 p.m.", None),
        ("2026-12-03 22:30 to 21:00 UTC", None),
        ("2026-13-03 22:30 to 23:00 UTC", None),
        ("Por definir (martes 3:00 AM UTC)", None),
    ],
)
def test_windows(sentence: str, window: tuple[str, str, str] | None) -> None:
    """A day and two times; anything less is a hint."""
    assert window_in(sentence) == window


@pytest.mark.parametrize(
    ("heading", "about"),
    [
        ("1. Planificación", Topic.PLANNING),
        ("2. Pasos de Despliegue (Runbook)", Topic.RUNBOOK),
        ("3. Smoke Tests Post-Despliegue", Topic.SMOKE),
        ("Pruebas de humo", Topic.SMOKE),
        ("4. Plan de Rollback", Topic.FAILURE),
        ("5. Monitoreo Post-Go-Live", Topic.WATCH),
        ("Post-deployment checks", Topic.SMOKE),
        ("Hypercare", Topic.WATCH),
        ("Thanks", None),
    ],
)
def test_headings(heading: str, about: Topic | None) -> None:
    """What a chapter is about, by its heading in either language."""
    assert topic(heading) is about


def test_a_chapter_keeps_lines_codes_and_boxes() -> None:
    """Lines count from one; code spans are kept whole, also with a pipe; boxes are seen inside and outside bold."""
    found = chapters("# T\n\n- **[ ] A**: do `x`\n- [x] B\n\n| S | A |\n|---|---|\n| one | `a \\| b` |\n")
    first, second = found[1].words
    assert (first.line, first.head, first.tail, first.codes, first.ticked) == (3, "A", "do x", ("x",), False)
    assert (second.text, second.ticked) == ("B", True)
    (grid,) = found[1].grids
    assert isinstance(grid, Grid)
    assert (grid.rows[0][1].line, grid.rows[0][1].codes) == (8, ("a | b",))


def test_language_and_ids() -> None:
    """By the small words; ids are plain letters."""
    assert language("El despliegue de la API se hará en la noche") == "es"
    assert language("The rollout of the API is at night") == "en"
    assert slug("Catálogo Ñandú (v2)") == "catalogo-nandu-v2"


@pytest.mark.parametrize(
    "value", ["true", "null", "12", "1.0", "a: b", "# x", "- x", "a #b", "x ", '"', "${env:X}", "é"]
)
def test_texts_stay_texts(value: str) -> None:
    """YAML reads back what was written, and a reference of the document's own refers to nothing."""
    head = "plan: p\nenvironment: production\nservices: [{id: a, name: A, version: {to: v2, from: v1}, "
    rest = "deploy: [{run: x}], verify: [{run: x}], rollback: [{run: x}]}]\n"
    plan = parse_plan(f"{head}{rest}title: {text(value)}\n", "p").plan
    assert plan.title == value.replace("${", "$${")
    assert quoted("v2.1.0")[0] != '"'


def test_a_document_without_steps_is_refused() -> None:
    """Nothing to deploy is no plan; the error says what was looked for."""
    with pytest.raises(PlanError, match="no deployment steps found: they stand in a table"):
        import_document("# Notes\n\nBuy milk.\n", "notes.md")


def test_two_services_of_one_name_get_two_ids() -> None:
    """Ids are unique, and none is one that commands use for something else."""
    plan = import_document(f"{STEPS}| Traffic | a `x y` | c |\n| API X | b | c |\n| X | b | c |\n", "d.md").plan
    assert [service.id for service in parse_plan(filled(plan), "p").plan.services] == ["traffic-service", "x", "x-2"]


def test_expected_json_that_is_none_is_said() -> None:
    """What looks like an answer and cannot be read is not guessed at."""
    found = import_document(f"{STEPS}| API | x | `GET /health` gives `{{status: ok}}` |\n", "d.md")
    assert [remark.text for remark in found.remarks] == ["{status: ok} is no JSON, so it is not asked for"]
    assert gaps(found.plan)


def test_day_and_hour_in_two_lines_are_one_hint() -> None:
    """What is known of a window that is not defined is kept, wherever it stands."""
    planning = "## Planning\n\n- **Date**: some Tuesday\n- **Time**: 3 AM\n\n"
    found = import_document(STEPS.replace("## Steps", f"{planning}## Steps") + "| API | x | y |\n", "d.md")
    assert parse_plan(filled(found.plan), "p").plan.window_hint == "some Tuesday; 3 AM"


def test_day_and_hours_in_two_lines_are_a_window() -> None:
    """What stands in two lines is put together where it is whole."""
    planning = "## Planning\n\n- **Date**: 2026-12-08\n- **Time**: 03:00 to 05:00 UTC\n\n"
    found = import_document(STEPS.replace("## Steps", f"{planning}## Steps") + "| API | x | y |\n", "d.md")
    plan = parse_plan(filled(found.plan), "p").plan
    assert isinstance(plan.window, Window)
    assert (plan.window.zone, plan.window_hint) == ("UTC", None)


def test_who_is_responsible_is_read_in_english() -> None:
    """Each party with its role."""
    planning = "## Planning\n\n- **Responsible**: DevOps (execution), Development (support)\n\n"
    found = import_document(STEPS.replace("## Steps", f"{planning}## Steps") + "| API | x | y |\n", "d.md")
    assert parse_plan(filled(found.plan), "p").plan.responsible == {"execution": "DevOps", "support": "Development"}
    assert found.unread == ()


@pytest.mark.parametrize(
    ("check", "version"),
    [
        ("`SELECT max(version) FROM schema_migrations` is 17", "17"),
        ("`SELECT max(version) FROM schema_migrations` should be `20261201`.", "20261201"),
        ("`SELECT version FROM migrations` = 4.2", "4.2"),
        ("`SELECT version FROM migrations` debe ser 42", "42"),
        ("`SELECT version FROM migrations` in 5 s", ""),
        ("`SELECT count(*) FROM users` is 17", ""),
        ("17 rows", ""),
    ],
)
def test_the_version_that_a_query_should_give(check: str, version: str) -> None:
    """What the document says of the newest migration is the plan's version; another number is not."""
    found = import_document(f"{STEPS}| Database | `db-migrate up -p 17` | {check} |\n", "d.md")
    (database,) = parse_plan(filled(found.plan), "p").plan.services
    assert ("the newest migration once" in found.plan) == (not version)
    assert database.version.to == (version or "42")
    assert database.deploy[0].run == "db-migrate up -p 17"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("pytest -q smoke/test_invoice.py", "smoke/test_invoice.py"),
        ("pytest smoke/test_invoice.py::test_it", "smoke/test_invoice.py::test_it"),
        ("./deploy auth", "./deploy"),
        ("bash deploy.sh", "deploy.sh"),
        ("kubectl apply --filename=k8s/auth.yaml", "k8s/auth.yaml"),
        ("kubectl rollout status deployment/auth", ""),
        ("docker pull registry/auth:v2.1.0", ""),
        ("curl https://shop.example.com/health.json", ""),
        ("pytest -q /srv/smoke/test_invoice.py", ""),
        ("cd /srv && pytest -q smoke/test_invoice.py", ""),
        ("deploy auth v2.1.0", ""),
    ],
)
def test_a_relative_path_is_named(command: str, path: str) -> None:
    """Commands of a plan start in `/`: what would not be found there is said, in the plan and beside it."""
    said = f"commands start in /: give {path} its whole path"
    items = f"\n## Smoke tests\n\n- [ ] **Invoice**: `{command}`\n"
    for document in (f"{STEPS}| API | `{command}` | x |\n", f"{STEPS}| API | x | y |\n{items}"):
        found = import_document(document, "d.md")
        assert [remark.text for remark in found.remarks if "commands start" in remark.text] == ([said] if path else [])
        assert (f"# {said}" in found.plan) == bool(path)
        assert parse_plan(filled(found.plan), "p").plan.services


def test_secrets_of_a_shell_stay_with_the_shell() -> None:
    """A `${VARIABLE}` in a command is the shell's, and no reference of the plan."""
    found = import_document(f"{STEPS}| API | `deploy ${{IMAGE}}` | `curl -s /health` |\n", "d.md")
    assert parse_plan(filled(found.plan), "p").plan.services[0].deploy[0].run == "deploy $${IMAGE}"


FRAGMENTS = [
    *(
        "`",
        "``",
        "|",
        "**",
        "#",
        "\n",
        "- ",
        ": ",
        "'",
        '"',
        "\\",
        "{",
        "}",
        ", ",
        "%",
        "@",
        "<b>",
        "é",
        "&a",
        "*a",
        "!x",
    ),
    *(
        "TODO: ",
        "${",
        "$${vars.x}",
        "true",
        "null",
        "all",
        "and",
        " (ejecución)",
        "SELECT 1",
        "/health",
        '{"a": 1}',
        "v1.2",
    ),
    *("> 5 %", " for 5 min", "below 3 s", "cpu", "24-48 h", "999999 h", "2026-13-45 25:00-26:00 X/Y"),
    *("https://x.example/y", "curl -s "),
]
anything = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=6).map("".join)


@given(st.lists(anything, min_size=11, max_size=11))
@settings(max_examples=60, deadline=None)
def test_any_document_becomes_a_plan_with_nothing_but_gaps(words: list[str]) -> None:
    """Whatever stands in the cells and items: the plan is YAML, and valid once its gaps are filled."""
    name, action, check, code, title, item, who, when, channel, condition, watch = words
    document = (
        f"# {title}\n\n## Planning\n\n- **Responsible**: {who}\n- **Date**: {when}\n- **Slack**: #ops {channel}\n\n"
        "## Steps\n\n| Service | Action | Verification |\n|---|---|---|\n"
        f"| API {name} | {action} `{code}` | {check} |\n"
        f"| DB {name} | {action} | `{code}` |\n| Web {name} | {action} cdn and {action} | browser {check} |\n\n"
        f"## Smoke tests\n\n- [ ] {item}\n- [ ] {item}: `{code}`\n\n## Rollback\n\n"
        f"- Error rate of {condition} > 5 % for 5 min: {action}\n- smoke test fails\n\n"
        f"## Monitoring\n\nFor 24 hours in Datadog {watch} (latency). Splunk. Success: {watch}\n"
    )
    try:
        plan = import_document(document, "d.md").plan
    except PlanError:
        return
    gaps(plan)
    parse_plan(filled(plan), "plan.yaml")
